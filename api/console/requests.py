"""Let a relying-party officer ask for a presentation under a registered profile, and watch the result arrive."""

from collections.abc import Sequence
from typing import Final

from flask import Response, request

from api.console.desk import draw, form_key, go, member, page, picture, record, tell_state
from api.console.view import wallet_pages
from api.context import runtime
from api.qr import qr_document
from jeung.domain.access import Scope
from jeung.domain.members import MemberStatus, Role
from jeung.domain.presentations import ENDED
from jeung.domain.registrations import RequestProfile
from jeung.errors import LedgerStale, MalformedInput, RequestEnded
from jeung.services.presentations import Asked, Wish

VERIFY: Final = frozenset({Scope.VERIFY})


@page("GET", "/requests", VERIFY)
def choose_profile() -> Response:
    """Show the profiles this member is registered with: who asks, for what, and why."""
    return draw("requests.html", profiles=_profiles())


@page("POST", "/requests", VERIFY)
def ask_presentation() -> Response:
    """Make a request under a profile, for a wallet on another device."""
    profile = request.form.get("profile", "")
    if not profile:
        raise MalformedInput("the form names no profile")
    key = form_key()
    record("ask_presentation")
    asked = runtime().presentations.requests.create(
        Wish(profile=profile), client_id=member().staff_id, request_key=key
    )
    return go(f"/console/requests/{asked.request.request_id}")


@page("GET", "/requests/<token:request_id>", VERIFY)
def show_request(request_id: str) -> Response:
    """Show a request of one's own: its QR code while it waits, then the result, whose reading is logged."""
    service, now = runtime().presentations.requests, runtime().clock.now()
    found = service.get(request_id, client_id=member().staff_id)
    state = found.state(now)
    waiting = state not in ENDED
    try:
        link = _link(service.show(request_id, client_id=member().staff_id)) if waiting else None
    except RequestEnded:
        # Just now, between the two looks at it.
        return go(f"/console/requests/{request_id}")
    return draw(
        "request.html",
        request=found,
        state=state,
        waiting=waiting,
        link=link,
        pages=[] if link is None else wallet_pages(_issuers(now), "request", link),
        results=() if waiting else service.results(found),
    )


@page("GET", "/requests/<token:request_id>/qr", VERIFY)
def show_request_code(request_id: str) -> Response:
    """Draw the QR code of a request for who made it; one that ended while the page was on its way has none."""
    try:
        asked = runtime().presentations.requests.show(request_id, client_id=member().staff_id)
    except RequestEnded:
        return Response(status=204)
    return picture(qr_document(_link(asked)))


@page("GET", "/requests/<token:request_id>/state", VERIFY, live=True)
def tell_request(request_id: str) -> Response:
    """Tell a waiting page what has become of a request."""
    found = runtime().presentations.requests.get(request_id, client_id=member().staff_id)
    return tell_state(found.state(runtime().clock.now()).value)


@page("POST", "/requests/<token:request_id>/cancellation", VERIFY)
def cancel_request(request_id: str) -> Response:
    """Take a request back."""
    record("cancel_request", request_id)
    runtime().presentations.requests.cancel(request_id, client_id=member().staff_id)
    return go(f"/console/requests/{request_id}")


def _link(asked: Asked) -> str:
    return f"openid4vp://?{asked.parameters}"


def _issuers(now: int) -> Sequence[str]:
    """Give where active issuers are: a customer's wallet may live in a browser at any of them."""
    return [
        issuer.url
        for issuer in runtime().registry.members()
        if issuer.has_role_at(Role.ISSUER, now) and issuer.status_at(now) is MemberStatus.ACTIVE
    ]


def _profiles() -> Sequence[RequestProfile]:
    """Give this member's registered profiles; none before the node has seen the chain."""
    try:
        registry = runtime().registry.registry()
    except LedgerStale:
        return ()
    own = registry.member_at(runtime().settings.base_url)
    if own is None:
        return ()
    return [profile for profile in runtime().registry.profiles(member=own.member) if profile.withdrawn_at is None]
