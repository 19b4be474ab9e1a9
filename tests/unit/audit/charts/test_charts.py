"""Charts are well-formed and bounded, say what they show, run nothing and refer to nothing."""

import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from audit.charts import (
    STYLE,
    Bar,
    Delay,
    Kind,
    Lane,
    Mark,
    Series,
    Slots,
    Span,
    bars,
    delays,
    histogram,
    slots_between,
    stacked,
    timeline,
)
from audit.charts.hatching import strokes

BEGIN = 1_790_000_000
NASTY = '<script>alert(1)</script>"\u202e\x00\x1b[2J&' + "긴이름" * 500
LEGEND = ("median", "p95", "longest")
KINDS = {kind: kind.value for kind in Kind}
SLOTS = Slots(BEGIN, 60, 3)


def a_stack(label: str = "bank", *, series: int = 2) -> str:
    rows = [Series(f"{label} {at}", (at, 2, 0)) for at in range(series)]
    return stacked("stack", label, label, SLOTS, rows, unit=label, others="others")


def some_bars(label: str = "verified", *, rows: int = 2) -> str:
    made = [Bar(f"{label} {at}", at, at % 8) for at in range(rows)]
    return bars("bars", label, label, [*made, Bar(label, None, shown="< 5")], more="and more")


def some_delays(label: str = "attested", *, longest: int = 40) -> str:
    rows = [Delay(label, 2, 5, longest, label), Delay(label, 0, 0, 0)]
    return delays("delays", label, label, rows, legend=(label, label, label))


def a_histogram(label: str = "attestations") -> str:
    return histogram("histogram", label, label, {-3: 1, 0: 2, 7: 5, 5_000_000: 1}, unit=label)


def a_timeline(label: str = "key", *, lanes: int = 2) -> str:
    spans = [Span(BEGIN + 10 * at, BEGIN + 10 * at + 10, kind, label) for at, kind in enumerate(Kind)]
    goes_on = [
        Span(BEGIN + 60, None, Kind.GOOD),
        Span(BEGIN + 70, 1 << 64, Kind.BAD),
        Span(BEGIN + 101, None, Kind.BAD),
    ]
    marks = [Mark(BEGIN + 5, label), Mark(BEGIN - 1, "before"), Mark(BEGIN + 500, "after")]
    rows = [Lane(f"{label} {at}", [*spans, *goes_on], marks) for at in range(lanes)]
    more = "and more"
    return timeline("line", label, label, BEGIN, BEGIN + 100, rows, kinds=KINDS, happened=label, more=more)


CHARTS: dict[str, Callable[[str], str]] = {
    "stacked": a_stack,
    "bars": some_bars,
    "delays": some_delays,
    "histogram": a_histogram,
    "timeline": a_timeline,
}


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - written by ourselves


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in parsed(svg).iter("text")]


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_a_chart_says_what_it_shows_to_those_who_do_not_see_it(chart: Callable[[str], str]) -> None:
    root = parsed(chart("은행"))
    assert root.get("role") == "img"
    ids = [root.find(tag).get("id") for tag in ("title", "desc")]  # type: ignore[union-attr]
    assert root.get("aria-labelledby") == " ".join(map(str, ids))
    assert root.findtext("title") == root.findtext("desc") == "은행"


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_text_of_others_is_neither_obeyed_nor_kept_whole(chart: Callable[[str], str]) -> None:
    svg = chart(NASTY)
    root = parsed(svg)
    allowed = {"svg", "title", "desc", "path", "rect", "line", "circle", "polygon", "text"}
    assert {element.tag for element in root.iter()} <= allowed
    assert not re.search("[\x00-\x1f\u202a-\u202e\u2066-\u2069]", svg)
    assert len(svg) < 60_000


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_a_chart_runs_nothing_and_refers_to_nothing_outside_of_itself(chart: Callable[[str], str]) -> None:
    root = parsed(chart("bank"))
    named = {name for element in root.iter() for name in element.attrib}
    assert not any(name.startswith("on") or name in ("style", "href", "src") for name in named)
    assert "url(" not in chart("bank")


@pytest.mark.parametrize("chart", CHARTS.values(), ids=CHARTS)
def test_an_empty_label_draws_all_the_same(chart: Callable[[str], str]) -> None:
    assert parsed(chart("")).tag == "svg"


@pytest.mark.parametrize(
    "chart",
    [
        stacked("s", "t", "d", SLOTS, [], unit="", others=""),
        bars("b", "t", "d", []),
        delays("d", "t", "d", [], legend=LEGEND),
        histogram("h", "t", "d", {}, unit=""),
        timeline("l", "t", "d", BEGIN, BEGIN, [], kinds={}),
    ],
    ids=["stacked", "bars", "delays", "histogram", "timeline"],
)
def test_nothing_to_draw_draws_an_empty_chart(chart: str) -> None:
    assert parsed(chart).get("viewBox", "").startswith("0 0 720 ")


def test_more_series_than_colours_are_summed_up() -> None:
    shown = texts(a_stack(series=12))
    assert "others" in shown
    assert "bank 6" in shown
    assert "bank 7" not in shown
    assert f"others: {7 + 8 + 9 + 10 + 11}" in a_stack(series=12)


def test_a_legend_takes_as_many_lines_as_it_needs() -> None:
    names = [Series(f"https://a-member-with-a-long-name-{at}.example", (1, 1, 1)) for at in range(8)]
    svg = stacked("stack", "t", "d", SLOTS, names, unit="", others="")
    assert float(parsed(svg).get("viewBox", "").split()[3]) > float(parsed(a_stack()).get("viewBox", "").split()[3])


