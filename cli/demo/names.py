"""Write Korean names in Latin letters, as a passport office would: family names as families spell them.

The rest follows the Revised Romanization of Korean syllable by syllable, which is the rule for names (no sound
changes between syllables). A Hangul syllable is a number: 588 * initial + 28 * vowel + final (Unicode 16, 3.12).
"""

_FIRST = 0xAC00
_INITIALS = ("g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h")
_VOWELS = (
    *("a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae"),
    *("oe", "yo", "u", "wo", "we", "wi", "yu", "eu", "ui", "i"),
)
_FINALS = (
    *("", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l"),
    *("p", "l", "m", "p", "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t"),
)
_FAMILIES = {
    "김": "Kim",
    "이": "Lee",
    "박": "Park",
    "최": "Choi",
    "정": "Jung",
    "강": "Kang",
    "조": "Cho",
    "윤": "Yoon",
    "임": "Lim",
    "한": "Han",
    "오": "Oh",
    "신": "Shin",
    "우": "Woo",
    "유": "Yoo",
    "노": "Noh",
    "구": "Koo",
}


def family_name(hangul: str) -> str:
    """Give a family name in Latin letters."""
    return _FAMILIES.get(hangul) or given_name(hangul)


def given_name(hangul: str) -> str:
    """Give a given name in Latin letters.

    Raises:
        ValueError: something in it is no Hangul syllable.
    """
    return "".join(_syllable(character) for character in hangul).capitalize()


def _syllable(character: str) -> str:
    place = ord(character) - _FIRST
    if not 0 <= place < len(_INITIALS) * 588:
        raise ValueError("expected Hangul syllables")
    return _INITIALS[place // 588] + _VOWELS[place % 588 // 28] + _FINALS[place % 28]
