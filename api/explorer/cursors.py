"""Read where a page begins in a list that only grows."""

from typing import Final

from jeung.errors import MalformedInput

_MAX_DIGITS: Final = 7


def begin_of(cursor: str | None) -> int:
    """Give the place a cursor names, 0 without one.

    Raises:
        MalformedInput: the cursor is not one of ours.
    """
    if cursor is None:
        return 0
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _MAX_DIGITS):
        raise MalformedInput("the cursor is not one of ours")
    return int(cursor)
