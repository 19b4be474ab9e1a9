"""Say fact by fact what a package of evidence proved, from what, and what it took on trust."""

import datetime
import enum
from dataclasses import dataclass

from jeung.errors import JeungError


class Standing(enum.StrEnum):
    """Say how far a fact was proved."""

    PROVED = "proved"
    ON_TRUST = "on_trust"
    MISSING = "missing"
    REFUTED = "refuted"


class Outcome(enum.StrEnum):
    """Say what a package is worth as a whole."""

    PROVED = "proved"
    INCOMPLETE = "incomplete"
    REFUTED = "refuted"


@dataclass(frozen=True, slots=True)
class Fact:
    """Hold one fact.

    Attributes:
        name: its stable name, as docs/reference/evidence.md lists it.
        standing: how far it was proved.
        statement: what is said, in a sentence; it holds no claim about a person.
        source: what proves it, or whose word it is.
    """

    name: str
    standing: Standing
    statement: str
    source: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Hold what verifying a package came to.

    Attributes:
        outcome: refuted if one fact is, incomplete if one is missing, else proved.
        facts: all that was looked at, in the order of the verification.
        reason: the name of the first refuted fact, None where none is.
        evidence_id, relying_party, profile, result, code, judged_at: what the judgement says, where it could be read.
    """

    outcome: Outcome
    facts: tuple[Fact, ...]
    reason: str | None = None
    evidence_id: str | None = None
    relying_party: str | None = None
    profile: str | None = None
    result: str | None = None
    code: str | None = None
    judged_at: int | None = None


def outcome_of(facts: tuple[Fact, ...]) -> Outcome:
    """Weigh all facts together."""
    standings = {fact.standing for fact in facts}
    if Standing.REFUTED in standings:
        return Outcome.REFUTED
    return Outcome.INCOMPLETE if Standing.MISSING in standings else Outcome.PROVED


def sentence(begin: str, error: JeungError) -> str:
    """Say what an error found, with one full stop: some details are sentences already."""
    return f"{begin}: {error.detail.rstrip('.')}."


def time_of(seconds: int | None) -> str:
    """Write a time (seconds UTC) as people read it; what no date can say stays a number."""
    try:
        return f"{datetime.datetime.fromtimestamp(seconds or 0, datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, OSError, ValueError):
        return str(seconds)
