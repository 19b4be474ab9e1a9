"""Whatever a chain answers, the reader gives what was asked for or says that it cannot."""

from typing import Any

import orjson
import pytest
import requests
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import source, transport
from audit.findings import AuditImpossible
from audit.source import ChainReader, ChainRefuses
from tests.unit.audit.answers import FakeChain, Refusal, answer_with, block, log, response

ADDRESS = "0x" + "11" * 20
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3),
    max_leaves=8,
)


def refuse(*params: object) -> None:
    raise Refusal


def reader_of(patch: pytest.MonkeyPatch, chain: FakeChain) -> ChainReader:
    answer_with(patch, chain)
    return ChainReader("http://chain.example")


def test_answers_come_in_the_order_of_the_calls_whatever_the_order_they_arrive_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = reader_of(monkeypatch, FakeChain(eth_getBlockByNumber=lambda number, full: block(int(number, 16))))
    numbers = list(range(250))
    assert [found.number for found in reader.blocks(numbers)] == numbers


@pytest.mark.parametrize("url", ["ws://chain", "file:///etc/passwd", "chain", ""])
def test_an_address_that_is_not_http_is_refused(url: str) -> None:
    with pytest.raises(AuditImpossible):
        ChainReader(url)


@pytest.mark.parametrize("method", ["eth_sendRawTransaction", "eth_sign", "personal_unlockAccount", "anvil_setCode"])
def test_what_is_no_reading_is_never_asked(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    chain = FakeChain()
    reader = reader_of(monkeypatch, chain)
    with pytest.raises(ValueError, match="only reads"):
        reader.batch([("eth_chainId", []), (method, [])])
    assert chain.asked == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"{}", b'{"error":{}}', b'[{"id":9,"result":1}]', b'[{"id":[],"result":1}]', b"\xff"],
)
def test_what_is_no_json_rpc_is_refused(monkeypatch: pytest.MonkeyPatch, body: bytes) -> None:
    answer_with(monkeypatch, lambda request: response(body))
    with pytest.raises(AuditImpossible):
        ChainReader("http://chain.example").chain_id()


@pytest.mark.parametrize(
    "fault",
    [requests.ConnectionError(), urllib3.exceptions.ProtocolError(), urllib3.exceptions.ReadTimeoutError, OSError()],
)
def test_a_chain_that_breaks_off_is_refused(monkeypatch: pytest.MonkeyPatch, fault: Any) -> None:  # noqa: ANN401 - exceptions of several kinds
    def fail(request: requests.PreparedRequest) -> requests.Response:
        raise fault(None, "", "") if isinstance(fault, type) else fault

    answer_with(monkeypatch, fail)
    with pytest.raises(AuditImpossible):
        ChainReader("http://chain.example").head()


