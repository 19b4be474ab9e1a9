"""Calldata is arguments and nothing more, digests look like digests, and files are searched within bounds."""

import secrets
from pathlib import Path

import pytest
from eth_abi.abi import encode

from audit import rules
from audit.checks import privacy
from audit.checks.privacy import Sought, compare_privacy, looks_like_digest
from audit.decoding import selector_of
from audit.digests import Digests, Run
from audit.findings import AuditImpossible, Finding
from audit.search import known_values
from audit.source import ChainReader, ChainRefuses
from audit.state import State
from node import artifacts
from tests.unit.audit.answers import FakeChain, answer_with, block, log
from tests.unit.audit.history import CONSORTIUM

HASH, SENDER = "0x" + "33" * 32, "0x" + "44" * 20
APPROVAL = selector_of("Consortium", "approve") + encode(["bytes32"], [secrets.token_bytes(32)])
CREATION = artifacts.load("KeyRegistry").bytecode + bytes(32)


def scanned(
    patch: pytest.MonkeyPatch,
    data: bytes = APPROVAL,
    *,
    to: str | None = CONSORTIUM,
    sought: Sought = Sought(),  # noqa: B008 - frozen
    state: State | None = None,
) -> list[Finding]:
    """Scan a chain of three blocks with one transaction, to the Consortium unless said otherwise, and one log."""
    sent = {"hash": HASH, "from": SENDER, "to": to, "blockNumber": "0x1", "input": "0x" + data.hex()}

    def of(number: str, full: bool) -> dict[str, object]:
        return block(int(number, 16), transactions=[sent] if number == "0x1" else [])

    logs = [log(2, address=CONSORTIUM, data="0x" + b"Kim Haneul".hex())]
    answer_with(patch, FakeChain(eth_getBlockByNumber=of, eth_getLogs=lambda question: logs))
    state = state or State()
    state.block, state.contracts = 2, {"Consortium": [[CONSORTIUM, 0]]}
    reader = ChainReader("http://chain.example")
    return compare_privacy(reader, state, 0, sought, lambda done, total: None)[0]


@pytest.mark.parametrize(
    ("data", "to"), [(APPROVAL, CONSORTIUM), (CREATION, None), (b"", SENDER)], ids=["call", "creation", "transfer"]
)
def test_ordinary_transactions_are_explained(monkeypatch: pytest.MonkeyPatch, data: bytes, to: str | None) -> None:
    assert scanned(monkeypatch, data, to=to) == []


@pytest.mark.parametrize(
    ("data", "to", "reason"),
    [
        (APPROVAL + b"Kim", CONSORTIUM, "bytes that no argument"),
        (b"Kim Haneul", CONSORTIUM, "no call"),
        (b"", CONSORTIUM, "no call"),
        (APPROVAL[:20], CONSORTIUM, "no call"),
        (b"Kim", SENDER, "none of our contracts"),
        (b"\x60\x60", None, "none of ours"),
    ],
    ids=["more than the argument", "text", "nothing", "cut off", "to a stranger", "another contract"],
)
def test_bytes_that_no_argument_explains_are_found(
    monkeypatch: pytest.MonkeyPatch, data: bytes, to: str | None, reason: str
) -> None:
    (finding,) = scanned(monkeypatch, data, to=to)
    assert finding.rule is rules.CALLDATA_UNEXPLAINED
    assert reason in finding.message


def test_known_values_are_found_in_calldata_and_events(monkeypatch: pytest.MonkeyPatch) -> None:
    sought = Sought(known_values(["Kim Haneul"]))
    findings = scanned(monkeypatch, APPROVAL + b"Kim Haneul", sought=sought)
    assert [finding.block for finding in findings if finding.rule is rules.PERSONAL_VALUE_FOUND] == [1, 2]


def test_an_endpoint_that_refuses_many_blocks_is_asked_for_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    reader = ChainReader("http://chain.example")
    monkeypatch.setattr(reader, "batch", lambda calls: _batch(calls, asked))
    assert list(privacy._transactions(reader, 0, 2)) == []
    assert asked == [3, 2, 1, 1, 1]
    with pytest.raises(AuditImpossible):
        list(privacy._transactions(reader, 9, 9))


