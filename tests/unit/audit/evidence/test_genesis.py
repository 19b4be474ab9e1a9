"""Genesis facts are what the chain itself says: of members, their addresses, and the keys they speak under."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from eth_abi.abi import decode, encode

from audit.decoding import selector_of
from audit.evidence import TrustedMember, parse_trust
from audit.evidence.genesis import read_facts
from audit.evidence.members import MAX_KEYS, MAX_MEMBERS
from audit.findings import AuditImpossible
from audit.source import ChainReader
from jeung.crypto.hashing import keccak256
from tests.unit.audit.answers import FakeChain, Refusal, answer_with, block

DIRECTORY, CONSORTIUM, FIRST, SECOND = ("0x" + digit * 40 for digit in "1234")
BLOCK_HASH = keccak256(b"genesis")
DEPLOYMENT_ID = keccak256((7).to_bytes(32) + bytes.fromhex(DIRECTORY[2:]).rjust(32, b"\0") + BLOCK_HASH)
RECORD: dict[str, Any] = {
    "chain_id": 7,
    "block_hash": "0x" + BLOCK_HASH.hex(),
    "deployment_id": "0x" + DEPLOYMENT_ID.hex(),
    "addresses": {"Directory": DIRECTORY, "KeyRegistry": FIRST},
}
BANK, SHOP, GONE, BAD = (bytes([number]) * 32 for number in (1, 2, 3, 4))
LOG, WITNESS, TOKEN = 7, 8, 4


def thumbprint(number: int) -> bytes:
    return number.to_bytes(32)


class Contracts:
    """Answer views as the contracts do."""

    def __init__(self) -> None:
        self.members: dict[bytes, tuple[list[str], int]] = {
            BANK: (["http://bank.example", "https://bank.example"], 1),
            SHOP: (["https://shop.example"], 2),
            GONE: (["https://gone.example"], 3),
            BAD: (["https://bad.example"], 3),
        }
        # Registry, member, thumbprint -> purpose, compromised since.
        self.keys: dict[tuple[str, bytes, bytes], tuple[int, int]] = {
            (FIRST, BANK, thumbprint(1)): (LOG, 0),
            (FIRST, BANK, thumbprint(2)): (WITNESS, 0),
            (FIRST, BANK, thumbprint(3)): (TOKEN, 0),
            (FIRST, BANK, thumbprint(4)): (LOG, 99),
            (SECOND, BANK, thumbprint(5)): (LOG, 0),
            (SECOND, GONE, thumbprint(6)): (LOG, 0),
            (SECOND, BAD, thumbprint(7)): (LOG, 0),
        }

    def call(self, asked: Mapping[str, str], _block: str) -> str:
        data, to = bytes.fromhex(asked["data"][2:]), asked["to"].lower()
        answers: dict[bytes, tuple[list[str], Callable[[bytes], tuple[Any, ...]]]] = {
            selector_of("Directory", "current"): (["address"], lambda _: (CONSORTIUM,)),
            selector_of("Directory", "history"): (["(address,uint64)[]"], lambda _: ([(FIRST, 1), (SECOND, 5)],)),
            selector_of("Consortium", "members"): (["bytes32[]"], lambda _: (list(self.members),)),
            selector_of("Consortium", "urls"): (["string[]"], lambda given: (self.members[given[:32]][0],)),
            selector_of("Consortium", "memberById"): (
                ["(uint8,uint8,bool,uint64,uint64,uint64,bytes32,address)"],
                lambda given: ((*self._record(given), 1, 0, 0, bytes(32), CONSORTIUM),),
            ),
            selector_of("KeyRegistry", "keys"): (
                ["bytes32[]"],
                lambda given: ([key for at, member, key in self.keys if (at, member) == (to, given[:32])],),
            ),
            selector_of("KeyRegistry", "keyOf"): (
                ["(uint8,uint64,uint64,uint64,uint64,uint64)"],
                lambda given: ((self._key(to, given), 0, 9, 1, 0, self._lost(to, given)),),
            ),
        }
        types, answer = answers[data[:4]]
        return "0x" + encode(types, answer(data[4:])).hex()

    def _record(self, given: bytes) -> tuple[int, int, bool]:
        return self.members[given[:32]][1], 1, given[:32] == BAD

    def _key(self, registry: str, given: bytes) -> int:
        return self.keys[(registry, *decode(["bytes32", "bytes32"], given))][0]

    def _lost(self, registry: str, given: bytes) -> int:
        return self.keys[(registry, *decode(["bytes32", "bytes32"], given))][1]


@pytest.fixture
def contracts() -> Contracts:
    return Contracts()


def facts(patch: pytest.MonkeyPatch, contracts: Contracts, **methods: Callable[..., Any]) -> dict[str, Any]:
    usual: dict[str, Callable[..., Any]] = {
        "eth_getBlockByNumber": lambda _number, _full: block(9),
        "eth_getCode": lambda address, _block: address,
        "eth_call": contracts.call,
    }
    answer_with(patch, FakeChain(**{**usual, **methods}))
    return read_facts(ChainReader("http://chain.example"), RECORD)


def test_facts_name_every_member_with_its_addresses_and_its_keys_of_all_registries_but_lost_ones(
    contracts: Contracts, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = facts(monkeypatch, contracts)
    trust = parse_trust(json.dumps(made).encode())
    assert trust.members == (
        TrustedMember(
            ("http://bank.example", "https://bank.example"),
            frozenset({thumbprint(1), thumbprint(5)}),
            frozenset({thumbprint(2)}),
        ),
        TrustedMember(("https://shop.example",)),
        TrustedMember(("https://gone.example",), frozenset({thumbprint(6)})),
        TrustedMember(("https://bad.example",)),
    )
    # More than half of the two that are not removed.
    assert trust.quorum == 2
    assert (trust.chain_id, trust.deployment_id) == (7, DEPLOYMENT_ID)
    assert trust.code == {
        name: keccak256(bytes.fromhex(address[2:])) for name, address in RECORD["addresses"].items()
    }


def test_member_with_more_keys_than_facts_hold_is_named_with_its_newest(
    contracts: Contracts, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts.keys = {(FIRST, SHOP, thumbprint(number)): (LOG, 0) for number in range(1, MAX_KEYS + 3)}
    trust = parse_trust(json.dumps(facts(monkeypatch, contracts)).encode())
    assert trust.members[1].log_keys == {thumbprint(number) for number in range(3, MAX_KEYS + 3)}


def test_consortium_without_members_has_facts_without_a_quorum(
    contracts: Contracts, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts.members, contracts.keys = {}, {}
    assert parse_trust(json.dumps(facts(monkeypatch, contracts)).encode()).quorum == 0


def test_consortium_larger_than_facts_hold_is_refused(contracts: Contracts, monkeypatch: pytest.MonkeyPatch) -> None:
    contracts.members = {thumbprint(number): (["https://x.example"], 1) for number in range(MAX_MEMBERS + 1)}
    with pytest.raises(AuditImpossible):
        facts(monkeypatch, contracts)


@pytest.mark.parametrize("answer", ["0x", "0x" + "ff" * 31], ids=["nothing", "another_shape"])
def test_chain_that_answers_as_no_contract_of_ours_is_refused(
    contracts: Contracts, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    with pytest.raises(AuditImpossible):
        facts(monkeypatch, contracts, eth_call=lambda _asked, _block: answer)


def test_chain_that_refuses_a_view_is_refused(contracts: Contracts, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_asked: object, _block: str) -> str:
        raise Refusal

    with pytest.raises(AuditImpossible):
        facts(monkeypatch, contracts, eth_call=refuse)
