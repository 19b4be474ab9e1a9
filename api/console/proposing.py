"""Let governors propose everything the consortium may decide: typed, put into words, tried, and then sent."""

import hashlib
from typing import Any, Final

from flask import Response, request

from api.console.desk import draw, form_key, go, page, record, requires_recent_authentication
from api.console.motions import BODY_LIMIT, FIELDS, GROUPS, OPTIONAL, SORTS, Asked, call_of, read_motion, written
from api.console.texts import names
from api.context import runtime
from api.wire.decisions import Simulation
from api.wire.words import Change, Words
from jeung.domain.access import Scope
from jeung.domain.identifiers import ProposalId, id_from_hex
from jeung.errors import MalformedInput, NotFound

GOVERN: Final = frozenset({Scope.GOVERN})


@page("GET", "/proposals/new", GOVERN)
def list_motions() -> Response:
    """Show everything that can be proposed."""
    return draw("motions.html", groups=GROUPS)


@page("GET", "/proposals/new/<token:kind>", GOVERN)
def new_proposal(kind: str) -> Response:
    """Show the form of one kind of proposal."""
    return _form(kind, {}, None)


@page("POST", "/proposals/new/<token:kind>", GOVERN, body_limit=BODY_LIMIT)
def review_proposal(kind: str) -> Response:
    """Put what was typed into words, with its effect, before anything is sent."""
    if kind not in FIELDS:
        raise NotFound
    salt = hashlib.sha256(form_key().key.encode()).digest()
    asked = Asked(request.form, runtime().registry.registry(), runtime().clock.now(), salt)
    try:
        call = read_motion(kind, asked)
    except MalformedInput as wrong:
        return _form(kind, request.form.to_dict(), wrong.detail)
    words, changes = runtime().decisions.read_call(call)
    reason = asked.text("reason") if "reason" in dict(FIELDS[kind]) else None
    return draw(
        "proposal_review.html",
        kind=kind,
        words=Words.of(words),
        changes=[Change.of(change) for change in changes],
        call=written(call),
        kept={"reason": reason, "salt": "0x" + salt.hex(), "digest": call.args[-1]} if reason else None,
    )


@page("POST", "/proposals/new", GOVERN, body_limit=BODY_LIMIT)
def propose() -> Response:
    """Propose what was reviewed; proposing is this member's approval."""
    requires_recent_authentication()
    call = call_of(request.form.get("call", ""))
    key = form_key()
    record("propose", f"{call.contract}.{call.function}")
    intent = runtime().governance.propose(call, request=key)
    return go(f"/console/governance/sent/{intent.intent_id}")


@page("POST", "/proposals/trial", GOVERN, body_limit=BODY_LIMIT)
def try_proposal() -> Response:
    """Try what was reviewed on the chain's present state; nothing is sent."""
    trial = runtime().simulations.try_proposal(call_of(request.form.get("call", "")))
    return go(f"/console/governance/trials/{trial.simulation_id}")


@page("POST", "/proposals/<token:proposal_id>/<token:act>/trial", GOVERN)
def try_vote(proposal_id: str, act: str) -> Response:
    """Try an approval, an execution or another act on a proposal; nothing is sent."""
    try:
        proposal = ProposalId(id_from_hex(proposal_id))
    except ValueError:
        raise NotFound("no such proposal") from None
    trial = runtime().simulations.try_vote(act, proposal)
    return go(f"/console/governance/trials/{trial.simulation_id}")


@page("GET", "/governance/trials/<token:simulation_id>", GOVERN)
def show_trial(simulation_id: str) -> Response:
    """Show how a trial ended, and what was tried with a button to send it."""
    found = runtime().simulations.simulation(simulation_id)
    proposing = found.act == "propose" and found.call is not None
    return draw(
        "trial.html",
        trial=Simulation.of(found),
        act=found.act,
        proposal=found.proposal,
        call=written(found.call) if proposing and found.call is not None else None,
    )


def _form(kind: str, typed: dict[str, Any], wrong: str | None) -> Response:
    fields = FIELDS.get(kind)
    if fields is None:
        raise NotFound
    registry, now = runtime().registry.registry(), runtime().clock.now()
    drawn = []
    for name, sort in fields:
        choices = SORTS[sort].choices
        drawn.append(
            {
                "name": name,
                "sort": sort,
                "control": SORTS[sort].control,
                "required": sort not in OPTIONAL,
                "choices": [] if choices is None else choices(registry, now),
            }
        )
    return draw(
        "proposal_new.html",
        400 if wrong else 200,
        kind=kind,
        fields=drawn,
        typed=typed,
        wrong=wrong,
        hints=names("motion.hint."),
    )
