"""Show what the consortium was asked to decide, in plain words."""

from typing import Final

from flask import Response, request

from api.context import runtime
from api.explorer.cursors import begin_of
from api.explorer.pages import show, view
from api.wire.governance import Proposal
from jeung.domain.identifiers import ProposalId, id_from_hex

PAGE_SIZE: Final = 20


@view("/proposals", query=True)
def explore_proposals() -> Response:
    """List proposals, newest first."""
    begin, now = begin_of(request.args.get("after")), runtime().clock.now()
    newest = list(runtime().registry.registry().proposals)[::-1]
    shown = newest[begin : begin + PAGE_SIZE]
    end = begin + PAGE_SIZE
    return show(
        "proposals.html",
        items=[Proposal.of(runtime().decisions.proposal(proposal), now) for proposal in shown],
        total=len(newest),
        next_cursor=str(end) if end < len(newest) else None,
    )


@view("/proposals/<hex32:proposal_id>")
def explore_proposal(proposal_id: str) -> Response:
    """Show what a proposal means, who approved it, and what became of it."""
    decision = runtime().decisions.proposal(ProposalId(id_from_hex(proposal_id)))
    return show("proposal.html", item=Proposal.of(decision, runtime().clock.now()))
