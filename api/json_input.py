"""Read a request's JSON body strictly, so that every reader of the same bytes sees the same thing."""

from typing import Any

from jeung.crypto.canonical_json import parse_object
from jeung.errors import MalformedJson

MAX_DEPTH = 16
MAX_VALUES = 10_000
MAX_EXACT = 1 << 53


def read_object(data: bytes) -> dict[str, Any]:
    """Give the one JSON object in a body.

    Beyond RFC 8259 it refuses what two readers could take differently or what no field of ours holds: repeated
    names, nesting deeper than MAX_DEPTH, more than MAX_VALUES values, numbers no reader holds exactly, U+0000.

    Raises:
        MalformedJson: any of these, or not one object in UTF-8.
    """
    body = parse_object(data)
    level: list[object] = [body]
    depth = count = 0
    while level:
        depth, count = depth + 1, count + len(level)
        if depth > MAX_DEPTH or count > MAX_VALUES:
            raise MalformedJson("the JSON is nested too deeply or holds too many values")
        level = [child for value in level for child in _children(value)]
    return body


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    if isinstance(value, list):
        return value
    if isinstance(value, str) and "\0" in value:
        raise MalformedJson("the JSON holds the character U+0000")
    if isinstance(value, float) and abs(value) > MAX_EXACT:
        # The parser turns a whole number of more than 64 bits into the nearest double, which is another number.
        raise MalformedJson("the JSON holds a number that cannot be read exactly")
    return []
