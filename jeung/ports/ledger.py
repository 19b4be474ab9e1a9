"""State how the core reads the ledger: one consistent snapshot, taken from the node's own follower."""

from contextlib import AbstractContextManager
from typing import Protocol

from jeung.domain.identifiers import BatchId, CredentialDigest, MemberId, SchemaId
from jeung.domain.ledger import Attestation, CredentialStatus, Freshness, PastStatuses
from jeung.domain.registry import Registry


class LedgerView(Protocol):
    """Answer from one snapshot, so that two questions never see two states."""

    @property
    def freshness(self) -> Freshness:
        """Say how far the follower has come and when it last heard from the chain."""
        ...

    @property
    def registry(self) -> Registry:
        """Give members, schemas, accreditations, keys and profiles."""
        ...

    def attestation(self, issuer: MemberId, schema: SchemaId, digest: CredentialDigest) -> Attestation | None:
        """Give the earliest attestation of a digest by that issuer under that schema, or None."""
        ...

    def status(self, issuer: MemberId, list_number: int, index: int) -> CredentialStatus:
        """Give a credential's status now; an index nobody touched is VALID."""
        ...

    def status_words(self, issuer: MemberId, list_number: int) -> dict[int, int]:
        """Give the non-zero 256-bit words of a list by word index, as the chain packs them."""
        ...

    def past_statuses(self, issuer: MemberId, list_number: int, time: int) -> PastStatuses:
        """Give a list as it stood after the last block of a time, seconds UTC, as the chain is known now."""
        ...

    def batch_digests(self, batch: BatchId) -> tuple[CredentialDigest, ...]:
        """Give a batch's digests in the order of its event; empty for an unknown batch."""
        ...


class Ledger(Protocol):
    """Open snapshots of the node's index."""

    def view(self) -> AbstractContextManager[LedgerView]:
        """Open a snapshot for the length of a `with` block.

        Raises:
            LedgerStale: the follower has never run.
        """
        ...
