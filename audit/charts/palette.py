"""Choose colours that people with any colour vision tell apart (Okabe and Ito).

Colours are CSS variables: a page may set its own, and the dark ones stand for screens that ask for them. A page that
is to be printed sets `data-theme="light"` on its root.
"""

from typing import Final

PLACES: Final = 8
"""How many series a chart tells apart; whoever has more sums the rest up."""

_LIGHT: Final = ("#0072b2", "#d55e00", "#00795a", "#b0508a", "#9a6a00", "#2f8fd0", "#5f5f00", "#4a4a4a")
_DARK: Final = ("#58a8e0", "#ff9a52", "#3fc79c", "#e29ac4", "#f0b840", "#8fd0ff", "#d8d45c", "#b8b8b8")


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
