"""Read a member's log from where there is one: its server, a folder with a copy, or the node's own database.

A folder holds under `<URL without its scheme>/` what the server has under `/log`: `log/index.json` is what `/log`
answers, `log/1/checkpoint` and `log/1/tile/...` are as they are served. A tile may be wider there than is asked for.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import orjson

from audit.database import NodeDatabase
from audit.log.site import Absent, Asked, Site, Unreadable
from jeung.crypto.hashing import DIGEST_LENGTH
from jeung.crypto.tlog.notes import MAX_NOTE_BYTES, NoteKey, parse_note_key
from jeung.crypto.tlog.tiles import TILE_WIDTH, Tile, encode_bundle, parse_bundle
from jeung.domain.transparency import MAX_ENTRY_BYTES, log_origin
from jeung.errors import MalformedNote, MalformedTile

MAX_INDEX_BYTES: Final = 256 * 1024
MAX_BUNDLE_BYTES: Final = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)
MAX_EPOCHS: Final = 64
MAX_KEYS: Final = 1_024
TEXT: Final = "text/plain"
_PATIENCE_S: Final = 120.0
_TILES_PER_S: Final = 8
"""What a node serves to one reader by its rate limit, with room: two answers for each 256 entries, 1,200 a minute."""


@dataclass(frozen=True, slots=True)
class Index:
    """Hold what a log says of itself, which nobody has to believe: its origins and the keys that signed in it."""

    origins: tuple[str, ...]
    keys: tuple[NoteKey, ...]


class Source(Protocol):
    """Give the parts of one member's log. Each may raise Unreadable; Absent where there is no such part."""

    def index(self) -> Index:
        """Give origins and keys; MalformedNote where it is none."""
        ...

    def checkpoint(self, epoch: int) -> bytes:
        """Give the newest published checkpoint, at most 64 KiB."""
        ...

    def tiles(self, epoch: int, wanted: Iterable[Tile], count: int) -> Iterator[bytes]:
        """Give tiles and bundles in the order asked for; `count` says how many that will be."""
        ...


def parse_index(body: bytes) -> Index:
    """Read what `/log` answers; a key of a kind that nobody here knows is passed over.

    Raises:
        MalformedNote: it is none, or absurdly long.
    """
    try:
        document = orjson.loads(body)
        origins, texts = document["origins"], document["keys"]
        is_one = all(isinstance(text, str) for text in [*origins, *texts])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        is_one = False
    if not is_one or len(origins) > MAX_EPOCHS or len(texts) > MAX_KEYS:
        raise MalformedNote("not the index of a log")
    return Index(tuple(origins), keys_of(texts))


def keys_of(texts: Iterable[str]) -> tuple[NoteKey, ...]:
    """Read verifier keys, passing over what is none."""
    keys = []
    for text in texts:
        with contextlib.suppress(MalformedNote):
            keys.append(parse_note_key(text))
    return tuple(keys)


