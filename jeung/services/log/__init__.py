"""Keep this member's transparency log, hand it out, and be a witness of the others'."""

from jeung.services.log.anchoring import AnchorService
from jeung.services.log.checkpoints import CheckpointService
from jeung.services.log.cosigning import CosigningService
from jeung.services.log.heads import HeadReader
from jeung.services.log.reading import LoggedEntry, LogReader
from jeung.services.log.recovery import RecoveryService
from jeung.services.log.witness import WitnessService
from jeung.services.log.work import LogWork

__all__ = [
    "AnchorService",
    "CheckpointService",
    "CosigningService",
    "HeadReader",
    "LogReader",
    "LogWork",
    "LoggedEntry",
    "RecoveryService",
    "WitnessService",
]
