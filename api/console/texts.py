"""Say everything the console and the explorer say in Korean and in English."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

from flask import request

LANGUAGES: Final = ("ko", "en")
LANGUAGE_COOKIE: Final = "jeung_lang"

_FOLDER = Path(__file__).parent / "texts"


@cache
def texts(language: str) -> Mapping[str, str]:
    """Give every text of a language by its key."""
    found: dict[str, str] = {}
    for name in ("", "explorer_"):
        found |= json.loads((_FOLDER / f"{name}{language}.json").read_text("utf-8"))
    return found


def language() -> str:
    """Give the language of this request: what the person chose, else what the browser prefers, else Korean."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen in LANGUAGES:
        return chosen
    return request.accept_languages.best_match(LANGUAGES, default="ko") or "ko"


def names(prefix: str) -> frozenset[str]:
    """Give what can stand behind a prefix of keys, such as the claims that have a name."""
    return frozenset(key.removeprefix(prefix) for key in texts(LANGUAGES[0]) if key.startswith(prefix))


def text(key: str, **parts: object) -> str:
    """Give a text in the request's language with its parts filled in; parts stay as they are, to be escaped later.

    Raises:
        KeyError: there is no such text; a test finds it first.
    """
    return texts(language())[key].format(**parts)
