"""Serve credential offers: to the issuer's staff, who make them, and to the wallet that follows a reference."""

from apiflask import APIBlueprint
from flask import Response, json

from api.context import known_caller, runtime
from api.idempotency import Key
from api.limits import Limit
from api.operation import Operation, operation
from api.qr import qr_svg
from api.wire.offers import CredentialOffer, MakeOffer, OfferMade
from jeung.domain.access import RequestKey, Scope
from jeung.errors import LedgerStale, NotAccredited, NotFound, OfferClosed, ProofingClosed, SubjectErased
from jeung.services.wallets.offers import OFFERS_PATH
from node.settings import Environment

blueprint = APIBlueprint("offers", __name__, tag="Credential offers")

_ISSUE = frozenset({Scope.ISSUE})


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/credential-offers",
        _ISSUE,
        takes=MakeOffer,
        gives=OfferMade,
        status=201,
        key=Key.REQUIRED,
        refuses=(NotFound, ProofingClosed, NotAccredited, SubjectErased, OfferClosed, LedgerStale),
    ),
)
def make_offer(body: MakeOffer, request_key: RequestKey | None) -> OfferMade:
    """Offer credentials to a customer, as a link, a QR code and a transaction code."""
    papers = runtime().authorization.offers.create(
        body.proofing_id,
        body.credential_configuration_ids,
        created_by=known_caller().client_id,
        request=request_key,
    )
    simulated = runtime().settings.environment is Environment.SANDBOX
    drawn = qr_svg(papers.by_reference) if body.qr_code else None
    return OfferMade.of(papers, qr_svg=drawn, simulated=simulated)


@operation(blueprint, Operation("GET", "/v1/credential-offers/<token:offer_id>", _ISSUE, gives=CredentialOffer))
def get_offer(offer_id: str) -> CredentialOffer:
    """Show what has become of a credential offer."""
    return CredentialOffer.of(runtime().authorization.offers.get(offer_id))


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/credential-offers/<token:offer_id>/cancellation",
        _ISSUE,
        gives=CredentialOffer,
        key=Key.OPTIONAL,
        refuses=(OfferClosed,),
    ),
)
def cancel_offer(offer_id: str, request_key: RequestKey | None) -> CredentialOffer:
    """Cancel an open credential offer."""
    return CredentialOffer.of(runtime().authorization.offers.cancel(offer_id, request=request_key))


@operation(
    blueprint,
    Operation("GET", f"{OFFERS_PATH}<token:reference>", None, limit=Limit.PUBLIC, wallet=True),
)
def fetch_offer(reference: str) -> Response:
    """Give a wallet the open credential offer that its link refers to."""
    document = runtime().authorization.offers.fetch(reference)
    return Response(json.dumps(dict(document)), content_type="application/json")
