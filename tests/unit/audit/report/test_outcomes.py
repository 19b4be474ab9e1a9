"""Counts of verifications tell of the node and of nobody who was verified."""

from itertools import chain
from pathlib import Path

import pytest

from audit.report.outcomes import Outcome, count_outcomes
from tests.unit.audit.nodes import node_database

Rows = list[dict[str, object]]


def judged(number: int, code: str | None = None, *, at: int = 500) -> Rows:
    verdict = "verified" if code is None else "refused"
    return [
        {"verdict": verdict, "code": code, "recorded_at": at, "evidence_id": f"{code}{at}{n}"} for n in range(number)
    ]


def counted(folder: Path, *groups: Rows) -> tuple[tuple[Outcome, ...], int | None, bool]:
    rows = [{**row, "number": number} for number, row in enumerate(chain(*groups), start=1)]
    with node_database(folder, evidence=rows) as database:
        outcomes = count_outcomes(database, 100, 900)
    return outcomes.rows, outcomes.total, outcomes.none


@pytest.mark.parametrize(
    ("number", "shown"), [(1, None), (4, None), (5, 5), (7, 5), (8, 10), (12, 10), (13, 15), (102, 100)]
)
def test_counts_are_rounded_to_five_and_small_ones_not_told(tmp_path: Path, number: int, shown: int | None) -> None:
    assert counted(tmp_path, judged(number)) == ((Outcome("verified", shown),), shown, False)


def test_one_who_is_told_apart_from_the_sum_is_not_told_at_all(tmp_path: Path) -> None:
    rows, total, _ = counted(tmp_path, judged(10), judged(1, "credential_revoked"))
    assert rows == (Outcome("verified", 10), Outcome("credential_revoked", None))
    assert total == 10


def test_only_the_range_is_counted(tmp_path: Path) -> None:
    assert counted(tmp_path, judged(6, at=99), judged(6, at=901)) == ((), None, True)
    assert counted_again(tmp_path) == (Outcome("verified", 10),)


def counted_again(folder: Path) -> tuple[Outcome, ...]:
    (folder / "again").mkdir()
    return counted(folder / "again", judged(6, at=100), judged(6, at=900))[0]


def test_reasons_come_by_number_and_text_that_is_no_code_is_not_repeated(tmp_path: Path) -> None:
    rows, _, _ = counted(
        tmp_path,
        judged(6, "not_attested"),
        judged(9, "credential_revoked"),
        judged(30, "<b>김하늘</b>"),
        judged(9, "900101-1234567"),
    )
    assert rows == (Outcome("credential_revoked", 10), Outcome("not_attested", 5), Outcome("other", 40))


def test_reasons_beyond_the_bound_are_summed_up(tmp_path: Path) -> None:
    rows, total, _ = counted(tmp_path, *(judged(1, f"code_{number:03}") for number in range(100)))
    assert len(rows) == 61
    assert rows[-1] == Outcome("other", 40)
    assert total == 100
