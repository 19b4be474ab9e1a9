"""Define what goes wrong with transparency logs and their witnesses."""

from __future__ import annotations

from jeung.errors.base import Conflict, Forbidden, IntegrityFailure


class LogForked(IntegrityFailure, code="log_forked"):
    """The log does not hold what was signed or anchored of it, so nothing more of it is signed."""


class LogBehind(Conflict, code="log_behind"):
    """Others hold, or may hold, more of this log than this node, so nothing of it is signed."""


class CheckpointNotSigned(Forbidden, code="checkpoint_not_signed"):
    """No key that the chain holds good for this log now signed the checkpoint."""


class CheckpointForked(Conflict, code="checkpoint_forked"):
    """Another root of the same size was cosigned: the log shows two histories."""


class CheckpointNotConsistent(Conflict, code="checkpoint_not_consistent"):
    """The proof does not lead from the checkpoint that was cosigned to this one."""


class WitnessedOtherSize(Conflict, code="witnessed_other_size"):
    """The checkpoint that was cosigned last has another size than the request builds upon."""

    def __init__(self, *, size: int) -> None:
        """Say the size that was cosigned last; 0 where nothing was."""
        super().__init__()
        self.size = size
