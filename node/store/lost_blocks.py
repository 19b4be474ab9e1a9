"""Forget the blocks that a fork, or a chain that lost its last seconds, took back."""

from sqlalchemy import Connection, bindparam, delete, select

from jeung.domain.identifiers import MemberId
from node.store.history_rows import forget_history_after
from node.store.own_works import reopen_lost_changes, reopen_lost_works
from node.store.projection import recompute_words
from node.store.schema import attestations, batches, block_headers, registry_events, status_changes
from node.store.words import INDEXES_PER_WORD

_LOST_CHANGES = (
    select(status_changes.c.issuer, status_changes.c.list_number, status_changes.c.status_index)
    .where(status_changes.c.block_number > bindparam("to"))
    .distinct()
)
_LOST_BATCHES = select(batches.c.number).where(batches.c.block_number > bindparam("to"))
_FORGET_DIGESTS = delete(attestations).where(attestations.c.batch_number.in_(_LOST_BATCHES))
_FORGET_BATCHES = delete(batches).where(batches.c.block_number > bindparam("to"))
_FORGET_CHANGES = delete(status_changes).where(status_changes.c.block_number > bindparam("to"))
_FORGET_EVENTS = delete(registry_events).where(registry_events.c.block_number > bindparam("to"))
_FORGET_HEADERS = delete(block_headers).where(block_headers.c.number > bindparam("to"))


def forget_blocks_after(connection: Connection, own: MemberId, to_number: int) -> bool:
    """Delete what blocks above a number brought and reopen our works in them; tell whether the registry changed."""
    to = {"to": to_number}
    reopen_lost_works(connection, own, to_number)
    lost = connection.execute(_LOST_CHANGES, to).all()
    for statement in (_FORGET_DIGESTS, _FORGET_BATCHES, _FORGET_CHANGES, _FORGET_HEADERS):
        connection.execute(statement, to)
    forget_history_after(connection, to_number)
    recompute_words(connection, {(row.issuer, row.list_number, row.status_index // INDEXES_PER_WORD) for row in lost})
    reopen_lost_changes(connection, own, [(row.list_number, row.status_index) for row in lost if row.issuer == own])
    return connection.execute(_FORGET_EVENTS, to).rowcount > 0
