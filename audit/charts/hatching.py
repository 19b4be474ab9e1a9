"""Hatch rectangles, for those who cannot tell colours: each series has strokes of its own, the first has none.

The strokes are drawn, not filled in as an SVG pattern: browsers turn patterns into pictures of many megabytes when
they print.
"""

import math
from collections.abc import Iterator
from typing import Final

_GAP: Final = 8.0
_RISING, _FALLING, _FLAT, _UPRIGHT = "rising", "falling", "flat", "upright"
_STROKES: Final[tuple[tuple[tuple[str, float], ...], ...]] = (
    (),
    ((_RISING, _GAP),),
    ((_FLAT, _GAP),),
    ((_UPRIGHT, _GAP),),
    ((_FALLING, _GAP),),
    ((_FLAT, _GAP), (_UPRIGHT, _GAP)),
    ((_RISING, _GAP), (_FALLING, _GAP)),
    ((_FLAT, _GAP / 2),),
)
Line = tuple[float, float, float, float]


def strokes(place: int, x: float, y: float, width: float, height: float) -> Iterator[Line]:
    """Give the lines that hatch a rectangle for the series at a place, as (x1, y1, x2, y2)."""
    for direction, gap in _STROKES[place]:
        yield from _lines(direction, gap, x, y, x + width, y + height)


def _lines(direction: str, gap: float, x: float, y: float, right: float, bottom: float) -> Iterator[Line]:
    if direction == _FLAT:
        yield from ((x, at, right, at) for at in _between(y, bottom, gap))
    elif direction == _UPRIGHT:
        yield from ((at, y, at, bottom) for at in _between(x, right, gap))
    elif direction == _RISING:
        for total in _between(x + y, right + bottom, gap):
            begin, end = max(x, total - bottom), min(right, total - y)
            yield begin, total - begin, end, total - end
    else:
        for total in _between(x - bottom, right - y, gap):
            begin, end = max(x, total + y), min(right, total + bottom)
            yield begin, begin - total, end, end - total


def _between(low: float, high: float, gap: float) -> Iterator[float]:
    """Give the multiples of a gap strictly between two numbers, so that neighbours' strokes meet."""
    return (gap * at for at in range(math.floor(low / gap) + 1, math.ceil(high / gap)))
