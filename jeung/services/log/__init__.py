"""Keep this member's transparency log, hand it out, and be a witness of the others'."""

from jeung.services.log.checkpoints import CheckpointService
from jeung.services.log.reading import LoggedEntry, LogReader
from jeung.services.log.witness import WitnessService
from jeung.services.log.work import LogWork

__all__ = ["CheckpointService", "LogReader", "LogWork", "LoggedEntry", "WitnessService"]
