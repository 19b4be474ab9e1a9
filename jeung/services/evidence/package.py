"""Write and read the file that evidence travels in: one RFC 8785 JSON object (docs/reference/evidence.md)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.errors import MalformedEvidence, MalformedJson

FORMAT: Final = "jeung-evidence"
VERSION: Final = 2
VERSIONS: Final = (1, VERSION)
"""The first had no vouches."""
MAX_PACKAGE_BYTES: Final = 4 << 20
MAX_HEADERS: Final = 256
MAX_NODES: Final = 4_096
MAX_PROOF: Final = 64
MAX_KEYS: Final = 64
MAX_VOUCHES: Final = 64
_MISSING: Final = "missing"
_REASON: Final = re.compile(r"[a-z_]{1,32}", re.ASCII)


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """Name a consortium: chain id, the Directory's address (20 bytes), the hash of the block that deployed it."""

    chain_id: int
    directory: bytes
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class ChainProof:
    """Hold what the chain says: headers from the block of the state on, trie nodes, the path within the batch."""

    headers: Sequence[bytes]
    nodes: Sequence[bytes]
    path: Sequence[bytes] | None
    profile: str | None


@dataclass(frozen=True, slots=True)
class EntryProof:
    """Prove that an entry stands at an index of the log; `entry` is None where it follows from the judgement."""

    index: int
    proof: Sequence[bytes]
    entry: str | None = None


@dataclass(frozen=True, slots=True)
class LogProof:
    """Hold a checkpoint with its cosignatures, the keys that made its lines, and what stands in it."""

    note: str
    keys: Sequence[str]
    judgement: EntryProof
    block: EntryProof | None


@dataclass(frozen=True, slots=True)
class VouchProof:
    """Hold another member's word for a block: its log's checkpoint under its own signature, and the entry."""

    note: str
    key: str
    block: EntryProof


@dataclass(frozen=True, slots=True)
class EvidencePackage:
    """Hold a package as read: nothing in it may be believed yet. A part that is missing is its reason instead."""

    deployment: DeploymentFacts
    judgement: str = field(repr=False)
    chain: ChainProof | str
    log: LogProof | str
    vouches: Sequence[VouchProof] = ()
    version: int = VERSION


def encode_package(package: EvidencePackage) -> bytes:
    """Write a package."""
    vouches = {} if package.version == 1 else {"vouches": [vouch_document(vouch) for vouch in package.vouches]}
    return canonical_json.canonical(
        {
            "format": FORMAT,
            "version": package.version,
            "deployment": {
                "chain_id": package.deployment.chain_id,
                "directory": _hex(package.deployment.directory),
                "block_hash": _hex(package.deployment.block_hash),
            },
            "judgement": package.judgement,
            "chain": _chain(package.chain),
            "log": _log_of(package.log),
            **vouches,
        }
    )


def parse_package(data: bytes) -> EvidencePackage:
    """Read a package.

    Raises:
        MalformedEvidence: too large, not RFC 8785 JSON, of another format or version, or not of its form.
    """
    if len(data) > MAX_PACKAGE_BYTES:
        raise MalformedEvidence(f"a package of evidence has at most {MAX_PACKAGE_BYTES} bytes")
    try:
        raw = canonical_json.parse_object(data)
    except MalformedJson:
        raise MalformedEvidence("the package is no JSON object with unique names") from None
    version = raw.get("version")
    if raw.get("format") != FORMAT or type(version) is not int or version not in VERSIONS:
        raise MalformedEvidence(f"the package is not of the format {FORMAT}, version 1 or {VERSION}")
    try:
        package = EvidencePackage(
            deployment=_parse_deployment(raw["deployment"]),
            judgement=_text(raw["judgement"]),
            chain=_parse_chain(raw["chain"]),
            log=_parse_log(raw["log"]),
            vouches=[] if version == 1 else [parse_vouch(vouch) for vouch in _list(raw["vouches"], MAX_VOUCHES)],
            version=version,
        )
        # Whatever else was in it, or was written in another way, does not come back.
        is_one = encode_package(package) == data
    except (KeyError, TypeError, ValueError, AttributeError, MalformedJson):
        is_one = False
    if not is_one:
        raise MalformedEvidence("the package has not the form of its version")
    return package


def vouch_document(vouch: VouchProof) -> dict[str, Any]:
    """Write a vouch as it stands in a package."""
    return {"note": vouch.note, "key": vouch.key, "block": _entry(vouch.block)}


def parse_vouch(raw: Mapping[str, Any]) -> VouchProof:
    """Read a vouch as it stands in a package.

    Raises:
        KeyError, TypeError, ValueError: it has not that form.
    """
    block = raw["block"]
    return VouchProof(_text(raw["note"]), _text(raw["key"]), _parse_entry(block, _text(block["entry"])))


def _chain(chain: ChainProof | str) -> dict[str, Any]:
    if isinstance(chain, str):
        return {_MISSING: chain}
    return {
        "headers": [_hex(header) for header in chain.headers],
        "nodes": [_hex(node) for node in chain.nodes],
        "path": None if chain.path is None else [_hex(part) for part in chain.path],
        "profile": chain.profile,
    }


def _log_of(log: LogProof | str) -> dict[str, Any]:
    if isinstance(log, str):
        return {_MISSING: log}
    return {
        "note": log.note,
        "keys": list(log.keys),
        "judgement": _entry(log.judgement),
        "block": None if log.block is None else _entry(log.block),
    }


def _entry(entry: EntryProof) -> dict[str, Any]:
    said = {} if entry.entry is None else {"entry": entry.entry}
    return {**said, "index": entry.index, "proof": [_hex(part) for part in entry.proof]}


def _parse_deployment(raw: Mapping[str, Any]) -> DeploymentFacts:
    return DeploymentFacts(_number(raw["chain_id"]), _bytes(raw["directory"], 20), _bytes(raw["block_hash"], 32))


def _parse_chain(raw: Mapping[str, Any]) -> ChainProof | str:
    if _MISSING in raw:
        return _reason(raw[_MISSING])
    path, profile = raw["path"], raw["profile"]
    return ChainProof(
        headers=_all_bytes(raw["headers"], MAX_HEADERS),
        nodes=_all_bytes(raw["nodes"], MAX_NODES),
        path=None if path is None else _all_bytes(path, MAX_PROOF),
        profile=None if profile is None else _text(profile),
    )


def _parse_log(raw: Mapping[str, Any]) -> LogProof | str:
    if _MISSING in raw:
        return _reason(raw[_MISSING])
    block = raw["block"]
    return LogProof(
        note=_text(raw["note"]),
        keys=[_text(key) for key in _list(raw["keys"], MAX_KEYS)],
        judgement=_parse_entry(raw["judgement"], None),
        block=None if block is None else _parse_entry(block, _text(block["entry"])),
    )


def _parse_entry(raw: Mapping[str, Any], entry: str | None) -> EntryProof:
    return EntryProof(_number(raw["index"]), _all_bytes(raw["proof"], MAX_PROOF), entry)


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value < 1 << 53:
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _reason(value: object) -> str:
    # It is shown to people in a sentence of ours: a word, and no sentence of its own.
    if not _REASON.fullmatch(_text(value)):
        raise ValueError
    return _text(value)


def _list(value: object, most: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > most:
        raise TypeError
    return value


def _bytes(value: object, length: int | None = None) -> bytes:
    data = bytes.fromhex(_text(value)[2:])
    if length is not None and len(data) != length:
        raise ValueError
    return data


def _all_bytes(value: object, most: int) -> list[bytes]:
    return [_bytes(item) for item in _list(value, most)]


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
