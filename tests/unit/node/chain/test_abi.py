"""Calldata, results, events and refusals against eth_abi's own encoding, and values that do not fit."""

from collections.abc import Mapping
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto.hashing import keccak256
from jeung.domain.chain import ChainCall
from jeung.domain.identifiers import Address
from node.artifacts import load_all
from node.chain.abi import (
    contracts_abi,
    decode_event,
    decode_result,
    decode_revert,
    encode_call,
    encode_constructor,
    function_of,
)
from node.chain.errors import CallNotEncodable, LogNotDecodable
from node.chain.hexes import hex_of

MEMBER, SALT = "0x" + "0a" * 32, "0x" + "05" * 32
REGISTRY = Address("0x52908400098527886E0F7030069857D2E4169EE7")
MIXED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
NAMES = {"SchemaRegistry": REGISTRY}


def selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


def test_every_function_and_error_has_a_selector_of_its_own() -> None:
    """A selector shared by two errors would let one contract's refusal be judged as another's."""
    abi = contracts_abi()
    signatures: dict[bytes, set[str]] = {}
    for artifact in load_all():
        for entry in artifact.abi:
            if entry["type"] == "error":
                signature = f"{entry['name']}({','.join(_canonical(part) for part in entry['inputs'])})"
                signatures.setdefault(selector(signature), set()).add(signature)
    assert all(len(found) == 1 for found in signatures.values())
    assert set(signatures) < set(abi.errors)


def _canonical(part: Mapping[str, Any]) -> str:
    kind = str(part["type"])
    if kind.startswith("tuple"):
        return f"({','.join(_canonical(each) for each in part['components'])}){kind[5:]}"
    return kind


def test_call_is_encoded_as_eth_abi_does() -> None:
    call = ChainCall("Consortium", "setRoles", (MEMBER, 3))
    expected = selector("setRoles(bytes32,uint8)") + encode(["bytes32", "uint8"], [b"\x0a" * 32, 3])
    assert encode_call(call, {}) == expected
    assert function_of(expected) == "setRoles"


def test_nested_call_stands_for_its_calldata() -> None:
    inner = {"contract": "Consortium", "function": "setRoles", "args": [MEMBER, 3]}
    readable = encode_call(ChainCall("Consortium", "propose", (REGISTRY, inner, SALT)), {})
    plain = hex_of(encode_call(ChainCall("Consortium", "setRoles", (MEMBER, 3)), {}))
    assert readable == encode_call(ChainCall("Consortium", "propose", (REGISTRY, plain, SALT)), {})
    as_object = ChainCall("Consortium", "setRoles", (MEMBER, 3))
    assert readable == encode_call(ChainCall("Consortium", "propose", (REGISTRY, as_object, SALT)), {})


def test_name_of_a_contract_stands_for_its_address() -> None:
    by_name = encode_call(ChainCall("Consortium", "propose", ("SchemaRegistry", "0x", SALT)), NAMES)
    assert by_name == encode_call(ChainCall("Consortium", "propose", (REGISTRY, "0x", SALT)), {})


def test_struct_is_given_by_name_or_by_place() -> None:
    named = {"quorumNumerator": 2, "quorumDenominator": 3, "timelock": 4, "proposalLifetime": 5}
    by_name = encode_call(ChainCall("Consortium", "setRules", (named,)), {})
    assert by_name == encode_call(ChainCall("Consortium", "setRules", ([2, 3, 4, 5],)), {})


def test_status_indexes_are_packed() -> None:
    as_list = encode_call(ChainCall("StatusRegistry", "setStatuses", (1, 1, [0, 255, 1_048_575])), {})
    packed = encode_call(ChainCall("StatusRegistry", "setStatuses", (1, 1, "0x0000000000ff0fffff")), {})
    assert as_list == packed


@pytest.mark.parametrize(
    ("function", "args"),
    [
        ("setRoles", ()),
        ("setRoles", (MEMBER,)),
        ("setRoles", (MEMBER, 3, 3)),
        ("setRoles", (MEMBER, 256)),
        ("setRoles", (MEMBER, -1)),
        ("setRoles", (MEMBER, "3")),
        ("setRoles", (MEMBER, True)),
        ("setRoles", (MEMBER, 3.0)),
        ("setRoles", (MEMBER, None)),
        ("setRoles", ("0x0a", 3)),
        ("setRoles", (MEMBER + "00", 3)),
        ("setRoles", ("0a" * 32, 3)),
        ("setRoles", (7, 3)),
        ("setRoles", ("0x" + "zz" * 32, 3)),
        ("admitMember", ("http://x", "0x00", 3)),
        ("admitMember", ("http://x", MIXED.swapcase().replace("X", "x", 1), 3)),
        ("admitMember", ("http://x", MIXED[:-1] + "e", 3)),
        ("admitMember", ("http://x", "NoSuchContract", 3)),
        ("admitMember", ("http://x", [], 3)),
        ("admitMember", ("http://x", {"contract": "SchemaRegistry"}, 3)),
        ("admitMember", ("http://x", None, 3)),
        ("admitMember", (b"http://x", REGISTRY, 3)),
        ("setRules", ([2, 3, 4],)),
        ("setRules", (7,)),
        ("setRules", ({"timelock": 4},)),
        ("removeMember", (MEMBER, 1, "yes")),
        ("propose", (REGISTRY, {"contract": "Consortium", "function": "setRoles"}, SALT)),
        ("propose", (REGISTRY, {"contract": "Consortium", "function": "setRoles", "args": "x"}, SALT)),
        ("propose", (REGISTRY, {"contract": "Consortium", "function": "nothing", "args": []}, SALT)),
        ("propose", (REGISTRY, 7, SALT)),
        ("noSuchFunction", ()),
    ],
)
def test_what_does_not_fit_is_refused(function: str, args: tuple[Any, ...]) -> None:
    with pytest.raises(CallNotEncodable) as caught:
        encode_call(ChainCall("Consortium", function, args), NAMES)
    assert "0a0a" not in str(caught.value), "the refused value must not be repeated"


