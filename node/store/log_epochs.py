"""Let the log go on after a loss: with the entries that others kept of it, or in an epoch that begins.

Either happens in one transaction, with the tiles and whatever says how far the log has come.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from sqlalchemy import Connection, bindparam, func, insert, select

from jeung.crypto.tlog.tiles import hash_reader
from jeung.crypto.tlog.tree import tree_root
from jeung.domain.transparency import opening_entry, parse_entry
from jeung.errors import Conflict, LogForked
from jeung.ports.log import LogCopy, Opening
from node.store.log_rows import (
    LAST_EVENT,
    NAME_BLOCK,
    OF_A_BLOCK,
    PRESENT,
    SIZE,
    WAITING,
    append,
    block_entry,
    entry_of_row,
    hashes_of,
)
from node.store.schema_log import log_entries, log_epochs

_NO_BLOCK: Final = -1
_ADD_EPOCH = insert(log_epochs).values(published_size=0, block_number=_NO_BLOCK)
# What was said of blocks is said anew in each epoch.
_CARRIED: Final = (
    select(log_entries.c.entry)
    .where(
        log_entries.c.epoch == bindparam("e"),
        log_entries.c.position >= bindparam("begin"),
        func.substr(log_entries.c.entry, 1, len(OF_A_BLOCK)) != OF_A_BLOCK,
    )
    .order_by(log_entries.c.position)
)
_CARRIED_AT_ONCE: Final = 4_096


def adopt_copy(connection: Connection, copy: LogCopy) -> None:
    """Take back entries that were lost here.

    Raises:
        Conflict: the log does not end where the copy begins.
        LogForked: with these entries its root is another.
    """
    present = connection.execute(PRESENT).one()
    size = connection.execute(SIZE, {"e": copy.epoch}).scalar_one()
    if copy.epoch < present.epoch or copy.begin != size or not copy.entries:
        raise Conflict("the log does not end where the copy begins")
    if copy.epoch > present.epoch:
        connection.execute(_ADD_EPOCH, {"epoch": copy.epoch, "guarded": True})
    append(connection, copy.epoch, list(_recognised(connection, copy.entries)))
    if _root(connection, copy.epoch, copy.begin + len(copy.entries)) != copy.root:
        raise LogForked("with the entries of the copy the log has another root than the others cosigned")
    blocks = [entry for entry in copy.entries if entry.startswith(OF_A_BLOCK)]
    if blocks:
        connection.execute(NAME_BLOCK, {"e": copy.epoch, "block": _number_of(blocks[-1])})


def begin_epoch(connection: Connection, opening: Opening, now: int) -> None:
    """Begin an epoch.

    Raises:
        Conflict: it has begun, or a later one.
    """
    before = connection.execute(PRESENT).one().epoch
    if opening.epoch <= before:
        raise Conflict("the epoch has begun")
    connection.execute(_ADD_EPOCH, {"epoch": opening.epoch, "guarded": False})
    block = block_entry(connection, opening.epoch, _NO_BLOCK, now)
    append(connection, opening.epoch, [(None, opening_entry(opening.last, now).encoded), *block])
    carried = connection.execute(_CARRIED, {"e": before, "begin": opening.carry_from})
    for some in carried.partitions(_CARRIED_AT_ONCE):
        append(connection, opening.epoch, [(None, bytes(row.entry)) for row in some])


def _recognised(connection: Connection, entries: Iterable[bytes]) -> Iterator[tuple[int | None, bytes]]:
    """Say whose each entry is: that of the act that waits for its place next, or of one that was lost here."""
    waiting = _waiting(connection)
    awaited = next(waiting, None)
    for entry in entries:
        if awaited is not None and awaited[1] == entry:
            yield awaited
            awaited = next(waiting, None)
        else:
            yield None, entry


def _waiting(connection: Connection) -> Iterator[tuple[int, bytes]]:
    row = connection.execute(LAST_EVENT).scalar_one()
    while True:
        found = connection.execute(WAITING, {"after": row, "most": 1}).first()
        if found is None:
            return
        row = found.number
        yield row, entry_of_row(found)


def _number_of(block: bytes) -> int:
    return int((parse_entry(block).facts or {})["number"])


def _root(connection: Connection, epoch: int, size: int) -> bytes:
    return tree_root(size, hash_reader(size, lambda tile: hashes_of(connection, epoch, tile)))
