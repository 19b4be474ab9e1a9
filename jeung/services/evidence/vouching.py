"""Gather other members' word for the blocks that evidence rests on, from their own logs: in the worker, afterwards.

Numbered as the code does it. Whatever cannot be had now is asked for later, ever later, a bounded number of times:

1. Take blocks that are due. Evidence is gathered of a block first, and says then that its block is wanted.
2. Ask each other member's log beside the worker's loop, within bounds of time, size and count: its checkpoint, its
   newest entries, the tiles that prove one. The first entry that names the block or a later one is taken, as far as
   headers may lead; what does not verify under a key that the chain names for that log is no answer.
3. Ask our own chain for the headers that lead from the block to the farthest that was named.
4. Keep what came. A member that gave nothing is asked again.
"""

import logging
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

import orjson

from jeung.crypto import canonical_json
from jeung.crypto.tlog.checkpoints import Checkpoint, parse_checkpoint
from jeung.crypto.tlog.notes import NoteKey, encode_note, parse_note, parse_note_key
from jeung.crypto.tlog.tiles import Tile, bundles_of, hash_reader, parse_bundle
from jeung.crypto.tlog.tree import inclusion_proof
from jeung.domain.registrations import KeyPurpose, KeyState
from jeung.domain.transparency import EntryKind, log_origin, parse_entry
from jeung.domain.verification import WantedVouches
from jeung.errors import InvalidProof, InvalidSignature, JeungError
from jeung.ports.chain import ChainProofs
from jeung.ports.ledger import Ledger
from jeung.ports.log import WitnessCalls
from jeung.ports.store import Store
from jeung.ports.world import Clock
from jeung.services.evidence.package import (
    MAX_HEADERS,
    MAX_VOUCHES,
    EntryProof,
    VouchProof,
    parse_vouch,
    vouch_document,
)
from jeung.services.evidence.vouched import named_block, read_vouch

AT_ONCE: Final = 128
MAX_TRIES: Final = 10
MAX_BUNDLES: Final = 4
MAX_REQUESTS: Final = 24
PATIENCE_S: Final = 30
_FIRST_PAUSE_S: Final = 5
_LONGEST_PAUSE_S: Final = 600
_COMPRESSION: Final = 1
_OK: Final = 200
_BLOCK_KIND: Final = b'"kind":"%s"' % EntryKind.BLOCK.value.encode()
_log = logging.getLogger(__name__)

Submit = Callable[..., Future[Any]]
"""Runs a function beside the worker's loop."""


@dataclass(frozen=True, slots=True)
class GatheredVouches:
    """Hold what was gathered for a block: headers from it on, and what logs name, in the order of their origins."""

    headers: Sequence[bytes] = ()
    vouches: Sequence[VouchProof] = ()

    @property
    def encoded(self) -> bytes:
        """Write it as it is kept; it holds nothing about a person."""
        body = {
            "headers": [header.hex() for header in self.headers],
            "vouches": [vouch_document(vouch) for vouch in self.vouches],
        }
        return zlib.compress(orjson.dumps(body), _COMPRESSION)


def parse_vouches(data: bytes | None) -> GatheredVouches:
    """Read what `GatheredVouches.encoded` wrote; of nothing, nothing."""
    if data is None:
        return GatheredVouches()
    body = orjson.loads(zlib.decompress(data))
    return GatheredVouches(
        [bytes.fromhex(header) for header in body["headers"]], [parse_vouch(raw) for raw in body["vouches"]]
    )


@dataclass(frozen=True, slots=True)
class OtherLog:
    """Name another member's log: where it is, and the thumbprints of the keys that the chain holds good for it."""

    url: str
    epoch: int
    keys: frozenset[bytes]

    @property
    def origin(self) -> str:
        """Give the origin of its present epoch."""
        return log_origin(self.url, self.epoch)


class VouchCollector:
    """Gather the other members' word for one node's evidence."""

    def __init__(
        self,
        *,
        store: Store,
        ledger: Ledger,
        chain: ChainProofs,
        calls: WitnessCalls,
        clock: Clock,
        submit: Submit,
        url: str,
    ) -> None:
        self._store = store
        self._ledger = ledger
        self._chain = chain
        self._calls = calls
        self._clock = clock
        self._submit = submit
        self._url = url
        self._round: tuple[Sequence[WantedVouches], Mapping[OtherLog, Future[Mapping[int, VouchProof]]]] | None = None

    def step(self, _fence: int) -> bool:
        """Ask about what is due, or keep what was answered; it never waits for another member.

        Raises:
            LedgerStale: the follower has never run.
            StoreBusy, StoreUnavailable, RpcError: it is tried again.
        """
        if self._round is None:
            with self._store.read() as tx:  # 1
                due = tx.block_vouches.due(self._clock.now(), AT_ONCE)
            if not due:
                return False
            self._round = due, {log: self._submit(self._ask, log, _lacking(due, log)) for log in self._logs()}
        due, asked = self._round
        if not all(future.done() for future in asked.values()):
            return False
        self._round = None
        self._keep(due, {log: future.result() for log, future in asked.items()})
        return False

    def _logs(self) -> Sequence[OtherLog]:
        with self._ledger.view() as view:
            registry, now = view.registry, self._clock.now()
            others = [
                member
                for member in registry.members.values()
                if self._url not in member.urls and member.removal is None
            ]
            good: dict[bytes, set[bytes]] = {member.member: set() for member in others}
            for key in registry.keys.values():
                is_good = key.purpose is KeyPurpose.LOG_CHECKPOINT_SIGNING and key.state_at(now) is KeyState.ACTIVE
                if is_good and key.member in good:
                    good[key.member].add(key.thumbprint)
            return [
                OtherLog(member.urls[-1], registry.log_epochs.get(member.member, 1), frozenset(good[member.member]))
                for member in others[:MAX_VOUCHES]
            ]

    def _ask(self, log: OtherLog, numbers: Sequence[int]) -> Mapping[int, VouchProof]:
        """Ask one log about blocks; it raises nothing: what a server answers is its own affair."""
        if not numbers:
            return {}
        try:
            return LogReading(self._calls, self._clock, log).vouches(numbers)  # 2
        except (JeungError, RecursionError) as error:
            _log.info("a log did not vouch for blocks: %s", getattr(error, "code", type(error).__name__))
            return {}

    def _keep(self, due: Sequence[WantedVouches], said: Mapping[OtherLog, Mapping[int, VouchProof]]) -> None:
        kept = [(wanted, self._together(wanted, said)) for wanted in due]
        with self._store.write() as tx:  # 4
            for wanted, gathered in kept:
                tries = wanted.tries + 1
                is_over = tries == MAX_TRIES or len(gathered.vouches) >= len(said)
                pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S << tries)
                due_at = None if is_over else self._clock.now() + pause
                tx.block_vouches.keep(WantedVouches(wanted.number, gathered.encoded, tries), due_at)

    def _together(self, wanted: WantedVouches, said: Mapping[OtherLog, Mapping[int, VouchProof]]) -> GatheredVouches:
        before = parse_vouches(wanted.gathered)
        fresh = [answers[wanted.number] for answers in said.values() if wanted.number in answers]
        if not fresh:
            return before
        vouches = [(read_vouch(proof), proof) for proof in (*before.vouches, *fresh)]
        vouches.sort(key=lambda pair: pair[0].origin)
        farthest = max(vouch.number for vouch, _ in vouches)
        headers = self._chain.headers(wanted.number, farthest)  # 3
        if headers is None:
            return before
        return GatheredVouches(headers, [proof for _, proof in vouches])


