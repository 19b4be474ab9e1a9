"""State how the core looks back along the chain: bounded questions to the node's own index, never to the chain."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from jeung.domain.history import Batch, EventPlace, PastEvent, PlacedDigest, Totals
from jeung.domain.identifiers import BatchId, CredentialDigest, MemberId


class HistoryView(Protocol):
    """Answer from one snapshot; every answer costs a few seeks in an index, however long the chain is."""

    def events(self, *, before: EventPlace | None, limit: int, member: MemberId | None = None) -> Sequence[PastEvent]:
        """Give the newest events before a place, of one member where named, newest first."""
        ...

    def transaction(self, transaction: bytes, *, limit: int) -> Sequence[PastEvent]:
        """Give what a transaction (its hash, 32 bytes) did, in its order; empty for an unknown one."""
        ...

    def places(self, digest: CredentialDigest, *, limit: int) -> Sequence[PlacedDigest]:
        """Give the batches a digest stands in, earliest first, whoever attested it."""
        ...

    def batch(self, batch: BatchId) -> Batch | None:
        """Give a batch, the earliest where two have this id."""
        ...

    def digests(self, batch: BatchId, *, since: int, limit: int) -> Sequence[CredentialDigest]:
        """Give digests of a batch in the order of its event, from the position `since` on."""
        ...

    def totals(self, member: MemberId, time: int) -> Totals:
        """Count what a member did in blocks up to a time, seconds UTC."""
        ...

    def block_hash(self, number: int) -> bytes | None:
        """Give the hash of a block that the node keeps the header of, or None."""
        ...


class History(Protocol):
    """Open snapshots of the chain's past."""

    def view(self) -> AbstractContextManager[HistoryView]:
        """Open a snapshot for the length of a `with` block."""
        ...
