"""Grow the tree of a log from its entries, a tile of leaves at a time, and give the roots at the sizes asked for.

The hashes that one tile needs are computed level by level, so that the root at any size within it costs a handful
more: thousands of checkpoints are compared in one pass. What a later audit needs to go on is `rows`: for each level
of tiles the hashes of the one that is not full yet.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from jeung.crypto.tlog.tiles import TILE_HEIGHT, TILE_WIDTH, Tile
from jeung.crypto.tlog.tree import EMPTY_ROOT

_NODE: Final = b"\x01"
_LEAF: Final = b"\x00"


def leaves_of(entries: Sequence[bytes]) -> list[bytes]:
    """Hash entries as leaves (RFC 6962 section 2.1)."""
    return [sha256(_LEAF + entry).digest() for entry in entries]


class Growing:
    """Hold a tree of full tiles; `rows[L - 1]` are the hashes of level L's last tile, which is not full."""

    def __init__(self, tiles: int = 0, rows: Sequence[Sequence[bytes]] = ()) -> None:
        """Begin with nothing, or go on behind `tiles` full tiles of leaves.

        Raises:
            ValueError: the rows are not those of so many tiles.
        """
        self.tiles = tiles
        self.rows = [list(row) for row in rows]
        widths = []
        while tiles:
            tiles, width = divmod(tiles, TILE_WIDTH)
            widths.append(width)
        if [len(row) for row in self.rows] != widths:
            raise ValueError("not the rows of a tree of this size")
        # The complete subtrees left of the tile that comes next, largest first: (level, hash).
        self._left: list[tuple[int, bytes]] = []
        for level, row in reversed(list(enumerate(self.rows, start=1))):
            self._left += [(TILE_HEIGHT * level + height, hash_) for height, hash_ in _complete(_levels(row))]

    @property
    def size(self) -> int:
        """Give how many leaves there are."""
        return self.tiles * TILE_WIDTH

    def root(self) -> bytes:
        """Give the root over the full tiles."""
        return _folded([hash_ for _, hash_ in self._left])

    def add(
        self, leaves: Sequence[bytes], wanted: Sequence[int]
    ) -> tuple[dict[int, bytes], list[tuple[Tile, bytes]]]:
        """Add a tile of leaves; only the last may be partial, and nothing can be added behind it.

        Args:
            leaves: 1 to 256 leaf hashes.
            wanted: sizes of trees that end within this tile.

        Returns:
            The root at each of those sizes, and the tiles of upper levels that are full now.
        """
        levels = _levels(leaves)
        left = [hash_ for _, hash_ in self._left]
        roots = {size: _folded(left + [hash_ for _, hash_ in _complete(levels, size - self.size)]) for size in wanted}
        return roots, self._filled(levels[TILE_HEIGHT][0]) if len(leaves) == TILE_WIDTH else []

    def partial(self) -> Iterator[tuple[Tile, bytes]]:
        """Give the tiles of upper levels that are not full."""
        for level, row in enumerate(self.rows, start=1):
            if row:
                above = self.tiles >> (TILE_HEIGHT * level)
                yield Tile(level, above, len(row)), b"".join(row)

    def _filled(self, hash_: bytes) -> list[tuple[Tile, bytes]]:
        self._push(TILE_HEIGHT, hash_)
        self.tiles += 1
        filled: list[tuple[Tile, bytes]] = []
        level, index = 1, self.tiles
        while True:
            if len(self.rows) < level:
                self.rows.append([])
            row = self.rows[level - 1]
            row.append(hash_)
            if len(row) < TILE_WIDTH:
                return filled
            index >>= TILE_HEIGHT
            filled.append((Tile(level, index - 1), b"".join(row)))
            hash_ = _levels(row)[TILE_HEIGHT][0]
            row.clear()
            level += 1

    def _push(self, level: int, hash_: bytes) -> None:
        while self._left and self._left[-1][0] == level:
            hash_ = sha256(_NODE + self._left.pop()[1] + hash_).digest()
            level += 1
        self._left.append((level, hash_))


def _levels(hashes: Sequence[bytes]) -> list[list[bytes]]:
    """Hash pairs until none is left: every complete subtree over up to 256 hashes, by its height."""
    levels = [list(hashes)]
    while len(levels) <= TILE_HEIGHT:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)
        levels.append([sha256(_NODE + one + other).digest() for one, other in pairs])
    return levels


def _complete(levels: Sequence[Sequence[bytes]], width: int | None = None) -> list[tuple[int, bytes]]:
    """Give the complete subtrees that the first `width` hashes are made of, largest first."""
    count = len(levels[0]) if width is None else width
    heights = [height for height in range(TILE_HEIGHT, -1, -1) if count >> height & 1]
    return [(height, levels[height][(count >> height) - 1]) for height in heights]


def _folded(nodes: Sequence[bytes]) -> bytes:
    """Give the root over complete subtrees, largest first."""
    if not nodes:
        return EMPTY_ROOT
    root = nodes[-1]
    for node in reversed(nodes[:-1]):
        root = sha256(_NODE + node + root).digest()
    return root
