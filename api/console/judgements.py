"""List past judgements; whoever opens one that answered a request of the desk is named in the log."""

from typing import Final

from flask import Response, request

from api.console.desk import draw, member, page
from api.context import runtime
from jeung.domain.access import Scope

READ: Final = frozenset({Scope.VERIFY, Scope.AUDIT})
PAGE_SIZE: Final = 20


@page("GET", "/judgements", READ, query=True)
def list_judgements() -> Response:
    """List judgements, newest first, without what was disclosed."""
    found = runtime().evidence.page(cursor=request.args.get("after"), limit=PAGE_SIZE)
    mine = {record.evidence_id for record in found.items if record.client_id == member().staff_id}
    return draw("judgements.html", items=found.items, next_cursor=found.next_cursor, mine=mine)


@page("GET", "/judgements/<token:evidence_id>", frozenset({Scope.VERIFY}))
def show_judgement(evidence_id: str) -> Response:
    """Show a judgement of one's own request with its claims and steps; the reading is logged first."""
    judged = runtime().evidence.verification(evidence_id, reader=member().staff_id)
    return draw("judgement.html", judged=judged)
