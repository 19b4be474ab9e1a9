"""Three members without a chain or a node: logs, witnesses, and servers that answer from a table of pages."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
import requests

from audit.findings import Finding, Rule
from audit.log.judge import LogJudge
from audit.log.trial import Reach
from audit.source import Block, ChainReader
from audit.state import FOREVER, State
from jeung.crypto import canonical_json
from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.notes import (
    KeyType,
    NoteKey,
    NoteSignature,
    cosignature,
    cosigned_message,
    encode_note,
)
from jeung.crypto.tlog.tiles import bundles_of, encode_bundle, tiles_of
from jeung.domain.transparency import entry_of, log_origin, witness_name
from tests.common import naive_log
from tests.common.jose import Ed25519Signer
from tests.unit.audit.answers import response

BANK, EXCHANGE, REGULATOR = ("0x" + digit * 64 for digit in "123")
URLS = {
    BANK: "https://bank.example",
    EXCHANGE: "https://exchange.example",
    REGULATOR: "https://regulator.example",
}
NOW = 1_800_000_000
ORIGIN = log_origin(URLS[BANK], 1)
TEXT, TILE, JSON = "text/plain; charset=utf-8", "application/octet-stream", "application/json"
LOG_SIGNING, COSIGNING = 7, 8
BATCH = "0x" + "ba" * 32

Page = tuple[int, str, bytes, dict[str, str]]


def plain(number: int) -> bytes:
    """Give an entry that is a commitment."""
    return entry_of("credential_issued", b"{}", NOW - 1_000 + number, number.to_bytes(32)).encoded


def stated(event: str, **facts: object) -> bytes:
    """Give an entry whose facts stand in clear."""
    return entry_of(event, canonical_json.canonical(facts), NOW - 500, b"").encoded


def attested(block: int = 5, index: int = 0, batch: str = BATCH, transaction: str = "0x77") -> bytes:
    facts = {"batch": batch, "block": block, "count": 2, "index": index, "transaction": transaction}
    return stated("credentials_attested", **facts)


def changed(block: int = 6, status: str = "revoked") -> bytes:
    facts = {"block": block, "count": 1, "index": 0, "list": 3, "status": status, "transaction": "0x78"}
    return stated("statuses_changed", **facts)


def block_seen(number: int, hash_: str | None = None) -> bytes:
    return stated("block_seen", number=number, hash=hash_ or hash_of(number))


def hash_of(number: int) -> str:
    return f"0x{number:064x}"


class Blocks(ChainReader):
    """Answer for headers without a chain."""

    def __init__(self) -> None:
        """Ask nobody."""

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        return [Block(number, hash_of(number), "", number) for number in numbers]


@dataclass
class LogWorld:
    """Hold the bank's log, what each member's server answers, and the chain as it was replayed."""

    entries: list[bytes] = field(default_factory=lambda: [plain(number) for number in range(600)])
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.state = State(block=1_000, block_hash=hash_of(1_000))
        self.log_key = Ed25519Signer()
        self.witness_keys = {EXCHANGE: Ed25519Signer(), REGULATOR: Ed25519Signer()}
        for member, url in URLS.items():
            self.state.members[member] = {
                "urls": [url],
                "admitted_at": 0,
                "removed": None,
                "suspensions": [],
                "roles": [],
                "governance": [["0x", 0]],
            }
        self.register(BANK, self.log_key, LOG_SIGNING)
        for member, key in self.witness_keys.items():
            self.register(member, key, COSIGNING)

    def register(self, member: str, key: Ed25519Signer, purpose: int) -> str:
        name = f"{member}/0x{key.key.thumbprint.hex()}"
        self.state.keys[name] = {
            "purpose": purpose,
            "not_before": 0,
            "not_after": FOREVER,
            "registered_block": 0,
            "revocations": [],
            "compromises": [],
            "at": "0x",
        }
        return name

    def named(self, key: Ed25519Signer, name: str = ORIGIN, type_: KeyType = KeyType.ED25519) -> NoteKey:
        return NoteKey(name, type_, key.private_key.public_key().public_bytes_raw())

    def cosigner(self, witness: str) -> NoteKey:
        return self.named(self.witness_keys[witness], witness_name(URLS[witness]), KeyType.COSIGNATURE_V1)

    @property
    def keys(self) -> list[str]:
        return [self.named(self.log_key).text, *(self.cosigner(witness).text for witness in self.witness_keys)]

    def note(
        self,
        entries: Sequence[bytes] | None = None,
        *,
        witnesses: Sequence[str] = (EXCHANGE, REGULATOR),
        key: Ed25519Signer | None = None,
        origin: str = ORIGIN,
        at: int = NOW - 10,
    ) -> bytes:
        """Sign a checkpoint over entries, those of the log unless others are given."""
        entries = self.entries if entries is None else entries
        checkpoint = Checkpoint(origin, len(entries), naive_log.mth(entries))
        signer = key or self.log_key
        named = self.named(signer, origin)
        lines = [NoteSignature(named.name, named.key_id, signer.sign(checkpoint.text.encode()))]
        for witness in witnesses:
            signed = self.witness_keys[witness].sign(cosigned_message(checkpoint.text, at))
            lines.append(cosignature(self.cosigner(witness), at, signed))
        return encode_note(checkpoint.text, lines)

    def serve(self, entries: Sequence[bytes] | None = None, note: bytes | None = None) -> "LogWorld":
        """Let the bank serve a log, and both witnesses what they saw of it: the same."""
        shown = self.entries if entries is None else entries
        index = orjson.dumps({"origins": [ORIGIN], "keys": self.keys})
        self.page("/log", index, JSON)
        self.page("/log/1/checkpoint", self.note(shown) if note is None else note, TEXT)
        for tile in bundles_of(len(shown)):
            begin = tile.index * 256
            self.page(f"/log/1/{tile.path}", encode_bundle(shown[begin : begin + tile.width]))
        for tile in tiles_of(len(shown)):
            self.page(f"/log/1/{tile.path}", naive_log.tile(shown, tile.level or 0, tile.index, tile.width))
        for witness in self.witness_keys:
            self.head(witness, self.note(shown, witnesses=()))
        return self

    def page(self, path: str, body: bytes, kind: str = TILE, *, status: int = 200, url: str = URLS[BANK]) -> None:
        self.pages[url + path] = status, kind, body, {}

    def head(self, witness: str, note: bytes, key: str | None = None) -> None:
        """Let a witness hold a head of the bank's log."""
        headers = {"Jeung-Verifier-Key": self.named(self.log_key).text if key is None else key}
        self.pages[f"{URLS[witness]}/witness/heads/{ORIGIN}"] = 200, TEXT, note, headers

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        """Answer as the members' servers would."""
        self.asked.append(str(request.url))
        status, kind, body, headers = self.pages.get(str(request.url), (404, "text/plain", b"", {}))
        return response(body, status=status, headers={"Content-Type": kind, **headers})

    def judge(self, **changed: object) -> list[Finding]:
        reach = Reach(**{"timeout_s": 5, "patience_s": 0, "sleep": lambda seconds: None, **changed})  # type: ignore[arg-type]
        judge = LogJudge(Blocks(), self.state, reach, now=NOW)
        found, _ = judge.judge()
        self.seen = judge.seen
        return found

    def batch(self, block: int = 5, time: int = NOW - 500) -> None:
        """Let the chain hold an attestation of the bank's."""
        self.state.batches[BATCH] = {
            "issuer": BANK,
            "count": 2,
            "time": time,
            "block": block,
            "log": 0,
            "transaction": "0x77",
        }

    def change(self, block: int = 6, status: int = 1, time: int = NOW - 400) -> None:
        """Let the chain hold a change of status of the bank's."""
        self.state.status_events[f"{block}/0"] = [BANK, 3, status, "0x000001", time, "0x78"]


def found(world: LogWorld, **reach: object) -> list[tuple[Rule, str | None]]:
    """Give what an audit finds: each rule, with the member it is about."""
    return [(finding.rule, finding.member) for finding in world.judge(**reach)]
