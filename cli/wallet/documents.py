"""Read foreign JSON by its types: what a server sent is judged member by member, never trusted to have a shape."""

from collections.abc import Mapping
from typing import Any

from cli.wallet.errors import NotTrusted


def text(document: Mapping[str, Any], name: str) -> str:
    """Give the non-empty text under a name.

    Raises:
        NotTrusted: there is none.
    """
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise _malformed(name)
    return value


def optional_text(document: Mapping[str, Any], name: str) -> str | None:
    """Give the text under a name, None where there is no such member.

    Raises:
        NotTrusted: something else stands there.
    """
    return None if document.get(name) is None else text(document, name)


def texts(document: Mapping[str, Any], name: str) -> list[str]:
    """Give the array of texts under a name, an empty one where there is no such member.

    Raises:
        NotTrusted: something else stands there.
    """
    value = document.get(name, [])
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _malformed(name)
    return list(value)


def member(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Give the object under a name.

    Raises:
        NotTrusted: there is none.
    """
    value = document.get(name)
    if not isinstance(value, dict):
        raise _malformed(name)
    return value


def optional_member(document: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """Give the object under a name, None where there is no such member.

    Raises:
        NotTrusted: something else stands there.
    """
    return None if document.get(name) is None else member(document, name)


def objects(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """Give the non-empty array of objects under a name.

    Raises:
        NotTrusted: there is none.
    """
    value = document.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise _malformed(name)
    return list(value)


def whole(document: Mapping[str, Any], name: str, default: int) -> int:
    """Give the whole number under a name.

    Raises:
        NotTrusted: something else stands there.
    """
    value = document.get(name, default)
    if type(value) is not int or value < 0:
        raise _malformed(name)
    return value


def _malformed(name: str) -> NotTrusted:
    return NotTrusted("malformed_answer", f"`{name}` is missing or of another type")
