"""Answer questions about the chain's past from the index, each by a few seeks (jeung.ports.history)."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, select, tuple_

from jeung.domain.history import Batch, EventPlace, PastEvent, PlacedDigest, Totals
from jeung.domain.identifiers import Address, BatchId, CredentialDigest, MemberId, SchemaId
from jeung.domain.ledger import CredentialStatus
from node.store.engine import Database
from node.store.hot import HotStatement
from node.store.schema import attestations, batches, block_headers, registry_events
from node.store.schema_history import chain_events

_E: Final = chain_events.c
_EVENTS = (
    select(chain_events, registry_events.c.args, batches.c.batch)
    .outerjoin(
        registry_events,
        and_(registry_events.c.block_number == _E.block_number, registry_events.c.log_index == _E.log_index),
    )
    .outerjoin(batches, and_(batches.c.block_number == _E.block_number, batches.c.log_index == _E.log_index))
    .limit(bindparam("most"))
)
_NEWEST = _EVENTS.order_by(_E.block_number.desc(), _E.log_index.desc())
_BEFORE = _NEWEST.where(tuple_(_E.block_number, _E.log_index) < tuple_(bindparam("block"), bindparam("log")))
# In the order of the index that leads with the member and the time: time and number grow together.
_OF_MEMBER = _EVENTS.where(_E.member == bindparam("whose")).order_by(
    _E.block_time.desc(), _E.block_number.desc(), _E.log_index.desc()
)
_OF_MEMBER_BEFORE = _OF_MEMBER.where(
    tuple_(_E.block_time, _E.block_number, _E.log_index)
    < tuple_(bindparam("time"), bindparam("block"), bindparam("log"))
)
_TRANSACTION = _EVENTS.where(_E.transaction_hash == bindparam("hash")).order_by(_E.block_number, _E.log_index)
_COUNTED = attestations.alias("counted")
_LAST_POSITION = (
    select(func.max(_COUNTED.c.position)).where(_COUNTED.c.batch_number == batches.c.number).correlate(batches)
)
_BATCHES = select(batches, _LAST_POSITION.scalar_subquery().label("last_position"))
# A batch id may stand twice (a successor of the contract): the earliest is meant.
_BATCH = _BATCHES.where(batches.c.batch == bindparam("wanted")).order_by(batches.c.number).limit(1)
_PLACES = (
    select(batches, attestations.c.position, _LAST_POSITION.scalar_subquery().label("last_position"))
    .join(attestations, attestations.c.batch_number == batches.c.number)
    .where(attestations.c.digest == bindparam("digest"))
    .order_by(attestations.c.batch_number)
    .limit(bindparam("most"))
)
_DIGESTS = (
    select(attestations.c.digest)
    .where(
        attestations.c.batch_number
        == select(func.min(batches.c.number)).where(batches.c.batch == bindparam("wanted")).scalar_subquery(),
        attestations.c.position >= bindparam("since"),
    )
    .order_by(attestations.c.position)
    .limit(bindparam("most"))
)
_BLOCK_HASH = select(block_headers.c.hash).where(block_headers.c.number == bindparam("wanted"))
_TOTALS = HotStatement(
    select(_E.attested, _E.reinstated, _E.revoked, _E.suspended)
    .where(_E.member == bindparam("whose"), _E.block_time <= bindparam("time"))
    .order_by(_E.block_time.desc(), _E.block_number.desc(), _E.log_index.desc()),
    "whose",
    "time",
)


class SqlHistoryView:
    """Answer from one snapshot (jeung.ports.history.HistoryView)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def events(self, *, before: EventPlace | None, limit: int, member: MemberId | None = None) -> Sequence[PastEvent]:
        """Give the newest events before a place, of one member where named, newest first."""
        wanted: dict[str, object] = {"most": limit}
        if before is not None:
            wanted |= {"block": before.block_number, "log": before.log_index}
        if member is None:
            return self._read(_NEWEST if before is None else _BEFORE, wanted)
        wanted["whose"] = member
        if before is None:
            return self._read(_OF_MEMBER, wanted)
        return self._read(_OF_MEMBER_BEFORE, {**wanted, "time": before.time})

    def transaction(self, transaction: bytes, *, limit: int) -> Sequence[PastEvent]:
        """Give what a transaction did, in its order; empty for an unknown one."""
        return self._read(_TRANSACTION, {"hash": transaction, "most": limit})

    def places(self, digest: CredentialDigest, *, limit: int) -> Sequence[PlacedDigest]:
        """Give the batches a digest stands in, earliest first, whoever attested it."""
        rows = self._connection.execute(_PLACES, {"digest": digest, "most": limit})
        return [PlacedDigest(digest, _batch(row), row.position) for row in rows]

    def batch(self, batch: BatchId) -> Batch | None:
        """Give a batch, the earliest where two have this id."""
        row = self._connection.execute(_BATCH, {"wanted": batch}).first()
        return None if row is None else _batch(row)

    def digests(self, batch: BatchId, *, since: int, limit: int) -> Sequence[CredentialDigest]:
        """Give digests of a batch in the order of its event, from the position `since` on."""
        wanted = {"wanted": batch, "since": since, "most": limit}
        return [CredentialDigest(row.digest) for row in self._connection.execute(_DIGESTS, wanted)]

    def totals(self, member: MemberId, time: int) -> Totals:
        """Count what a member did in blocks up to a time, seconds UTC."""
        row = _TOTALS.first(self._connection, member, time)
        return Totals() if row is None else Totals(*row)

    def block_hash(self, number: int) -> bytes | None:
        """Give the hash of a kept header (the last 512 and every one with an event), or None."""
        found: bytes | None = self._connection.execute(_BLOCK_HASH, {"wanted": number}).scalar_one_or_none()
        return found

    def _read(self, statement: Select[Any], wanted: dict[str, object]) -> list[PastEvent]:
        return [_event(row) for row in self._connection.execute(statement, wanted)]


class SqlHistory:
    """Open snapshots of the chain's past (jeung.ports.history.History)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def view(self) -> Iterator[SqlHistoryView]:
        """Open a snapshot for the length of a `with` block.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        with self._database.read() as connection:
            yield SqlHistoryView(connection)


def _event(row: Row[Any]) -> PastEvent:
    return PastEvent(
        place=EventPlace(row.block_time, row.block_number, row.log_index),
        name=row.name,
        transaction=row.transaction_hash,
        member=None if row.member is None else MemberId(row.member),
        count=row._mapping["count"],
        status=None if row.status is None else CredentialStatus(row.status),
        batch=None if row.batch is None else BatchId(row.batch),
        args={} if row.args is None else json.loads(row.args),
    )


def _batch(row: Row[Any]) -> Batch:
    return Batch(
        batch=BatchId(row.batch),
        issuer=MemberId(row.issuer),
        schema=SchemaId(row.schema_id),
        operator=Address(row.operator),
        root=row.root,
        place=EventPlace(row.block_time, row.block_number, row.log_index),
        transaction=row.transaction_hash,
        count=row.last_position + 1,
    )