@pytest.mark.parametrize("indexes", [["1"], [-1], [1 << 24], [True], [1.0]])
def test_status_indexes_that_do_not_fit_are_refused(indexes: list[Any]) -> None:
    with pytest.raises(CallNotEncodable):
        encode_call(ChainCall("StatusRegistry", "setStatuses", (1, 1, indexes)), {})


def test_calls_are_not_nested_without_end() -> None:
    call: dict[str, Any] = {"contract": "Consortium", "function": "setRoles", "args": [MEMBER, 3]}
    for _ in range(3):
        call = {"contract": "Consortium", "function": "propose", "args": [REGISTRY, call, SALT]}
    encode_call(ChainCall("Consortium", "propose", (REGISTRY, call, SALT)), {})
    for _ in range(200):
        call = {"contract": "Consortium", "function": "propose", "args": [REGISTRY, call, SALT]}
    with pytest.raises(CallNotEncodable):
        encode_call(ChainCall("Consortium", "propose", (REGISTRY, call, SALT)), {})


def test_constructor_with_wrong_arguments_is_refused() -> None:
    with pytest.raises(CallNotEncodable):
        encode_constructor("SchemaRegistry", (), {})
    assert encode_constructor("SchemaRegistry", (REGISTRY,), {})[-20:].hex() == REGISTRY[2:].lower()


def test_result_keeps_text_beside_addresses_apart() -> None:
    directory = decode_result("Directory", "current", encode(["address"], [b"\x11" * 20]))
    assert directory == ["0x1111111111111111111111111111111111111111"]
    assert decode_result("Consortium", "urls", encode(["string[]"], [["http://a", "http://b"]])) == [
        ["http://a", "http://b"]
    ]
    history = encode(["(address,uint64)[]"], [[(bytes.fromhex(REGISTRY[2:]), 7)]])
    assert decode_result("Directory", "history", history) == [[[REGISTRY, 7]]]


@pytest.mark.parametrize("data", [b"", b"\x00" * 31, b"\xff" * 32])
def test_result_of_another_shape_is_refused(data: bytes) -> None:
    with pytest.raises(LogNotDecodable):
        decode_result("Consortium", "urls", data)


def test_revert_is_named_with_its_values() -> None:
    data = selector("ProposalNotRipe(bytes32,uint256,uint256)") + encode(
        ["bytes32", "uint256", "uint256"], [b"\x07" * 32, 1, 2]
    )
    revert = decode_revert(data)
    assert revert.name == "ProposalNotRipe"
    assert dict(revert.args) == {"proposal": "0x" + "07" * 32, "ripe": 1, "required": 2}
    assert decode_revert(selector("Panic(uint256)") + encode(["uint256"], [17])).args == {"code": 17}
    assert decode_revert(selector("Error(string)") + encode(["string"], ["no"])).args == {"message": "no"}


@given(st.binary(max_size=200))
def test_any_revert_data_gets_a_name(data: bytes) -> None:
    revert = decode_revert(data)
    assert bool(revert.name) == bool(data)


def test_revert_with_torn_values_keeps_its_name() -> None:
    torn = selector("ProposalNotRipe(bytes32,uint256,uint256)") + b"\x00" * 40
    assert decode_revert(torn).name == "ProposalNotRipe"
    assert decode_revert(None).name == decode_revert(b"").name == ""


def test_text_that_is_no_utf8_does_not_stop_the_follower() -> None:
    shape = next(event for event in contracts_abi().events.values() if event.name == "WalletProviderTrusted")
    data = encode(["bytes", "bytes", "uint64"], [b"\xff\xfebad", b"{}", 5])
    args = decode_event(shape, [b"\x01" * 32], data)
    assert args == {"thumbprint": "0x" + "01" * 32, "name": "��bad", "jwk": "0x7b7d", "validUntil": 5}


def test_event_with_too_few_topics_or_torn_data_is_refused() -> None:
    shape = next(event for event in contracts_abi().events.values() if event.name == "KeyRevoked")
    good = encode(["uint64"], [5])
    assert decode_event(shape, [b"\x01" * 32, b"\x02" * 32], good)["revokedAt"] == 5
    for topics, data in (([b"\x01" * 32], good), ([b"\x01" * 32] * 3, good), ([b"\x01" * 32] * 2, good[:-1])):
        with pytest.raises(LogNotDecodable):
            decode_event(shape, topics, data)
