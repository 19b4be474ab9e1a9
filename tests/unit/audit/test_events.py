"""Events are read of every address the Directory ever named, and of no other."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode

from audit.decoding import Event
from audit.events import EventReader
from audit.findings import AuditImpossible
from audit.source import ChainReader, ChainRefuses, Log
from audit.state import State
from jeung.crypto.hashing import keccak256
from tests.unit.audit.answers import FakeChain, Refusal, answer_with, block, log

DIRECTORY, FIRST, SECOND, STRANGER = ("0x" + digit * 40 for digit in "1234")
NAMED = "0x" + keccak256(b"ContractNamed(bytes32,address,uint256,address)").hex()
CLOSED = "0x" + keccak256(b"StatusRegistryClosed()").hex()
REVOKED = "0x" + keccak256(b"KeyRevoked(bytes32,bytes32,uint64)").hex()
GENESIS = 10


def named(number: int, name: str, address: str, index: int, place: int = 0) -> dict[str, object]:
    topics = [NAMED, "0x" + name.encode().ljust(32, b"\0").hex(), "0x" + address[2:].rjust(64, "0")]
    data = "0x" + encode(["uint256", "address"], [index, "0x" + "00" * 20]).hex()
    return log(number, place, address=DIRECTORY, topics=topics, data=data)


def closed(number: int, address: str, place: int = 5) -> dict[str, object]:
    return log(number, place, address=address, topics=[CLOSED])


def reader_of(patch: pytest.MonkeyPatch, logs: list[dict[str, Any]], **methods: Callable[..., Any]) -> ChainReader:
    def answer(question: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(question["fromBlock"], 16), int(question["toBlock"], 16)
        return [
            raw
            for raw in logs
            if raw["address"] in question["address"] and first <= int(raw["blockNumber"], 16) <= last
        ]

    handlers: dict[str, Callable[..., Any]] = {
        "eth_getLogs": answer,
        "eth_getBlockByNumber": lambda number, full: block(int(number, 16)),
    }
    answer_with(patch, FakeChain(**{**handlers, **methods}))
    return ChainReader("http://chain.example")


def read(reader: ChainReader, last: int = 50) -> list[tuple[int, str]]:
    """Give (block, address) of every event but those of the Directory."""
    pieces = EventReader(reader, State(directory=DIRECTORY, genesis=GENESIS)).ranges(0, last)
    events = [event for _, piece in pieces for event, _ in piece if isinstance(event, Event)]
    return [(event.block_number, event.address.lower()) for event in events if event.contract != "Directory"]


def test_what_a_constructor_said_before_the_naming_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [closed(8, FIRST), named(GENESIS, "StatusRegistry", FIRST, 0)]
    assert read(reader_of(monkeypatch, logs)) == [(8, FIRST)]


def test_a_successor_speaks_from_its_naming_and_its_predecessor_until_then(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [
        named(GENESIS, "StatusRegistry", FIRST, 0),
        closed(11, SECOND),
        closed(12, FIRST),
        named(20, "StatusRegistry", SECOND, 1),
        closed(21, FIRST),
        closed(22, SECOND),
    ]
    assert read(reader_of(monkeypatch, logs)) == [(12, FIRST), (22, SECOND)]


def test_who_was_never_named_does_not_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [named(GENESIS, "StatusRegistry", FIRST, 0), named(11, "Elsewhere", SECOND, 0), closed(12, SECOND)]
    assert read(reader_of(monkeypatch, [*logs, closed(13, STRANGER)])) == []


def test_a_log_that_is_none_of_our_events_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [named(GENESIS, "KeyRegistry", FIRST, 0), log(12, address=FIRST, topics=[REVOKED])]
    reader = reader_of(monkeypatch, logs)
    pieces = EventReader(reader, State(directory=DIRECTORY, genesis=GENESIS)).ranges(11, 50)
    ((strange, time),) = [entry for _, piece in pieces for entry in piece]
    assert isinstance(strange, Log)
    assert time == 1_012


def test_a_malformed_naming_names_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [log(GENESIS, address=DIRECTORY, topics=[NAMED]), closed(12, FIRST)]
    assert read(reader_of(monkeypatch, logs)) == []


def test_a_resumed_reader_knows_the_contracts_of_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(directory=DIRECTORY, genesis=GENESIS, block=30, contracts={"StatusRegistry": [[FIRST, GENESIS]]})
    reader = reader_of(monkeypatch, [closed(31, FIRST), named(32, "StatusRegistry", SECOND, 1), closed(33, SECOND)])
    pieces = EventReader(reader, state).ranges(31, 40)
    assert [event.block_number for _, piece in pieces for event, _ in piece if isinstance(event, Event)] == [
        31,
        32,
        33,
    ]


def test_less_is_asked_of_an_endpoint_that_refuses_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [named(GENESIS, "StatusRegistry", FIRST, 0), *(closed(number, FIRST) for number in range(20, 400, 7))]
    spans: list[int] = []

    def answer(question: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(question["fromBlock"], 16), int(question["toBlock"], 16)
        spans.append(last - first + 1)
        if last - first >= 100:
            raise Refusal
        return [
            raw
            for raw in logs
            if raw["address"] in question["address"] and first <= int(str(raw["blockNumber"]), 16) <= last
        ]

    found = read(reader_of(monkeypatch, [], eth_getLogs=answer), last=5_000)
    assert [number for number, _ in found] == list(range(20, 400, 7))
    assert max(spans) > 100 >= max(spans[spans.index(max(spans)) + 1 :][:1])


def test_more_is_asked_the_less_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [named(GENESIS, "StatusRegistry", FIRST, 0), closed(7_000, FIRST), closed(9_000, FIRST)]
    asked: list[int] = []

    def answer(question: dict[str, Any]) -> list[dict[str, Any]]:
        first, last = int(question["fromBlock"], 16), int(question["toBlock"], 16)
        asked.append(last - first + 1)
        return [raw for raw in logs if first <= int(str(raw["blockNumber"]), 16) <= last]

    found = read(reader_of(monkeypatch, [], eth_getLogs=answer), last=9_999)
    assert [number for number, _ in found] == [7_000, 9_000]
    assert asked[1] < 100, "nobody knows yet how much lies in a block"
    assert max(asked) == 2_000
    assert len(asked) < 20


def test_an_endpoint_that_refuses_everything_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(question: object) -> None:
        raise Refusal

    state = State(directory=DIRECTORY, contracts={"StatusRegistry": [[FIRST, GENESIS]]})
    reader = reader_of(monkeypatch, [], eth_getLogs=refuse)
    with pytest.raises(ChainRefuses):
        list(EventReader(reader, state).ranges(0, 100))


def test_a_reorganisation_while_reading_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    logs = [named(GENESIS, "StatusRegistry", FIRST, 0), {**closed(12, FIRST), "blockHash": "0x" + "ee" * 32}]
    with pytest.raises(AuditImpossible, match="reorganised"):
        read(reader_of(monkeypatch, logs))
