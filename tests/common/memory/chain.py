"""The index, the ledger over it, and the lease in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from jeung.domain.chain import BlockHeader, BlockRange, IntentState, TransactionState
from jeung.domain.identifiers import BatchId, CredentialDigest, MemberId, SchemaId
from jeung.domain.ledger import Attestation, CredentialStatus, Freshness, PastStatuses
from jeung.domain.registry import Registry
from jeung.domain.registry_fold import fold
from jeung.errors import Conflict, FenceLost, LedgerStale
from tests.common.memory.database import MemoryDatabase, Tables, Work
from tests.common.memory.outbox import MemoryOutbox
from tests.common.memory.words import Words, set_status, status_in

__all__ = ["MemoryIndex", "MemoryLease", "MemoryLedger", "MemoryLedgerView", "MemoryOutbox"]


def hold_fence(tables: Tables, fence: int) -> None:
    """Go on only while the worker with this fencing token holds the lease."""
    if tables.lease[1] != fence:
        raise FenceLost


class MemoryIndex:
    """Keep the projection of the chain's events for the node of member `own`."""

    def __init__(self, database: MemoryDatabase, own: MemberId) -> None:
        self._database = database
        self._own = own

    def head(self) -> BlockHeader | None:
        headers = self._database.read().headers
        return headers[max(headers)] if headers else None

    def header(self, number: int) -> BlockHeader | None:
        return self._database.read().headers.get(number)

    def headers_down_from(self, number: int, limit: int) -> Sequence[BlockHeader]:
        headers = self._database.read().headers
        return [headers[place] for place in sorted(headers, reverse=True) if place <= number][:limit]

    def apply(self, found: BlockRange, *, fence: int, polled_at: int) -> None:
        headers = sorted(found.headers, key=lambda header: header.number)
        with self._database.write() as tables:
            hold_fence(tables, fence)
            if not headers or (tables.headers and headers[0].number <= max(tables.headers)):
                raise Conflict
            tables.headers.update((header.number, header) for header in headers)
            tables.registry_events.extend(found.registry_events)
            tables.batches.extend(found.batches)
            tables.status_changes.extend(found.status_changes)
            tables.freshness = Freshness(
                head_number=found.chain_head.number,
                head_time=found.chain_head.time,
                indexed_number=headers[-1].number,
                indexed_hash=headers[-1].hash,
                polled_at=polled_at,
            )
            self._project(tables)
            for key, work in tables.attest_works.items():
                record = tables.credentials[key]
                if (self._own, record.schema, record.digest) in tables.attested:
                    tables.attest_works[key] = replace(work, state=IntentState.DONE, failure=None)

    def heard(self, *, head_number: int, head_time: int, polled_at: int, fence: int) -> None:
        with self._database.write() as tables:
            hold_fence(tables, fence)
            if tables.freshness is not None:
                tables.freshness = replace(
                    tables.freshness, head_number=head_number, head_time=head_time, polled_at=polled_at
                )

    def roll_back(self, to_number: int, *, fence: int) -> None:
        with self._database.write() as tables:
            hold_fence(tables, fence)
            tables.headers = {number: kept for number, kept in tables.headers.items() if number <= to_number}
            tables.registry_events = [event for event in tables.registry_events if event.block_number <= to_number]
            tables.batches = [batch for batch in tables.batches if batch.block_number <= to_number]
            tables.status_changes = [change for change in tables.status_changes if change.block_number <= to_number]
            self._project(tables)
            self._reopen(tables, to_number)
            if not tables.headers:
                tables.freshness = None
            elif tables.freshness is not None:
                head = tables.headers[max(tables.headers)]
                tables.freshness = replace(tables.freshness, indexed_number=head.number, indexed_hash=head.hash)

    def _project(self, tables: Tables) -> None:
        tables.registry = fold(
            sorted(tables.registry_events, key=lambda event: (event.block_number, event.log_index))
        )
        tables.attested = {}
        for batch in sorted(tables.batches, key=lambda batch: (batch.block_number, batch.log_index)):
            for digest in batch.digests:
                tables.attested.setdefault(
                    (batch.issuer, batch.schema, digest),
                    Attestation(
                        batch=batch.batch,
                        issuer=batch.issuer,
                        schema=batch.schema,
                        digest=digest,
                        operator=batch.operator,
                        block_number=batch.block_number,
                        block_time=batch.block_time,
                    ),
                )
        tables.words = {}
        for change in sorted(tables.status_changes, key=lambda change: (change.block_number, change.log_index)):
            for index in change.indexes:
                set_status(tables.words, change.issuer, change.list_number, index, change.status)

    def _reopen(self, tables: Tables, to_number: int) -> None:
        """Let transactions that were mined after the block, and what they carried, count as on their way again."""
        lost = {
            signed.hash
            for signed in tables.transactions.values()
            if signed.block_number is not None and signed.block_number > to_number
        }
        for transaction in lost:
            tables.transactions[transaction] = replace(
                tables.transactions[transaction], state=TransactionState.SIGNED, block_number=None
            )
        everything: tuple[dict[Any, Work], ...] = (tables.attest_works, tables.status_works, tables.intent_works)
        for works in everything:
            for key, work in works.items():
                if work.transaction in lost and work.state in (IntentState.DONE, IntentState.FAILED):
                    works[key] = replace(work, state=IntentState.SENT, failure=None)
        for credential_id, work in tables.attest_works.items():
            record = tables.credentials[credential_id]
            attested = (self._own, record.schema, record.digest) in tables.attested
            if work.state is IntentState.DONE and not attested:
                carrier = tables.transactions.get(work.transaction or b"")
                carried = carrier is not None and carrier.state is TransactionState.SIGNED
                tables.attest_works[credential_id] = (
                    replace(work, state=IntentState.SENT) if carried else Work(credential_id, IntentState.PENDING)
                )
        self._reopen_changes(tables)

    def _reopen_changes(self, tables: Tables) -> None:
        """Let our last decision on an index wait again where the list shows another one and nothing will bring it."""
        last = {tables.status_changes_wanted[change_id][:2]: change_id for change_id in sorted(tables.status_works)}
        for (list_number, index), change_id in last.items():
            wanted = tables.status_changes_wanted[change_id][2]
            stands = status_in(tables.words, self._own, list_number, index)
            if tables.status_works[change_id].state is IntentState.DONE and stands is not wanted:
                tables.status_works[change_id] = Work(change_id, IntentState.PENDING)


