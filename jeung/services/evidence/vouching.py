"""Gather other members' word for the blocks that evidence rests on, from their own logs: in the worker, afterwards.

Numbered as the code does it. Whatever cannot be had now is asked for later, ever later, a bounded number of times:

1. Take blocks that are due. Evidence is gathered of a block first, and says then that its block is wanted.
2. Ask each other member's log beside the worker's loop (`jeung.services.evidence.asking`).
3. When all have answered, ask our own chain for the headers that lead from each block to the farthest that was named:
   a few blocks a turn, because the loop has more to do.
4. Keep what came and names blocks of our chain: who names another is told of, and is no vouch. A member that gave
   nothing is asked again.
"""

import logging
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import orjson

from jeung.crypto.trie import link_headers
from jeung.domain.registrations import KeyPurpose, KeyState
from jeung.domain.registry import Registry
from jeung.domain.verification import WantedVouches
from jeung.errors import InvalidProof, JeungError
from jeung.ports.chain import ChainProofs
from jeung.ports.ledger import Ledger
from jeung.ports.log import WitnessCalls
from jeung.ports.store import Store
from jeung.ports.world import Clock
from jeung.services.evidence.asking import LogReading, OtherLog
from jeung.services.evidence.package import MAX_HEADERS, MAX_VOUCHES, VouchProof, parse_vouch, vouch_document
from jeung.services.evidence.vouched import Vouch, read_vouch

AT_ONCE: Final = 128
KEPT_AT_ONCE: Final = 8
MAX_TRIES: Final = 10
MAX_GATHERED_BYTES: Final = 4 << 20
_FIRST_PAUSE_S: Final = 5
_LONGEST_PAUSE_S: Final = 600
_COMPRESSION: Final = 1
_UNREADABLE: Final = (JeungError, zlib.error, KeyError, TypeError, ValueError, AttributeError)
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
    """Read what `GatheredVouches.encoded` wrote; of nothing, nothing.

    The rows are not sealed, so somebody may have altered one: what cannot be read counts as nothing, too.
    """
    try:
        body = orjson.loads(zlib.decompressobj().decompress(data or b"", MAX_GATHERED_BYTES))
        return GatheredVouches(
            [bytes.fromhex(header) for header in body["headers"]], [parse_vouch(raw) for raw in body["vouches"]]
        )
    except _UNREADABLE:
        return GatheredVouches()


def fitting(headers: Sequence[bytes], proofs: Sequence[VouchProof]) -> list[tuple[Vouch, VouchProof]]:
    """Give the vouches that verify and name blocks that the headers lead through, in the order of their origins.

    One that does neither would refute the whole package: a member that names another block, or a row that somebody
    altered, costs that one vouch.
    """
    try:
        first, hashes = link_headers(headers)
    except InvalidProof:
        return []
    known = dict(enumerate(hashes, start=first.number))
    found: dict[str, tuple[Vouch, VouchProof]] = {}
    for vouch, proof in _read(proofs):
        if known.get(vouch.number) == vouch.hash:
            found.setdefault(vouch.origin, (vouch, proof))
        else:
            _log.warning("a member's log names another block %d than our chain has", vouch.number)
    return [found[origin] for origin in sorted(found)][:MAX_VOUCHES]


def _read(proofs: Sequence[VouchProof]) -> Iterable[tuple[Vouch, VouchProof]]:
    for proof in proofs:
        with suppress(JeungError):
            yield read_vouch(proof), proof