def _batch(calls: list[tuple[str, list[object]]], asked: list[int]) -> list[object]:
    asked.append(len(calls))
    if len(calls) > 1 or calls[0][1][0] == "0x9":
        raise ChainRefuses("too much")
    return [block(0)]


@pytest.mark.parametrize(
    "value",
    [
        b"900101-1234567".ljust(32, b"\0"),
        b"Kim Haneul, 12 Sejong-daero 110,",
        bytes(32),
        "김하늘과함께한열".encode() + b"on the way"[:8],
        b"\x01\x02" * 16,
    ],
    ids=["number", "text", "zeros", "Korean", "pattern"],
)
def test_what_is_no_digest_is_found(monkeypatch: pytest.MonkeyPatch, value: bytes) -> None:
    assert not looks_like_digest(value)
    state = State(digests=Digests([Run("old", "0xa", "0xb", 5, -1, value), Run("batch", "0xa", "0xb", 5, 1, value)]))
    (finding,) = scanned(monkeypatch, state=state)
    assert (finding.rule, finding.member) == (rules.NOT_A_DIGEST, "0xa")


def test_what_hash_functions_give_looks_like_a_digest() -> None:
    assert all(looks_like_digest(secrets.token_bytes(32)) for _ in range(1_000))


def in_file(patch: pytest.MonkeyPatch, path: Path, *values: str) -> list[tuple[str, str]]:
    findings = scanned(patch, sought=Sought(known_values(values), (path,)))
    return [(finding.rule.rule_id, finding.subject) for finding in findings if path.name in finding.subject]


@pytest.mark.parametrize(
    "line",
    [
        "rrn=900101-1234567",
        "rrn9001011234567x 900101-1234567x",
        "9001011234567",
        "tel 010-1234-5678",
        "mail kim.haneul@mail.example.com x",
    ],
)
def test_what_looks_like_personal_data_in_a_file_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str
) -> None:
    path = tmp_path / "node.log"
    path.write_text(f"nothing here\n{line}\n")
    assert in_file(monkeypatch, path) == [("personal-pattern-found", "node.log line 2")]


DIGITS = "9001011234567"
DIGEST = "0x" + "ab" * 10 + f"f{DIGITS}e" + "cd" * 14


@pytest.mark.parametrize(
    "line",
    [
        "0x" + "1234567890" * 6,
        "at 1700000000123",
        "a@b",
        "batch 1-2-3",
        "",
        DIGEST,
        "991301-1234567",
        "990132-1234567",
    ],
    ids=range(8),
)
def test_ordinary_log_lines_are_not_taken_for_personal_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, line: str
) -> None:
    path = tmp_path / "node.log"
    path.write_text(line + "\n")
    assert in_file(monkeypatch, path) == []


def test_a_value_that_lies_across_two_pieces_of_a_long_line_is_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "metrics"
    path.write_bytes(b"x" * ((1 << 16) - 4) + b"Kim Haneul" + b"y" * 100_000)
    assert in_file(monkeypatch, path, "Kim Haneul") == [("personal-value-found", "metrics line 1")]


def test_a_file_of_nothing_but_findings_ends_the_scan(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "node.log"
    path.write_text("010-1234-5678\n" * 500)
    found = in_file(monkeypatch, path)
    assert len(found) == 101
    assert found[-1] == ("personal-pattern-found", "node.log")


def test_a_file_that_is_none_or_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(AuditImpossible):
        in_file(monkeypatch, tmp_path)
    path = tmp_path / "node.log"
    path.write_text("1234")
    monkeypatch.setattr(privacy, "_MAX_FILE_BYTES", 3)
    with pytest.raises(AuditImpossible):
        in_file(monkeypatch, path)
    monkeypatch.setattr(privacy, "_MAX_FILE_BYTES", 9)
    monkeypatch.setattr(Path, "open", _refused)
    with pytest.raises(AuditImpossible):
        in_file(monkeypatch, path)


def _refused(*_: object) -> None:
    raise PermissionError
