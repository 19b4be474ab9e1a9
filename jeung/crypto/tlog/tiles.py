"""Lay the tree of a log out in tiles, as C2SP tlog-tiles serves them.

A tile holds up to 256 consecutive hashes of every eighth level: level 0 those of the leaves, level L those of the
full tiles below. Only the last tile of a level is partial, and a narrower one is the beginning of a wider one. The
entries themselves come in bundles that are cut as level 0 is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto.hashing import DIGEST_LENGTH
from jeung.crypto.tlog.tree import MAX_SIZE, HashReader, node_hash
from jeung.errors import MalformedTile

TILE_HEIGHT: Final = 8
TILE_WIDTH: Final = 1 << TILE_HEIGHT
MAX_LEVEL: Final = 63
MAX_ENTRY_BYTES: Final = (1 << 16) - 1
MAX_BUNDLE_BYTES: Final = TILE_WIDTH * (2 + MAX_ENTRY_BYTES)
MAX_PATH_LENGTH: Final = 64
ENTRIES: Final = "entries"

_LENGTH_BYTES: Final = 2
_GROUP: Final = 1000
_PATH: Final = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?",
    re.ASCII,
)

TileReader = Callable[["Tile"], bytes]
"""Gives the bytes of a tile, of the very width it has."""


@dataclass(frozen=True, slots=True)
class Tile:
    """Name a tile: `level` 0 to 63, or None for a bundle of entries; `width` 1 to 256, which is a full one."""

    level: int | None
    index: int
    width: int = TILE_WIDTH

    @property
    def is_full(self) -> bool:
        """Tell whether the tile will never be wider."""
        return self.width == TILE_WIDTH

    @property
    def path(self) -> str:
        """Give the path under the log's prefix, such as `tile/0/x001/067.p/12`."""
        index = self.index
        groups: list[str] = []
        while index or not groups:
            index, group = divmod(index, _GROUP)
            groups.append(f"{group:03}" if not groups else f"x{group:03}")
        name = ENTRIES if self.level is None else self.level
        partial = "" if self.is_full else f".p/{self.width}"
        return f"tile/{name}/{'/'.join(reversed(groups))}{partial}"


def parse_tile_path(path: str) -> Tile:
    """Read a path such as `tile/entries/x001/067.p/12`; each tile has one spelling.

    Raises:
        MalformedTile: it is no such path.
    """
    match = _PATH.fullmatch(path) if len(path) <= MAX_PATH_LENGTH else None
    if match is None:
        raise MalformedTile("not the path of a tile")
    level = None if match["level"] == ENTRIES else int(match["level"])
    index = int(match["index"].replace("/", "").replace("x", ""))
    width = TILE_WIDTH if match["width"] is None else int(match["width"])
    tile = Tile(level, index, width)
    if (level or 0) > MAX_LEVEL or index > MAX_SIZE or tile.path != path:
        raise MalformedTile("not the path of a tile")
    return tile


def width_at(level: int | None, index: int, size: int) -> int:
    """Give how wide a tile is in a tree of some size; 0 where it has none."""
    hashes = size >> (TILE_HEIGHT * (level or 0))
    return max(0, min(TILE_WIDTH, hashes - index * TILE_WIDTH))


def tiles_of(size: int, *, since: int = 0) -> Iterator[Tile]:
    """Give every tile of a tree, level by level, that is not among the full ones of an earlier size; no bundles."""
    level = 0
    while size >> (TILE_HEIGHT * level):
        index = (since >> (TILE_HEIGHT * level)) // TILE_WIDTH
        while width := width_at(level, index, size):
            yield Tile(level, index, width)
            index += 1
        level += 1


def bundles_of(size: int, *, since: int = 0) -> Iterator[Tile]:
    """Give every bundle of entries of a tree that is not among the full ones of an earlier size."""
    for index in range(since // TILE_WIDTH, -(-size // TILE_WIDTH)):
        yield Tile(None, index, width_at(None, index, size))


def hash_reader(size: int, read_tile: TileReader) -> HashReader:
    """Read hashes of complete subtrees of a tree of some size from its tiles; a tile is asked for once.

    Raises (when reading):
        MalformedTile: a tile has not the length its width demands.
    """
    tiles: dict[tuple[int, int], tuple[bytes, ...]] = {}

    def read(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        tile_index, offset = divmod(first, TILE_WIDTH)
        key = tile_level, tile_index
        if key not in tiles:
            tile = Tile(tile_level, tile_index, width_at(tile_level, tile_index, size))
            tiles[key] = split_hashes(read_tile(tile), tile.width)
        hashes = list(tiles[key][offset : offset + (1 << height)])
        while len(hashes) > 1:
            hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
        return hashes[0]

    return read


def grow(size: int, leaves: Sequence[bytes], read_tile: TileReader) -> Iterator[tuple[Tile, bytes]]:
    """Append leaf hashes to a tree; give every tile that grew, as wide as it is then, with its bytes.

    Args:
        size: how many leaves the tree has.
        leaves: hashes of 32 bytes.
        read_tile: asked for the last tile of a level as it stands, where that is partial.
    """
    level, begin, hashes = 0, size, leaves
    while hashes:
        filled = []
        at = 0
        while at < len(hashes):
            index, offset = divmod(begin + at, TILE_WIDTH)
            fresh = hashes[at : at + TILE_WIDTH - offset]
            at += len(fresh)
            standing = read_tile(Tile(level, index, offset)) if offset else b""
            tile, data = Tile(level, index, offset + len(fresh)), standing + b"".join(fresh)
            yield tile, data
            if tile.is_full:
                filled.append(_root_of_full(data))
        level, begin, hashes = level + 1, begin // TILE_WIDTH, filled


def _root_of_full(data: bytes) -> bytes:
    hashes = split_hashes(data, TILE_WIDTH)
    while len(hashes) > 1:
        hashes = tuple(node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2))
    return hashes[0]


def split_hashes(data: bytes, width: int) -> tuple[bytes, ...]:
    """Read the hashes of a tile.

    Raises:
        MalformedTile: it does not hold `width` hashes of 32 bytes.
    """
    if len(data) != width * DIGEST_LENGTH:
        raise MalformedTile(f"expected a tile of {width} hashes, got {len(data)} bytes")
    return tuple(data[at : at + DIGEST_LENGTH] for at in range(0, len(data), DIGEST_LENGTH))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Write entries as a bundle: each behind its length, two bytes, big-endian.

    Raises:
        MalformedTile: an entry is longer than 65,535 bytes, or there are none or more than 256.
    """
    if not 0 < len(entries) <= TILE_WIDTH or any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
        raise MalformedTile("a bundle holds 1 to 256 entries of at most 65,535 bytes")
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES) + entry for entry in entries)


def parse_bundle(data: bytes, width: int) -> tuple[bytes, ...]:
    """Read a bundle of entries.

    Raises:
        MalformedTile: it does not hold exactly `width` entries.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data) and len(entries) < width:
        begin = at + _LENGTH_BYTES
        at = begin + int.from_bytes(data[at:begin])
        entries.append(data[begin:at])
    if at != len(data) or len(entries) != width:
        raise MalformedTile(f"expected a bundle of {width} entries")
    return tuple(entries)
