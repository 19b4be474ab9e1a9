"""Draw what lasted from when to when, and what happened in between: one lane for each member, key or grant."""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audit.charts.svg import SIZE, WIDTH, Chart
from audit.charts.text import clean, width_of
from audit.charts.times import UTC, Zone, moment, short, slots_between

_ROW, _BAR, _LABELS, _TICKS = 30, 16, 250, 6
MOST_LANES: Final = 40
_MOST_IN_A_LANE: Final = 60


class Kind(enum.StrEnum):
    """Say how something stood: each has a colour and a form of its own."""

    GOOD = "good"
    WAITING = "waiting"
    PAUSED = "paused"
    ENDED = "ended"
    BAD = "bad"


_HATCHES: Final = {Kind.PAUSED: 3, Kind.BAD: 6}


@dataclass(frozen=True, slots=True)
class Span:
    """Hold how something stood in [begin, end), seconds UTC; an end of None has not come yet."""

    begin: int
    end: int | None
    kind: Kind
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Hold something that happened at a time, seconds UTC."""

    time: int
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """Hold one lane; of its spans and marks the first sixty each are drawn."""

    label: str
    spans: Sequence[Span] = ()
    marks: Sequence[Mark] = ()


def timeline(
    name: str,
    title: str,
    description: str,
    begin: int,
    end: int,
    lanes: Sequence[Lane],
    *,
    kinds: Mapping[Kind, str],
    happened: str = "",
    more: str = "",
    zone: Zone = UTC,
) -> str:
    """Draw lanes over [begin, end]; `kinds` and `happened` say for the legend what colours and marks mean.

    What goes on beyond the end has an arrow. Of more than forty lanes the rest is named by `more`.

    Raises:
        ValueError: the time runs backwards.
    """
    slots = slots_between(begin, end, _TICKS, zone)
    drawn = lanes[:MOST_LANES]
    chart = Chart(name, title, description)
    used = {span.kind for lane in drawn for span in lane.spans}
    entries = [(label, f"k-{kind.value}", _HATCHES.get(kind, 0)) for kind, label in kinds.items() if kind in used]
    top = chart.legend(0, entries) + 6 if entries else 6.0
    if any(lane.marks for lane in drawn) and happened:
        top += _happened(chart, top, happened)
    labels = min(max((width_of(clean(lane.label), SIZE) for lane in drawn), default=0) + 12, _LABELS)
    room = WIDTH - labels - 14

    def at(time: int) -> float:
        return labels + room * (min(max(time, begin), end) - begin) / max(end - begin, 1)

    bottom = top + len(drawn) * _ROW
    for tick in range(slots.begin, slots.end, slots.step):
        if begin <= tick <= end:
            chart.line(at(tick), top, at(tick), bottom, "grid")
            _time(chart, at(tick), bottom + 16, short(tick, slots.step, zone))
    until = moment(end, slots.step, zone)
    chart.text(labels, bottom + 32, f"{moment(begin, slots.step, zone)} – {until} {zone.name}", css="muted")
    for place, lane in enumerate(drawn):
        y = top + place * _ROW + (_ROW - _BAR) / 2
        chart.text(labels - 10, y + _BAR - 4, lane.label, anchor="end", room=labels - 10)
        for span in lane.spans[:_MOST_IN_A_LANE]:
            _span(chart, lane, span, y, at, end, zone)
        for mark in [mark for mark in lane.marks if begin <= mark.time <= end][:_MOST_IN_A_LANE]:
            _diamond(chart, at(mark.time), y + _BAR / 2, f"{lane.label} · {mark.label}: {moment(mark.time, 1, zone)}")
    chart.line(labels, top, labels, bottom, "axis")
    chart.grow(bottom + 40)
    if len(lanes) > MOST_LANES and more:
        chart.text(labels, bottom + 50, more, css="muted", room=room)
        chart.grow(18)
    return chart.end()


def _happened(chart: Chart, top: float, label: str) -> float:
    _diamond(chart, 6, top + 4, "")
    chart.text(18, top + 8, label, css="muted", room=WIDTH - 18)
    return 20


def _time(chart: Chart, x: float, y: float, label: str) -> None:
    if x + width_of(label, SIZE) / 2 <= WIDTH:
        chart.text(x, y, label, css="muted", anchor="middle")


def _span(chart: Chart, lane: Lane, span: Span, y: float, at: Callable[[int], float], end: int, zone: Zone) -> None:
    if span.begin > end or span.begin == span.end:
        return
    until = "…" if span.end is None else moment(span.end, 1, zone)
    tip = f"{lane.label} · {span.label}: {moment(span.begin, 1, zone)} – {until}"
    x, stop = at(span.begin), at(end if span.end is None else span.end)
    css = f"k-{span.kind.value}"
    if span.end is None or span.end > end:
        chart.polygon(((stop - 1, y), (stop + 9, y + _BAR / 2), (stop - 1, y + _BAR)), css)
    chart.rect(x, y, max(stop - x, 2), _BAR, css=css, place=_HATCHES.get(span.kind, 0), tip=tip)


def _diamond(chart: Chart, x: float, y: float, tip: str) -> None:
    chart.polygon(((x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y)), "mark", tip)
