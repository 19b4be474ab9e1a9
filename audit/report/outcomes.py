"""Count how a node's verifications ended, so that the counts tell of the node and of nobody who was verified.

A reader may know that a certain person was at the counter that day, and may hold two reports of neighbouring blocks.
Therefore counts are of the whole range, never by time, profile, client or issuer; each is rounded to the nearest
multiple of five, the sum as well and by itself; and what is below five is said to be so and no more. Reasons are the
program's own codes; any other text that stands in a row is counted as "other" and not repeated.
"""

import re
from dataclasses import dataclass
from typing import Final

from audit.database import NodeDatabase

UNIT: Final = 5
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_MOST_REASONS: Final = 60
VERIFIED, OTHER = "verified", "other"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold one reason: how many to the nearest five, or None where there were fewer than five."""

    code: str
    rounded: int | None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Hold all reasons, the accepted first, and how many judgements there were, in the same manner."""

    rows: tuple[Outcome, ...]
    total: int | None
    none: bool


def count_outcomes(database: NodeDatabase, begin: int, end: int) -> Outcomes:
    """Count the judgements recorded in [begin, end], seconds UTC, by their reason.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    counts: dict[str, int] = {}
    for row in database.rows(
        "SELECT verdict, code, count(*) AS number FROM evidence WHERE recorded_at BETWEEN :begin AND :end"
        " GROUP BY verdict, code ORDER BY verdict, code",
        begin=begin,
        end=end,
    ):
        code = VERIFIED if row["verdict"] == VERIFIED else str(row["code"])
        named = code if _CODE.match(code) and (len(counts) < _MOST_REASONS or code in counts) else OTHER
        counts[named] = counts.get(named, 0) + row["number"]
    ordered = sorted(counts.items(), key=lambda one: (one[0] != VERIFIED, one[0] == OTHER, -_shown(one[1]), one[0]))
    rows = tuple(Outcome(code, _shown(number) or None) for code, number in ordered)
    return Outcomes(rows, _shown(sum(counts.values())) or None, not counts)


def _shown(number: int) -> int:
    """Round to the nearest multiple of five; 0 for what is below five."""
    return 0 if number < UNIT else (number + UNIT // 2) // UNIT * UNIT
