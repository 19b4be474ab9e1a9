"""Say who acts, so that whatever is written to the log in the meantime names him.

Whoever lets somebody in (the HTTP skin after a token or a session, the command line at the node) says so once, around
what is done then; `jeung.services.acts.log` reads it. A service cannot forget to pass it on, and none needs to know
whether a person or a program called. What runs without anybody, such as the worker's loop, has no actor.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

OPERATOR: Final = "operator"
"""Whoever works at the node's own command line; the host's accounts and logs say which person that is."""

_actor: ContextVar[str | None] = ContextVar("jeung_actor", default=None)


def client(client_id: str) -> str:
    """Name a back-end client as an actor."""
    return f"client:{client_id}"


def staff(staff_id: str) -> str:
    """Name a member of staff as an actor."""
    return f"staff:{staff_id}"


@contextmanager
def acting(actor: str) -> Iterator[None]:
    """Let everything logged inside the block name this actor."""
    before = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(before)


def present_actor() -> str | None:
    """Give who acts, or None where nobody does."""
    return _actor.get()
