"""Cursors in memory: the number of rows already given, spelt so that nobody takes it for anything else."""

import re
from collections.abc import Sequence
from typing import TypeVar

from jeung.errors import MalformedInput
from jeung.ports.pages import Page

T = TypeVar("T")

_CURSOR = re.compile(r"row-([0-9]{1,9})")


def page_of(rows: Sequence[T], cursor: str | None, limit: int) -> Page[T]:
    """Give the page that begins where the cursor points.

    Raises:
        MalformedInput: the cursor is not one of ours.
    """
    match = _CURSOR.fullmatch(cursor or "row-0")
    if match is None:
        raise MalformedInput("the cursor is not one of ours")
    begin = int(match[1])
    end = begin + limit
    return Page(rows[begin:end], f"row-{end}" if end < len(rows) else None)
