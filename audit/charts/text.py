"""Make text of unknown origin fit to be shown: what one sees is what is there, and no more than its place holds."""

import unicodedata
from typing import Final

from jeung.domain.governance.plain import isolated, spelled

_WIDE, _NARROW, _LATIN_EM, _CAPITAL_EM = "WF", "il.,:;|'!()[] ", 0.56, 0.66
_TOOLTIP: Final = 300


def clean(text: str, limit: int = _TOOLTIP) -> str:
    """Give text as governance shows it (jeung.domain.governance.plain), of at most `limit` characters."""
    shown = spelled(text[: limit + 1])
    return isolated(shown if len(shown) <= limit else f"{shown[: limit - 1]}…")


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
