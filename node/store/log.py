"""Keep the transparency log: give entries their places, build the tiles, keep checkpoints and who cosigned them.

Acts insert rows of `log_events` in their own transactions; here the worker gives each its place. Rows are taken in
the order of their numbers, which is that of the commits: SQLite has one writer at a time. A database with several
would have to look for rows left behind instead.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update

from jeung.crypto import canonical_json
from jeung.crypto.tlog.tiles import TILE_WIDTH, Tile, encode_bundle
from jeung.crypto.tlog.tree import leaf_hash, node_hash
from jeung.domain.transparency import BLOCK_SEEN, SALT_BYTES, entry_of
from jeung.ports.log import Cosignature, LogHead, Place, SignedCheckpoint
from node.store.engine import Database
from node.store.lease import hold_fence
from node.store.schema import block_headers, follower_state, log_events
from node.store.schema_log import log_checkpoints, log_cosignatures, log_entries, log_epochs, log_tiles

_HASH_BYTES: Final = 32
_EPOCH = select(log_epochs).order_by(log_epochs.c.epoch.desc()).limit(1)
_EPOCHS = select(log_epochs.c.epoch).order_by(log_epochs.c.epoch)
_SIZE = select(func.coalesce(func.max(log_entries.c.position) + 1, 0)).where(log_entries.c.epoch == bindparam("e"))
_LAST_EVENT = select(func.coalesce(func.max(log_entries.c.event_number), 0))
_WAITING = (
    select(log_events)
    .where(log_events.c.number > bindparam("after"))
    .order_by(log_events.c.number)
    .limit(bindparam("most"))
)
_INDEXED = select(block_headers.c.number, block_headers.c.hash).where(
    block_headers.c.number == select(follower_state.c.indexed_number).scalar_subquery(),
    block_headers.c.number > bindparam("after"),
)
_ADD_ENTRIES = insert(log_entries)
_ADD_TILE = insert(log_tiles)
_TILE = select(log_tiles.c.hashes).where(
    log_tiles.c.epoch == bindparam("e"), log_tiles.c.level == bindparam("l"), log_tiles.c.tile == bindparam("t")
)
_EXTEND = (
    update(log_tiles)
    .where(
        log_tiles.c.epoch == bindparam("e"), log_tiles.c.level == bindparam("l"), log_tiles.c.tile == bindparam("t")
    )
    .values(hashes=bindparam("longer"))
)
_BUNDLE = (
    select(log_entries.c.entry)
    .where(log_entries.c.epoch == bindparam("e"), log_entries.c.position >= bindparam("begin"))
    .order_by(log_entries.c.position)
    .limit(bindparam("most"))
)
_PLACE = select(log_entries.c.epoch, log_entries.c.position).where(log_entries.c.leaf_hash == bindparam("leaf"))
# What no act caused is a block's entry, or the first of a later epoch, which has another kind.
_BLOCK_BEFORE = (
    select(log_entries.c.position, log_entries.c.entry)
    .where(
        log_entries.c.epoch == bindparam("e"),
        log_entries.c.position < bindparam("at"),
        log_entries.c.event_number.is_(None),
    )
    .order_by(log_entries.c.position.desc())
    .limit(1)
)
_NAME_BLOCK = update(log_epochs).where(log_epochs.c.epoch == bindparam("e")).values(block_number=bindparam("block"))
_PUBLISH = update(log_epochs).where(log_epochs.c.epoch == bindparam("e")).values(published_size=bindparam("size"))
_UNGUARD = update(log_epochs).values(guarded=False)
_ADD_CHECKPOINT = insert(log_checkpoints)
_OF_EPOCH = select(log_checkpoints).where(log_checkpoints.c.epoch == bindparam("e"))
_LAST_CHECKPOINT = _OF_EPOCH.order_by(log_checkpoints.c.size.desc()).limit(1)
_PUBLISHED = _OF_EPOCH.where(
    log_checkpoints.c.size
    == select(log_epochs.c.published_size).where(log_epochs.c.epoch == bindparam("e")).scalar_subquery()
)
_SINCE = (
    _OF_EPOCH.where(log_checkpoints.c.size > bindparam("since"))
    .order_by(log_checkpoints.c.size)
    .limit(bindparam("most"))
)
_ADD_COSIGNATURES = insert(log_cosignatures)
_COSIGNATURES = (
    select(log_cosignatures)
    .where(log_cosignatures.c.epoch == bindparam("e"), log_cosignatures.c.size == bindparam("size"))
    .order_by(log_cosignatures.c.key)
)
_KEYS = select(log_checkpoints.c.key).union(select(log_cosignatures.c.key))


class SqlTransparencyLog:
    """Keep the log of a member (jeung.ports.log.TransparencyLog)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sequence(self, *, limit: int, now: int, fence: int) -> int:
        """Give the oldest unsequenced entries their places, behind one that names the newest indexed block.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            after = connection.execute(_LAST_EVENT).scalar_one()
            waiting = connection.execute(_WAITING, {"after": after, "most": limit}).all()
            if waiting:
                epoch = connection.execute(_EPOCH).one()
                block = _block_entry(connection, epoch.epoch, epoch.block_number, now)
                entries = [(row.number, _entry(row)) for row in waiting]
                _append(connection, epoch.epoch, [*block, *entries])
        return len(waiting)

    def head(self) -> LogHead:
        """Give how far the log has come."""
        with self._database.read() as connection:
            epoch = connection.execute(_EPOCH).one()
            size = connection.execute(_SIZE, {"e": epoch.epoch}).scalar_one()
        return LogHead(epoch.epoch, size, epoch.guarded)

    def epochs(self) -> Sequence[int]:
        """Give every epoch there is, the present one last."""
        with self._database.read() as connection:
            return list(connection.execute(_EPOCHS).scalars())

    def tile(self, epoch: int, tile: Tile) -> bytes | None:
        """Give the bytes of a tile or bundle, None where the log has not come so far."""
        with self._database.read() as connection:
            if tile.level is None:
                place = {"e": epoch, "begin": tile.index * TILE_WIDTH, "most": tile.width}
                entries = connection.execute(_BUNDLE, place).scalars().all()
                return encode_bundle(entries) if len(entries) == tile.width else None
            hashes = connection.execute(_TILE, {"e": epoch, "l": tile.level, "t": tile.index}).scalar() or b""
        wanted = bytes(hashes[: tile.width * _HASH_BYTES])
        return wanted if len(wanted) == tile.width * _HASH_BYTES else None

    def place_of(self, leaf: bytes) -> Place | None:
        """Give where the entry with this leaf hash stands, None where it is unknown or not sequenced yet."""
        with self._database.read() as connection:
            row = connection.execute(_PLACE, {"leaf": leaf}).first()
        return None if row is None else Place(row.epoch, row.position)

    def block_before(self, place: Place) -> tuple[int, bytes] | None:
        """Give index and bytes of the entry that names a block nearest before a place; None where there is none."""
        with self._database.read() as connection:
            row = connection.execute(_BLOCK_BEFORE, {"e": place.epoch, "at": place.index}).first()
        return None if row is None else (row.position, bytes(row.entry))

    def record_checkpoint(self, checkpoint: SignedCheckpoint, *, fence: int) -> None:
        """Keep a checkpoint before anybody sees it.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: one of this size or of a larger one was signed.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            connection.execute(
                _ADD_CHECKPOINT,
                {
                    "epoch": checkpoint.epoch,
                    "size": checkpoint.size,
                    "root": checkpoint.root,
                    "note": checkpoint.note,
                    "key": checkpoint.key,
                    "signed_at": checkpoint.signed_at,
                },
            )

    def last_checkpoint(self, epoch: int) -> SignedCheckpoint | None:
        """Give the newest checkpoint that was signed in an epoch, published or not."""
        with self._database.read() as connection:
            row = connection.execute(_LAST_CHECKPOINT, {"e": epoch}).first()
        return None if row is None else _checkpoint(row)

    def publish(self, epoch: int, size: int, cosignatures: Sequence[Cosignature], *, fence: int) -> None:
        """Publish a checkpoint with what its witnesses said.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            if cosignatures:
                rows = [
                    {"epoch": epoch, "size": size, "key": said.key, "line": said.line, "timestamp": said.timestamp}
                    for said in cosignatures
                ]
                connection.execute(_ADD_COSIGNATURES, rows)
            connection.execute(_PUBLISH, {"e": epoch, "size": size})

    def published(self, epoch: int) -> tuple[SignedCheckpoint, Sequence[Cosignature]] | None:
        """Give the newest published checkpoint of an epoch with its cosignatures."""
        with self._database.read() as connection:
            row = connection.execute(_PUBLISHED, {"e": epoch}).first()
            if row is None:
                return None
            said = connection.execute(_COSIGNATURES, {"e": epoch, "size": row.size}).all()
        return _checkpoint(row), [Cosignature(line.key, line.line, line.timestamp) for line in said]

    def checkpoints(self, epoch: int, *, since: int, limit: int) -> Sequence[SignedCheckpoint]:
        """Give checkpoints of more than `since` entries, smallest first."""
        with self._database.read() as connection:
            rows = connection.execute(_SINCE, {"e": epoch, "since": since, "most": limit})
            return [_checkpoint(row) for row in rows]

    def keys(self) -> Sequence[str]:
        """Give the text of every key that ever signed or cosigned a checkpoint here."""
        with self._database.read() as connection:
            return sorted(connection.execute(_KEYS).scalars())

    def guard(self, *, fence: int) -> None:
        """Let no checkpoint be signed before the log was compared with what others hold of it.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            guard_log(connection)

    def unguard(self, *, fence: int) -> None:
        """Let checkpoints be signed again.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            connection.execute(_UNGUARD)


def guard_log(connection: Connection) -> None:
    """Let nothing be signed before the log was compared with what others hold of it."""
    connection.execute(update(log_epochs).values(guarded=True))


def _entry(row: Any) -> bytes:  # noqa: ANN401 - a row
    # A row that something else than the node wrote may lack its salt; it is logged all the same, for it stands there.
    return entry_of(row.kind, row.body, row.occurred_at, row.salt or bytes(SALT_BYTES)).encoded


def _block_entry(connection: Connection, epoch: int, after: int, now: int) -> list[tuple[None, bytes]]:
    row = connection.execute(_INDEXED, {"after": after}).first()
    if row is None:
        return []
    connection.execute(_NAME_BLOCK, {"e": epoch, "block": row.number})
    facts = canonical_json.canonical({"hash": "0x" + row.hash.hex(), "number": row.number})
    return [(None, entry_of(BLOCK_SEEN, facts, now, b"").encoded)]


def _append(connection: Connection, epoch: int, entries: Sequence[tuple[int | None, bytes]]) -> None:
    size = connection.execute(_SIZE, {"e": epoch}).scalar_one()
    leaves = [leaf_hash(entry) for _, entry in entries]
    connection.execute(
        _ADD_ENTRIES,
        [
            {"epoch": epoch, "position": size + at, "event_number": number, "entry": entry, "leaf_hash": leaf}
            for at, ((number, entry), leaf) in enumerate(zip(entries, leaves, strict=True))
        ],
    )
    level, begin, hashes = 0, size, leaves
    while hashes:
        hashes = _extend(connection, epoch, level, begin, hashes)
        level, begin = level + 1, begin // TILE_WIDTH


def _extend(connection: Connection, epoch: int, level: int, begin: int, hashes: Sequence[bytes]) -> list[bytes]:
    """Append hashes to the tiles of a level; give those of the tiles that became full."""
    filled = []
    at = 0
    while at < len(hashes):
        tile, offset = divmod(begin + at, TILE_WIDTH)
        fresh = hashes[at : at + TILE_WIDTH - offset]
        at += len(fresh)
        place = {"e": epoch, "l": level, "t": tile}
        standing = connection.execute(_TILE, place).scalar() if offset else None
        longer = bytes(standing or b"") + b"".join(fresh)
        if standing is None:
            connection.execute(_ADD_TILE, {"epoch": epoch, "level": level, "tile": tile, "hashes": longer})
        else:
            connection.execute(_EXTEND, {**place, "longer": longer})
        if len(longer) == TILE_WIDTH * _HASH_BYTES:
            filled.append(_root_of_full(longer))
    return filled


def _root_of_full(hashes: bytes) -> bytes:
    level = [hashes[at : at + _HASH_BYTES] for at in range(0, len(hashes), _HASH_BYTES)]
    while len(level) > 1:
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


def _checkpoint(row: Any) -> SignedCheckpoint:  # noqa: ANN401 - a row
    return SignedCheckpoint(row.epoch, row.size, bytes(row.root), bytes(row.note), row.key, row.signed_at)
