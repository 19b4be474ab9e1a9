"""Show one member's history."""

from typing import Final

from flask import Response

from api.context import runtime
from api.explorer import figures
from api.explorer.pages import show, view
from api.explorer.words import row_of
from api.wire.registry import Key, Member
from jeung.domain.identifiers import MemberId, id_from_hex, to_hex

SHOWN: Final = 100
_NEWEST: Final = 8


@view("/members/<hex32:member_id>")
def explore_member(member_id: str) -> Response:
    """Show a member's addresses, roles, suspensions, accounts, accreditations, keys, services and acts."""
    wanted, now = MemberId(id_from_hex(member_id)), runtime().clock.now()
    registry, found = runtime().registry.registry(), runtime().registry.member(wanted)
    grants, keys = runtime().registry.accreditations(member=wanted), runtime().registry.keys(member=wanted)
    slots, done = figures.counted(found.admitted_at, max(runtime().registry.freshness().head_time, now), [wanted])
    (totals,) = runtime().explorer.totals([wanted], [now])[wanted]
    piece = runtime().explorer.events(member=wanted)
    return show(
        "member.html",
        item=Member.of(found, now),
        found=found,
        totals=totals,
        grants=[(figures.type_of(grant, registry), grant) for grant in grants[-SHOWN:]],
        keys=[Key.of(key, now) for key in keys[-SHOWN:]],
        profiles=runtime().registry.profiles(member=wanted)[-SHOWN:],
        acts=figures.acts(slots, done[wanted]),
        history=figures.history(found, grants, keys, registry, now),
        events=[row_of(event, registry) for event in piece.events[:_NEWEST]],
        identifier=to_hex(wanted),
    )
