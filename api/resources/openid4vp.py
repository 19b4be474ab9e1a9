"""Serve wallets that present: the request object, the place for answers, the list of who may ask for what."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, json

from api.context import metrics, runtime
from api.limits import Limit
from api.operation import Operation, operation
from api.problems import headers_of, report, status_of
from api.requests import JSON
from api.wire.presentations import FetchRequest, WalletAnswer
from jeung.domain.presentations import RequestState
from jeung.errors import (
    AttestationPending,
    DecryptionFailed,
    EncryptionNotSupported,
    EvidenceNotRecorded,
    InputTooLarge,
    JeungError,
    LedgerStale,
    MalformedJwe,
    MalformedPresentation,
    MalformedResponse,
    NotFound,
    PresentationTooLarge,
    RequestEnded,
    StateMismatch,
)
from jeung.services.presentations import Answered

blueprint = APIBlueprint("openid4vp", __name__, tag="Wallets")

REQUEST_OBJECT = "application/oauth-authz-req+jwt"
LIST = "application/jeung-relying-parties+jwt"
LIST_AGE_S = 300


def write_error(error: JeungError) -> Response:
    """Write an error as OAuth does, with our stable code beside the standard's name."""
    status = status_of(type(error))
    if isinstance(error, NotFound | RequestEnded):
        name, status = "invalid_request_uri", 404 if isinstance(error, NotFound) else 400
    elif status >= 500:
        name = "server_error" if status == 500 else "temporarily_unavailable"
    else:
        name, status = "invalid_request", status if status in (413, 415, 429) else 400
    if status == 500:
        report(error)
    g.problem_code = error.code
    body = (
        {"error": name} if status == 500 else {"error": name, "error_description": error.detail, "code": error.code}
    )
    return _answer(body, status, dict(headers_of(error)))


@operation(
    blueprint,
    Operation(
        "GET",
        "/oid4vp/requests/<token:request_id>",
        None,
        media_type=REQUEST_OBJECT,
        limit=Limit.PUBLIC,
        wallet=True,
        refuses=(RequestEnded,),
        on_error=write_error,
    ),
)
def fetch_request_object(request_id: str) -> Response:
    """Give a wallet the signed request object, as often as it asks while the request is open."""
    return Response(runtime().presentations.objects.fetch(request_id), content_type=REQUEST_OBJECT)


@operation(
    blueprint,
    Operation(
        "POST",
        "/oid4vp/requests/<token:request_id>",
        None,
        takes=FetchRequest,
        form=True,
        media_type=REQUEST_OBJECT,
        body_limit=32 * 1024,
        limit=Limit.PUBLIC,
        wallet=True,
        refuses=(RequestEnded,),
        on_error=write_error,
    ),
)
def post_request_object(request_id: str, body: FetchRequest) -> Response:
    """Give a wallet the signed request object with its own nonce inside."""
    signed = runtime().presentations.objects.fetch(
        request_id, wallet_nonce=body.wallet_nonce, wallet_metadata=body.wallet_metadata
    )
    return Response(signed, content_type=REQUEST_OBJECT)


@operation(
    blueprint,
    Operation(
        "POST",
        "/oid4vp/responses/<token:request_id>",
        None,
        takes=WalletAnswer,
        form=True,
        body_limit=0,
        limit=Limit.PUBLIC,
        wallet=True,
        refuses=(
            RequestEnded,
            StateMismatch,
            MalformedResponse,
            MalformedJwe,
            DecryptionFailed,
            EncryptionNotSupported,
            InputTooLarge,
            MalformedPresentation,
            PresentationTooLarge,
            AttestationPending,
            LedgerStale,
            EvidenceNotRecorded,
        ),
        on_error=write_error,
    ),
)
def take_answer(request_id: str, body: WalletAnswer) -> Response:
    """Take a wallet's answer: presentations, encrypted or not, or its error.

    200 means that the answer was accepted, or that the wallet's error was noted. 400 with a `code` is either no
    answer to this request (it stays open) or a judgement (it has ended). 503 is no judgement: answer again.
    `redirect_uri`, where there is one, is where the wallet sends the browser, whatever the judgement. `receipts` are
    the holder's signed consent receipts, one for each presentation, accepted or not; a wallet that knows nothing of
    them ignores the member.
    """
    answered = runtime().presentations.responses.answer(request_id, body.form())
    metrics().judged(answered.outcome.value, answered.code)
    return _taken(answered)


@operation(
    blueprint,
    Operation(
        "GET",
        "/relying-parties.jwt",
        None,
        media_type=LIST,
        limit=Limit.PUBLIC,
        wallet=True,
        refuses=(LedgerStale,),
    ),
)
def get_relying_parties() -> Response:
    """Give the signed list of every relying party of the consortium and what it may ask for."""
    response = Response(runtime().presentations.relying_parties.signed(), content_type=LIST)
    response.headers["Cache-Control"] = f"public, max-age={LIST_AGE_S}"
    return response


def _taken(answered: Answered) -> Response:
    body: dict[str, Any] = {}
    if answered.redirect_uri is not None:
        body["redirect_uri"] = answered.redirect_uri
    signed = [runtime().receipts.receipt(content) for content in answered.receipts]
    receipts = [receipt for receipt in signed if receipt is not None]
    if receipts:
        body["receipts"] = receipts
    if answered.outcome is not RequestState.REFUSED:
        return _answer(body, 200, {})
    g.problem_code = answered.code
    refused = {"error": "invalid_request", "error_description": "The presentation is not accepted."}
    return _answer({**refused, "code": answered.code, **body}, 400, {})


def _answer(body: dict[str, Any], status: int, headers: dict[str, str]) -> Response:
    response = Response(json.dumps(body), status, content_type=JSON)
    for name, value in headers.items():
        response.headers[name] = value
    return response
