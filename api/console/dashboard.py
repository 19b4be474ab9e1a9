"""Show everybody the first page: what there is to do, and how the node is."""

from flask import Response

from api.console.desk import draw, may, page
from api.context import runtime
from jeung.domain.access import Scope
from jeung.errors import LedgerStale

_RECENT = 5


@page("GET", "", frozenset())
def show_dashboard() -> Response:
    """Show the newest things of each kind that the person may see."""
    services = runtime()
    issues, verifies, audits = may(Scope.ISSUE), may(Scope.VERIFY), may(Scope.AUDIT)
    return draw(
        "dashboard.html",
        proofings=services.proofings.page(limit=_RECENT).items if issues else None,
        judgements=services.evidence.page(limit=_RECENT).items if verifies or audits else None,
        verifies=verifies,
        checks=dict(services.health.checks()),
        members=_members() if audits else None,
    )


def _members() -> int:
    try:
        return len(runtime().registry.members())
    except LedgerStale:
        return 0
