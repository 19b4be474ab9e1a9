"""Read JSON strictly and write it canonically.

Whatever is signed or hashed here is written as RFC 8785 (JCS). Whatever is read must be one value with unique
member names: RFC 8259 leaves a repeated name to the reader, so two readers could see two different claims.
"""

from __future__ import annotations

import json
from itertools import repeat
from typing import Any

import orjson
import rfc8785

from jeung.errors import MalformedJson

_MAX_EXACT = 1 << 53
_PLAIN_LEVELS = 64


def canonical(value: object) -> bytes:
    """Return the RFC 8785 bytes of a JSON value.

    orjson writes what is plain in exactly this form, ten times as fast as the complete writer of the standard, which
    takes the rest: numbers that are not whole, and names whose order UTF-16 decides.

    Raises:
        MalformedJson: the value holds something JSON cannot say exactly (NaN, an integer beyond 2**53, a lone
            surrogate, a member name that is not text).

    """
    try:
        if _is_plain(value):
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (TypeError, RecursionError):  # orjson.JSONEncodeError is the first; the other writer says what is wrong
        pass
    try:
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # it checks the shape itself
    except (ValueError, RecursionError):  # rfc8785.CanonicalizationError and UnicodeEncodeError among them
        raise MalformedJson("the value has no canonical JSON form") from None


def parse(data: bytes) -> object:
    """Return the one JSON value in `data`.

    orjson is fast but keeps the last of two members with the same name. Its own output never repeats a name:
    when writing the value again gives the same bytes, none was repeated. Compact JSON in the order of its
    writer, which is what credentials contain, takes that short way; all other JSON is read a second time with a
    hook that sees every member. Without a brace there is no member at all.

    Raises:
        MalformedJson: not UTF-8, not one JSON value, a repeated member name, or nested too deeply (250 levels
            with objects among them, 1,024 of arrays alone).

    """
    try:
        value: object = orjson.loads(data)
        if b"{" in data and orjson.dumps(value) != data:
            json.loads(data, object_pairs_hook=_unique_members)
    except (ValueError, TypeError, RecursionError):  # orjson.JSONDecodeError and JSONEncodeError among them
        raise MalformedJson from None
    return value


def parse_object(data: bytes) -> dict[str, Any]:
    """Return the one JSON object in `data`.

    Raises:
        MalformedJson: as `parse`, or the value is not an object.

    """
    value = parse(data)
    if not isinstance(value, dict):
        raise MalformedJson
    return value


def _unique_members(pairs: list[tuple[str, Any]]) -> None:
    """Refuse a repeated member name; the value itself is orjson's."""
    if len({name for name, _ in pairs}) != len(pairs):
        raise ValueError


def _is_plain(value: object, levels: int = _PLAIN_LEVELS) -> bool:
    """Tell whether two writers cannot differ about a value: texts, exact integers, ASCII names, nothing derived.

    What nests deeper than so many levels is left to the complete writer. Where the interpreter's own bound on
    recursion was lifted, as test tools do, descending without one of ours would crash it.
    """
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return True
    if kind is int:
        return -_MAX_EXACT < value < _MAX_EXACT  # type: ignore[operator]  # it is an int
    if levels == 0:
        return False
    below = repeat(levels - 1)
    if kind is dict:
        members: dict[object, object] = value  # type: ignore[assignment]  # it is a dict
        plain_names = all(type(name) is str and name.isascii() for name in members)
        return plain_names and all(map(_is_plain, members.values(), below))
    return (kind is list or kind is tuple) and all(map(_is_plain, value, below))  # type: ignore[call-overload]