def _lacking(due: Iterable[WantedVouches], log: OtherLog) -> Sequence[int]:
    """Give the blocks that a log did not name yet."""
    lacking = []
    for wanted in due:
        origins = {parse_note_key(vouch.key).name for vouch in parse_vouches(wanted.gathered).vouches}
        if log.origin not in origins:
            lacking.append(wanted.number)
    return lacking


class LogReading:
    """Read one log, of one size, once."""

    def __init__(self, calls: WitnessCalls, clock: Clock, log: OtherLog) -> None:
        self._calls = calls
        self._clock = clock
        self._log = log
        self._base = f"{log.url}/log/{log.epoch}"
        self._until = clock.now() + PATIENCE_S
        self._left = MAX_REQUESTS

    def vouches(self, numbers: Sequence[int]) -> Mapping[int, VouchProof]:
        """Give an entry for each block that the log names one for.

        Raises:
            JeungError: the log cannot be read, or does not verify.
        """
        signed = parse_note(self._get(f"{self._base}/checkpoint"))
        checkpoint = parse_checkpoint(signed.text)
        keys = {(key.name, key.key_id): key for key in self._keys()}
        own = [line for line in signed.signatures if (line.name, line.key_id) in keys]
        if checkpoint.origin != self._log.origin or not own:
            raise InvalidSignature("no key that the chain holds good for this log signed the checkpoint")
        alone = encode_note(signed.text, own[:1]).decode()
        key = keys[own[0].name, own[0].key_id].text
        entries = self._blocks(checkpoint, min(numbers))
        read = hash_reader(checkpoint.size, lambda tile: self._get(f"{self._base}/{tile.path}"))
        proofs: dict[int, VouchProof] = {}
        for wanted in numbers:
            reached = [number for number in entries if wanted <= number < wanted + MAX_HEADERS]
            if reached:
                index, entry = entries[min(reached)]
                block = EntryProof(index, inclusion_proof(index, checkpoint.size, read), entry)
                proofs[wanted] = VouchProof(alone, key, block)
                read_vouch(proofs[wanted])
        return proofs

    def _keys(self) -> Sequence[NoteKey]:
        """Give the keys of the log's own line that the chain holds good; which they are, the log says itself."""
        named = canonical_json.parse_object(self._get(f"{self._log.url}/log")).get("keys")
        if not isinstance(named, list):
            raise InvalidProof("the log names no keys")
        own = [parse_note_key(text) for text in named if str(text).startswith(f"{self._log.origin}+")]
        return [key for key in own if key.verifier.thumbprint in self._log.keys]

    def _blocks(self, checkpoint: Checkpoint, first: int) -> Mapping[int, tuple[int, str]]:
        """Give index and text of the newest entries that name blocks, by number, back to a block if it can be."""
        found: dict[int, tuple[int, str]] = {}
        bundles = list(bundles_of(checkpoint.size, since=max(0, checkpoint.size - MAX_BUNDLES * 256)))
        for tile in reversed(bundles[-MAX_BUNDLES:]):
            for number, place in self._blocks_within(tile):
                found[number] = place
            if found and min(found) <= first:
                break
        return found

    def _blocks_within(self, tile: Tile) -> Iterable[tuple[int, tuple[int, str]]]:
        entries = parse_bundle(self._get(f"{self._base}/{tile.path}"), tile.width)
        for at, entry in enumerate(entries, start=256 * tile.index):
            named = named_block(parse_entry(entry)) if _BLOCK_KIND in entry else None
            if named is not None:
                yield named[0], (at, entry.decode())

    def _get(self, url: str) -> bytes:
        self._left -= 1
        if self._left < 0 or self._clock.now() > self._until:
            raise InvalidProof("the log takes more requests, or more time, than are made")
        answer = self._calls.call("GET", url, b"", "")
        if answer is None or answer.status != _OK:
            raise InvalidProof("the log does not answer")
        return answer.body
