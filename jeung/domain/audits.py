"""Describe the report of an audit that somebody else made and kept."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class KeptFinding:
    """Hold one finding as the report tells it; nothing in it was checked here."""

    rule: str
    severity: Literal["error", "warning", "note"]
    subject: str
    message: str
    block: int | None
    member: str | None


@dataclass(frozen=True, slots=True)
class LastAudit:
    """Hold the latest audit's report; `written_at` is when its file was, seconds UTC.

    `checks` are (name, how many things it looked at). `is_ours` tells whether it is about this node's consortium.
    """

    written_at: int
    is_ours: bool
    to_block: int
    to_block_hash: str
    clean: bool
    checks: Sequence[tuple[str, int]]
    findings: Sequence[KeptFinding]


@dataclass(frozen=True, slots=True)
class AuditUnreadable:
    """Say that something is kept in the place of a report and is none."""
