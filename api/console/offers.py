"""Let an issuer officer offer a credential for a proofing: QR code, link, transaction code, what became of it."""

from typing import Final

from flask import Response, request

from api.console.desk import draw, form_key, go, member, page, picture, record, tell_state
from api.console.view import wallet_pages
from api.context import runtime
from api.qr import qr_document
from jeung.domain.access import Scope
from jeung.domain.wallets import OfferState
from jeung.errors import MalformedInput, NotFound, OfferClosed
from jeung.services.wallets.offers import OfferPapers

ISSUE: Final = frozenset({Scope.ISSUE})


@page("POST", "/offers", ISSUE)
def make_offer() -> Response:
    """Offer what this member may issue, for one proofing."""
    proofing_id = request.form.get("proofing", "")
    if not proofing_id:
        raise MalformedInput("the form names no proofing")
    key = form_key()
    record("make_offer")
    made = runtime().authorization.offers.create(proofing_id, created_by=member().staff_id, request=key)
    record("made_offer", made.offer.offer_id)
    return go(f"/console/offers/{made.offer.offer_id}")


@page("GET", "/offers/<token:offer_id>", ISSUE)
def show_offer(offer_id: str) -> Response:
    """Show an offer; what opens it is shown to who made it, while it is open."""
    view = runtime().authorization.offers.get(offer_id)
    is_open = view.state is OfferState.OPEN
    try:
        papers = _papers(offer_id) if is_open and view.offer.created_by == member().staff_id else None
    except OfferClosed:
        # Just now, between the two looks at it.
        return go(f"/console/offers/{offer_id}")
    own = [runtime().settings.base_url]
    pages = [] if papers is None else wallet_pages(own, "offer", papers.by_reference)
    return draw("offer.html", view=view, papers=papers, is_open=is_open, pages=pages)


@page("GET", "/offers/<token:offer_id>/qr", ISSUE)
def show_offer_code(offer_id: str) -> Response:
    """Draw the QR code of an offer for who made it; one that closed while the page was on its way has none."""
    try:
        papers = _papers(offer_id)
    except OfferClosed:
        return Response(status=204)
    return picture(qr_document(papers.by_reference))


@page("GET", "/offers/<token:offer_id>/state", ISSUE, live=True)
def tell_offer(offer_id: str) -> Response:
    """Tell a waiting page what has become of an offer."""
    view = runtime().authorization.offers.get(offer_id)
    return tell_state(f"{view.state.value}-{len(view.families)}")


@page("POST", "/offers/<token:offer_id>/cancellation", ISSUE)
def cancel_offer(offer_id: str) -> Response:
    """Take an open offer back."""
    key = form_key()
    record("cancel_offer", offer_id)
    runtime().authorization.offers.cancel(offer_id, request=key)
    return go(f"/console/offers/{offer_id}")


def _papers(offer_id: str) -> OfferPapers:
    """Give an open offer's links and code to who made it; another officer makes one of his own.

    Raises:
        NotFound: no such offer, or somebody else's.
        OfferClosed: it is good for nothing any more.
    """
    if runtime().authorization.offers.get(offer_id).offer.created_by != member().staff_id:
        raise NotFound("no such offer of yours")
    return runtime().authorization.offers.papers(offer_id)
