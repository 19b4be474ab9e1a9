"""State what the core needs to keep acts of two people."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Protocol

from jeung.domain.dual_control import Act, ActState

if TYPE_CHECKING:
    from jeung.ports.pages import Page


class Acts(Protocol):
    """Keep acts; none is ever deleted, what an act must forget is taken out of its row."""

    def add(self, act: Act) -> None:
        """Keep a new act.

        Raises:
            Conflict: its id stands already.
        """
        ...

    def get(self, act_id: str) -> Act | None:
        """Give an act; inside a write transaction it stays as read until the commit."""
        ...

    def replace(self, act: Act) -> None:
        """Keep a changed act; what was asked for, by whom and when, stays as it was or is forgotten.

        Raises:
            NotFound: no such act.
        """
        ...

    def in_states(self, states: Collection[ActState], limit: int) -> Sequence[Act]:
        """Give acts in these recorded states, oldest first; lapsed ones are among them."""
        ...

    def page(self, *, cursor: str | None, limit: int) -> "Page[Act]":
        """Give acts, newest first.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        ...
