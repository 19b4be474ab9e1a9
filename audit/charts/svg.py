"""Build SVG elements: escaped, with numbers written one way, and no id but under the chart's own name."""

import re
from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from audit.charts.hatching import strokes
from audit.charts.text import clean, fit, width_of

WIDTH: Final = 720
SIZE: Final = 12
_NAME: Final = re.compile(r"[a-z][a-z0-9-]{0,63}\Z")
_SWATCH, _LEGEND_ROW, _LEGEND_GAP, _MAX_LABEL = 12, 20, 18, 200


def number(value: float) -> str:
    """Write a coordinate with at most two decimals."""
    written = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if written == "-0" else written


def grouped(value: int) -> str:
    """Write a count with commas between thousands."""
    return f"{value:,}"


class Chart:
    """Hold one chart in the making; `end` writes it."""

    def __init__(self, name: str, title: str, description: str, height: float = 0) -> None:
        """Begin a chart.

        Raises:
            ValueError: the name cannot be part of an id.
        """
        if _NAME.match(name) is None:
            raise ValueError("a chart's name is lower-case letters, digits and hyphens")
        self._height = height
        self.root = Element(
            "svg",
            {
                "class": "chart",
                "role": "img",
                "aria-labelledby": f"{name}-title {name}-description",
                "preserveAspectRatio": "xMinYMin meet",
            },
        )
        SubElement(self.root, "title", {"id": f"{name}-title"}).text = clean(title)
        SubElement(self.root, "desc", {"id": f"{name}-description"}).text = clean(description, 2_000)

    def grow(self, height: float) -> None:
        """Make room below what was drawn."""
        self._height += height

    def end(self) -> str:
        """Write the chart."""
        self.root.set("viewBox", f"0 0 {WIDTH} {number(self._height)}")
        return tostring(self.root, encoding="unicode")

    def rect(
        self, x: float, y: float, width: float, height: float, *, css: str, place: int = 0, tip: str = ""
    ) -> None:
        """Draw a rectangle, hatched as the series at a place is."""
        wide, high = max(width, 0.0), max(height, 0.0)
        self._shape("rect", {"x": x, "y": y, "width": wide, "height": high}, css, tip)
        lines = [tuple(map(number, line)) for line in strokes(place, x, y, wide, high)]
        if lines:
            path = "".join(f"M{x1},{y1}L{x2},{y2}" for x1, y1, x2, y2 in lines)
            SubElement(self.root, "path", {"class": "hatch", "d": path})

    def line(self, x1: float, y1: float, x2: float, y2: float, css: str) -> None:
        """Draw a line."""
        self._shape("line", {"x1": x1, "y1": y1, "x2": x2, "y2": y2}, css, "")

    def circle(self, x: float, y: float, radius: float, css: str, tip: str = "") -> None:
        """Draw a circle."""
        self._shape("circle", {"cx": x, "cy": y, "r": radius}, css, tip)

    def polygon(self, points: Iterable[tuple[float, float]], css: str, tip: str = "") -> None:
        """Draw a closed shape."""
        drawn = SubElement(self.root, "polygon", {"class": css})
        drawn.set("points", " ".join(f"{number(x)},{number(y)}" for x, y in points))
        _tell(drawn, tip)

    def text(
        self, x: float, y: float, text: str, *, css: str = "", anchor: str = "start", room: float | None = None
    ) -> None:
        """Write text; where `room` is given it is cut to it and keeps the whole as a tooltip."""
        whole = clean(text)
        shown = whole if room is None else fit(whole, room, SIZE)
        attributes = {"x": number(x), "y": number(y), "text-anchor": anchor}
        if css:
            attributes["class"] = css
        drawn = SubElement(self.root, "text", attributes)
        drawn.text = shown
        if shown != whole:
            _tell(drawn, whole)

    def legend(self, y: float, entries: Iterable[tuple[str, str, int]]) -> float:
        """Write what colours mean, given as (label, class, place of the strokes); give the height it takes."""
        x, row = 0.0, 0
        for label, css, place in entries:
            shown = fit(clean(label), _MAX_LABEL, SIZE)
            wide = _SWATCH + 6 + width_of(shown, SIZE) + _LEGEND_GAP
            if x and x + wide > WIDTH:
                x, row = 0.0, row + 1
            top = y + row * _LEGEND_ROW
            self.rect(x, top, _SWATCH, _SWATCH, css=css, place=place)
            self.text(x + _SWATCH + 6, top + _SWATCH - 1.5, label, room=_MAX_LABEL)
            x += wide
        return (row + 1) * _LEGEND_ROW

    def _shape(self, tag: str, numbers: dict[str, float], css: str, tip: str) -> None:
        attributes = {name: number(value) for name, value in numbers.items()}
        _tell(SubElement(self.root, tag, {**attributes, "class": css}), tip)


def _tell(element: Element, tip: str) -> None:
    if tip:
        SubElement(element, "title").text = clean(tip)
