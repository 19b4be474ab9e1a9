"""The transparency log and a witness's memory, kept in memory."""

import secrets
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from jeung.crypto import canonical_json
from jeung.crypto.tlog.tiles import TILE_WIDTH, Tile, encode_bundle
from jeung.crypto.tlog.tree import MAX_SIZE, leaf_hash
from jeung.domain.transparency import BLOCK_SEEN, entry_of, is_block_due, opening_entry, parse_entry
from jeung.errors import CheckpointForked, CheckpointNotConsistent, Conflict, LogForked
from jeung.ports.log import Cosignature, LogCopy, LogHead, Opening, Place, SignedCheckpoint, WitnessedHead
from tests.common import naive_log
from tests.common.memory.chain import hold_fence
from tests.common.memory.database import MemoryDatabase


@dataclass
class _Epoch:
    """What there is of an epoch."""

    entries: list[bytes] = field(default_factory=list)
    block: int = -1
    signed: list[SignedCheckpoint] = field(default_factory=list)
    published: tuple[int, Sequence[Cosignature]] | None = None


class MemoryTransparencyLog:
    """Keep the log of a member over the events of a database in memory."""

    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database
        self._epochs = {1: _Epoch()}
        self._sequenced = 0
        self._salts: list[bytes] = []
        self._cosigners: set[str] = set()
        self.is_guarded = False

    @property
    def _present(self) -> _Epoch:
        return self._epochs[max(self._epochs)]

    @property
    def entries(self) -> list[bytes]:
        """The entries of the present epoch."""
        return self._present.entries

    def go_on_from(self, entries: Sequence[bytes]) -> None:
        """Be a log that was brought back with these entries, each of an event."""
        self._present.entries, self._sequenced = list(entries), len(entries)

    def brought_back(self, database: MemoryDatabase) -> "MemoryTransparencyLog":
        """Be copied into a backup of the database, and restored from it."""
        self._draw_salts()
        copy = MemoryTransparencyLog(database)
        copy._epochs = deepcopy(self._epochs)
        copy._sequenced, copy._salts, copy._cosigners = self._sequenced, list(self._salts), set(self._cosigners)
        copy.is_guarded = True
        return copy

    def sequence(self, *, limit: int, now: int, fence: int) -> int:
        tables = self._database.read()
        hold_fence(tables, fence)
        if self.is_guarded:
            return 0
        waiting = min(limit, len(tables.events) - self._sequenced)
        if waiting > 0 or is_block_due(self._present.block, max(tables.headers, default=-1)):
            self._name_block(now)
        for number in range(self._sequenced, self._sequenced + waiting):
            self.entries.append(self._entry(number))
        self._sequenced += waiting
        return waiting

    def _name_block(self, now: int) -> None:
        headers = self._database.read().headers
        if headers and max(headers) > self._present.block:
            self._present.block = max(headers)
            facts = {"hash": "0x" + headers[max(headers)].hash.hex(), "number": max(headers)}
            self.entries.append(entry_of(BLOCK_SEEN, canonical_json.canonical(facts), now, b"").encoded)

    def _entry(self, number: int) -> bytes:
        """The entry of an event; its salt is drawn once, as if it had been written with the event."""
        self._draw_salts()
        event = self._database.read().events[number]
        return entry_of(event.kind, event.body, event.occurred_at, self._salts[number]).encoded

    def _draw_salts(self) -> None:
        lacking = len(self._database.read().events) - len(self._salts)
        self._salts.extend(secrets.token_bytes(32) for _ in range(lacking))

    def head(self) -> LogHead:
        return LogHead(max(self._epochs), len(self.entries), self.is_guarded)

    def epochs(self) -> Sequence[int]:
        return sorted(self._epochs)

    def _of(self, epoch: int) -> _Epoch:
        return self._epochs.get(epoch, _Epoch())

    def tile(self, epoch: int, tile: Tile) -> bytes | None:
        entries, span = self._of(epoch).entries, 256 ** (tile.level or 0)
        if len(entries) // span < tile.index * TILE_WIDTH + tile.width:
            return None
        if tile.level is None:
            return encode_bundle(entries[tile.index * TILE_WIDTH :][: tile.width])
        return naive_log.tile(entries, tile.level, tile.index, tile.width)

    def place_of(self, leaf: bytes) -> Place | None:
        for epoch in sorted(self._epochs, reverse=True):
            leaves = [leaf_hash(entry) for entry in self._epochs[epoch].entries]
            if leaf in leaves:
                return Place(epoch, leaves.index(leaf))
        return None

    def block_before(self, place: Place) -> tuple[int, bytes] | None:
        entries = self._of(place.epoch).entries
        for index in range(place.index - 1, -1, -1):
            if _is_of_block(entries[index]):
                return index, entries[index]
        return None

    def record_checkpoint(self, checkpoint: SignedCheckpoint, *, fence: int) -> None:
        hold_fence(self._database.read(), fence)
        signed = self._epochs[checkpoint.epoch].signed
        if signed and signed[-1].size >= checkpoint.size:
            raise Conflict
        signed.append(checkpoint)

    def last_checkpoint(self, epoch: int, *, at_most: int = MAX_SIZE) -> SignedCheckpoint | None:
        signed = [one for one in self._of(epoch).signed if one.size <= at_most]
        return signed[-1] if signed else None

    def publish(self, epoch: int, size: int, cosignatures: Sequence[Cosignature], *, fence: int) -> None:
        hold_fence(self._database.read(), fence)
        kept = self._epochs[epoch]
        standing = kept.published[1] if kept.published is not None and kept.published[0] == size else ()
        kept.published = (size, tuple(sorted([*standing, *cosignatures], key=lambda said: said.key)))
        self._cosigners.update(said.key for said in cosignatures)

    def published(self, epoch: int) -> tuple[SignedCheckpoint, Sequence[Cosignature]] | None:
        kept = self._of(epoch)
        if kept.published is None:
            return None
        size, cosignatures = kept.published
        return next(signed for signed in kept.signed if signed.size == size), list(cosignatures)

    def checkpoints(self, epoch: int, *, since: int, limit: int) -> Sequence[SignedCheckpoint]:
        return [signed for signed in self._of(epoch).signed if signed.size > since][:limit]

    def keys(self) -> Sequence[str]:
        return sorted({signed.key for kept in self._epochs.values() for signed in kept.signed} | self._cosigners)

    def guard(self, *, fence: int) -> None:
        hold_fence(self._database.read(), fence)
        self.is_guarded = True

    def unguard(self, *, fence: int) -> None:
        hold_fence(self._database.read(), fence)
        self.is_guarded = False

    def adopt(self, copy: LogCopy, *, fence: int) -> None:
        tables = self._database.read()
        hold_fence(tables, fence)
        kept = self._of(copy.epoch)
        if copy.epoch < max(self._epochs) or copy.begin != len(kept.entries) or not copy.entries:
            raise Conflict
        if naive_log.mth([*kept.entries, *copy.entries]) != copy.root:
            raise LogForked
        for entry in copy.entries:
            if self._sequenced < len(tables.events) and self._entry(self._sequenced) == entry:
                self._sequenced += 1
            if _is_of_block(entry):
                kept.block = (parse_entry(entry).facts or {})["number"]
            kept.entries.append(entry)
        self._epochs[copy.epoch] = kept
        self.is_guarded = True

    def begin_epoch(self, opening: Opening, *, now: int, fence: int) -> None:
        hold_fence(self._database.read(), fence)
        before = self._present.entries
        if opening.epoch in self._epochs or opening.epoch < max(self._epochs):
            raise Conflict
        self._epochs[opening.epoch] = _Epoch([opening_entry(opening.last, now).encoded])
        self.is_guarded = False
        self._name_block(now)
        self.entries.extend(entry for entry in before[opening.carry_from :] if not _is_of_block(entry))


def _is_of_block(entry: bytes) -> bool:
    return b'"kind":"block"' in entry


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
