"""The chain's past in memory: everything is looked through each time."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jeung.domain.chain import AttestedBatch
from jeung.domain.history import (
    ATTESTED,
    STATUSES_SET,
    Batch,
    EventPlace,
    PastEvent,
    PlacedDigest,
    Totals,
    member_of,
)
from jeung.domain.identifiers import BatchId, CredentialDigest, MemberId
from jeung.domain.ledger import CredentialStatus
from tests.common.memory.database import MemoryDatabase, Tables


class MemoryHistoryView:
    """Answer from one commit."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def events(self, *, before: EventPlace | None, limit: int, member: MemberId | None = None) -> Sequence[PastEvent]:
        found = [
            event
            for event in reversed(self._all())
            if (before is None or event.place < before) and member in (None, event.member)
        ]
        return found[:limit]

    def transaction(self, transaction: bytes, *, limit: int) -> Sequence[PastEvent]:
        return [event for event in self._all() if event.transaction == transaction][:limit]

    def places(self, digest: CredentialDigest, *, limit: int) -> Sequence[PlacedDigest]:
        found = [
            PlacedDigest(digest, _batch(batch), batch.digests.index(digest))
            for batch in self._batches()
            if digest in batch.digests
        ]
        return found[:limit]

    def batch(self, batch: BatchId) -> Batch | None:
        return next((_batch(kept) for kept in self._batches() if kept.batch == batch), None)

    def digests(self, batch: BatchId, *, since: int, limit: int) -> Sequence[CredentialDigest]:
        kept = next((kept.digests for kept in self._batches() if kept.batch == batch), ())
        return kept[since : since + limit]

    def totals(self, member: MemberId, time: int) -> Totals:
        mine = [event for event in self._all() if event.member == member and event.place.time <= time]

        def of(status: CredentialStatus | None, name: str) -> int:
            return sum(event.count for event in mine if (event.name, event.status) == (name, status))

        return Totals(
            attested=of(None, ATTESTED),
            reinstated=of(CredentialStatus.VALID, STATUSES_SET),
            revoked=of(CredentialStatus.REVOKED, STATUSES_SET),
            suspended=of(CredentialStatus.SUSPENDED, STATUSES_SET),
        )

    def block_hash(self, number: int) -> bytes | None:
        header = self._tables.headers.get(number)
        return None if header is None else header.hash

    def _batches(self) -> list[AttestedBatch]:
        return sorted(self._tables.batches, key=lambda batch: (batch.block_number, batch.log_index))

    def _all(self) -> list[PastEvent]:
        found = [
            PastEvent(
                EventPlace(event.block_time, event.block_number, event.log_index),
                event.name,
                event.transaction,
                member_of(event),
                1,
                args=event.args,
            )
            for event in self._tables.registry_events
        ]
        for batch in self._tables.batches:
            place = EventPlace(batch.block_time, batch.block_number, batch.log_index)
            found.append(
                PastEvent(place, ATTESTED, batch.transaction, batch.issuer, len(batch.digests), batch=batch.batch)
            )
        for change in self._tables.status_changes:
            place = EventPlace(change.block_time, change.block_number, change.log_index)
            found.append(
                PastEvent(
                    place, STATUSES_SET, change.transaction, change.issuer, len(change.indexes), status=change.status
                )
            )
        return sorted(found, key=lambda event: event.place)


class MemoryHistory:
    """Open snapshots of the chain's past."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    @contextmanager
    def view(self) -> Iterator[MemoryHistoryView]:
        yield MemoryHistoryView(self._database.read())


def _batch(batch: AttestedBatch) -> Batch:
    return Batch(
        batch=batch.batch,
        issuer=batch.issuer,
        schema=batch.schema,
        operator=batch.operator,
        root=batch.root,
        place=EventPlace(batch.block_time, batch.block_number, batch.log_index),
        transaction=batch.transaction,
        count=len(batch.digests),
    )
