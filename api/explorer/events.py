"""Show what happened on the chain, newest first, and what one transaction did."""

import re
from typing import Final

from flask import Response, request

from api.context import runtime
from api.explorer.pages import show, view
from api.explorer.words import cursor_of, name_of, row_of
from jeung.domain.history import EventPlace
from jeung.domain.identifiers import MemberId, id_from_hex, to_hex
from jeung.errors import MalformedInput

REFRESH_S: Final = ("10", "30")
_CURSOR: Final = re.compile(r"([0-9a-f]{1,12})-([0-9a-f]{1,12})-([0-9a-f]{1,7})")


@view("/events", query=True)
def explore_events() -> Response:
    """List events; `refresh` has the browser ask again by itself, which needs no script."""
    refresh, cursor = request.args.get("refresh"), request.args.get("after")
    if refresh not in (None, *REFRESH_S):
        raise MalformedInput("the page is drawn anew every 10 or 30 seconds, or not by itself")
    member = _member(request.args.get("member"))
    registry = runtime().registry.registry()
    piece = runtime().explorer.events(before=_place(cursor), member=member)
    return show(
        "events.html",
        events=[row_of(event, registry) for event in piece.events],
        next_cursor=cursor_of(piece.before),
        refresh=refresh,
        first=cursor is None,
        of_member=None if member is None else name_of(member, registry),
        member_id=None if member is None else to_hex(member),
        freshness=runtime().registry.freshness(),
    )


@view("/transactions/<hex32:transaction>")
def explore_transaction(transaction: str) -> Response:
    """Show what a transaction did."""
    found = runtime().explorer.transaction(id_from_hex(transaction))
    registry = runtime().registry.registry()
    return show(
        "transaction.html",
        events=[row_of(event, registry) for event in found],
        transaction=transaction.lower(),
        place=found[0].place,
    )


def _member(text: str | None) -> MemberId | None:
    try:
        return None if text is None else MemberId(id_from_hex(text))
    except ValueError:
        raise MalformedInput("a member is named by 0x and 64 hexadecimal digits") from None


def _place(cursor: str | None) -> EventPlace | None:
    if cursor is None:
        return None
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        raise MalformedInput("the cursor is not one of ours")
    return EventPlace(*(int(part, 16) for part in match.groups()))
