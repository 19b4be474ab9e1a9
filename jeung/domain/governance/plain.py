"""Write texts of others so that they cannot pass for something else: what one sees is what is there.

What a proposal carries was written by one member and is read by the others before they approve it. A text must not
end its own quotation and go on in our name, hide a character, turn the order of what stands around it, look like
another text in letters of another alphabet, or differ from another only where nobody looks (UTS #39, UTR #36).
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from typing import Final

MAX_TEXT: Final = 300
_MAX_RANGES: Final = 8
_MAX_MARKS: Final = 3
# Letters by their category, and yet blank in every font.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
# Alphabets with letters that look like Latin ones; beside a Latin letter each is shown by its number.
_ALIKE: Final = ("CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU", "FULLWIDTH", "MATHEMATICAL")
_FROM_RIGHT: Final = frozenset({"R", "AL", "AN"})
_ISOLATE: Final = "\u2068{}\u2069"
_QUOTE: Final = '"'
_REPLACED: Final = "\N{REPLACEMENT CHARACTER}"


def plain(text: object) -> str:
    """Give a text as it can be shown in a sentence; a long one by its beginning, its length and its SHA-256."""
    whole = str(text)
    shown = isolated(spelled(whole))
    if len(shown) <= MAX_TEXT:
        return shown
    digest = hashlib.sha256(whole.encode("utf-8", "replace")).hexdigest()
    return f"{shown[:MAX_TEXT]}… ({len(whole)}; SHA-256 {digest[:16]}…)"


def quoted(text: object) -> str:
    """Give a text in quotation marks that it cannot close."""
    return f"“{plain(str(text).replace('“', _QUOTE).replace('”', _QUOTE))}”"


def ranges(numbers: Sequence[int]) -> str:
    """Write numbers, runs of them as `7–9`; many of them by their beginning and a SHA-256 of all."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    shown = ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in runs[:_MAX_RANGES])
    if len(runs) <= _MAX_RANGES:
        return shown
    digest = hashlib.sha256(",".join(map(str, numbers)).encode()).hexdigest()
    return f"{shown}, …; SHA-256 {digest[:16]}…"


def spelled(text: str) -> str:
    """Replace every character that nobody sees, and write by its number one that passes for a Latin letter."""
    if text.isascii() and text.isprintable():
        return text
    latin = any("LATIN" in unicodedata.name(character, "") for character in text if character.isalpha())
    shown: list[str] = []
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if not character.isprintable() or character in _BLANK or marks > _MAX_MARKS:
            shown.append(_REPLACED)
        elif latin and unicodedata.name(character, "").startswith(_ALIKE):
            shown.append(f"\\u{ord(character):04x}")
        else:
            shown.append(character)
    return "".join(shown)


def isolated(text: str) -> str:
    """Keep letters that run from right to left from taking along the words after them."""
    turned = any(unicodedata.bidirectional(character) in _FROM_RIGHT for character in text)
    return _ISOLATE.format(text) if turned else text
