"""Keep the secrets of a process that opens keys out of core files, debuggers and swap, as far as we are let.

Called once by each process of a node and by the command line, before the first secret is read. What the platform does
not let us do is said and does not stop the process: a node that refuses to start protects nobody.
"""

import contextlib
import ctypes
import logging
import resource
from dataclasses import dataclass
from pathlib import Path

_log = logging.getLogger(__name__)

# Linux: prctl(2), mlockall(2), capabilities(7).
_PR_SET_DUMPABLE = 4
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4
_CAP_IPC_LOCK = 1 << 14
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True)
class Hardening:
    """Say what was reached: no core files; nobody of the same user may read our memory; it is never swapped out."""

    writes_no_core: bool
    is_not_dumpable: bool
    is_memory_locked: bool


def harden(*, quiet: bool = False) -> Hardening:
    """Forbid core files and tracing, lock the memory; warn of what the platform does not let us do.

    Args:
        quiet: say nothing: for commands that end in a moment.
    """
    done = Hardening(_without_core(), _not_dumpable(), _memory_locked())
    if quiet:
        return done
    if not done.writes_no_core or not done.is_not_dumpable:
        _log.warning("core_files_possible: this platform may write this process's memory to a file")
    if not done.is_memory_locked:
        _log.warning("memory_not_locked: keys may reach the swap; raise RLIMIT_MEMLOCK or run without swap")
    return done


def may_lock(memlock_limit: int, capabilities: int) -> bool:
    """Tell whether locking everything is safe: under a limit, a later allocation beyond it would fail.

    Args:
        memlock_limit: the soft RLIMIT_MEMLOCK in bytes, -1 for none.
        capabilities: the effective ones, as a mask.
    """
    return memlock_limit == resource.RLIM_INFINITY or bool(capabilities & _CAP_IPC_LOCK)


def _without_core() -> bool:
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def _not_dumpable() -> bool:
    return _called("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)


def _memory_locked() -> bool:
    soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if hard == resource.RLIM_INFINITY and soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if not may_lock(soft, _capabilities()):
        return False
    # On fault: else every thread's whole stack would be made resident at once.
    return _called("mlockall", _MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)


def _capabilities() -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith("CapEff:"):
                return int(line.split()[1], 16)
    return 0


def _called(function: str, *arguments: int) -> bool:
    """Call the C library; False where it has no such function or it fails."""
    try:
        result: int = getattr(ctypes.CDLL(None), function)(*map(ctypes.c_ulong, arguments))
    except (AttributeError, OSError):
        return False
    return result == 0
