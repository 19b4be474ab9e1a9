"""Show what waits for a second person, in plain words, and let an approver decide."""

from dataclasses import replace
from typing import Final

from flask import Response, request

from api.console.desk import draw, go, may, member, page, record, requires_recent_authentication
from api.console.texts import language
from api.console.view import ACTS
from api.context import runtime
from jeung.domain.access import Scope
from jeung.domain.dual_control import Act, ActState, Channel, Description, Principal, PrincipalKind
from jeung.domain.identifiers import id_from_hex, to_hex
from jeung.errors import MalformedInput

APPROVE: Final = frozenset({Scope.APPROVE})
PAGE_SIZE: Final = 20


@page("GET", "/acts", ACTS, query=True)
def list_acts() -> Response:
    """List what waits, oldest first, then every act, newest first."""
    services = runtime()
    found = services.dual_control.page(cursor=request.args.get("after"), limit=PAGE_SIZE)
    waiting = services.dual_control.waiting()
    described = {act.act_id: _described(act) for act in (*waiting, *found.items)}
    return draw(
        "acts.html",
        waiting=waiting,
        items=found.items,
        next_cursor=found.next_cursor,
        described=described,
        in_language=language(),
    )


@page("GET", "/acts/<token:act_id>", ACTS)
def show_act(act_id: str) -> Response:
    """Show an act: what it would do, who asked for it and why, and what may be done about it."""
    services = runtime()
    act = services.dual_control.get(act_id)
    state = act.state_at(services.clock.now())
    if not services.dual_control.may_read(principal(), act):
        act = replace(act, parameters=None, reason=None)
    mine = act.requested_by.account_id == member().staff_id
    return draw(
        "act.html",
        act=act,
        state=state,
        digest=to_hex(act.digest),
        description=services.dual_control.describe(act),
        in_language=language(),
        may_decide=may(Scope.APPROVE) and state is ActState.REQUESTED and not mine,
        may_withdraw=mine and state in (ActState.REQUESTED, ActState.APPROVED),
    )


@page("POST", "/acts/<token:act_id>/approval", APPROVE)
def approve_act(act_id: str) -> Response:
    """Approve what was read: the form carries the digest of what the page showed."""
    if request.form.get("confirmed") != "yes":
        raise MalformedInput("the act was not confirmed")
    try:
        digest = id_from_hex(request.form.get("digest", ""))
    except ValueError:
        raise MalformedInput("the form is not one of this console's") from None
    requires_recent_authentication()
    record("approve_act", act_id)
    runtime().dual_control.approve(principal(), act_id, digest)
    return go(f"/console/acts/{act_id}")


@page("POST", "/acts/<token:act_id>/rejection", APPROVE)
def reject_act(act_id: str) -> Response:
    """Reject what somebody else asked for."""
    record("reject_act", act_id)
    runtime().dual_control.reject(principal(), act_id)
    return go(f"/console/acts/{act_id}")


@page("POST", "/acts/<token:act_id>/withdrawal", ACTS)
def withdraw_act(act_id: str) -> Response:
    """Take back what one asked for."""
    record("withdraw_act", act_id)
    runtime().dual_control.withdraw(principal(), act_id)
    return go(f"/console/acts/{act_id}")


def _described(act: Act) -> Description | None:
    """Say in plain words what an act would do, to those alone whom it concerns."""
    service = runtime().dual_control
    return service.describe(act) if service.may_read(principal(), act) else None


def principal() -> Principal:
    """Give who is logged in as one who asks for acts and decides them."""
    who = member()
    return Principal(PrincipalKind.STAFF, who.staff_id, Channel.CONSOLE, who.scopes)
