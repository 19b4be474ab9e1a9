"""Draw counts by reason, as horizontal bars with the numbers beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from audit.charts.palette import PLACES
from audit.charts.svg import SIZE, WIDTH, Chart, grouped
from audit.charts.text import clean, width_of

_ROW, _BAR, _LABELS, _AFTER = 26, 16, 250, 110
MOST_ROWS: Final = 40


@dataclass(frozen=True, slots=True)
class Bar:
    """Hold one row: a count of at least 0, or None where it is not told; `place` chooses colour and pattern.

    `shown` stands in the place of the number, as where it is not told.
    """

    label: str
    value: int | None
    place: int = 0
    shown: str = ""


def bars(name: str, title: str, description: str, rows: Sequence[Bar], *, more: str = "") -> str:
    """Draw rows in the order given; of more than forty the rest is named by `more`, a sentence of the caller's.

    Raises:
        ValueError: a count is negative, or there is no such place.
    """
    if any((row.value or 0) < 0 or not 0 <= row.place < PLACES for row in rows):
        raise ValueError("a row needs a count and a place")
    drawn = rows[:MOST_ROWS]
    chart = Chart(name, title, description, 4)
    labels = min(max((width_of(clean(row.label), SIZE) for row in drawn), default=0) + 12, _LABELS)
    highest = max((row.value or 0 for row in drawn), default=0) or 1
    room = WIDTH - labels - _AFTER
    for at, row in enumerate(drawn):
        y = at * _ROW + 4
        chart.text(labels - 10, y + _BAR - 4, row.label, anchor="end", room=labels - 10)
        number = row.shown or ("" if row.value is None else grouped(row.value))
        wide = room * (row.value or 0) / highest
        if row.value:
            wide = max(wide, 2)
            chart.rect(labels, y, wide, _BAR, css=f"c{row.place}", place=row.place, tip=f"{row.label}: {number}")
        chart.text(labels + wide + 8, y + _BAR - 4, number, css="strong", room=_AFTER - 8)
    bottom = len(drawn) * _ROW + 2
    chart.line(labels, 0, labels, bottom, "axis")
    chart.grow(bottom)
    if len(rows) > MOST_ROWS and more:
        chart.text(labels, bottom + 14, more, css="muted", room=WIDTH - labels)
        chart.grow(22)
    return chart.end()
