"""Keep the transparency log: give entries their places, build the tiles, keep checkpoints and who cosigned them.

Acts insert rows of `log_events` in their own transactions; here the worker gives each its place. Rows are taken in
the order of their numbers, which is that of the commits: SQLite has one writer at a time. A database with several
would have to look for rows left behind instead.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from jeung.crypto.tlog.tiles import TILE_WIDTH, Tile, encode_bundle
from jeung.crypto.tlog.tree import MAX_SIZE
from jeung.ports.log import Cosignature, LogCopy, LogHead, Opening, Place, SignedCheckpoint
from node.store.engine import Database
from node.store.lease import hold_fence
from node.store.log_epochs import adopt_copy, begin_epoch
from node.store.log_rows import (
    HASH_BYTES,
    LAST_EVENT,
    OF_A_BLOCK,
    PRESENT,
    SIZE,
    WAITING,
    append,
    block_entry,
    entry_of_row,
    hashes_of,
)
from node.store.schema_log import log_checkpoints, log_cosignatures, log_entries, log_epochs

_EPOCHS = select(log_epochs.c.epoch).order_by(log_epochs.c.epoch)
_BUNDLE = (
    select(log_entries.c.entry)
    .where(log_entries.c.epoch == bindparam("e"), log_entries.c.position >= bindparam("begin"))
    .order_by(log_entries.c.position)
    .limit(bindparam("most"))
)
_PLACE = (
    select(log_entries.c.epoch, log_entries.c.position)
    .where(log_entries.c.leaf_hash == bindparam("leaf"))
    .order_by(log_entries.c.epoch.desc(), log_entries.c.position)
    .limit(1)
)
_BLOCK_BEFORE = (
    select(log_entries.c.position, log_entries.c.entry)
    .where(
        log_entries.c.epoch == bindparam("e"),
        log_entries.c.position < bindparam("at"),
        log_entries.c.event_number.is_(None),
        func.substr(log_entries.c.entry, 1, len(OF_A_BLOCK)) == OF_A_BLOCK,
    )
    .order_by(log_entries.c.position.desc())
    .limit(1)
)
_PUBLISH = update(log_epochs).where(log_epochs.c.epoch == bindparam("e")).values(published_size=bindparam("size"))
_UNGUARD = update(log_epochs).values(guarded=False)
_ADD_CHECKPOINT = insert(log_checkpoints)
_OF_EPOCH = select(log_checkpoints).where(log_checkpoints.c.epoch == bindparam("e"))
_LAST_CHECKPOINT = (
    _OF_EPOCH.where(log_checkpoints.c.size <= bindparam("most")).order_by(log_checkpoints.c.size.desc()).limit(1)
)
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

        Where nothing waits, a block is named when it is due (`jeung.domain.transparency.is_block_due`).

        Raises:
            FenceLost: another worker holds the lease now.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            epoch = connection.execute(PRESENT).one()
            if epoch.guarded:
                # Others may hold more of the log than this node: the places that come next may be taken.
                return 0
            after = connection.execute(LAST_EVENT).scalar_one()
            waiting = connection.execute(WAITING, {"after": after, "most": limit}).all()
            block = block_entry(connection, epoch.epoch, epoch.block_number, now, at_rest=not waiting)
            entries = [*block, *((row.number, entry_of_row(row)) for row in waiting)]
            if entries:
                append(connection, epoch.epoch, entries)
        return len(waiting)

    def head(self) -> LogHead:
        """Give how far the log has come."""
        with self._database.read() as connection:
            epoch = connection.execute(PRESENT).one()
            size = connection.execute(SIZE, {"e": epoch.epoch}).scalar_one()
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
            wanted = hashes_of(connection, epoch, tile)
        return wanted if len(wanted) == tile.width * HASH_BYTES else None

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

    def last_checkpoint(self, epoch: int, *, at_most: int = MAX_SIZE) -> SignedCheckpoint | None:
        """Give the newest checkpoint of at most so many entries that was signed in an epoch, published or not."""
        with self._database.read() as connection:
            row = connection.execute(_LAST_CHECKPOINT, {"e": epoch, "most": at_most}).first()
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

    def adopt(self, copy: LogCopy, *, fence: int) -> None:
        """Take back entries that were lost here, all of them or none.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: the log does not end where the copy begins.
            LogForked: with these entries its root is another.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            adopt_copy(connection, copy)

    def begin_epoch(self, opening: Opening, *, now: int, fence: int) -> None:
        """Begin an epoch; those before take no more entries.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: it has begun, or a later one.
        """
        with self._database.write() as connection:
            hold_fence(connection, fence)
            begin_epoch(connection, opening, now)


def guard_log(connection: Connection) -> None:
    """Let nothing be signed before the log was compared with what others hold of it."""
    connection.execute(update(log_epochs).values(guarded=True))


def _checkpoint(row: Any) -> SignedCheckpoint:  # noqa: ANN401 - a row
    return SignedCheckpoint(row.epoch, row.size, bytes(row.root), bytes(row.note), row.key, row.signed_at)