class ServedLog:
    """Read a log as its member serves it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def index(self) -> Index:
        """Give origins and keys."""
        return parse_index(self._site.get(Asked("/log", "application/json", MAX_INDEX_BYTES)).body)

    def checkpoint(self, epoch: int) -> bytes:
        """Give the newest published checkpoint."""
        return self._site.get(Asked(f"/log/{epoch}/checkpoint", TEXT, MAX_NOTE_BYTES)).body

    def tiles(self, epoch: int, wanted: Iterable[Tile], count: int) -> Iterator[bytes]:
        """Give tiles and bundles, read ahead."""
        asked = (Asked(f"/log/{epoch}/{tile.path}", "application/octet-stream", _bound(tile)) for tile in wanted)
        for answer in self._site.many(asked, within_s=_PATIENCE_S + count / _TILES_PER_S):
            yield answer.body


class CopiedLog:
    """Read a log from a folder."""

    def __init__(self, folder: Path, url: str) -> None:
        name = url.partition("://")[2]
        # The URL is another member's word: it names a folder below ours or none.
        self._folder = folder / name if ".." not in name.split("/") and not name.startswith("/") else None

    def index(self) -> Index:
        """Give origins and keys."""
        return parse_index(self._read("log/index.json", MAX_INDEX_BYTES))

    def checkpoint(self, epoch: int) -> bytes:
        """Give the checkpoint of the copy."""
        return self._read(f"log/{epoch}/checkpoint", MAX_NOTE_BYTES)

    def tiles(self, epoch: int, wanted: Iterable[Tile], count: int) -> Iterator[bytes]:
        """Give tiles and bundles; a full one serves for a partial one."""
        for tile in wanted:
            try:
                yield self._read(f"log/{epoch}/{tile.path}", _bound(tile))
            except Absent:
                full = Tile(tile.level, tile.index)
                yield _narrowed(self._read(f"log/{epoch}/{full.path}", _bound(full)), tile)

    def _read(self, name: str, max_bytes: int) -> bytes:
        if self._folder is None or not (path := self._folder / name).is_file():
            raise Absent("the copy lacks it")
        try:
            with path.open("rb") as file:
                data = file.read(max_bytes + 1)
        except OSError:
            raise Unreadable("the copy cannot be read") from None
        if len(data) > max_bytes:
            raise Unreadable("the copy holds a larger one than the bound")
        return data


class KeptLog:
    """Read a log from the tables of its own node, which is what the node serves."""

    def __init__(self, database: NodeDatabase, url: str) -> None:
        self._database = database
        self._url = url

    def index(self) -> Index:
        """Give origins and keys."""
        epochs = [row[0] for row in self._database.tuples("SELECT epoch FROM log_epochs ORDER BY epoch")]
        keys = self._database.tuples("SELECT key FROM log_checkpoints UNION SELECT key FROM log_cosignatures")
        return Index(
            tuple(log_origin(self._url, epoch) for epoch in epochs[: MAX_EPOCHS + 1]),
            keys_of(str(row[0]) for row in keys),
        )

    def checkpoint(self, epoch: int) -> bytes:
        """Give the published checkpoint with its cosignatures, put together as the node does."""
        place = "WHERE epoch = :epoch AND size = (SELECT published_size FROM log_epochs WHERE epoch = :epoch)"
        note = self._first(f"SELECT note FROM log_checkpoints {place}", epoch=epoch)  # noqa: S608 - both are ours
        lines = self._database.tuples(
            f"SELECT line FROM log_cosignatures {place} ORDER BY key",  # noqa: S608
            epoch=epoch,
        )
        return _bytes(note) + "".join(str(row[0]) for row in lines).encode()

    def tiles(self, epoch: int, wanted: Iterable[Tile], count: int) -> Iterator[bytes]:
        """Give tiles and bundles."""
        for tile in wanted:
            yield self._bundle(epoch, tile) if tile.level is None else self._tile(epoch, tile)

    def _tile(self, epoch: int, tile: Tile) -> bytes:
        statement = "SELECT hashes FROM log_tiles WHERE epoch = :epoch AND level = :level AND tile = :tile"
        hashes = self._first(statement, epoch=epoch, level=tile.level, tile=tile.index)
        return _bytes(hashes)[: tile.width * DIGEST_LENGTH]

    def _bundle(self, epoch: int, tile: Tile) -> bytes:
        begin = tile.index * TILE_WIDTH
        rows = self._database.tuples(
            "SELECT entry FROM log_entries WHERE epoch = :epoch AND position >= :begin AND position < :end"
            " ORDER BY position",
            epoch=epoch,
            begin=begin,
            end=begin + tile.width,
        )
        entries = [_bytes(row[0]) for row in rows]
        if len(entries) != tile.width:
            raise Absent("entries are missing from the table")
        return encode_bundle(entries)

    def _first(self, statement: str, **parameters: object) -> object:
        row = next(self._database.tuples(statement, **parameters), None)
        if row is None:
            raise Absent("the node has none")
        return row[0]


def _bytes(value: Any) -> bytes:  # noqa: ANN401 - whatever stands in a row
    return value if isinstance(value, bytes) else str(value).encode()


def _bound(tile: Tile) -> int:
    return MAX_BUNDLE_BYTES if tile.level is None else tile.width * DIGEST_LENGTH


def _narrowed(data: bytes, tile: Tile) -> bytes:
    if tile.level is not None:
        return data[: tile.width * DIGEST_LENGTH]
    try:
        return encode_bundle(parse_bundle(data, TILE_WIDTH)[: tile.width])
    except MalformedTile:
        return data
