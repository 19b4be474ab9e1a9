"""Read the genesis facts of a consortium: all that whoever verifies evidence has to believe."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from audit.evidence.members import TrustedMember, parse_members
from audit.findings import AuditImpossible
from jeung.crypto import canonical_json
from jeung.crypto.hashing import keccak256
from jeung.crypto.tlog.notes import KeyType, parse_note_key
from jeung.errors import JeungError

MAX_FACTS_BYTES: Final = 1 << 20
MAX_WITNESSES: Final = 512
MAX_BLOCKS: Final = 4_096
_ID_BYTES: Final = 32
_ADDRESS_BYTES: Final = 20
_BLOCK_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Trust:
    """Hold the facts.

    Attributes:
        chain_id, directory, block_hash: the chain, the Directory's address (20 bytes) and the block that deployed it.
        code: the keccak256 of each contract's code, by name; what is not named is taken on trust.
        witnesses: further keys whose cosignatures count (vkeys of C2SP signed-note), of whoever is no member below.
        quorum: how many witnesses must have cosigned, and how many members' own logs prove a block.
        members: whose cosignatures count, and whose logs do as the word for a block.
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
    def names_witnesses(self) -> bool:
        """Tell whether anybody's cosignature counts."""
        return bool(self.witnesses) or any(member.witness_keys for member in self.members)

    @property
    def deployment_id(self) -> bytes:
        """Compute keccak256(abi.encode(chain id, Directory, block hash)), 32 bytes."""
        return keccak256(self.chain_id.to_bytes(32) + self.directory.rjust(32, b"\0") + self.block_hash)


def witness_of(key: str) -> str:
    """Name the witness whose key it is: who replaced its key has several, and is one witness still."""
    return parse_note_key(key).name


def parse_trust(data: bytes) -> Trust:
    """Read facts as `jeung evidence genesis` writes them, or a node's `deployment.json`, which names no members.

    Where they say no quorum, it is more than half of the members, or of the witnesses where no members are named.

    Raises:
        AuditImpossible: they have neither form, or contradict themselves.
    """
    try:
        raw = canonical_json.parse_object(data if len(data) <= MAX_FACTS_BYTES else b"")
        witnesses = frozenset(map(_witness, raw.get("witnesses", [])))
        members = parse_members(raw.get("members", []))
        named = members or {witness_of(text) for text in witnesses}
        trust = Trust(
            chain_id=_number(raw["chain_id"]),
            directory=_bytes(
                raw["directory"] if "directory" in raw else raw["addresses"]["Directory"], _ADDRESS_BYTES
            ),
            block_hash=_bytes(raw["block_hash"], _ID_BYTES),
            code={name: _bytes(digest, _ID_BYTES) for name, digest in raw.get("code", {}).items()},
            witnesses=witnesses,
            quorum=_number(raw.get("quorum", len(named) // 2 + 1 if named else 0)),
            blocks=dict(map(_block, raw.get("blocks", {}).items())),
            members=members,
        )
        fits = trust.deployment_id == _bytes(raw["deployment_id"], _ID_BYTES)
        fits &= len(witnesses) <= MAX_WITNESSES and (trust.quorum > 0) == bool(named)
        fits &= trust.quorum <= len(members) + len({witness_of(text) for text in witnesses})
        fits &= len(trust.blocks) <= MAX_BLOCKS
    except (JeungError, KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise AuditImpossible("the genesis facts cannot be read") from error
    if not fits:
        raise AuditImpossible("the genesis facts contradict themselves")
    return trust


def _witness(text: Any) -> str:  # noqa: ANN401 - JSON
    if parse_note_key(str(text)).type is not KeyType.COSIGNATURE_V1:
        raise ValueError("not the key of a witness")
    return str(text)


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
