"""Serve acts that two people must want: ask for one, see what waits, approve, reject, withdraw."""

from dataclasses import replace

from apiflask import APIBlueprint

from api.context import known_caller, runtime
from api.idempotency import Key
from api.operation import Operation, operation
from api.wire.acts import Act, Acts, ApproveAct, AskForAct
from api.wire.base import PageQuery
from jeung.domain import dual_control
from jeung.domain.access import RequestKey, Scope
from jeung.domain.dual_control import Channel, Principal, PrincipalKind
from jeung.domain.identifiers import id_from_hex
from jeung.errors import (
    ActChanged,
    ActClosed,
    ActNotPermitted,
    ActPending,
    Conflict,
    NotFound,
    SecondPersonRequired,
    TooManyActs,
)

blueprint = APIBlueprint("acts", __name__, tag="Acts of two people")

_ANY: frozenset[Scope] = frozenset()
_APPROVE = frozenset({Scope.APPROVE})
_DECIDED = (ActNotPermitted, SecondPersonRequired, ActClosed)


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/acts",
        _ANY,
        takes=AskForAct,
        gives=Act,
        status=202,
        key=Key.REQUIRED,
        refuses=(ActNotPermitted, ActPending, TooManyActs, NotFound, Conflict),
    ),
)
def ask_for_act(body: AskForAct, request_key: RequestKey | None) -> Act:
    """Ask for an act that a second person must approve; each kind has its own scopes."""
    asked = runtime().dual_control.ask(principal(), body.kind, body.parameters, body.reason, request=request_key)
    return shown(asked)


@operation(blueprint, Operation("GET", "/v1/acts", _ANY, query=PageQuery, gives=Acts))
def list_acts(query: PageQuery) -> Acts:
    """List acts, newest first."""
    page = runtime().dual_control.page(cursor=query.cursor, limit=query.limit)
    return Acts(items=[shown(act) for act in page.items], next_cursor=page.next_cursor)


@operation(blueprint, Operation("GET", "/v1/acts/<token:act_id>", _ANY, gives=Act))
def get_act(act_id: str) -> Act:
    """Show an act in plain words."""
    return shown(runtime().dual_control.get(act_id))


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/acts/<token:act_id>/approval",
        _APPROVE,
        takes=ApproveAct,
        gives=Act,
        refuses=(*_DECIDED, ActChanged, Conflict),
    ),
)
def approve_act(act_id: str, body: ApproveAct) -> Act:
    """Approve an act that somebody else asked for."""
    return shown(runtime().dual_control.approve(principal(), act_id, id_from_hex(body.digest)))


@operation(
    blueprint,
    Operation("POST", "/v1/acts/<token:act_id>/rejection", _APPROVE, gives=Act, refuses=_DECIDED),
)
def reject_act(act_id: str) -> Act:
    """Reject an act that somebody else asked for."""
    return shown(runtime().dual_control.reject(principal(), act_id))


@operation(
    blueprint,
    Operation("POST", "/v1/acts/<token:act_id>/withdrawal", _ANY, gives=Act, refuses=(ActNotPermitted, ActClosed)),
)
def withdraw_act(act_id: str) -> Act:
    """Take back an act one has asked for."""
    return shown(runtime().dual_control.withdraw(principal(), act_id))


def principal() -> Principal:
    """Give the caller as one who asks for acts and decides them."""
    caller = known_caller()
    return Principal(PrincipalKind.CLIENT, caller.client_id, Channel.API, caller.scopes)


def shown(act: dual_control.Act) -> Act:
    """Write an act as it stands now; what it is about, for those alone whom it concerns."""
    services = runtime()
    if not services.dual_control.may_read(principal(), act):
        act = replace(act, parameters=None, salt=None, reason=None, result=None)
    return Act.of(act, services.dual_control.describe(act), services.clock.now())
