"""Let governors read proposals in words, vote, and suspend a member in an emergency."""

import hashlib
from typing import Final

from flask import Response, request

from api.console.desk import draw, form_key, go, may, page, record, requires_recent_authentication
from api.context import runtime
from api.wire.decisions import AgendaItem
from api.wire.governance import Proposal
from api.wire.registry import Member
from jeung.domain.access import Scope
from jeung.domain.identifiers import MemberId, ProposalId, id_from_hex
from jeung.domain.members import Role
from jeung.errors import MalformedInput, NotFound

GOVERN: Final = frozenset({Scope.GOVERN})
READ: Final = frozenset({Scope.GOVERN, Scope.AUDIT})
SHOWN: Final = 200
_SALT: Final = 32
MIN_REASON, MAX_REASON = 3, 500


@page("GET", "/proposals", READ)
def list_proposals() -> Response:
    """List the newest proposals in words."""
    now, proposals = runtime().clock.now(), runtime().decisions.proposals()
    newest = [Proposal.of(decision, now) for decision in reversed(proposals[-SHOWN:])]
    return draw("proposals.html", items=newest, total=len(proposals), governs=may(Scope.GOVERN))


@page("GET", "/proposals/<token:proposal_id>", READ)
def show_proposal(proposal_id: str) -> Response:
    """Show a proposal: what it means, what it changes, who approved it, and what one may do about it."""
    registry, now = runtime().registry.registry(), runtime().clock.now()
    decision = runtime().decisions.proposal(_identifier(proposal_id))
    own = registry.member_at(runtime().settings.base_url)
    voted = own is not None and any(vote.member == own.member for vote in decision.votes)
    return draw(
        "proposal.html",
        item=Proposal.of(decision, now),
        governs=may(Scope.GOVERN) and own is not None,
        voted=voted,
        proposed=own is not None and decision.ours,
    )


_VOTES: Final = {
    "approve": lambda proposal, key: runtime().governance.approve(proposal, request=key),
    "withdraw": lambda proposal, key: runtime().governance.withdraw_approval(proposal, request=key),
    "execute": lambda proposal, key: runtime().governance.execute(proposal, request=key),
    "cancel": lambda proposal, key: runtime().governance.cancel(proposal, request=key),
}


@page("POST", "/proposals/<token:proposal_id>/<token:act>", GOVERN)
def vote(proposal_id: str, act: str) -> Response:
    """Approve, take back, execute or cancel; the chain follows within a block or two."""
    cast = _VOTES.get(act)
    if cast is None:
        raise NotFound
    requires_recent_authentication()
    key = form_key()
    record(f"{act}_proposal", proposal_id)
    intent = cast(_identifier(proposal_id), key)
    return go(f"/console/governance/sent/{intent.intent_id}")


@page("GET", "/governance/sent/<token:intent_id>", GOVERN)
def show_sent(intent_id: str) -> Response:
    """Say how what was sent fares on the chain."""
    return draw("sent.html", intent=runtime().governance.intent(intent_id))


@page("GET", "/governance/agenda", READ)
def show_agenda() -> Response:
    """Show what lapses soon or waits for this member."""
    items = [AgendaItem.of(item) for item in runtime().decisions.agenda(runtime().certificates())]
    return draw("agenda.html", items=items)


@page("GET", "/governance/suspension", GOVERN)
def suspension_form() -> Response:
    """Show a supervisor whom it may suspend in an emergency."""
    return draw("suspension.html", items=_members(), supervisor=_is_supervisor())


@page("POST", "/governance/suspension", GOVERN)
def suspend() -> Response:
    """Suspend a member at once; only a salted digest of the reason goes to the chain, the log keeps its salt."""
    requires_recent_authentication()
    reason = request.form.get("reason", "").strip()
    if not MIN_REASON <= len(reason) <= MAX_REASON:
        raise MalformedInput("a suspension needs its reason")
    try:
        member = MemberId(id_from_hex(request.form.get("member", "")))
    except ValueError:
        raise MalformedInput("the form names no member") from None
    key = form_key()
    # The salt comes from the form's own key, so that sending it twice makes one thing.
    salt = hashlib.sha256(key.key.encode()).digest()
    record("suspend_member", "0x" + member.hex())
    digest = hashlib.sha256(salt + reason.encode()).digest()
    intent = runtime().governance.suspend_member(member, digest, request=key)
    return draw("suspended.html", reason=reason, salt="0x" + salt.hex(), digest="0x" + digest.hex(), intent=intent)


def _identifier(text: str) -> ProposalId:
    try:
        return ProposalId(id_from_hex(text))
    except ValueError:
        raise NotFound("no such proposal") from None


def _members() -> list[Member]:
    now = runtime().clock.now()
    return [Member.of(member, now) for member in runtime().registry.members()]


def _is_supervisor() -> bool:
    own = runtime().registry.registry().member_at(runtime().settings.base_url)
    return own is not None and own.has_role_at(Role.SUPERVISOR, runtime().clock.now())
