"""Keep objects that hold secrets from being copied, pickled or printed."""

from typing import NoReturn, SupportsIndex

from keys.errors import ExportRefused


class Guarded:
    """Refuse `pickle`, `copy` and a telling `repr` for whoever derives from this.

    `copy.copy` and `copy.deepcopy` go through `__reduce_ex__` as well, so one refusal closes all three doors.
    Derived classes declare `__slots__`, so that `vars()` shows nothing either. This stops accidents (a debugger's
    dump, a process pool, a log line); code running in this process can always read this process's memory.
    """

    __slots__ = ()

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        """Refuse.

        Raises:
            ExportRefused: always.
        """
        raise ExportRefused

    def __repr__(self) -> str:
        """Name the class and nothing else."""
        return f"<{type(self).__name__}>"
