"""Choose colours that people with any colour vision tell apart (Okabe and Ito), and patterns for those who see none.

Colours are CSS variables: a page may set its own, and the dark ones stand for screens that ask for them. A page that
is to be printed sets `data-theme="light"` on its root.
"""

from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element, SubElement

PLACES: Final = 8
"""How many series a chart tells apart; whoever has more sums the rest up."""

_LIGHT: Final = ("#0072b2", "#d55e00", "#00795a", "#b0508a", "#9a6a00", "#2f8fd0", "#5f5f00", "#4a4a4a")
_DARK: Final = ("#58a8e0", "#ff9a52", "#3fc79c", "#e29ac4", "#f0b840", "#8fd0ff", "#d8d45c", "#b8b8b8")
_CELL: Final = 8
# Strokes over the colour, in a cell of 8 by 8; the first series has none.
_STROKES: Final = (
    "",
    "M-2,2 L2,-2 M0,8 L8,0 M6,10 L10,6",
    "M0,4 H8",
    "M4,0 V8",
    "M-2,6 L2,10 M0,0 L8,8 M6,-2 L10,2",
    "M0,4 H8 M4,0 V8",
    "M0,0 L8,8 M8,0 L0,8",
    "M0,2 H8 M0,6 H8",
)


def add_patterns(root: Element, name: str, places: Iterable[int], what: str) -> None:
    """Define the fills of the series at some places under ids of the chart's own; a "hatch" has no colour below."""
    chosen = sorted(set(places))
    if not chosen:
        return
    held = SubElement(root, "defs")
    for place in chosen:
        cell = {"id": f"{name}-{what}-{place}", "width": str(_CELL), "height": str(_CELL)}
        pattern = SubElement(held, "pattern", {**cell, "patternUnits": "userSpaceOnUse"})
        if what == "fill":
            SubElement(pattern, "rect", {"width": str(_CELL), "height": str(_CELL), "class": f"c{place}"})
        if _STROKES[place]:
            SubElement(pattern, "path", {"d": _STROKES[place], "class": "hatch"})


def _variables(colours: tuple[str, ...], **others: str) -> str:
    named = {f"c{place}": colour for place, colour in enumerate(colours)} | others
    return " ".join(f"--chart-{name}: {value};" for name, value in named.items())


_LIGHT_ALL: Final = _variables(
    _LIGHT,
    ink="#1b2430",
    muted="#566274",
    line="#d5dbe4",
    paper="#ffffff",
    good="#00795a",
    waiting="#7a8699",
    paused="#9a6a00",
    bad="#b3261e",
)
_DARK_ALL: Final = _variables(
    _DARK,
    ink="#eef2f8",
    muted="#a8b3c4",
    line="#394456",
    paper="#1a212d",
    good="#3fc79c",
    waiting="#8793a6",
    paused="#f0b840",
    bad="#ff9a92",
)

STYLE: Final = "\n".join(
    (
        f":root {{ {_LIGHT_ALL} }}",
        f'@media screen and (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {_DARK_ALL} }} }}',
        "svg.chart { display: block; height: auto; width: 100%;"
        ' font: 12px "Noto Sans KR", "Noto Sans CJK KR", "Apple SD Gothic Neo", "Malgun Gothic", sans-serif; }',
        "svg.chart text { fill: var(--chart-ink); }",
        "svg.chart text.muted { fill: var(--chart-muted); }",
        "svg.chart text.strong { font-weight: 700; }",
        "svg.chart .axis { stroke: var(--chart-muted); stroke-width: 1; }",
        "svg.chart .grid { stroke: var(--chart-line); stroke-width: 1; }",
        "svg.chart .hatch { fill: none; stroke: var(--chart-paper); stroke-width: 1.4; }",
        "svg.chart .edge { stroke: var(--chart-paper); stroke-width: 0.75; }",
        "svg.chart .mark { fill: var(--chart-ink); stroke: var(--chart-paper); stroke-width: 1; }",
        "svg.chart .rule { stroke: var(--chart-ink); stroke-dasharray: 4 3; stroke-width: 1; }",
        "svg.chart .range { stroke: var(--chart-c0); stroke-width: 4; }",
        *(f"svg.chart .c{place} {{ fill: var(--chart-c{place}); }}" for place in range(PLACES)),
        *(f"svg.chart .k-{kind} {{ fill: var(--chart-{kind}); }}" for kind in ("good", "paused", "bad")),
        "svg.chart .k-waiting { fill: var(--chart-paper); stroke: var(--chart-waiting); stroke-dasharray: 3 2; }",
        "svg.chart .k-ended { fill: var(--chart-line); stroke: var(--chart-waiting); }",
        "@media print { svg.chart { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }",
    )
)
"""The rules every page with charts holds once."""
