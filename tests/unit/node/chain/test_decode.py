"""The two fast decoders against eth_abi, and logs that are not what they should be."""

from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from jeung.domain.chain import AttestedBatch, RegistryEvent, StatusChange
from jeung.domain.ledger import CredentialStatus
from node.chain.abi import contracts_abi
from node.chain.decode import ATTESTED_TOPIC, STATUSES_TOPIC, RawLog, decode_log, parse_log
from node.chain.errors import LogNotDecodable
from node.chain.hexes import address_of, hex_of

WORDS = [bytes([number]) * 32 for number in range(1, 9)]


def log_of(topics: list[bytes], data: bytes) -> RawLog:
    return RawLog(b"\x01" * 20, tuple(topics), data, 7, b"\x02" * 32, 3, b"\x04" * 32)


def attested(digests: list[bytes]) -> RawLog:
    data = encode(["address", "bytes32", "bytes32[]"], [b"\xaa" * 20, WORDS[6], digests])
    return log_of([ATTESTED_TOPIC, *WORDS[:3]], data)


def statuses(indexes: list[int], status: int = 1) -> RawLog:
    packed = b"".join(index.to_bytes(3) for index in indexes)
    return log_of([STATUSES_TOPIC, WORDS[0], (5).to_bytes(32), status.to_bytes(32)], encode(["bytes"], [packed]))


def test_fast_topics_are_those_of_the_contracts() -> None:
    events = contracts_abi().events
    assert events["AttestationRegistry", ATTESTED_TOPIC].name == "CredentialsAttested"
    assert events["StatusRegistry", STATUSES_TOPIC].name == "StatusesSet"


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=20))
def test_attested_batch_is_cut_as_eth_abi_would(digests: list[bytes]) -> None:
    event = decode_log("AttestationRegistry", attested(digests), 99)
    assert isinstance(event, AttestedBatch)
    assert event.digests == tuple(digests)
    assert (event.batch, event.issuer, event.schema, event.root) == (*WORDS[:3], WORDS[6])
    assert event.operator == address_of(b"\xaa" * 20)
    assert (event.block_number, event.block_time, event.log_index) == (7, 99, 3)


@given(st.lists(st.integers(0, (1 << 24) - 1), max_size=40))
def test_status_change_is_cut_as_packed(indexes: list[int]) -> None:
    event = decode_log("StatusRegistry", statuses(indexes), 99)
    assert isinstance(event, StatusChange)
    assert event.indexes == tuple(indexes)
    assert (event.issuer, event.list_number, event.status) == (WORDS[0], 5, CredentialStatus.REVOKED)


@given(st.binary(max_size=400), st.integers(0, 4))
def test_any_bytes_decode_or_are_refused(data: bytes, topics: int) -> None:
    for contract, topic in (("AttestationRegistry", ATTESTED_TOPIC), ("StatusRegistry", STATUSES_TOPIC)):
        try:
            decode_log(contract, log_of([topic, *WORDS[:topics]], data), 1)
        except LogNotDecodable:
            continue


def damaged() -> list[RawLog]:
    good, status = attested(WORDS[:3]), statuses([1, 2, 3])
    cuts = [(good, good.data[:-1]), (good, good.data + b"\0"), (good, good.data[:-32]), (good, b"")]
    cuts += [(good, b"\x01" + good.data[1:]), (good, good.data[:64] + bytes(32) + good.data[96:])]
    cuts += [(good, good.data[:96] + b"\xff" * 32 + good.data[128:])]
    cuts += [(status, status.data[:-1]), (status, status.data + bytes(32)), (status, b"")]
    cuts += [(status, bytes(32) + status.data[32:]), (status, status.data[:32] + (8).to_bytes(32) + status.data[64:])]
    return [
        *(log_of(list(log.topics), data) for log, data in cuts),
        log_of(list(good.topics[:3]), good.data),
        log_of(list(status.topics[:2]), status.data),
        statuses([1], status=4),
        statuses([1], status=1 << 200),
    ]


@pytest.mark.parametrize("log", damaged())
def test_damaged_log_is_refused(log: RawLog) -> None:
    contract = "AttestationRegistry" if log.topics[0] == ATTESTED_TOPIC else "StatusRegistry"
    with pytest.raises(LogNotDecodable):
        decode_log(contract, log, 1)


def test_event_of_one_contract_means_nothing_in_another() -> None:
    """An address decides which contract speaks: a topic alone is anybody's."""
    assert decode_log("KeyRegistry", attested(WORDS[:1]), 1) is None
    assert decode_log("AttestationRegistry", statuses([1]), 1) is None
    assert decode_log("KeyRegistry", log_of([], b""), 1) is None


def test_other_events_become_registry_events_with_json_arguments() -> None:
    shape = next((key, event) for key, event in contracts_abi().events.items() if event.name == "OperatorCompromised")
    (contract, topic), _ = shape
    topics = [topic, WORDS[0], (1).to_bytes(32), b"\0" * 12 + b"\xaa" * 20]
    event = decode_log(contract, log_of(topics, encode(["uint64"], [55])), 99)
    assert isinstance(event, RegistryEvent)
    assert event.args == {
        "member": hex_of(WORDS[0]),
        "purpose": 1,
        "account": address_of(b"\xaa" * 20),
        "since": 55,
    }


RAW: dict[str, Any] = {
    "address": "0x" + "01" * 20,
    "topics": ["0x" + "02" * 32],
    "data": "0x",
    "blockNumber": "0x7",
    "blockHash": "0x" + "03" * 32,
    "logIndex": "0x0",
    "transactionHash": "0x" + "04" * 32,
    "removed": False,
}


def test_log_of_an_endpoint_is_read() -> None:
    assert parse_log(RAW) == RawLog(b"\1" * 20, (b"\2" * 32,), b"", 7, b"\3" * 32, 0, b"\4" * 32)


@pytest.mark.parametrize(
    "change",
    [
        {"removed": True},
        {"address": "0x01"},
        {"address": None},
        {"topics": ["0x02"]},
        {"topics": ["0x" + "02" * 32] * 5},
        {"topics": 7},
        {"data": "0x0"},
        {"data": "zz"},
        {"blockNumber": None},
        {"blockNumber": 7},
        {"blockNumber": "7"},
        {"blockHash": "0x"},
        {"logIndex": "0x"},
        {"logIndex": "0x" + "f" * 65},
        {"transactionHash": "0x" + "0 " * 32},
    ],
)
def test_log_of_another_shape_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(LogNotDecodable):
        parse_log({**RAW, **change})


@pytest.mark.parametrize("entry", [None, 7, "x", [], {}])
def test_what_is_no_log_is_refused(entry: object) -> None:
    with pytest.raises(LogNotDecodable):
        parse_log(entry)
