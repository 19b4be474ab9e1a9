"""Show the members' transparency logs: their newest checkpoints, who cosigned them, what stands on the chain."""

from flask import Response

from api.context import runtime
from api.explorer.pages import show, view


@view("/logs")
def explore_logs() -> Response:
    """Show what this node knows of each member's log."""
    return show("logs.html", items=runtime().explorer.logs())
