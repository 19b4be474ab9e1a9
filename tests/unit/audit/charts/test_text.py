"""Text of unknown origin is cut and cleaned; times, durations and numbers are written one way."""

import pytest

from audit.charts.stacked import tick_step
from audit.charts.svg import number
from audit.charts.text import clean, fit, width_of
from audit.charts.times import KST, duration, moment, short, slots_between


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("김하늘 <b>", "김하늘 <b>"),
        ("a\u202eb\u2066c", "a\ufffdb\ufffdc"),
        ("a\x00\n\tb", "a\ufffd\ufffd\ufffdb"),
        ("bank\u3164\u115f", "bank\ufffd\ufffd"),
        ("e" + "\u0301" * 5, "e" + "\u0301" * 3 + "\ufffd" * 2),
        ("\ud800", "\ufffd"),
        ("", ""),
        ("b\u0430nk", "b\\u0430nk"),
        ("\u05d0\u05d1 1", "\u2068\u05d0\u05d1 1\u2069"),
    ],
    ids=[
        *("plain", "bidi", "controls", "invisible letters", "towers of marks", "half a pair", "empty"),
        *("letters of two alphabets", "letters from the right"),
    ],
)
def test_what_nobody_sees_is_made_visible(given: str, shown: str) -> None:
    assert clean(given) == shown


def test_long_text_is_cut_and_says_so() -> None:
    assert clean("x" * 11, 10) == "x" * 9 + "…"
    assert clean("x" * 10, 10) == "x" * 10
    assert len(clean("x" * 10**6)) == 300
    assert clean("b\u0430nk" * 3, 10) == "b\\u0430nk…"
    assert clean("\u05d0" * 11, 10) == "\u2068" + "\u05d0" * 9 + "…\u2069"


def test_text_is_cut_to_its_place() -> None:
    assert fit("은행 은행 은행", 60, 12) == "은행 은행…"
    assert width_of(fit("WWWWWWWWWWWWWWWW", 60, 12), 12) <= 60
    assert fit("short", 60, 12) == "short"
    assert fit("i", 0, 12) == "…"


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.0, "1"), (1.25, "1.25"), (100, "100"), (-0.001, "0"), (1.005001, "1.01"), (-2.5, "-2.5")],
)
def test_coordinates_have_two_decimals_at_most(value: float, written: str) -> None:
    assert number(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (90, "1.5 min"),
        (3_600, "1 h"),
        (36_001, "10 h"),
        (86_400 * 12, "12 d"),
        (-90, "-1.5 min"),
        (86_400 * 12_345, "12,345 d"),
    ],
)
def test_durations_take_the_largest_unit_that_fits(seconds: int, written: str) -> None:
    assert duration(seconds) == written


@pytest.mark.parametrize(
    ("time", "step", "written"),
    [
        (0, 86_400, "1970-01-01"),
        (61, 60, "1970-01-01 00:01"),
        (61, 1, "1970-01-01 00:01:01"),
        (-1, 60, "-1"),
        ((1 << 64) - 1, 60, "18446744073709551615"),
    ],
)
def test_times_are_utc_and_what_no_calendar_holds_is_a_number(time: int, step: int, written: str) -> None:
    assert moment(time, step) == written


def test_beside_others_of_its_day_a_time_has_no_date() -> None:
    assert short(61, 60) == "00:01"
    assert short(61, 86_400) == "1970-01-01"


@pytest.mark.parametrize(("highest", "step"), [(0, 1), (4, 1), (5, 2), (9, 5), (75, 20), (401, 200)])
def test_an_axis_has_round_steps(highest: int, step: int) -> None:
    assert tick_step(highest) == step


def test_slots_and_times_are_round_in_the_zone_that_is_named() -> None:
    midnight = 1_800_025_200  # 2027-01-16 00:00 in Korea
    days = slots_between(midnight + 5, midnight + 20 * 86_400, 36, KST)
    assert (days.begin, days.step) == (midnight, 86_400)
    assert moment(midnight, 60, KST) == "2027-01-16 00:00"
    assert short(midnight, 60, KST) == "00:00"
    assert slots_between(midnight + 5, midnight + 20 * 86_400).begin == midnight - 15 * 3_600
    assert moment(253_402_300_799, 60, KST) == "253402300799"