def test_times_are_left_out_where_there_is_no_room_for_them() -> None:
    slots = Slots(BEGIN, 86_400, 36)
    svg = stacked("stack", "t", "d", slots, [Series("x", (1,) * 36)], unit="", others="")
    days = [text for text in texts(svg) if text.startswith("2026-")]
    assert 4 <= len(days) <= 9


def test_a_column_tells_its_time_its_series_and_its_count() -> None:
    assert "2026-09-21 14:14 · bank 1: 2" in a_stack()


def test_more_rows_than_fit_are_counted_by_the_caller_and_not_drawn() -> None:
    shown = texts(some_bars(rows=10_000))
    assert "and more" in shown
    assert "verified 39" in shown
    assert "verified 40" not in shown


def test_more_lanes_than_fit_are_counted_by_the_caller_and_not_drawn() -> None:
    shown = texts(a_timeline(lanes=10_000))
    assert "and more" in shown
    assert "key 39" in shown
    assert "key 40" not in shown


def test_a_count_that_is_not_told_has_no_bar() -> None:
    svg = bars("b", "t", "d", [Bar("rare", None, shown="< 5")])
    assert "< 5" in texts(svg)
    assert parsed(svg).find("rect") is None


def test_what_goes_on_has_an_arrow_and_what_has_not_begun_is_not_drawn() -> None:
    root = parsed(a_timeline(lanes=1))
    arrows = [one for one in root.iter("polygon") if str(one.get("class")).startswith("k-")]
    assert [one.get("class") for one in arrows] == ["k-good", "k-bad"]


def test_marks_outside_of_the_time_shown_are_not_drawn() -> None:
    assert "before" not in a_timeline()
    assert "after" not in a_timeline()


def test_a_timeline_without_marks_or_kinds_has_no_legend() -> None:
    svg = timeline("line", "t", "d", 0, 100, [Lane("x", [Span(0, 10, Kind.GOOD)])], kinds={}, happened="events")
    assert texts(svg)[0] != "events"
    assert "good" not in texts(svg)


def test_a_delay_longer_than_a_month_stretches_the_scale() -> None:
    assert "365 d" in texts(some_delays(longest=365 * 86_400))


@pytest.mark.parametrize(
    ("seconds", "label"),
    [(-1, "&lt; 1 s"), (0, "&lt; 1 s"), (1, "1–2 s"), (59, "30 s–1 min"), (400, "5–15 min"), (1 << 40, "≥ 30 d")],
)
def test_each_delay_falls_into_the_class_of_its_seconds(seconds: int, label: str) -> None:
    assert f"{label}: 3" in histogram("h", "t", "d", {seconds: 3}, unit="")


@pytest.mark.parametrize("name", ["", "Upper", "a b", "1a", 'a"', "a" * 65])
def test_a_name_that_is_no_id_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        bars(name, "t", "d", [])


@pytest.mark.parametrize("values", [(1, 2), (1, 2, -1)], ids=["too few", "negative"])
def test_a_series_that_is_no_counts_is_refused(values: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="count"):
        stacked("s", "t", "d", SLOTS, [Series("x", values)], unit="", others="")


@pytest.mark.parametrize("row", [Bar("x", -1), Bar("x", 1, 8), Bar("x", 1, -1)], ids=["negative", "9th", "before"])
def test_a_row_that_is_no_count_is_refused(row: Bar) -> None:
    with pytest.raises(ValueError, match="count"):
        bars("b", "t", "d", [row])


def test_a_histogram_of_negative_counts_is_refused() -> None:
    with pytest.raises(ValueError, match="how many"):
        histogram("h", "t", "d", {1: -1}, unit="")


@pytest.mark.parametrize(("begin", "end", "at_most"), [(2, 1, 10), (0, 1, 1), (0, 1, 401), (0, 10**40, 10)])
def test_time_that_cannot_be_cut_is_refused(begin: int, end: int, at_most: int) -> None:
    with pytest.raises(ValueError, match="slots"):
        slots_between(begin, end, at_most)


@pytest.mark.parametrize("end", [0, 1, 36, 86_400, 400 * 86_400, (1 << 64) - 1])
def test_slots_are_few_and_hold_both_ends(end: int) -> None:
    slots = slots_between(0, end)
    assert 1 <= slots.count <= 36
    assert slots.of(0) == 0
    assert slots.of(end) == slots.count - 1
    assert slots.begin <= 0 <= end < slots.end
    assert (slots.of(-5), slots.of(slots.end + 5)) == (0, slots.count - 1)


@pytest.mark.parametrize("place", range(8))
def test_strokes_stay_inside_of_their_rectangle_and_differ(place: int) -> None:
    lines = list(strokes(place, 3.5, 10, 40, 25))
    assert all(3.5 <= x <= 43.5 and 10 <= y <= 35 for x1, y1, x2, y2 in lines for x, y in ((x1, y1), (x2, y2)))
    assert len(lines) == (0, 8, 3, 5, 8, 8, 16, 6)[place]


def test_the_sheet_refers_to_nothing_outside_and_knows_dark_and_light() -> None:
    assert "url(" not in STYLE
    assert "@import" not in STYLE
    assert "prefers-color-scheme: dark" in STYLE
    assert "Noto Sans KR" in STYLE
