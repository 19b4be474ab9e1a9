"""A range narrows what is reported, by block or by time; a range without blocks is refused."""

import pytest

from audit import rules
from audit.findings import AuditImpossible, Finding, Report
from audit.scope import Bounds, resolve
from audit.source import ChainReader
from tests.unit.audit.answers import FakeChain, answer_with, block

HEAD = 20
# Block n has time 1000 + n.


def resolved(patch: pytest.MonkeyPatch, bounds: Bounds) -> tuple[int, int]:
    chain = FakeChain(
        eth_getBlockByNumber=lambda number, full: block(HEAD if number == "latest" else int(number, 16))
    )
    answer_with(patch, chain)
    reader = ChainReader("http://chain.example")
    first, last = resolve(bounds, reader, reader.head())
    return first, last.number


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (Bounds(), (0, 20)),
        (Bounds(from_block=3, to_block=7), (3, 7)),
        (Bounds(to_block=99), (0, 20)),
        (Bounds(from_time=1_005), (5, 20)),
        (Bounds(from_time=1), (0, 20)),
        (Bounds(to_time=1_005), (0, 5)),
        (Bounds(to_time=9_999), (0, 20)),
        (Bounds(from_time=1_004, to_time=1_004), (4, 4)),
        (Bounds(from_block=6, from_time=1_004), (6, 20)),
        (Bounds(to_block=6, to_time=1_004), (0, 4)),
    ],
    ids=str,
)
def test_a_range_is_found_by_block_and_by_time(
    monkeypatch: pytest.MonkeyPatch, bounds: Bounds, expected: tuple[int, int]
) -> None:
    assert resolved(monkeypatch, bounds) == expected


@pytest.mark.parametrize(
    "bounds",
    [Bounds(from_block=8, to_block=7), Bounds(from_block=21), Bounds(to_time=999), Bounds(from_time=1_021)],
    ids=str,
)
def test_a_range_without_blocks_is_refused(monkeypatch: pytest.MonkeyPatch, bounds: Bounds) -> None:
    with pytest.raises(AuditImpossible, match="no block"):
        resolved(monkeypatch, bounds)


def narrowed(finding: Finding) -> Report:
    report = Report("0x", 1, 0, 9, "0x", first_reported=5, member="0xa")
    report.add("replay", [finding], looked_at=1)
    return report


@pytest.mark.parametrize(
    ("block_number", "member", "shown"),
    [(5, "0xa", True), (4, "0xa", False), (5, "0xb", False), (None, None, True), (9, None, True)],
)
def test_findings_outside_the_range_are_left_out_and_counted(
    block_number: int | None, member: str | None, shown: bool
) -> None:
    report = narrowed(Finding(rules.ROOT_MISMATCH, "x", "y", block_number, member))
    assert bool(report.findings) is shown
    assert report.hidden == (not shown)


def test_notes_outside_the_range_hide_nothing() -> None:
    assert narrowed(Finding(rules.ATTESTED_LATE, "x", "y", 1)).hidden == 0
