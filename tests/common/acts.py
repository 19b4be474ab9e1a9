"""Handlers of acts that do next to nothing, one of each kind of execution, so that tests can watch."""

from collections.abc import Mapping
from typing import Any

from jeung.domain.access import Scope
from jeung.domain.dual_control import Act, ActKind, Description, Fact, Words
from jeung.errors import JeungError, MalformedInput
from jeung.ports.store import Transaction
from jeung.services.acts import log
from jeung.services.dual_control import CalledAct, DatabaseAct, Outcome, WorkedAct


def _note(parameters: Mapping[str, Any]) -> dict[str, Any]:
    if set(parameters) != {"note"} or not isinstance(parameters["note"], str):
        raise MalformedInput("expected a note")
    return {"note": parameters["note"]}


def _described(parameters: Mapping[str, Any]) -> Description:
    fact = Fact(Words("메모", "note"), str(parameters["note"]))
    return Description(Words("메모하기", "Note something"), Words("로그에 남습니다.", "It goes to the log."), (fact,))


class NoteAct(DatabaseAct):
    """Write a note into the event log."""

    kind = ActKind.POLICY_CHANGE
    scopes = frozenset({Scope.GOVERN})

    def __init__(self, refusal: JeungError | None = None) -> None:
        self.refusal = refusal

    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return _note(parameters)

    def describe(self, parameters: Mapping[str, Any]) -> Description:
        return _described(parameters)

    def perform(self, tx: Transaction, act: Act, now: int) -> Mapping[str, Any] | None:
        log(tx, "noted", {"act": act.act_id}, now)
        if self.refusal is not None:
            raise self.refusal
        return {"noted": True}


class SlowAct(WorkedAct):
    """Take as many steps as there are outcomes; an error among them is raised."""

    kind = ActKind.MASS_REVOCATION
    scopes = frozenset({Scope.STATUS})
    forgets = True

    def __init__(self, *outcomes: Outcome | JeungError) -> None:
        self.outcomes = list(outcomes)
        self.begun: list[str] = []

    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return _note(parameters)

    def describe(self, parameters: Mapping[str, Any]) -> Description:
        return _described(parameters)

    def begin(self, tx: Transaction, act: Act, now: int) -> None:
        super().begin(tx, act, now)
        self.begun.append(act.act_id)

    def advance(self, act: Act) -> Outcome:
        outcome = self.outcomes.pop(0)
        if isinstance(outcome, JeungError):
            raise outcome
        return outcome


class FetchedAct(CalledAct):
    """Be carried out by whoever fetches the authority."""

    kind = ActKind.KEY_DESTRUCTION
    scopes = frozenset({Scope.KEYS})

    def check(self, tx: Transaction, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return _note(parameters)

    def describe(self, parameters: Mapping[str, Any]) -> Description:
        return _described(parameters)
