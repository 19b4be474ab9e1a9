"""Keep the projection of the chain's events: append what a range of blocks brought, forget what a fork took back."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, false, insert, select, update

from jeung.domain.chain import AttestedBatch, BlockHeader, BlockRange, RegistryEvent
from jeung.domain.identifiers import MemberId
from jeung.errors import Conflict
from node.store.engine import Database
from node.store.history_rows import append_history
from node.store.lease import hold_fence
from node.store.log_effects import log_own_effects
from node.store.lost_blocks import forget_blocks_after
from node.store.own_works import finish_attested
from node.store.projection import append_status_changes
from node.store.schema import attestations, batches, block_headers, follower_state, registry_events

HEADERS_KEPT = 512
"""How many blocks below the head a header without events is kept, to look for a common ancestor."""

_STATE = select(follower_state)
_INDEXED = select(block_headers).where(
    block_headers.c.number == select(follower_state.c.indexed_number).scalar_subquery()
)
_HEADER = select(block_headers).where(block_headers.c.number == bindparam("wanted"))
_DOWN_FROM = (
    select(block_headers)
    .where(block_headers.c.number <= bindparam("top"))
    .order_by(block_headers.c.number.desc())
    .limit(bindparam("most"))
)
_ADD_HEADERS = insert(block_headers)
_THIN_HEADERS = delete(block_headers).where(
    block_headers.c.number < bindparam("below"), block_headers.c.eventful == false()
)
_ADD_EVENTS = insert(registry_events)
_ADD_BATCH = insert(batches).returning(batches.c.number)
_ADD_DIGESTS = insert(attestations)
_MOVE = update(follower_state)
_HEARD = update(follower_state).values(
    head_number=bindparam("number"), head_time=bindparam("time"), polled_at=bindparam("at")
)


class SqlIndexStore:
    """Keep the projection of the chain's events (jeung.ports.chain.IndexStore)."""

    def __init__(self, database: Database, own: MemberId) -> None:
        """Keep the index of the node of member `own`, whose works end when their digests appear on the chain."""
        self._database = database
        self._own = own

    def head(self) -> BlockHeader | None:
        """Give the last block applied, or None before the first."""
        with self._database.read() as connection:
            row = connection.execute(_INDEXED).first()
        return None if row is None else _header(row)

    def header(self, number: int) -> BlockHeader | None:
        """Give a kept header (the last 512 and every one with an event), or None."""
        with self._database.read() as connection:
            row = connection.execute(_HEADER, {"wanted": number}).first()
        return None if row is None else _header(row)

    def headers_down_from(self, number: int, limit: int) -> Sequence[BlockHeader]:
        """Give the kept headers at or below a block number, highest first."""
        with self._database.read() as connection:
            return [_header(row) for row in connection.execute(_DOWN_FROM, {"top": number, "most": limit})]

    def apply(self, found: BlockRange, *, fence: int, polled_at: int) -> None:
        """Apply a range of blocks and move the head, all or nothing.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: the range is empty or does not lie above the blocks applied before.
        """
        headers = sorted(found.headers, key=lambda header: header.number)
        with self._database.write() as connection:
            hold_fence(connection, fence)
            state = connection.execute(_STATE).one()
            if not headers or (state.indexed_number is not None and headers[0].number <= state.indexed_number):
                raise Conflict("The blocks do not lie above those applied before.")
            last = headers[-1]
            _add_headers(connection, headers, _eventful(found))
            _add_registry_events(connection, found.registry_events)
            for batch in sorted(found.batches, key=lambda batch: (batch.block_number, batch.log_index)):
                number = _add_batch(connection, batch)
                if batch.issuer == self._own:
                    finish_attested(connection, number, batch.schema)
            append_status_changes(connection, found.status_changes)
            append_history(connection, found)
            log_own_effects(connection, found, self._own)
            connection.execute(
                _MOVE,
                {
                    "head_number": found.chain_head.number,
                    "head_time": found.chain_head.time,
                    "indexed_number": last.number,
                    "indexed_hash": last.hash,
                    "polled_at": polled_at,
                    "registry_version": state.registry_version + bool(found.registry_events),
                },
            )

    def heard(self, *, head_number: int, head_time: int, polled_at: int, fence: int) -> None:
        """Record a successful poll that found nothing new.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            connection.execute(_HEARD, {"number": head_number, "time": head_time, "at": polled_at})

    def roll_back(self, to_number: int, *, fence: int) -> None:
        """Forget every block after `to_number`; transactions mined there count as signed again.

        The head becomes the highest kept header at or below `to_number`. What the chain itself last said of its head
        stays: the node is that far behind until it has read the blocks again.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            registry_changed = forget_blocks_after(connection, self._own, to_number)
            state = connection.execute(_STATE).one()
            ancestor = connection.execute(_DOWN_FROM, {"top": to_number, "most": 1}).first()
            connection.execute(
                _MOVE,
                {
                    "indexed_number": None if ancestor is None else ancestor.number,
                    "indexed_hash": None if ancestor is None else ancestor.hash,
                    "registry_version": state.registry_version + registry_changed,
                },
            )


def _eventful(found: BlockRange) -> set[int]:
    events: Iterable[Any] = (*found.registry_events, *found.batches, *found.status_changes)
    return {event.block_number for event in events}


def _add_headers(connection: Connection, headers: Sequence[BlockHeader], eventful: set[int]) -> None:
    connection.execute(
        _ADD_HEADERS,
        [
            {
                "number": header.number,
                "hash": header.hash,
                "parent_hash": header.parent_hash,
                "time": header.time,
                "eventful": header.number in eventful,
            }
            for header in headers
        ],
    )
    connection.execute(_THIN_HEADERS, {"below": headers[-1].number - HEADERS_KEPT})


def _add_registry_events(connection: Connection, events: Sequence[RegistryEvent]) -> None:
    if events:
        connection.execute(
            _ADD_EVENTS,
            [
                {
                    "block_number": event.block_number,
                    "log_index": event.log_index,
                    "block_time": event.block_time,
                    "contract": event.contract,
                    "name": event.name,
                    "args": json.dumps(dict(event.args), separators=(",", ":")),
                    "transaction_hash": event.transaction,
                }
                for event in events
            ],
        )


def _add_batch(connection: Connection, batch: AttestedBatch) -> int:
    number: int = connection.execute(
        _ADD_BATCH,
        {
            "batch": batch.batch,
            "issuer": batch.issuer,
            "schema_id": batch.schema,
            "operator": batch.operator,
            "root": batch.root,
            "block_number": batch.block_number,
            "block_time": batch.block_time,
            "log_index": batch.log_index,
            "transaction_hash": batch.transaction,
        },
    ).scalar_one()
    connection.execute(
        _ADD_DIGESTS,
        [
            {"digest": digest, "batch_number": number, "position": position}
            for position, digest in enumerate(batch.digests)
        ],
    )
    return number


def _header(row: Row[Any]) -> BlockHeader:
    return BlockHeader(row.number, row.hash, row.parent_hash, row.time)
