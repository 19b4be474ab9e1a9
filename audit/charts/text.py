"""Make text of unknown origin fit to be shown: no controls, no towers of marks, no more than its place holds."""

import unicodedata
from typing import Final

REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"
_MARKS_IN_A_ROW: Final = 3
# Letters by their category, and nothing to the eye: one name could pass for another.
_INVISIBLE: Final = frozenset("\u115f\u1160\u3164\uffa0\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800")
_WIDE, _NARROW, _LATIN_EM, _CAPITAL_EM = "WF", "il.,:;|'!()[] ", 0.56, 0.66
_TOOLTIP: Final = 300


def clean(text: str, limit: int = _TOOLTIP) -> str:
    """Give text without control, bidirectional and invisible characters, of at most `limit` characters.

    What is taken out leaves a replacement character: nobody shall read past it. More than three combining marks on
    one letter would reach into the lines above and below.
    """
    made: list[str] = []
    marks = 0
    for character in text[: limit + 1]:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        seen = character.isprintable() and character not in _INVISIBLE and marks <= _MARKS_IN_A_ROW
        made.append(character if seen else REPLACEMENT)
    return "".join(made) if len(made) <= limit else "".join(made[: limit - 1]) + "…"


def width_of(text: str, size: float) -> float:
    """Estimate how wide text is in a sans-serif font of a size; Hangul and its like take a whole em."""
    return size * sum(map(_ems, text))


def _ems(character: str) -> float:
    if unicodedata.east_asian_width(character) in _WIDE:
        return 1.0
    if character in _NARROW:
        return 0.3
    return _CAPITAL_EM if character.isupper() or character.isdigit() else _LATIN_EM


def fit(text: str, width: float, size: float) -> str:
    """Cut text to a width, with an ellipsis where something is missing."""
    if width_of(text, size) <= width:
        return text
    left, end = width - width_of("…", size), 0
    while (left := left - size * _ems(text[end])) >= 0:
        end += 1
    return text[:end] + "…"
