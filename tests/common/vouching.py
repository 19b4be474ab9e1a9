"""Play other members' logs as their nodes serve them, and a stage on which they vouch for blocks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from audit.evidence import Trust, TrustedMember
from jeung.crypto import canonical_json
from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.notes import KeyType, NoteKey, NoteSignature, encode_note
from jeung.crypto.tlog.tiles import encode_bundle, parse_tile_path
from jeung.domain.chain import BlockHeader
from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose
from jeung.domain.transparency import BLOCK_SEEN, entry_of, log_origin
from jeung.ports.log import WitnessAnswer
from jeung.services.evidence.package import EntryProof, VouchProof
from jeung.services.evidence.vouching import VouchCollector
from jeung.services.log.checkpoints import note_key
from tests.common import naive_log
from tests.common.consortium import member_id
from tests.common.memory.custody import MemorySigner
from tests.common.parties import BANK, EXCHANGE
from tests.common.proofs import Witnessed

SECURITIES = "http://localhost:8103"
INSURER = "http://localhost:8104"
OTHERS = (BANK, SECURITIES, INSURER)


class PlayedLog:
    """One member's log: its entries, its key, and what its server answers."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.origin = log_origin(url, 1)
        self.signer = MemorySigner(KeyPurpose.LOG_CHECKPOINT_SIGNING)
        self.entries: list[bytes] = [entry_of("node_restored", b"{}", 1, bytes(32)).encoded]
        self.is_down = False
        self.before = NoteKey(self.origin, KeyType.ED25519, bytes(32))

    @property
    def key(self) -> NoteKey:
        """Give the key that signs now, under the origin."""
        return note_key(self.origin, KeyType.ED25519, self.signer.active_key(KeyPurpose.LOG_CHECKPOINT_SIGNING))

    def name_block(self, number: int, hash_: bytes) -> None:
        """Log a block."""
        facts = canonical_json.canonical({"hash": "0x" + hash_.hex(), "number": number})
        self.entries.append(entry_of(BLOCK_SEEN, facts, 1, b"").encoded)

    def note(self, size: int | None = None) -> bytes:
        """Sign a checkpoint over so many entries."""
        entries = self.entries[:size]
        text = Checkpoint(self.origin, len(entries), naive_log.mth(entries)).text
        key = self.signer.active_key(KeyPurpose.LOG_CHECKPOINT_SIGNING)
        signature = self.signer.sign(key.key_id, key.purpose, text.encode())
        return encode_note(text, [NoteSignature(self.origin, self.key.key_id, signature)])

    def vouch(self, index: int = -1) -> VouchProof:
        """Prove an entry, by default the newest."""
        at = index % len(self.entries)
        block = EntryProof(at, naive_log.path(at, self.entries), self.entries[at].decode())
        return VouchProof(self.note().decode(), self.key.text, block)

    def answer(self, path: str) -> WitnessAnswer:
        """Answer a request for a path under the epoch."""
        if not path:
            # A cosigner's key has another name, and a key that was rotated stays.
            keys = ["localhost:9/witness+00000000+AAAA", self.before.text, self.key.text]
            return WitnessAnswer(200, canonical_json.canonical({"keys": keys, "origins": [self.origin]}), "")
        if path == "checkpoint":
            return WitnessAnswer(200, self.note(), "")
        tile = parse_tile_path(path)
        if tile.level is None:
            return WitnessAnswer(200, encode_bundle(self.entries[tile.index * 256 :][: tile.width]), "")
        return WitnessAnswer(200, naive_log.tile(self.entries, tile.level, tile.index, tile.width), "")


class PlayedCalls:
    """Answer for the other members' servers (jeung.ports.log.WitnessCalls)."""

    def __init__(self, logs: Sequence[PlayedLog]) -> None:
        self._logs = {log.url: log for log in logs}
        self.asked: list[str] = []
        self.alter: Callable[[str, WitnessAnswer], WitnessAnswer | None] = lambda _, answer: answer

    def call(self, method: str, url: str, body: bytes, key: str) -> WitnessAnswer | None:
        assert (method, body, key) == ("GET", b"", "")
        self.asked.append(url)
        base, _, path = url.partition("/log")
        log = self._logs[base]
        return None if log.is_down else self.alter(url, log.answer(path.removeprefix("/1/")))


def at_once(work: Callable[..., Any], *arguments: object) -> Future[Any]:
    """Run beside the loop, and be done already."""
    future: Future[Any] = Future()
    future.set_result(work(*arguments))
    return future


class Vouched(Witnessed):
    """The stage, with three other members whose logs can be asked for blocks."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - those of Parties
        super().__init__(**options)
        self.logs = {url: PlayedLog(url) for url in OTHERS}
        for url, log in self.logs.items():
            if url != BANK:
                self.chain.admit(url, Role.ISSUER)
            self.chain.register_key(member_id(url), log.key.verifier.thumbprint, KeyPurpose.LOG_CHECKPOINT_SIGNING)
        self.calls = PlayedCalls(list(self.logs.values()))
        self.collector = VouchCollector(
            store=self.exchange.store,
            ledger=self.ledger,
            chain=self.proofs,
            calls=self.calls,
            clock=self.clock,
            submit=at_once,
            url=EXCHANGE,
        )

    def seen(self, block: BlockHeader, *urls: str) -> None:
        """Have members log a block."""
        for url in urls or OTHERS:
            self.logs[url].name_block(block.number, block.hash)

    def exported(self, evidence_id: str) -> bytes:
        """Gather everything, publish and export."""
        super().exported(evidence_id)
        self.collector.step(0)
        return self.exporter.export(evidence_id, reader="auditor")

    def believing(self, *, quorum: int = 2, urls: Sequence[str] = (*OTHERS, EXCHANGE)) -> Trust:
        """Give genesis facts that name members' logs; the witness's one cosignature is enough for the rest."""
        keys = {url: log.key.verifier.thumbprint for url, log in self.logs.items()} | {EXCHANGE: self.log_key}
        members = tuple(TrustedMember((url,), frozenset({keys[url]})) for url in urls)
        return replace(self.trust(), members=members, quorum=quorum)
