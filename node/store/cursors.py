"""Write and read the cursors of pages: the row number a page ended at, opaque to the caller."""

import re

from jeung.errors import MalformedInput

MAX_PAGE = 1000
_CURSOR = re.compile(r"[1-9a-f][0-9a-f]{0,14}")


def cursor_after(number: int) -> str:
    """Give the cursor that continues behind a row."""
    return f"{number:x}"


def row_of_cursor(cursor: str) -> int:
    """Give the row number behind which a cursor continues.

    Raises:
        MalformedInput: the cursor is not one of ours.
    """
    if _CURSOR.fullmatch(cursor) is None:
        raise MalformedInput("The cursor is not one of ours.")
    return int(cursor, 16)


def page_size(limit: int) -> int:
    """Keep a page between 1 and 1,000 items."""
    return min(max(limit, 1), MAX_PAGE)
