"""Read the genesis facts of a consortium: all that whoever verifies evidence has to believe."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from audit.findings import AuditImpossible
from jeung.crypto import canonical_json
from jeung.crypto.hashing import keccak256
from jeung.crypto.tlog.notes import KeyType, parse_note_key
from jeung.errors import JeungError

MAX_FACTS_BYTES: Final = 1 << 20
MAX_WITNESSES: Final = 512
MAX_BLOCKS: Final = 4_096
MAX_URLS: Final = 64
MAX_LOG_KEYS: Final = 64
_ID_BYTES: Final = 32
_ADDRESS_BYTES: Final = 20
_EPOCH: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_BLOCK_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class TrustedMember:
    """Name a member: every URL it had, and the Ed25519 public keys (32 bytes) that sign its log's checkpoints."""

    urls: tuple[str, ...]
    log_keys: frozenset[bytes]

    def is_its_log(self, origin: str) -> bool:
        """Tell whether a log of this origin, in whichever epoch, is the member's."""
        base, _, epoch = origin.rpartition("/log/")
        return _EPOCH.fullmatch(epoch) is not None and base in (url.partition("://")[2] for url in self.urls)


@dataclass(frozen=True, slots=True)
class Trust:
    """Hold the facts.

    Attributes:
        chain_id, directory, block_hash: the chain, the Directory's address (20 bytes) and the block that deployed it.
        code: the keccak256 of each contract's code, by name; what is not named is taken on trust.
        witnesses: keys whose cosignatures count (vkeys of C2SP signed-note).
        quorum: how many witnesses must have cosigned, each by one of its keys; so many members' own logs prove a
            block.
        members: whose logs count as the word for a block.
        blocks: hashes (32 bytes) of blocks known to be of the chain, by number: from a node of one's own, or from an
            audit's report.
    """

    chain_id: int
    directory: bytes
    block_hash: bytes
    code: Mapping[str, bytes] = field(default_factory=dict)
    witnesses: frozenset[str] = frozenset()
    quorum: int = 0
    blocks: Mapping[int, bytes] = field(default_factory=dict)
    members: tuple[TrustedMember, ...] = ()

    @property
    def block_quorum(self) -> int:
        """Give how many other members' logs prove a block: as many as witnesses are wanted, else most members."""
        return self.quorum or len(self.members) // 2 + 1

    @property
    def deployment_id(self) -> bytes:
        """Compute keccak256(abi.encode(chain id, Directory, block hash)), 32 bytes."""
        return keccak256(self.chain_id.to_bytes(32) + self.directory.rjust(32, b"\0") + self.block_hash)


def witness_of(key: str) -> str:
    """Name the witness whose key it is: who replaced its key has several, and is one witness still."""
    return parse_note_key(key).name


def majority_of(keys: Iterable[str]) -> int:
    """Give how many witnesses are more than half of those whose keys these are, 0 of none."""
    witnesses = {witness_of(key) for key in keys}
    return len(witnesses) // 2 + 1 if witnesses else 0


def parse_trust(data: bytes) -> Trust:
    """Read facts as `jeung evidence genesis` writes them, or a node's `deployment.json`, which names no witnesses.

    Raises:
        AuditImpossible: they have neither form, or contradict themselves.
    """
    try:
        raw = canonical_json.parse_object(data if len(data) <= MAX_FACTS_BYTES else b"")
        witnesses = [_witness(text) for text in raw.get("witnesses", [])]
        quorum = raw.get("quorum", majority_of(witnesses))
        trust = Trust(
            chain_id=_number(raw["chain_id"]),
            directory=_bytes(
                raw["directory"] if "directory" in raw else raw["addresses"]["Directory"], _ADDRESS_BYTES
            ),
            block_hash=_bytes(raw["block_hash"], _ID_BYTES),
            code={name: _bytes(digest, _ID_BYTES) for name, digest in raw.get("code", {}).items()},
            witnesses=frozenset(witnesses),
            quorum=_number(quorum),
            blocks=dict(map(_block, raw.get("blocks", {}).items())),
            members=tuple(map(_member, raw.get("members", []))),
        )
        fits = trust.deployment_id == _bytes(raw["deployment_id"], _ID_BYTES)
        fits &= len(trust.witnesses) <= MAX_WITNESSES and (trust.quorum > 0) == bool(trust.witnesses)
        fits &= len(trust.members) <= MAX_WITNESSES and _are_distinct(trust.members)
        fits &= (
            trust.quorum <= len({witness_of(text) for text in trust.witnesses}) and len(trust.blocks) <= MAX_BLOCKS
        )
    except (JeungError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise AuditImpossible("the genesis facts cannot be read") from error
    if not fits:
        raise AuditImpossible("the genesis facts contradict themselves")
    return trust


def _witness(text: Any) -> str:  # noqa: ANN401 - JSON
    if parse_note_key(str(text)).type is not KeyType.COSIGNATURE_V1:
        raise ValueError("not the key of a witness")
    return str(text)


def _member(raw: Any) -> TrustedMember:  # noqa: ANN401 - JSON
    urls = tuple(map(str, raw["urls"]))
    keys = [parse_note_key(str(text)) for text in raw["log_keys"]]
    member = TrustedMember(urls, frozenset(key.public for key in keys))
    if len(urls) > MAX_URLS or len(keys) > MAX_LOG_KEYS:
        raise ValueError("more than a member has")
    if not all(key.type is KeyType.ED25519 and member.is_its_log(key.name) for key in keys):
        raise ValueError("not the key of the member's log")
    return member


def _are_distinct(members: Iterable[TrustedMember]) -> bool:
    """Tell whether no two share an address or a key: they would be one, and count twice."""
    urls = [url.partition("://")[2] for member in members for url in set(member.urls)]
    keys = [key for member in members for key in member.log_keys]
    return len(set(urls)) == len(urls) and len(set(keys)) == len(keys)


def parse_block(text: str) -> tuple[int, bytes]:
    """Read `number:0x…`, a block that somebody knows to be of the chain.

    Raises:
        AuditImpossible: it has not that form.
    """
    number, _, name = text.partition(":")
    try:
        return _block((number, name))
    except ValueError as error:
        raise AuditImpossible("a known block is written as number:0x and 64 hexadecimal digits") from error


def _block(named: tuple[str, Any]) -> tuple[int, bytes]:
    number, name = named
    if _BLOCK_NUMBER.fullmatch(number) is None:
        raise ValueError("not the number of a block")
    return int(number), _bytes(name, _ID_BYTES)


def _number(value: object) -> int:
    if type(value) is not int or value < 0:
        raise TypeError("not a number")
    return value


def _bytes(value: Any, length: int) -> bytes:  # noqa: ANN401 - JSON
    data = bytes.fromhex(value.removeprefix("0x"))
    if len(data) != length:
        raise ValueError("not of its length")
    return data
