"""Write the rows of the log: entries in their places, and the tiles over them."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from jeung.crypto import canonical_json
from jeung.crypto.tlog.tiles import Tile, grow, width_at
from jeung.crypto.tlog.tree import leaf_hash
from jeung.domain.transparency import BLOCK_SEEN, SALT_BYTES, entry_of, is_block_due
from node.store.schema import block_headers, follower_state, log_events
from node.store.schema_log import log_entries, log_epochs, log_tiles

HASH_BYTES: Final = 32
PRESENT = select(log_epochs).order_by(log_epochs.c.epoch.desc()).limit(1)
SIZE = select(func.coalesce(func.max(log_entries.c.position) + 1, 0)).where(log_entries.c.epoch == bindparam("e"))
LAST_EVENT = select(func.coalesce(func.max(log_entries.c.event_number), 0))
WAITING = (
    select(log_events)
    .where(log_events.c.number > bindparam("after"))
    .order_by(log_events.c.number)
    .limit(bindparam("most"))
)
_INDEXED = select(block_headers.c.number, block_headers.c.hash).where(
    block_headers.c.number == select(follower_state.c.indexed_number).scalar_subquery(),
    block_headers.c.number > bindparam("after"),
)
NAME_BLOCK = update(log_epochs).where(log_epochs.c.epoch == bindparam("e")).values(block_number=bindparam("block"))
# An entry is canonical JSON: of what stands in clear, only that of a block begins with a hash.
OF_A_BLOCK: Final = b'{"facts":{"hash":'
_ADD_ENTRIES = insert(log_entries)
_ADD_TILE = insert(log_tiles)
TILE = select(log_tiles.c.hashes).where(
    log_tiles.c.epoch == bindparam("e"), log_tiles.c.level == bindparam("l"), log_tiles.c.tile == bindparam("t")
)
_EXTEND = (
    update(log_tiles)
    .where(
        log_tiles.c.epoch == bindparam("e"), log_tiles.c.level == bindparam("l"), log_tiles.c.tile == bindparam("t")
    )
    .values(hashes=bindparam("longer"))
)


def entry_of_row(row: Any) -> bytes:  # noqa: ANN401 - a row
    """Give the entry of an event's row."""
    # A row that something else than the node wrote may lack its salt; it is logged all the same, for it stands there.
    return entry_of(row.kind, row.body, row.occurred_at, row.salt or bytes(SALT_BYTES)).encoded


def block_entry(
    connection: Connection, epoch: int, after: int, now: int, *, at_rest: bool = False
) -> list[tuple[int | None, bytes]]:
    """Give the entry that names the newest indexed block, where it is newer than `after`; remember the block.

    Where the log is at rest, only a block that is due.
    """
    row = connection.execute(_INDEXED, {"after": after}).first()
    if row is None or (at_rest and not is_block_due(after, row.number)):
        return []
    connection.execute(NAME_BLOCK, {"e": epoch, "block": row.number})
    facts = canonical_json.canonical({"hash": "0x" + row.hash.hex(), "number": row.number})
    return [(None, entry_of(BLOCK_SEEN, facts, now, b"").encoded)]


def append(connection: Connection, epoch: int, entries: Sequence[tuple[int | None, bytes]]) -> None:
    """Give entries, each with its event's number or None, the next places of an epoch; let the tiles grow."""
    size = connection.execute(SIZE, {"e": epoch}).scalar_one()
    leaves = [leaf_hash(entry) for _, entry in entries]
    connection.execute(
        _ADD_ENTRIES,
        [
            {"epoch": epoch, "position": size + at, "event_number": number, "entry": entry, "leaf_hash": leaf}
            for at, ((number, entry), leaf) in enumerate(zip(entries, leaves, strict=True))
        ],
    )
    for tile, hashes in grow(size, leaves, lambda standing: hashes_of(connection, epoch, standing)):
        if width_at(tile.level, tile.index, size):
            place = {"e": epoch, "l": tile.level, "t": tile.index}
            connection.execute(_EXTEND, {**place, "longer": hashes})
        else:
            connection.execute(_ADD_TILE, {"epoch": epoch, "level": tile.level, "tile": tile.index, "hashes": hashes})


def hashes_of(connection: Connection, epoch: int, tile: Tile) -> bytes:
    """Give the hashes of a tile, fewer than its width where the log has not come so far."""
    found = connection.execute(TILE, {"e": epoch, "l": tile.level, "t": tile.index}).scalar() or b""
    return bytes(found[: tile.width * HASH_BYTES])
