"""Draw how long things took: quantiles of several kinds beside each other, and the histogram of one kind.

Both are on logarithmic scales of time, as a day and a second have to stand in one chart.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from audit.charts.svg import SIZE, WIDTH, Chart, grouped
from audit.charts.text import clean, width_of
from audit.charts.times import duration

_EDGES: Final = (0, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 21_600, 86_400, 604_800, 2_592_000)
"""Where classes of a histogram begin, in seconds; the last has no end, the first holds what is negative as well."""
_ROW, _LABELS, _AXIS = 42, 230, 34
_TOP, _PLOT, _BELOW, _WIDEST = 22, 120, 34, 110


@dataclass(frozen=True, slots=True)
class Delay:
    """Hold one kind of delay, in seconds; `told` is how many there were, in words."""

    label: str
    median: int
    p95: int
    longest: int
    told: str = ""


def delays(name: str, title: str, description: str, rows: Sequence[Delay], *, legend: tuple[str, str, str]) -> str:
    """Draw median, 95th percentile and longest of each row; `legend` says what the three are called."""
    longest = max((row.longest for row in rows), default=1)
    edges = [edge for edge in _EDGES[1:] if edge < longest * 1.05]
    edges.append(next((edge for edge in _EDGES[1:] if edge >= longest), max(longest, 1)))
    chart = Chart(name, title, description)
    top = 24.0
    room = WIDTH - _LABELS - 30

    def at(seconds: int) -> float:
        share = math.log1p(max(seconds, 0)) / math.log1p(edges[-1])
        return _LABELS + room * min(share, 1.0)

    _key(chart, legend)
    bottom = top + len(rows) * _ROW
    written = 0.0
    for edge in (0, *edges):
        chart.line(at(edge), top, at(edge), bottom, "grid" if edge else "axis")
        label = duration(edge)
        begin = at(edge) - width_of(label, SIZE) / 2
        if begin >= written:
            chart.text(at(edge), bottom + 18, label, css="muted", anchor="middle")
            written = begin + width_of(label, SIZE) + 8
    for place, row in enumerate(rows):
        y = top + place * _ROW + _ROW / 2
        chart.text(_LABELS - 12, y - 2, row.label, css="strong", anchor="end", room=_LABELS - 12)
        chart.text(_LABELS - 12, y + 13, row.told, css="muted", anchor="end", room=_LABELS - 12)
        chart.line(at(row.median), y, at(row.longest), y, "rule")
        chart.line(at(row.median), y, at(row.p95), y, "range")
        _points(chart, at, y, row, legend)
    chart.grow(bottom + _AXIS)
    return chart.end()


def _key(chart: Chart, legend: tuple[str, str, str]) -> None:
    x = float(_LABELS)
    for shape, label in zip(("circle", "box", "tip"), legend, strict=True):
        _point(chart, shape, x + 6, 9, "")
        chart.text(x + 16, 13, label, css="muted", room=150)
        x += 16 + min(width_of(clean(label), SIZE), 150) + 20


def _points(chart: Chart, at: Callable[[int], float], y: float, row: Delay, legend: tuple[str, str, str]) -> None:
    for shape, seconds, what in zip(
        ("tip", "box", "circle"), (row.longest, row.p95, row.median), reversed(legend), strict=True
    ):
        _point(chart, shape, at(seconds), y, f"{row.label} · {what}: {duration(seconds)}")


def _point(chart: Chart, shape: str, x: float, y: float, tip: str) -> None:
    if shape == "circle":
        chart.circle(x, y, 5.5, "mark", tip)
    elif shape == "box":
        chart.polygon(
            ((x - 4.5, y - 4.5), (x + 4.5, y - 4.5), (x + 4.5, y + 4.5), (x - 4.5, y + 4.5)), "mark c0", tip
        )
    else:
        chart.polygon(((x - 4, y - 6), (x + 5, y), (x - 4, y + 6)), "mark", tip)


def histogram(name: str, title: str, description: str, counts: Mapping[int, int], *, unit: str) -> str:
    """Draw how many of one kind took how long: `counts` maps seconds to how many.

    Raises:
        ValueError: a count is negative.
    """
    if min(counts.values(), default=0) < 0:
        raise ValueError("how many is at least 0")
    classes = [0] * len(_EDGES)
    for seconds, many in counts.items():
        classes[max(sum(edge <= seconds for edge in _EDGES) - 1, 0)] += many
    used = [place for place, many in enumerate(classes) if many] or [0]
    first, last = max(used[0] - 1, 0), min(used[-1] + 1, len(_EDGES) - 1)
    highest, wide = max(classes) or 1, min(WIDTH / (last - first + 1), _WIDEST)
    chart = Chart(name, title, description, _TOP + _PLOT + _BELOW)
    chart.text(0, 12, unit, css="muted", room=WIDTH / 2)
    for place in range(first, last + 1):
        many, x = classes[place], (place - first) * wide
        high = _PLOT * many / highest
        y = _TOP + _PLOT - high
        if many:
            label = _class(place)
            chart.rect(x + 2, y, wide - 4, high, css="c0", tip=f"{label}: {grouped(many)}")
            chart.text(x + wide / 2, y - 5, grouped(many), css="strong", anchor="middle")
        chart.text(x + wide / 2, _TOP + _PLOT + 18, _class(place), css="muted", anchor="middle", room=wide - 2)
    chart.line(0, _TOP + _PLOT, WIDTH, _TOP + _PLOT, "axis")
    return chart.end()


def _class(place: int) -> str:
    if place == 0:
        return "< 1 s"
    if place + 1 == len(_EDGES):
        return f"≥ {duration(_EDGES[place])}"
    begin, end = duration(_EDGES[place]), duration(_EDGES[place + 1])
    number, _, unit = begin.partition(" ")
    return f"{number}–{end}" if end.endswith(f" {unit}") else f"{begin}–{end}"