def test_an_answer_beyond_the_bound_is_refused_and_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "_MAX_RESPONSE_BYTES", 1_000)
    answer_with(monkeypatch, lambda request: response(b"[" + b" " * 10_000_000 + b"]"))
    with pytest.raises(ChainRefuses):
        ChainReader("http://chain.example").head()


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([0.0, 59.0, 61.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    monkeypatch.setattr(transport, "_CHUNK", 1)
    answer_with(monkeypatch, lambda request: response(b"[                  ]"))
    with pytest.raises(ChainRefuses):
        ChainReader("http://chain.example").head()


@pytest.mark.parametrize("answer", [None, "7", "0x", "0xg", -1, 7, [], {}, "0x" + "f" * 17])
def test_a_malformed_number_is_refused(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    with pytest.raises(AuditImpossible):
        reader_of(monkeypatch, FakeChain(eth_chainId=lambda: answer)).chain_id()


@pytest.mark.parametrize(
    "changed",
    [{"hash": None}, {"hash": "0x12"}, {"number": "0x2"}, {"timestamp": "soon"}, {"parentHash": 5}, {"number": None}],
)
def test_a_malformed_or_another_block_is_refused(monkeypatch: pytest.MonkeyPatch, changed: dict[str, object]) -> None:
    reader = reader_of(monkeypatch, FakeChain(eth_getBlockByNumber=lambda number, full: block(1, **changed)))
    with pytest.raises(AuditImpossible):
        reader.block(1)


@pytest.mark.parametrize("answer", [None, "block", 5, [], {}])
def test_what_is_no_block_is_refused(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    reader = reader_of(monkeypatch, FakeChain(eth_getBlockByNumber=lambda number, full: answer))
    with pytest.raises(AuditImpossible):
        reader.block(1)


@pytest.mark.parametrize(
    "logs",
    [
        None,
        5,
        "logs",
        [None],
        [{}],
        [log(3, address=5)],
        [log(3, address="0x" + "12" * 20)],
        [log(3, topics=["0x12"])],
        [log(3, topics=["0x" + "22" * 32] * 5)],
        [log(3, topics=5)],
        [log(3, data="0x1")],
        [log(3, removed=True)],
        [log(9)],
        [log(3, blockNumber=None)],
        [log(3, 1), log(3, 1)],
    ],
)
def test_logs_that_were_not_asked_for_or_have_no_form_are_refused(
    monkeypatch: pytest.MonkeyPatch, logs: object
) -> None:
    reader = reader_of(monkeypatch, FakeChain(eth_getLogs=lambda question: logs))
    with pytest.raises(AuditImpossible):
        reader.logs([ADDRESS], 1, 5)


def test_logs_come_in_the_order_of_the_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = reader_of(monkeypatch, FakeChain(eth_getLogs=lambda question: [log(4), log(3, 7), log(3, 2)]))
    assert [(found.block_number, found.log_index) for found in reader.logs([ADDRESS], 1, 5)] == [
        (3, 2),
        (3, 7),
        (4, 0),
    ]


def test_a_contract_that_reverts_is_no_reason_to_give_up(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = FakeChain(eth_call=refuse, eth_getCode=lambda address, block: "0x00")
    assert reader_of(monkeypatch, chain).views([(ADDRESS, "0x")], 5) == [None]


def test_an_endpoint_without_the_blocks_state_is(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = FakeChain(eth_call=refuse, eth_getCode=refuse)
    with pytest.raises(AuditImpossible):
        reader_of(monkeypatch, chain).views([(ADDRESS, "0x")], 5)


@pytest.mark.parametrize("answer", [None, 5, "0x1", "zz", []])
def test_a_view_that_answers_no_bytes_is_refused(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    with pytest.raises(AuditImpossible):
        reader_of(monkeypatch, FakeChain(eth_call=lambda call, block: answer)).views([(ADDRESS, "0x")], 5)


@pytest.mark.parametrize(
    ("transactions", "receipt"),
    [
        (None, {}),
        ([{"hash": "0x1", "to": None, "input": "0x00"}], None),
        ([{"hash": "0x1", "to": None, "input": "0x00"}], {}),
        ([{"hash": "0x1", "to": None, "input": 5}], {"contractAddress": ADDRESS}),
        ([{"to": None}], {}),
        (["transaction"], {}),
    ],
)
def test_creations_that_cannot_be_told_are_refused(
    monkeypatch: pytest.MonkeyPatch, transactions: object, receipt: object
) -> None:
    chain = FakeChain(
        eth_getBlockByNumber=lambda number, full: block(1, transactions=transactions),
        eth_getTransactionReceipt=lambda name: receipt,
    )
    with pytest.raises(AuditImpossible):
        reader_of(monkeypatch, chain).creations_in([1])


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=JSON)
def test_no_answer_at_all_makes_the_reader_fail_otherwise(monkeypatch: pytest.MonkeyPatch, answer: object) -> None:
    answer_with(monkeypatch, lambda request: response(orjson.dumps([{"id": 0, "result": answer}])))
    reader = ChainReader("http://chain.example")
    questions = (
        reader.chain_id,
        reader.head,
        lambda: reader.logs([ADDRESS], 1, 5),
        lambda: reader.views([(ADDRESS, "0x")], 1),
        lambda: reader.creations_in([1]),
        lambda: reader.made_by(ADDRESS, b"", 1),
    )
    for question in questions:
        try:
            question()
        except AuditImpossible:
            continue
