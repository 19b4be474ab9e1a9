"""Serve the relying party's back end: ask wallets, see what became of it, be told."""

from apiflask import APIBlueprint
from flask import Response

from api.context import known_caller, runtime
from api.errors import TooManyStreams
from api.events import MEDIA_TYPE, stream
from api.idempotency import Key
from api.operation import Operation, operation
from api.wire.presentations import AskPresentation, RedeemCode, RequestMade, RequestResult, RequestStatus
from jeung.domain.access import RequestKey, Scope
from jeung.domain.presentations import ENDED
from jeung.errors import (
    LedgerStale,
    MalformedQuery,
    MalformedTransactionData,
    NotFound,
    QueryNotPermitted,
    QueryTooNarrow,
    RequestEnded,
    SubjectErased,
    WrongResponseCode,
)

blueprint = APIBlueprint("presentations", __name__, tag="Presentations")

_VERIFY = frozenset({Scope.VERIFY})


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/presentation-requests",
        _VERIFY,
        takes=AskPresentation,
        gives=RequestMade,
        status=201,
        key=Key.OPTIONAL,
        refuses=(
            NotFound,
            LedgerStale,
            MalformedQuery,
            QueryNotPermitted,
            QueryTooNarrow,
            MalformedTransactionData,
        ),
    ),
)
def ask_presentation(body: AskPresentation, request_key: RequestKey | None) -> RequestMade:
    """Ask wallets for a presentation.

    The answer holds the links and the QR code that lead a wallet to the request. It lives for minutes and is answered
    once. With a `redirect_uri` the wallet sends the browser there with a `response_code`, and the result stays closed
    until that code is shown; see that the browser session is the one that began.
    """
    asked = runtime().presentations.requests.create(
        body.wish(), client_id=known_caller().client_id, request_key=request_key
    )
    return RequestMade.asked(asked, runtime().clock.now(), qr_code=body.qr_code)


@operation(
    blueprint,
    Operation(
        "GET",
        "/v1/presentation-requests/<token:request_id>",
        _VERIFY,
        gives=RequestResult,
        refuses=(SubjectErased,),
    ),
)
def get_presentation_request(request_id: str) -> RequestResult:
    """Tell the client that made a request what has become of it, with the result once there is one.

    Each reading of a result is logged with who read it.
    """
    return _result(request_id)


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/presentation-requests/<token:request_id>/redemption",
        _VERIFY,
        takes=RedeemCode,
        gives=RequestResult,
        refuses=(WrongResponseCode, SubjectErased),
    ),
)
def redeem_response_code(request_id: str, body: RedeemCode) -> RequestResult:
    """Open the result of a same-device answer with the response code of the redirect, once."""
    runtime().presentations.requests.redeem(request_id, body.response_code, client_id=known_caller().client_id)
    return _result(request_id)


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/presentation-requests/<token:request_id>/cancellation",
        _VERIFY,
        gives=RequestStatus,
        refuses=(RequestEnded,),
    ),
)
def cancel_presentation_request(request_id: str) -> RequestStatus:
    """Take a request back; whoever answers it later is refused."""
    cancelled = runtime().presentations.requests.cancel(request_id, client_id=known_caller().client_id)
    return RequestStatus.of(cancelled, runtime().clock.now())


@operation(
    blueprint,
    Operation(
        "GET",
        "/v1/presentation-requests/<token:request_id>/events",
        _VERIFY,
        media_type=MEDIA_TYPE,
        refuses=(TooManyStreams,),
    ),
)
def watch_presentation_request(request_id: str) -> Response:
    """Send what becomes of a request as server-sent events, until it has ended or half a minute has passed.

    An event `state` holds the request's state as one line of JSON, the present one first. The result is fetched.
    """
    node, client_id = runtime(), known_caller().client_id
    service = node.presentations.requests
    # Before the stream begins: whoever may not see it gets an answer, not an empty stream.
    service.get(request_id, client_id=client_id)

    def read() -> tuple[str, bool]:
        request, now = service.get(request_id, client_id=client_id), node.clock.now()
        return RequestStatus.of(request, now).model_dump_json(), request.state(now) in ENDED

    return stream(read, seconds=node.settings.presentations.event_stream_s)


def _result(request_id: str) -> RequestResult:
    service = runtime().presentations.requests
    request = service.get(request_id, client_id=known_caller().client_id)
    return RequestResult.with_results(request, service.results(request), runtime().clock.now())
