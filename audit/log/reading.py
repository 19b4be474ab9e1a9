"""Rebuild the tree of a log from its bundles of entries, and hold every tile of hashes against it."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from audit import rules
from audit.findings import Rule
from audit.log.growing import Growing, leaves_of
from audit.log.site import Absent, Unreadable
from audit.log.sources import Source
from jeung.crypto.tlog.tiles import TILE_WIDTH, Tile, parse_bundle, width_at
from jeung.crypto.tlog.tree import EMPTY_ROOT
from jeung.errors import MalformedTile

_MOST_NAMED: Final = 3

Taking = Callable[[int, Sequence[bytes]], None]
"""Called with a position and the entries from there on."""


@dataclass(slots=True)
class Tree:
    """Hold what came of reading: the roots at the sizes asked for, as far as the reading went."""

    growing: Growing
    roots: dict[int, bytes] = field(default_factory=dict)
    problems: list[tuple[Rule, str]] = field(default_factory=list)
    wrong_tiles: int = 0
    reached: int = 0


def read_tree(
    source: Source,
    epoch: int,
    size: int,
    wanted: Sequence[int],
    begin: Growing,
    take: Taking,
    progress: Callable[[int, int], None],
) -> Tree:
    """Read a log from the full tiles that `begin` has, up to `size` entries; `wanted` are ascending sizes.

    What is wrong with the log is a problem of the tree, never an error.
    """
    tree = Tree(begin, {0: EMPTY_ROOT}, reached=begin.size)
    count = -(-size // TILE_WIDTH) - begin.tiles
    upper: list[tuple[Tile, bytes]] = []
    try:
        stream = source.tiles(epoch, _bundles_and_leaves(begin.tiles, size), 2 * count)
        for index in range(begin.tiles, begin.tiles + count):
            width = width_at(None, index, size)
            entries = parse_bundle(next(stream), width)
            leaves = leaves_of(entries)
            _compare(tree, Tile(0, index, width), next(stream), b"".join(leaves))
            take(tree.reached, entries)
            first, last = (bisect_right(wanted, tree.reached), bisect_right(wanted, tree.reached + width))
            roots, full = begin.add(leaves, wanted[first:last])
            tree.roots.update(roots)
            upper += full
            tree.reached += width
            if not index % TILE_WIDTH:
                progress(tree.reached, size)
        upper += begin.partial()
        served = source.tiles(epoch, (tile for tile, _ in upper), len(upper))
        for (tile, computed), given in zip(upper, served, strict=True):
            _compare(tree, tile, given, computed)
    except MalformedTile:
        tree.problems.append((rules.LOG_MALFORMED, f"the bundle behind entry {tree.reached} is malformed"))
    except Absent as error:
        tree.problems.append((rules.LOG_INCOMPLETE, f"behind entry {tree.reached}: {error}"))
    except Unreadable as error:
        tree.problems.append((rules.LOG_MISSING, f"behind entry {tree.reached}: {error}"))
    if tree.wrong_tiles > _MOST_NAMED:
        message = f"{tree.wrong_tiles - _MOST_NAMED} more tiles are not those of the entries"
        tree.problems.append((rules.LOG_TILE_MISMATCH, message))
    return tree


def _compare(tree: Tree, tile: Tile, given: bytes, computed: bytes) -> None:
    if given != computed:
        tree.wrong_tiles += 1
        if tree.wrong_tiles <= _MOST_NAMED:
            tree.problems.append((rules.LOG_TILE_MISMATCH, f"{tile.path} is not that of the entries"))


def _bundles_and_leaves(first: int, size: int) -> Iterator[Tile]:
    for index in range(first, -(-size // TILE_WIDTH)):
        width = width_at(None, index, size)
        yield Tile(None, index, width)
        yield Tile(0, index, width)
