"""Cut lists that only grow into pages; the cursor is the place where the next one begins."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from api.wire.base import PageQuery
from jeung.errors import MalformedInput

T = TypeVar("T")
R = TypeVar("R")

_MAX_CURSOR_DIGITS = 9


def page_of(items: Sequence[T], query: PageQuery, render: Callable[[T], R]) -> tuple[list[R], str | None]:
    """Give one page, each item rendered, and the next cursor or None at the end.

    Raises:
        MalformedInput: the cursor is not one of ours.
    """
    begin = 0
    if query.cursor is not None:
        if not (query.cursor.isascii() and query.cursor.isdecimal()) or len(query.cursor) > _MAX_CURSOR_DIGITS:
            raise MalformedInput("the cursor is not one of ours")
        begin = int(query.cursor)
    end = begin + query.limit
    return [render(item) for item in items[begin:end]], str(end) if end < len(items) else None
