"""Draw counts over time, stacked by who or what they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.charts.palette import PLACES
from audit.charts.svg import SIZE, WIDTH, Chart, grouped
from audit.charts.text import width_of
from audit.charts.times import UTC, Slots, Zone, moment, short

_TOP, _PLOT, _BELOW = 14, 180, 44
_TICKS: Final = 4
_LABEL_GAP: Final = 14


@dataclass(frozen=True, slots=True)
class Series:
    """Hold one series: a count of at least 0 for each slot."""

    label: str
    values: Sequence[int]


def stacked(
    name: str,
    title: str,
    description: str,
    slots: Slots,
    series: Sequence[Series],
    *,
    unit: str,
    others: str,
    zone: Zone = UTC,
) -> str:
    """Draw stacked columns, one for each slot of time; `unit` names what is counted, and the zone of `zone`.

    Of more than eight series the last ones are drawn as one, called `others`.

    Raises:
        ValueError: a series has not one value for each slot, or a value is negative.
    """
    if any(len(one.values) != slots.count or min(one.values) < 0 for one in series):
        raise ValueError("a series needs a count for each slot")
    shown = _bounded(series, slots, others)
    chart = Chart(name, title, description)
    top = _TOP + chart.legend(0, ((one.label, f"c{place}", place) for place, one in enumerate(shown))) + 4
    totals = [sum(one.values[slot] for one in shown) for slot in range(slots.count)]
    step = tick_step(max(totals, default=0))
    highest = max(step * -(-max(totals, default=0) // step), step)
    left = max(width_of(grouped(highest), SIZE), 16) + 8
    chart.text(0, top - 4, unit, css="muted", room=WIDTH / 2)
    for value in range(0, highest + 1, step):
        y = top + _TOP + _PLOT * (1 - value / highest)
        chart.line(left, y, WIDTH, y, "grid" if value else "axis")
        chart.text(left - 6, y + 4, grouped(value), css="muted", anchor="end")
    wide = (WIDTH - left) / slots.count
    for slot in range(slots.count):
        bottom = top + _TOP + _PLOT
        when = moment(slots.begin + slot * slots.step, slots.step, zone)
        for place, one in enumerate(shown):
            if count := one.values[slot]:
                high = _PLOT * count / highest
                bottom -= high
                x, width = left + slot * wide, max(wide - max(wide * 0.18, 1), 1)
                tip = f"{when} · {one.label}: {grouped(count)}"
                chart.rect(x + (wide - width) / 2, bottom, width, high, css=f"edge c{place}", place=place, tip=tip)
    _times(chart, slots, left, wide, top + _TOP + _PLOT + 18, zone)
    chart.grow(top + _TOP + _PLOT + _BELOW)
    return chart.end()


def _bounded(series: Sequence[Series], slots: Slots, others: str) -> list[Series]:
    if len(series) <= PLACES:
        return list(series)
    rest = series[PLACES - 1 :]
    summed = [sum(one.values[slot] for one in rest) for slot in range(slots.count)]
    return [*series[: PLACES - 1], Series(others, summed)]


def _times(chart: Chart, slots: Slots, left: float, wide: float, y: float, zone: Zone) -> None:
    """Write the beginning of as many slots as there is room for, and under them the day."""
    labels = [short(slots.begin + slot * slots.step, slots.step, zone) for slot in range(slots.count)]
    every = max(int(-(-(width_of(labels[0], SIZE) + _LABEL_GAP) // wide)), 1)
    day = ""
    for slot in range(0, slots.count, every):
        x = left + slot * wide
        room = width_of(labels[slot], SIZE)
        if x + room > WIDTH:
            break
        chart.line(x, y - 18, x, y - 13, "axis")
        chart.text(x, y, labels[slot], css="muted")
        whole = moment(slots.begin + slot * slots.step, slots.step, zone)
        if whole != labels[slot] and whole[:10] != day and x + width_of(whole[:10], SIZE) <= WIDTH:
            day = whole[:10]
            chart.text(x, y + 16, day, css="muted")


def tick_step(highest: int) -> int:
    """Give a round step (1, 2 or 5 times a power of ten) that reaches a number in at most four."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * _TICKS >= highest:
                return factor * power
        power *= 10
