"""Decode logs and view calls from the contracts' ABI, independently of the follower's fast decoder.

This one is written for plainness: every value goes through eth_abi by the types the ABI names.
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple, event_abi_to_log_topic, function_abi_to_4byte_selector
from eth_utils.address import to_checksum_address

from audit.source import Log
from node import artifacts

CONTRACTS = artifacts.CONTRACT_NAMES
_WORD = 32


class Undecodable(ValueError):
    """The bytes do not have the shape that the ABI says: no contract of these sources wrote them."""


@dataclass(frozen=True, slots=True)
class Event:
    """Hold one decoded event: bytes as 0x-hex, addresses in EIP-55 form, numbers as int.

    Digests at the end of an event are one run of bytes.
    """

    contract: str
    name: str
    args: dict[str, Any]
    block_number: int
    log_index: int
    transaction: str
    address: str


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
        Undecodable: the log does not fit the event its first topic names.
    """
    abi = _events(contract).get(log.topics[0]) if log.topics else None
    if abi is None:
        return None
    indexed = [entry for entry in abi["inputs"] if entry["indexed"]]
    if len(indexed) != len(log.topics) - 1:
        raise Undecodable(f"{contract}.{abi['name']} with {len(log.topics)} topics")
    args = {}
    for entry, topic in zip(indexed, log.topics[1:], strict=True):
        # Most topics are ids, which need no decoding.
        args[entry["name"]] = "0x" + topic.hex() if entry["type"] == "bytes32" else _decode([entry], topic)[0]
    plain = [entry for entry in abi["inputs"] if not entry["indexed"]]
    decode_data = _decode_with_digests if plain and plain[-1]["type"] == "bytes32[]" else _decode
    args |= zip((entry["name"] for entry in plain), decode_data(plain, log.data), strict=True)
    address = _checksum(log.address)
    return Event(contract, abi["name"], args, log.block_number, log.log_index, log.transaction, address)


def encode_view(contract: str, function: str, *args: object) -> str:
    """Encode a view call as 0x-hex calldata; bytes arguments may be given as 0x-hex."""
    types = _input_types(contract, function)
    values = [
        bytes.fromhex(value[2:]) if kind.startswith("bytes") and isinstance(value, str) else value
        for kind, value in zip(types, args, strict=True)
    ]
    return "0x" + (selector_of(contract, function) + encode(types, values)).hex()


def decode_view(contract: str, function: str, answer: bytes) -> Any:  # noqa: ANN401 - shape given by the ABI
    """Decode a view call's answer: one output by itself, several as a list, structs as dicts by field name.

    Raises:
        Undecodable: the answer does not fit the ABI.
    """
    values = _decode(_functions(contract)[function]["outputs"], answer)
    return values[0] if len(values) == 1 else values


@cache
def _input_types(contract: str, function: str) -> list[str]:
    return [collapse_if_tuple(entry) for entry in _functions(contract)[function]["inputs"]]


@cache
def _by_selector(contract: str) -> dict[bytes, str]:
    return {selector_of(contract, name): name for name in _functions(contract)}


@cache
def selector_of(contract: str, function: str) -> bytes:
    """Give the four bytes that a call of a function begins with."""
    return bytes(function_abi_to_4byte_selector(_functions(contract)[function]))  # type: ignore[arg-type]  # as above


def decode_call(contract: str, data: bytes) -> tuple[str, bool]:
    """Read a call's calldata: which function it calls, and whether its arguments are all there is.

    Calldata has one canonical form; another one hides bytes that no argument holds.

    Raises:
        Undecodable: no function of the contract, or not its arguments.
    """
    name = _by_selector(contract).get(data[:4])
    if name is None:
        raise Undecodable(f"no function of {contract}")
    types = [collapse_if_tuple(entry).replace("string", "bytes") for entry in _functions(contract)[name]["inputs"]]
    try:
        canonical = encode(types, decode(types, data[4:]))
    except Exception as error:  # eth_abi raises its own, OverflowError and others
        raise Undecodable("not the shape of the ABI") from error
    return name, canonical == data[4:]


def read_call(contract: str, data: bytes) -> tuple[str, list[Any]]:
    """Read calldata of one canonical form: which function it calls, and its arguments as JSON values in their order.

    Raises:
        Undecodable: no function of the contract, not its arguments, or more than them.
    """
    name, whole = decode_call(contract, data)
    if not whole:
        raise Undecodable("more than the arguments")
    return name, _decode(_functions(contract)[name]["inputs"], data[4:])


def decode_constructor(contract: str, encoded: bytes) -> list[tuple[str, Any]]:
    """Decode constructor arguments as (Solidity type, value), e.g. ("contract IConsortium", "0x…").

    Raises:
        Undecodable: the bytes do not fit the constructor.
    """
    (inputs,) = [item["inputs"] for item in artifacts.load(contract).abi if item["type"] == "constructor"]
    return list(zip((entry["internalType"] for entry in inputs), _decode(inputs, encoded), strict=True))


def _decode_with_digests(parameters: Any, data: bytes) -> list[Any]:  # noqa: ANN401 - a part of an ABI
    """Decode values of one word each and, at the end, an array of digests, which is given as one run of bytes.

    Digests come by the million. The encoding has one form (ABI specification, "Formal Specification of the
    Encoding"): head, offset of the array, its length, its words, and nothing else.
    """
    head = _WORD * len(parameters)
    array = head + _WORD
    if (
        data[head - _WORD : head] != head.to_bytes(_WORD)
        or len(data) < array
        or data[head:array] != ((len(data) - array) // _WORD).to_bytes(_WORD)
        or len(data) % _WORD
    ):
        raise Undecodable("not the shape of the ABI")
    return [*_decode(parameters[:-1], data[: head - _WORD]), data[array:]]


def _decode(parameters: Any, data: bytes) -> list[Any]:  # noqa: ANN401 - a part of an ABI
    # Text travels as bytes do, and is read as bytes: what a contract took for text need not be UTF-8.
    types = [collapse_if_tuple(entry).replace("string", "bytes") for entry in parameters]
    try:
        values = decode(types, data)
    except Exception as error:  # eth_abi raises its own, OverflowError and others
        raise Undecodable("not the shape of the ABI") from error
    return [_json(entry, value) for entry, value in zip(parameters, values, strict=True)]


@lru_cache(maxsize=4_096)
def _checksum(address: str) -> str:
    return to_checksum_address(address)


def _json(entry: Any, value: Any) -> Any:  # noqa: ANN401 - JSON of any ABI type
    kind: str = entry["type"]
    if kind.endswith("]"):
        if kind == "bytes32[]":  # digests come by the thousand
            return ["0x" + item.hex() for item in value]
        element = {**entry, "type": kind[: kind.rindex("[")]}
        return [_json(element, item) for item in value]
    if kind == "tuple":
        parts = zip(entry["components"], value, strict=True)
        return {part["name"]: _json(part, item) for part, item in parts}
    if kind == "address":
        return _checksum(value)
    if kind == "string":
        return value.decode("utf-8", "replace")
    return "0x" + value.hex() if isinstance(value, bytes) else value
