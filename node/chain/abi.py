"""Know the contracts' functions, events and errors, and turn JSON values into calldata and back.

The tables come from the compiled artifacts. A `ChainCall` holds JSON values, so that it stays readable in the
database and in an answer of the API; this module gives each value its Solidity type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError

from jeung.crypto.hashing import keccak256
from jeung.domain.chain import ChainCall
from jeung.domain.identifiers import Address
from node.artifacts import load_all
from node.chain.errors import CallNotEncodable, LogNotDecodable
from node.chain.hexes import STATUS_INDEX_LENGTH, Json, address_bytes, address_of, bytes_of, hex_of

SELECTOR_LENGTH = 4
_MAX_NESTING = 4
_ARRAY = re.compile(r"(?P<item>.+)\[(?P<size>[0-9]*)\]")
# Errors of the language itself (Solidity manual, "Error handling").
_LANGUAGE_ERRORS = (
    {"type": "error", "name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """Describe one parameter; `type` is canonical, a struct written as the tuple of its components."""

    name: str
    type: str
    indexed: bool
    components: tuple[Parameter, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """Describe a function, an event or an error; `key` is its selector (4 bytes) or topic (32 bytes)."""

    name: str
    key: bytes
    inputs: tuple[Parameter, ...]
    outputs: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class Abi:
    """Hold every function and event by contract, and every error of all contracts by selector."""

    functions: Mapping[tuple[str, str], Shape]
    events: Mapping[tuple[str, bytes], Shape]
    errors: Mapping[bytes, Shape]
    constructors: Mapping[str, tuple[Parameter, ...]]

    def function(self, contract: str, name: str) -> Shape:
        """Give a function's shape.

        Raises:
            CallNotEncodable: there is none of that name.
        """
        shape = self.functions.get((contract, name))
        if shape is None:
            raise CallNotEncodable("the contracts have no such function")
        return shape


@dataclass(frozen=True, slots=True)
class Revert:
    """Hold what the EVM gave back on a revert: the error's name and its JSON arguments by name.

    `name` is empty for a revert without data, and the selector in hexadecimal for an error we do not know.
    """

    name: str
    args: Mapping[str, Any]


@cache
def contracts_abi() -> Abi:
    """Read the tables from the artifacts once."""
    functions: dict[tuple[str, str], Shape] = {}
    events: dict[tuple[str, bytes], Shape] = {}
    errors: dict[bytes, Shape] = {}
    constructors: dict[str, tuple[Parameter, ...]] = {}
    entries = [(artifact.name, entry) for artifact in load_all() for entry in artifact.abi]
    for contract, entry in [*entries, *(("", entry) for entry in _LANGUAGE_ERRORS)]:
        if entry["type"] == "constructor":
            constructors[contract] = _parameters(entry["inputs"])
        elif entry["type"] == "function":
            functions[contract, entry["name"]] = _shape(entry, SELECTOR_LENGTH)
        elif entry["type"] == "event":
            event = _shape(entry, 32)
            events[contract, event.key] = event
        elif entry["type"] == "error":
            error = _shape(entry, SELECTOR_LENGTH)
            errors[error.key] = error
    return Abi(functions, events, errors, constructors)


def encode_call(call: ChainCall, addresses: Mapping[str, Address]) -> bytes:
    """Encode a call's selector and arguments; where an address is expected, a contract's name stands for its address.

    Raises:
        CallNotEncodable: unknown function, wrong number or kind of arguments, or calls nested too deep.
    """
    return _encode_call(call.contract, call.function, call.args, addresses, _MAX_NESTING)


def decode_call(contract: str, data: bytes) -> ChainCall | None:
    """Read calldata of a contract, arguments as JSON values in the ABI's order; packed status indexes become a list.

    None where the contract has no such function, and where encoding the call again gives other bytes: trailing or
    overlapping data may mean something else to another reader.
    """
    named = ((name, shape) for (owner, name), shape in contracts_abi().functions.items() if owner == contract)
    found = next(((name, shape) for name, shape in named if shape.key == data[:SELECTOR_LENGTH]), None)
    if found is None:
        return None
    name, shape = found
    try:
        values = _decode(shape.inputs, data[SELECTOR_LENGTH:])
        args = tuple(_unpacked(p, value) for p, value in zip(shape.inputs, values, strict=True))
        call = ChainCall(contract, name, args)
        return call if encode_call(call, {}) == data else None
    except (LogNotDecodable, CallNotEncodable):
        return None


def _unpacked(parameter: Parameter, value: Json) -> Json:
    """Read status indexes packed for StatusRegistry as numbers."""
    if parameter.name != "indexes" or not isinstance(value, str):
        return value
    packed = bytes_of(value)
    if len(packed) % STATUS_INDEX_LENGTH:
        raise CallNotEncodable("expected status indexes of three bytes each")
    return [
        int.from_bytes(packed[at : at + STATUS_INDEX_LENGTH]) for at in range(0, len(packed), STATUS_INDEX_LENGTH)
    ]


def function_of(data: bytes) -> str:
    """Name the function that calldata calls; empty where it is none of ours."""
    names = (name for (_, name), shape in contracts_abi().functions.items() if shape.key == data[:SELECTOR_LENGTH])
    return next(names, "")


def encode_constructor(contract: str, args: Sequence[Any], addresses: Mapping[str, Address]) -> bytes:
    """Encode a constructor's arguments, to be appended to the creating bytecode.

    Raises:
        CallNotEncodable: wrong number or kind of arguments.
    """
    return _encode(contracts_abi().constructors.get(contract, ()), args, addresses, _MAX_NESTING)


def decode_result(contract: str, function: str, data: bytes) -> list[Any]:
    """Decode what a call returned into JSON values.

    Raises:
        LogNotDecodable: the data does not fit the function.
    """
    return _decode(contracts_abi().function(contract, function).outputs, data)


def decode_revert(data: bytes | None) -> Revert:
    """Name a revert and its arguments; what is unknown or malformed keeps its selector for a name."""
    if not data:
        return Revert("", {})
    shape = contracts_abi().errors.get(data[:SELECTOR_LENGTH])
    if shape is None:
        return Revert(hex_of(data[:SELECTOR_LENGTH]), {})
    try:
        values = _decode(shape.inputs, data[SELECTOR_LENGTH:])
    except LogNotDecodable:
        return Revert(shape.name, {})
    return Revert(shape.name, dict(zip((parameter.name for parameter in shape.inputs), values, strict=True)))


def decode_event(shape: Shape, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
    """Decode an event's topics (the first one left out) and data into JSON arguments by name.

    Raises:
        LogNotDecodable: they do not fit the event.
    """
    indexed = [parameter for parameter in shape.inputs if parameter.indexed]
    plain = [parameter for parameter in shape.inputs if not parameter.indexed]
    if len(indexed) != len(topics):
        raise LogNotDecodable
    values: dict[str, Any] = {}
    for parameter, topic in zip(indexed, topics, strict=True):
        (values[parameter.name],) = _decode((parameter,), topic)
    values.update(zip((parameter.name for parameter in plain), _decode(plain, data), strict=True))
    return {parameter.name: values[parameter.name] for parameter in shape.inputs}


def _shape(entry: Mapping[str, Any], key_length: int) -> Shape:
    inputs = _parameters(entry["inputs"])
    signature = f"{entry['name']}({','.join(parameter.type for parameter in inputs)})"
    outputs = _parameters(entry.get("outputs", ()))
    return Shape(entry["name"], keccak256(signature.encode())[:key_length], inputs, outputs)


def _parameters(entries: Sequence[Mapping[str, Any]]) -> tuple[Parameter, ...]:
    found = []
    for entry in entries:
        components = _parameters(entry.get("components", ()))
        kind = entry["type"]
        if kind.startswith("tuple"):
            kind = f"({','.join(component.type for component in components)}){kind[len('tuple') :]}"
        found.append(Parameter(entry["name"], kind, entry.get("indexed", False), components))
    return tuple(found)


def _encode_call(
    contract: str, function: str, args: Sequence[Any], addresses: Mapping[str, Address], nesting: int
) -> bytes:
    shape = contracts_abi().function(contract, function)
    return shape.key + _encode(shape.inputs, args, addresses, nesting)


def _encode(
    parameters: Sequence[Parameter], args: Sequence[Any], addresses: Mapping[str, Address], nesting: int
) -> bytes:
    if len(args) != len(parameters):
        raise CallNotEncodable(f"expected {len(parameters)} arguments, got {len(args)}")
    values = [
        _to_solidity(parameter.type, parameter, value, addresses, nesting)
        for parameter, value in zip(parameters, args, strict=True)
    ]
    try:
        return encode([parameter.type for parameter in parameters], values)
    except (EncodingError, OverflowError, TypeError, ValueError):
        # The library's message repeats the value.
        raise CallNotEncodable("an argument does not fit its Solidity type") from None


def _to_solidity(
    kind: str, parameter: Parameter, value: Json, addresses: Mapping[str, Address], nesting: int
) -> Json:
    if (array := _ARRAY.fullmatch(kind)) is not None:
        if not isinstance(value, list | tuple):
            raise CallNotEncodable("expected a list")
        return [_to_solidity(array["item"], parameter, item, addresses, nesting) for item in value]
    if parameter.components:
        return _struct(parameter.components, value, addresses, nesting)
    try:
        if kind == "address":
            # What is no text cannot even be looked up; `address_bytes` refuses it.
            return address_bytes(addresses.get(value, value) if isinstance(value, str) else value)
        if parameter.name == "indexes" and isinstance(value, list | tuple):
            return _packed(value)
        if kind == "bytes" and not isinstance(value, str):
            return _nested(value, addresses, nesting - 1)
        if kind.startswith("bytes"):
            return bytes_of(value, int(kind[len("bytes") :]) if kind != "bytes" else None)
    except ValueError:
        raise CallNotEncodable(f"expected {kind} in hexadecimal") from None
    if kind.startswith(("uint", "int")) and type(value) is not int:
        raise CallNotEncodable("expected a whole number")
    return value


def _struct(
    components: Sequence[Parameter], value: Json, addresses: Mapping[str, Address], nesting: int
) -> tuple[Any, ...]:
    names = [component.name for component in components]
    if isinstance(value, Mapping):
        if set(value) != set(names):
            raise CallNotEncodable("expected the members of the struct by name")
        value = [value[name] for name in names]
    if not isinstance(value, list | tuple) or len(value) != len(components):
        raise CallNotEncodable(f"expected a struct of {len(components)} members")
    return tuple(
        _to_solidity(component.type, component, item, addresses, nesting)
        for component, item in zip(components, value, strict=True)
    )


def _packed(indexes: Sequence[Json]) -> bytes:
    """Pack status indexes as StatusRegistry wants them, so that a call stays readable as a list of numbers."""
    if any(type(index) is not int or not 0 <= index < 1 << (8 * STATUS_INDEX_LENGTH) for index in indexes):
        raise CallNotEncodable("expected status indexes")
    return b"".join(index.to_bytes(STATUS_INDEX_LENGTH) for index in indexes)


def _nested(value: Json, addresses: Mapping[str, Address], nesting: int) -> bytes:
    """Encode a call that stands where calldata is expected, so that a proposal stays readable."""
    if isinstance(value, ChainCall):
        value = {"contract": value.contract, "function": value.function, "args": value.args}
    if nesting < 0 or not isinstance(value, Mapping) or set(value) != {"contract", "function", "args"}:
        raise CallNotEncodable("expected calldata in hexadecimal or one call")
    if not isinstance(value["args"], list | tuple):
        raise CallNotEncodable("expected a list of arguments")
    return _encode_call(str(value["contract"]), str(value["function"]), value["args"], addresses, nesting)


def _decode(parameters: Sequence[Parameter], data: bytes) -> list[Any]:
    # Text is decoded as bytes first: what a contract took for text need not be UTF-8, and must not stop the follower.
    kinds = ["bytes" if parameter.type == "string" else parameter.type for parameter in parameters]
    try:
        values = decode(kinds, data)
    except (DecodingError, OverflowError, ValueError):
        raise LogNotDecodable from None
    return [
        value.decode("utf-8", "replace") if parameter.type == "string" else _to_json(parameter, value)
        for parameter, value in zip(parameters, values, strict=True)
    ]


def _to_json(parameter: Parameter, value: Json) -> Json:
    if isinstance(value, bytes):
        return hex_of(value)
    if parameter.type.startswith("address") and isinstance(value, str):
        return address_of(bytes.fromhex(value[2:]))
    if not isinstance(value, list | tuple):
        return value
    if parameter.components and not parameter.type.endswith("]"):
        return [_to_json(part, item) for part, item in zip(parameter.components, value, strict=True)]
    item_shape = replace(parameter, type=parameter.type.rpartition("[")[0])
    return [_to_json(item_shape, item) for item in value]
