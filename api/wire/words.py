"""Write statements and changes on the wire in each language a member's staff reads."""

from typing import Self

from api.wire.base import Out
from jeung.domain import governance
from jeung.domain.governance import difference


class Words(Out):
    """Say something in each language a member's staff reads."""

    en: str
    ko: str

    @classmethod
    def of(cls, words: governance.Words) -> Self:
        """Write a statement."""
        return cls(en=words.en, ko=words.ko)


class Change(Out):
    """Show one thing that changes: what it is, whose, before and after; null where it is not there."""

    what: Words
    subject: Words
    before: Words | None
    after: Words | None

    @classmethod
    def of(cls, change: difference.Change) -> Self:
        """Write a change."""
        return cls(
            what=Words.of(change.what),
            subject=Words.of(change.subject),
            before=None if change.before is None else Words.of(change.before),
            after=None if change.after is None else Words.of(change.after),
        )