class MemoryLedgerView:
    """Answer from one commit."""

    def __init__(self, tables: Tables, freshness: Freshness) -> None:
        self._tables = tables
        self._freshness = freshness

    @property
    def freshness(self) -> Freshness:
        return self._freshness

    @property
    def registry(self) -> Registry:
        return self._tables.registry

    def attestation(self, issuer: MemberId, schema: SchemaId, digest: CredentialDigest) -> Attestation | None:
        return self._tables.attested.get((issuer, schema, digest))

    def status(self, issuer: MemberId, list_number: int, index: int) -> CredentialStatus:
        return status_in(self._tables.words, issuer, list_number, index)

    def status_words(self, issuer: MemberId, list_number: int) -> dict[int, int]:
        return {
            place: word
            for (owner, number, place), word in self._tables.words.items()
            if owner == issuer and number == list_number and word
        }

    def past_statuses(self, issuer: MemberId, list_number: int, time: int) -> PastStatuses:
        words: Words = {}
        of_list = [
            change
            for change in sorted(
                self._tables.status_changes, key=lambda change: (change.block_number, change.log_index)
            )
            if (change.issuer, change.list_number) == (issuer, list_number)
        ]
        past = [change for change in of_list if change.block_time <= time]
        for change in past:
            for index in change.indexes:
                set_status(words, issuer, list_number, index, change.status)
        later = [change.block_time for change in of_list if change.block_time > time]
        kept = {place: word for (_, _, place), word in words.items() if word}
        return PastStatuses(kept, past[-1].block_time if past else None, min(later, default=None))

    def batch_digests(self, batch: BatchId) -> tuple[CredentialDigest, ...]:
        return next((kept.digests for kept in self._tables.batches if kept.batch == batch), ())


class MemoryLedger:
    """Open snapshots of the index."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    @contextmanager
    def view(self) -> Iterator[MemoryLedgerView]:
        tables = self._database.read()
        if tables.freshness is None:
            raise LedgerStale(retry_after_s=1)
        yield MemoryLedgerView(tables, tables.freshness)


class MemoryLease:
    """Let one holder act at a time."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    def acquire(self, holder: str, *, now: int, ttl_s: int) -> int | None:
        with self._database.write() as tables:
            standing, token, until = tables.lease
            if standing not in (None, holder) and until > now:
                return None
            token += standing != holder
            tables.lease = holder, token, now + ttl_s
            return token

    def release(self, holder: str) -> None:
        with self._database.write() as tables:
            if tables.lease[0] == holder:
                tables.lease = None, tables.lease[1], 0
