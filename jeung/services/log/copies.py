"""Fetch entries that this node lost from copies of its log that others keep.

A copy is believed in nothing: what it gives must lead, together with what this node still has, to the very root that
was cosigned, and every other checkpoint that anybody holds must be the beginning of that. Whatever is cut short,
altered, of another history or too large is dropped as a whole, and the next copy is asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.tiles import TILE_WIDTH, Tile, bundles_of, grow, hash_reader, parse_bundle
from jeung.crypto.tlog.tree import leaf_hash, tree_root
from jeung.domain.transparency import MAX_ENTRY_BYTES
from jeung.errors import MalformedTile, NotFound
from jeung.ports.log import LogCopies, LogCopy, TransparencyLog
from jeung.ports.world import Clock

MAX_MISSING: Final = 131_072
"""How many lost entries are fetched at most."""
MAX_BYTES: Final = 64 * 1024 * 1024
MAX_S: Final = 600
"""How long one copy may take altogether, in seconds."""
REQUESTS_AT_ONCE: Final = 8
TURN_S: Final = 5
"""After how many seconds a turn takes up no further request: a worker that is stopped waits for the one at hand."""
_HASH_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Wanted:
    """Say what is missing: the entries from `begin` up to the target; the others hold `beginnings` of it as well."""

    epoch: int
    begin: int
    target: Checkpoint
    beginnings: Sequence[Checkpoint]


class CopyFetch:
    """Try one copy after the other, a few requests at a time."""

    def __init__(
        self, wanted: Wanted, copies: Sequence[str], *, calls: LogCopies, log: TransparencyLog, clock: Clock
    ) -> None:
        self._wanted = wanted
        self._calls = calls
        self._log = log
        self._clock = clock
        self._left = list(copies)
        self._restart()

    def _restart(self) -> None:
        self._bundles: Iterator[Tile] = bundles_of(self._wanted.target.size, since=self._wanted.begin)
        self._entries: list[bytes] = []
        self._bytes = 0
        self._until = self._clock.now() + MAX_S

    def go_on(self) -> LogCopy | None:
        """Make some more requests; give what was lost once one copy gave it whole, None while there is more to ask.

        Raises:
            NotFound: no copy has it whole.
        """
        if not self._left:
            raise NotFound("no copy has what is missing")
        try:
            until = self._clock.now() + TURN_S
            for _ in range(REQUESTS_AT_ONCE):
                tile = next(self._bundles, None)
                if tile is None:
                    return self._judged()
                self._take(tile)
                if self._clock.now() >= until:
                    break
        except MalformedTile:
            self._left.pop(0)
            self._restart()
        return None

    def _take(self, tile: Tile) -> None:
        data = self._get(tile)
        if data is None and not tile.is_full:
            # Who copied the log later may have nothing but the full bundle.
            whole = self._get(Tile(None, tile.index))
            data = None if whole is None else _beginning(whole, tile.width)
        self._bytes += len(data or b"")
        if data is None or self._bytes > MAX_BYTES or self._clock.now() > self._until:
            raise MalformedTile("the copy lacks a bundle, or is too large or too slow")
        entries = parse_bundle(data, tile.width)
        if any(len(entry) > MAX_ENTRY_BYTES for entry in entries):
            raise MalformedTile("no entry is so long")
        self._entries += entries

    def _get(self, tile: Tile) -> bytes | None:
        return self._calls.get(f"{self._left[0]}/log/{self._wanted.epoch}/{tile.path}")

    def _judged(self) -> LogCopy:
        wanted, at = self._wanted, self._wanted.begin % TILE_WIDTH
        entries = tuple(self._entries[at:])
        leaves = [leaf_hash(entry) for entry in entries]
        grown = {(tile.level, tile.index): data for tile, data in grow(wanted.begin, leaves, self._standing)}

        def read(tile: Tile) -> bytes:
            data = grown.get((tile.level, tile.index))
            return self._standing(tile) if data is None else data[: tile.width * _HASH_BYTES]

        for held in (wanted.target, *wanted.beginnings):
            if tree_root(held.size, hash_reader(held.size, read)) != held.root:
                raise MalformedTile("the copy is of another history")
        return LogCopy(wanted.epoch, wanted.begin, entries, wanted.target.root)

    def _standing(self, tile: Tile) -> bytes:
        found = self._log.tile(self._wanted.epoch, tile)
        if found is None:
            raise MalformedTile("the log here lacks a tile")
        return found


def _beginning(bundle: bytes, width: int) -> bytes:
    """Cut a full bundle down to its first entries."""
    at = 0
    for _ in range(width):
        at += 2 + int.from_bytes(bundle[at : at + 2])
    return bundle[:at]
