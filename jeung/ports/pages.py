"""State how lists are given out: a page at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Hold one page; `next_cursor` is None on the last."""

    items: Sequence[T]
    next_cursor: str | None
