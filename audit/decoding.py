"""Decode logs and view calls from the contracts' ABI, independently of the follower's fast decoder.

This one is written for plainness: every value goes through eth_abi by the types the ABI names.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple, event_abi_to_log_topic, function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address

from audit.findings import AuditImpossible
from audit.source import Log
from node import artifacts

CONTRACTS = (
    "Consortium",
    "SchemaRegistry",
    "AccreditationRegistry",
    "KeyRegistry",
    "AttestationRegistry",
    "StatusRegistry",
    "RelyingPartyRegistry",
    "Directory",
)


@dataclass(frozen=True, slots=True)
class Event:
    """Hold one decoded event: bytes as 0x-hex, addresses in EIP-55 form, numbers as int."""

    contract: str
    name: str
    args: dict[str, Any]
    block_number: int
    log_index: int
    transaction: str


@cache
def _events(contract: str) -> dict[bytes, dict[str, Any]]:
    abi = artifacts.load(contract).abi
    return {event_abi_to_log_topic(dict(item)): dict(item) for item in abi if item["type"] == "event"}  # type: ignore[arg-type]  # eth_utils asks for its own TypedDict


@cache
def _functions(contract: str) -> dict[str, dict[str, Any]]:
    return {item["name"]: dict(item) for item in artifacts.load(contract).abi if item["type"] == "function"}


def decode_log(contract: str, log: Log) -> Event | None:
    """Decode a log of a known contract, or give None for an event the ABI does not have.

    Raises:
        AuditImpossible: the log does not fit the event its first topic names.
    """
    abi = _events(contract).get(log.topics[0]) if log.topics else None
    if abi is None:
        return None
    indexed = [entry for entry in abi["inputs"] if entry["indexed"]]
    plain = [entry for entry in abi["inputs"] if not entry["indexed"]]
    try:
        args = {
            entry["name"]: _json(entry, decode([collapse_if_tuple(entry)], topic)[0])
            for entry, topic in zip(indexed, log.topics[1:], strict=True)
        }
        values = decode([collapse_if_tuple(entry) for entry in plain], log.data)
    except Exception as error:
        raise AuditImpossible("the chain gives a log that does not fit its event") from error
    args |= {entry["name"]: _json(entry, value) for entry, value in zip(plain, values, strict=True)}
    return Event(contract, abi["name"], args, log.block_number, log.log_index, log.transaction)


def encode_view(contract: str, function: str, *args: object) -> str:
    """Encode a view call as 0x-hex calldata; bytes arguments may be given as 0x-hex."""
    abi = _functions(contract)[function]
    types = [collapse_if_tuple(entry) for entry in abi["inputs"]]
    values = [
        bytes.fromhex(value[2:]) if kind.startswith("bytes") and isinstance(value, str) else value
        for kind, value in zip(types, args, strict=True)
    ]
    selector = function_abi_to_4byte_selector(abi)  # type: ignore[arg-type]  # eth_utils asks for its own TypedDict
    return "0x" + (selector + encode(types, values)).hex()


def decode_view(contract: str, function: str, answer: str) -> Any:  # noqa: ANN401 - shape given by the ABI
    """Decode a view call's answer: one output by itself, several as a tuple, structs as dicts by field name.

    Raises:
        AuditImpossible: the answer does not fit the ABI.
    """
    outputs = _functions(contract)[function]["outputs"]
    try:
        values = decode([collapse_if_tuple(entry) for entry in outputs], bytes.fromhex(answer[2:]))
    except Exception as error:
        raise AuditImpossible(f"{contract}.{function} answers in another shape than its ABI says") from error
    plain = tuple(_json(entry, value) for entry, value in zip(outputs, values, strict=True))
    return plain[0] if len(plain) == 1 else plain


def _json(entry: Any, value: Any) -> Any:  # noqa: ANN401 - JSON of any ABI type
    kind: str = entry["type"]
    if kind.endswith("]"):
        element = {**entry, "type": kind[: kind.rindex("[")]}
        return [_json(element, item) for item in value]
    if kind == "tuple":
        parts = zip(entry["components"], value, strict=True)
        return {part["name"]: _json(part, item) for part, item in parts}
    if kind == "address":
        return to_checksum_address(value)
    return "0x" + value.hex() if isinstance(value, bytes) else value
