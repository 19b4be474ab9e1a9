"""State what the core needs to erase a person: the record of the erasure, and every row that leads to somebody."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from jeung.domain.erasure import Erasure, ErasureState, SubjectRecords

if TYPE_CHECKING:
    from jeung.ports.pages import Page


class Erasures(Protocol):
    """Keep erasures; none is ever deleted, and a finished one names nobody."""

    def add(self, erasure: Erasure) -> None:
        """Keep a new erasure.

        Raises:
            Conflict: its id stands already, or its subject is being erased.
        """
        ...

    def get(self, erasure_id: str) -> Erasure | None:
        """Give an erasure; inside a write transaction it stays as read until the commit."""
        ...

    def of_subject(self, subject_id: str) -> Erasure | None:
        """Give the erasure of a subject that has not deleted everything yet."""
        ...

    def replace(self, erasure: Erasure) -> None:
        """Keep a changed erasure.

        Raises:
            NotFound: no such erasure.
        """
        ...

    def in_states(self, states: Collection[ErasureState], limit: int) -> Sequence[Erasure]:
        """Give erasures in these states, oldest first."""
        ...

    def lapsed(self, now: int, limit: int) -> Sequence[Erasure]:
        """Give locked erasures whose duty to keep has lapsed at a time, the longest first."""
        ...

    def page(self, *, cursor: str | None, limit: int) -> "Page[Erasure]":
        """Give erasures, newest first.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        ...


class LogNames(Protocol):
    """Keep what the append-only log calls ids that must be forgettable: random names, deleted with the person."""

    def of(self, identifier: str, at: int) -> str:
        """Give the log's name for an id, made at its first use: the id's kind, a hyphen, 128 random bits."""
        ...


class Subjects(Protocol):
    """Find and delete every row that leads to a person; each call is all or nothing with its transaction."""

    def records(self, subject_id: str) -> SubjectRecords | None:
        """List what stands under a subject, None where nothing does."""
        ...

    def end_offers(self, records: SubjectRecords) -> None:
        """Delete offers, authorization requests, grants, deferred issuances and notifications."""
        ...

    def empty_credentials(self, subject_id: str) -> None:
        """Delete the contents of credentials, salts and disclosures with them, and attestations not yet begun."""
        ...

    def unsettled(self, subject_id: str) -> int:
        """Count the copies whose attestation is on its way, or whose revocation the ledger does not show yet."""
        ...

    def forget_credentials(self, subject_id: str) -> int:
        """Delete credentials and their works; digests and places stay behind apart from each other. Give how many."""
        ...

    def forget_proofings(self, subject_id: str) -> None:
        """Delete proofings with their checks; no credential of the subject may stand."""
        ...

    def forget_traces(self, ids: Sequence[str]) -> None:
        """Delete remembered requests whose result is one of these ids, and the log's names for them.

        An act of two people whose parameters name one of them forgets parameters, salt and reason.
        """
        ...