@dataclass(slots=True)
class _Round:
    """Hold what is under way: blocks that are due, with what is known of them, and the logs that are asked.

    `head` is the newest block that we know of ourselves: a log may name any number.
    """

    head: int
    due: list[tuple[WantedVouches, GatheredVouches]]
    asked: Mapping[OtherLog, Future[Mapping[int, VouchProof]]]


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
        self._round: _Round | None = None
        self._headers: dict[int, bytes] = {}

    def step(self, _fence: int) -> bool:
        """Ask about what is due, or keep what was answered; tell whether more is to be kept at once.

        It never waits for another member.

        Raises:
            LedgerStale: the follower has never run.
            StoreBusy, StoreUnavailable, RpcError: it is tried again.
        """
        if self._round is None:
            self._round = self._begin()
        if self._round is None or not all(future.done() for future in self._round.asked.values()):
            return False
        under_way, self._round = self._round, None
        said = {log: future.result() for log, future in under_way.asked.items()}
        self._keep(under_way.due[:KEPT_AT_ONCE], said, under_way.head)
        rest = under_way.due[KEPT_AT_ONCE:]
        if rest:
            self._round = _Round(under_way.head, rest, under_way.asked)
        return bool(rest)

    def _begin(self) -> _Round | None:
        with self._store.read() as tx:  # 1
            wanted = tx.block_vouches.due(self._clock.now(), AT_ONCE)
        if not wanted:
            return None
        self._headers = {}
        # In the order of the chain: the headers of one block are mostly those of the next.
        due = [(one, parse_vouches(one.gathered)) for one in sorted(wanted, key=lambda one: one.number)]
        named = {one.number: _places(gathered.vouches) for one, gathered in due}
        asked = {}
        with self._ledger.view() as view:
            head, logs = view.freshness.indexed_number, self._logs(view.registry)
        for log in logs:
            lacking = [number for number, places in named.items() if log.place not in places]
            asked[log] = self._submit(self._ask, log, lacking)
        return _Round(head, due, asked)

    def _logs(self, registry: Registry) -> Sequence[OtherLog]:
        now = self._clock.now()
        others = [
            member for member in registry.members.values() if self._url not in member.urls and member.removal is None
        ]
        good: dict[bytes, set[bytes]] = {member.member: set() for member in others}
        for key in registry.keys.values():
            is_good = key.purpose is KeyPurpose.LOG_CHECKPOINT_SIGNING and key.state_at(now) is KeyState.ACTIVE
            if is_good and key.member in good:
                good[key.member].add(key.thumbprint)
        return [
            OtherLog(member.url, registry.log_epochs.get(member.member, 1), frozenset(good[member.member]))
            for member in others[:MAX_VOUCHES]
        ]

    def _ask(self, log: OtherLog, numbers: Sequence[int]) -> Mapping[int, VouchProof]:
        """Ask one log about blocks; it raises nothing: what a server answers is its own affair."""
        if not numbers:
            return {}
        try:
            return LogReading(self._calls, self._clock, log).vouches(numbers)  # 2
        except Exception as error:
            _log.info("a log did not vouch for blocks: %s", getattr(error, "code", type(error).__name__))
            return {}

    def _keep(
        self,
        due: Sequence[tuple[WantedVouches, GatheredVouches]],
        said: Mapping[OtherLog, Mapping[int, VouchProof]],
        head: int,
    ) -> None:
        kept = []
        for wanted, before in due:
            fresh = [answers[wanted.number] for answers in said.values() if wanted.number in answers]
            kept.append((wanted, self._together(wanted.number, before, fresh, head) if fresh else before))
        with self._store.write() as tx:  # 4
            for wanted, gathered in kept:
                tries = wanted.tries + 1
                is_over = tries == MAX_TRIES or {log.place for log in said} <= _places(gathered.vouches)
                pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S << tries)
                due_at = None if is_over else self._clock.now() + pause
                tx.block_vouches.keep(WantedVouches(wanted.number, gathered.encoded, tries), due_at)

    def _together(
        self, first: int, before: GatheredVouches, fresh: Sequence[VouchProof], head: int
    ) -> GatheredVouches:
        most = min(head, first + MAX_HEADERS - 1)
        read = [(vouch, proof) for vouch, proof in _read([*before.vouches, *fresh]) if first <= vouch.number <= most]
        headers = self._leading(first, max((vouch.number for vouch, _ in read), default=first))  # 3
        if not headers:
            return before
        found = fitting(headers, [proof for _, proof in read])
        last = max((vouch.number for vouch, _ in found), default=first)
        return GatheredVouches(headers[: last - first + 1], [proof for _, proof in found])

    def _leading(self, first: int, last: int) -> Sequence[bytes]:
        """Give the headers from one block to another, none where our chain does not have them."""
        lacking = [number for number in range(first, last + 1) if number not in self._headers]
        if lacking:
            found = self._chain.headers(lacking[0], lacking[-1])
            if found is None:
                return []
            self._headers.update(enumerate(found, start=lacking[0]))
        return [self._headers[number] for number in range(first, last + 1)]


def _places(proofs: Sequence[VouchProof]) -> set[str]:
    """Say where the logs are that vouches are from, whichever of their epochs."""
    return {proof.key.partition("+")[0].rpartition("/log/")[0] for proof in proofs}
