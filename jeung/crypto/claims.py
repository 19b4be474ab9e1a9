"""Read claims of a JSON object by their types; JSON's `true` is not the number 1 here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jeung.errors import JeungError

MAX_TIMESTAMP: Final = 2**53
"""Beyond this, JSON readers disagree about integers (RFC 8259 section 6)."""


def whole_number(
    claims: Mapping[str, object], name: str, error: type[JeungError], below: int = MAX_TIMESTAMP
) -> int | None:
    """Return the integer 0 <= n < `below` under `name`, or None where there is no such claim.

    Raises:
        JeungError: `error`, when the claim is something else.

    """
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if type(value) is not int or not 0 <= value < below:
        raise error(f"`{name}` is not a whole number within its bounds")
    return value


def timestamp(claims: Mapping[str, object], name: str, error: type[JeungError]) -> int | None:
    """Return the seconds UTC under `name`, or None where there is no such claim.

    Raises:
        JeungError: `error`, when the claim is not a whole number of seconds.

    """
    return whole_number(claims, name, error)


def numeric_date(claims: Mapping[str, object], name: str, error: type[JeungError]) -> int | None:
    """Return the whole seconds UTC of a NumericDate (RFC 7519 section 2), or None where there is no such claim.

    A NumericDate may have a fraction, and phones that divide milliseconds by a thousand write one.

    Raises:
        JeungError: `error`, when the claim is no number within its bounds.

    """
    value = claims.get(name)
    if type(value) is float and 0 <= value < MAX_TIMESTAMP:
        return int(value)
    return timestamp(claims, name, error)


def text(claims: Mapping[str, object], name: str, error: type[JeungError]) -> str | None:
    """Return the non-empty text under `name`, or None where there is no such claim.

    Raises:
        JeungError: `error`, when the claim is something else.

    """
    value = claims.get(name)
    if value is None and name not in claims:
        return None
    if not isinstance(value, str) or not value:
        raise error(f"`{name}` is not a text")
    return value
