"""Show auditors and supervisors the members of the consortium, to read only."""

from typing import Final

from flask import Response

from api.console.desk import draw, page
from api.context import runtime
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
