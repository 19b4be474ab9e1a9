"""Show auditors and supervisors the consortium: members and proposals, to read only."""

from typing import Final

from flask import Response

from api.console.desk import draw, page
from api.context import runtime
from api.wire.governance import Proposal
from api.wire.registry import Member
from jeung.domain.access import Scope

AUDIT: Final = frozenset({Scope.AUDIT})
SHOWN: Final = 200


@page("GET", "/members", AUDIT)
def list_members() -> Response:
    """List the members in order of admission."""
    now = runtime().clock.now()
    members = runtime().registry.members()
    return draw("members.html", items=[Member.of(member, now) for member in members[:SHOWN]], total=len(members))


@page("GET", "/proposals", AUDIT)
def list_proposals() -> Response:
    """List the newest proposals with their approvals."""
    now = runtime().clock.now()
    proposals = runtime().decisions.proposals()
    names = {Member.of(member, now).member_id: member.url for member in runtime().registry.members()}
    newest = [Proposal.of(proposal, now) for proposal in reversed(proposals[-SHOWN:])]
    return draw("proposals.html", items=newest, total=len(proposals), names=names)
