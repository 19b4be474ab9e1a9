"""State what is kept of verifications: the evidence, what proves it, what others say of its blocks."""

from collections.abc import Sequence
from typing import Protocol

from jeung.domain.receipts import Reading
from jeung.domain.verification import EvidenceRecord, SealedPresentation, WantedVouches
from jeung.ports.pages import Page


class Evidence(Protocol):
    """Keep the evidence of verifications."""

    def add(self, record: EvidenceRecord, shown: SealedPresentation | None = None) -> None:
        """Keep the evidence of one judgement, and its presentation where that is sealed apart."""
        ...

    def get(self, evidence_id: str) -> EvidenceRecord | None:
        """Give the evidence of one judgement."""
        ...

    def presentation(self, evidence_id: str) -> SealedPresentation | None:
        """Give the presentation that was sealed apart; None where there was none, or it was dropped."""
        ...

    def page(self, *, cursor: str | None, limit: int) -> Page[EvidenceRecord]:
        """Give evidence, newest first."""
        ...

    def note_reading(self, record: EvidenceRecord, reading: Reading) -> None:
        """Note that a record was opened; the note goes when the record goes."""
        ...

    def readings(self, evidence_id: str, *, limit: int) -> Sequence[Reading]:
        """Give who opened a record, newest first."""
        ...


class EvidenceProofs(Protocol):
    """Keep what was gathered of the chain about evidence, in the order of the evidence."""

    def waiting(self, limit: int) -> Sequence[EvidenceRecord]:
        """Give the oldest evidence behind the last of which proofs are kept, while its data key exists."""
        ...

    def add(self, evidence_id: str, data_key_id: str, sealed: bytes, at: int) -> None:
        """Keep the proofs of a judgement, and the owner of the data key they are sealed under."""
        ...

    def get(self, evidence_id: str) -> bytes | None:
        """Give the sealed proofs of a judgement."""
        ...


class BlockVouches(Protocol):
    """Keep what other members' logs say of the blocks that evidence rests on."""

    def want(self, number: int, at: int) -> None:
        """Want it for a block, from a time on; one that is wanted already stays as it is."""
        ...

    def due(self, now: int, limit: int) -> Sequence[WantedVouches]:
        """Give blocks that are due, the longest due first."""
        ...

    def keep(self, gathered: WantedVouches, due_at: int | None) -> None:
        """Keep what was gathered; `due_at` is when to ask again, None for never."""
        ...

    def get(self, number: int) -> bytes | None:
        """Give what was gathered for a block, None where nothing was."""
        ...
