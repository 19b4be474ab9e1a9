"""The transparency log and a witness's memory, kept in memory."""

import secrets
from collections.abc import Callable, Sequence

from jeung.crypto import canonical_json
from jeung.crypto.tlog.tiles import TILE_WIDTH, Tile, encode_bundle
from jeung.crypto.tlog.tree import leaf_hash
from jeung.domain.transparency import BLOCK_SEEN, entry_of
from jeung.errors import CheckpointForked, CheckpointNotConsistent, Conflict
from jeung.ports.log import Cosignature, LogHead, Place, SignedCheckpoint, WitnessedHead
from tests.common import naive_log
from tests.common.memory.chain import hold_fence
from tests.common.memory.database import MemoryDatabase


class MemoryTransparencyLog:
    """Keep the log of a member over the events of a database in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self.entries: list[bytes] = []
        self._sequenced = 0
        self._block = -1
        self._signed: list[SignedCheckpoint] = []
        self._published: tuple[int, Sequence[Cosignature]] | None = None
        self._cosigners: set[str] = set()
        self.is_guarded = False

    def go_on_from(self, entries: Sequence[bytes]) -> None:
        """Be a log that was brought back with these entries, each of an event."""
        self.entries, self._sequenced = list(entries), len(entries)

    def sequence(self, *, limit: int, now: int, fence: int) -> int:
        tables = self._database.read()
        hold_fence(tables, fence)
        waiting = tables.events[self._sequenced : self._sequenced + limit]
        if waiting and tables.headers and max(tables.headers) > self._block:
            self._block = max(tables.headers)
            facts = {"hash": "0x" + tables.headers[self._block].hash.hex(), "number": self._block}
            self.entries.append(entry_of(BLOCK_SEEN, canonical_json.canonical(facts), now, b"").encoded)
        for event in waiting:
            salt = secrets.token_bytes(32)
            self.entries.append(entry_of(event.kind, event.body, event.occurred_at, salt).encoded)
        self._sequenced += len(waiting)
        return len(waiting)

    def head(self) -> LogHead:
        return LogHead(1, len(self.entries), self.is_guarded)

    def epochs(self) -> Sequence[int]:
        return [1]

    def tile(self, epoch: int, tile: Tile) -> bytes | None:
        span = 256 ** (tile.level or 0)
        if epoch != 1 or len(self.entries) // span < tile.index * TILE_WIDTH + tile.width:
            return None
        if tile.level is None:
            return encode_bundle(self.entries[tile.index * TILE_WIDTH :][: tile.width])
        return naive_log.tile(self.entries, tile.level, tile.index, tile.width)

    def place_of(self, leaf: bytes) -> Place | None:
        leaves = [leaf_hash(entry) for entry in self.entries]
        return Place(1, leaves.index(leaf)) if leaf in leaves else None

    def block_before(self, place: Place) -> tuple[int, bytes] | None:
        for index in range(place.index - 1, -1, -1):
            if b'"kind":"block"' in self.entries[index]:
                return index, self.entries[index]
        return None

    def record_checkpoint(self, checkpoint: SignedCheckpoint, *, fence: int) -> None:
        hold_fence(self._database.read(), fence)
        if self._signed and self._signed[-1].size >= checkpoint.size:
            raise Conflict
        self._signed.append(checkpoint)

    def last_checkpoint(self, epoch: int) -> SignedCheckpoint | None:
        return self._signed[-1] if self._signed else None

    def publish(self, epoch: int, size: int, cosignatures: Sequence[Cosignature], *, fence: int) -> None:
        hold_fence(self._database.read(), fence)
        standing = self._published[1] if self._published is not None and self._published[0] == size else ()
        self._published = (size, tuple(sorted([*standing, *cosignatures], key=lambda said: said.key)))
        self._cosigners.update(said.key for said in cosignatures)

    def published(self, epoch: int) -> tuple[SignedCheckpoint, Sequence[Cosignature]] | None:
        if self._published is None or epoch != 1:
            return None
        size, cosignatures = self._published
        return next(signed for signed in self._signed if signed.size == size), list(cosignatures)

    def checkpoints(self, epoch: int, *, since: int, limit: int) -> Sequence[SignedCheckpoint]:
        return [signed for signed in self._signed if signed.size > since][:limit]

    def keys(self) -> Sequence[str]:
        return sorted({signed.key for signed in self._signed} | self._cosigners)

    def guard(self, *, fence: int) -> None:
        hold_fence(self._database.read(), fence)
        self.is_guarded = True

    def unguard(self, *, fence: int) -> None:
        hold_fence(self._database.read(), fence)
        self.is_guarded = False


class MemoryWitnessMemory:
    """Remember the newest checkpoint that was cosigned of each log."""

    def __init__(self) -> None:
        self._heads: dict[str, WitnessedHead] = {}
        self._forks: dict[str, dict[tuple[int, bytes], WitnessedHead]] = {}

    def advance(self, head: WitnessedHead, judge: Callable[[WitnessedHead | None], None]) -> None:
        try:
            judge(self._heads.get(head.origin))
        except (CheckpointForked, CheckpointNotConsistent):
            kept = self._forks.setdefault(head.origin, {})
            if len(kept) < 64:
                kept.setdefault((head.size, head.root), head)
            raise
        self._heads[head.origin] = head

    def head(self, origin: str) -> WitnessedHead | None:
        return self._heads.get(origin)

    def forks(self, origin: str) -> Sequence[WitnessedHead]:
        return list(self._forks.get(origin, {}).values())
