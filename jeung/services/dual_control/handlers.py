"""Say what one kind of act takes, what it means and how it is carried out; a node has one registry of them.

To add a kind: name it in `jeung.domain.dual_control.ActKind`, write a subclass of one of the three below, and put an
instance into the list of `node.runtime.acts.act_handlers`. HTTP, console, command line and worker take it from there.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from jeung.domain.access import Scope
from jeung.domain.dual_control import Act, ActKind, Description, Fact
from jeung.errors import MalformedInput
from jeung.ports.store import Transaction


class ActHandler(ABC):
    """Know one kind of act.

    Attributes:
        kind: the kind.
        scopes: who holds one of these may ask for it.
        forgets: parameters, reason and salt leave the act's row once it has ended.
    """

    kind: ClassVar[ActKind]
    scopes: ClassVar[frozenset[Scope]]
    forgets: ClassVar[bool] = False

    @abstractmethod
    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give the parameters as they are recorded; called when an act is asked for, and again when it is approved.

        Raises:
            MalformedInput: another shape.
            JeungError: it cannot be done as things stand.
        """

    @abstractmethod
    def describe(self, parameters: Mapping[str, Any]) -> Description:
        """Say in plain words what would be done."""

    def progress(self, act: Act) -> tuple[Fact, ...]:
        """Say how far an act has come, beyond what its parameters tell; nothing unless a kind knows better."""
        return ()


class DatabaseAct(ActHandler):
    """Carry an act out inside the transaction that approves it."""

    @abstractmethod
    def perform(self, tx: Transaction, act: Act, now: int) -> Mapping[str, Any] | None:
        """Do it and give what is kept as its result; what this raises undoes the approval with it."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Say how far a step came; `result` is kept with the act once done, `more` asks for the next step at once."""

    done: bool
    result: Mapping[str, Any] | None = None
    more: bool = True


class WorkedAct(ActHandler):
    """Carry an act out step by step in the node's worker, of which exactly one is active.

    A step may come twice: the process can die between what it did and the record of it. So each one looks first at
    what is there.
    """

    def begin(self, tx: Transaction, act: Act, now: int) -> None:
        """Do what belongs into the transaction that approves the act."""

    @abstractmethod
    def advance(self, act: Act) -> Outcome:
        """Do the next bounded step.

        Raises:
            Unavailable: not now; it is tried again.
            JeungError: never; the act ends as failed with this error's code.
        """


class CalledAct(ActHandler):
    """Have an act carried out where its caller is: at the node's command line, with its files and devices.

    The caller fetches the authority with `DualControlService.begin` and reports with `finish` or `fail`.
    """


class ActRegistry:
    """Hold the one handler of each kind that a node serves."""

    def __init__(self, handlers: Iterable[ActHandler] = ()) -> None:
        """Take the handlers; a second one of a kind is a mistake of ours.

        Raises:
            ValueError: two handlers of one kind.
        """
        self._handlers: dict[ActKind, ActHandler] = {}
        for handler in handlers:
            if handler.kind in self._handlers:
                raise ValueError(f"two handlers of {handler.kind}")
            self._handlers[handler.kind] = handler

    def get(self, kind: ActKind) -> ActHandler:
        """Give the handler of a kind.

        Raises:
            MalformedInput: this node serves no such act.
        """
        handler = self._handlers.get(kind)
        if handler is None:
            raise MalformedInput("this node serves no act of this kind")
        return handler

    def find(self, kind: ActKind) -> ActHandler | None:
        """Give the handler of a kind, or None where an older release knew it."""
        return self._handlers.get(kind)

    def kinds(self) -> tuple[ActKind, ...]:
        """Give what this node serves, in the order of registration."""
        return tuple(self._handlers)
