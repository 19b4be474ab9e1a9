"""Put on every answer the headers that keep browsers and caches from doing harm, and let chosen origins in.

Wallets that are web pages come from anywhere, so what wallets call is open to every origin. That gives away nothing:
no cookie is looked at there, and what a page cannot know it cannot send.
"""

from contextlib import suppress

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from api.context import request_id, runtime
from api.operation import Operation, declared_by
from jeung.domain.wallets import ChallengeKind
from jeung.errors import JeungError

PREFLIGHT_S = 600

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_UNLESS_SAID = {
    **_ALWAYS,
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    # What a node answers may be about a person; only what says otherwise of itself may be kept.
    "Cache-Control": "no-store",
}
_WALLETS_SEND = "DPoP, OAuth-Client-Attestation, OAuth-Client-Attestation-PoP"
_WALLETS_READ = "WWW-Authenticate, DPoP-Nonce, OAuth-Client-Attestation-Challenge"


def install(app: Flask) -> None:
    """Have every answer pass through here."""
    app.after_request(_complete)


def _complete(response: Response) -> Response:
    present = {name.lower() for name, _ in response.headers}
    for name, value in _UNLESS_SAID.items():
        if name.lower() not in present:
            response.headers.add(name, value)
    response.headers["X-Request-Id"] = request_id()
    if runtime().settings.base_url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    declared = _declared()
    if declared is not None:
        _share(response, declared)
        _renew_challenges(response, declared)
    return response


def _declared() -> Operation | None:
    """Give the operation that was called or, before a call from another origin, asked about."""
    if request.method == "OPTIONS":
        return _operation_at(request.headers.get("Access-Control-Request-Method", ""))
    return declared_by(current_app.view_functions.get(request.endpoint or ""))


def _share(response: Response, declared: Operation) -> None:
    """Answer the CORS protocol where an operation is meant for wallets, or for pages whose origin is configured.

    Credentials are never allowed: a token is put into a header by a page's own hand or not at all.
    """
    allowed, exposed = "Authorization, Content-Type", "Retry-After, X-Request-Id"
    if declared.wallet:
        response.headers["Access-Control-Allow-Origin"] = "*"
        allowed, exposed = f"{allowed}, {_WALLETS_SEND}", f"{exposed}, {_WALLETS_READ}"
    elif declared.cross_origin:
        response.headers.add("Vary", "Origin")
        origin = request.headers.get("Origin")
        if origin is None or origin not in runtime().settings.api.cors_origins:
            return
        response.headers["Access-Control-Allow-Origin"] = origin
    else:
        return
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = declared.method
        response.headers["Access-Control-Allow-Headers"] = allowed
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_S)
    else:
        response.headers["Access-Control-Expose-Headers"] = exposed


def _renew_challenges(response: Response, declared: Operation) -> None:
    """Hand the wallet what its next proofs must carry; without them it will be told to ask again."""
    if request.method == "OPTIONS":
        return
    for wanted, header, kind in (
        (declared.dpop, "DPoP-Nonce", ChallengeKind.DPOP_NONCE),
        (declared.attested, "OAuth-Client-Attestation-Challenge", ChallengeKind.ATTESTATION),
    ):
        # What the request came for is done; its answer must not be lost to a busy database.
        with suppress(JeungError):
            if wanted:
                response.headers[header] = runtime().challenges.issue(kind)


def _operation_at(method: str) -> Operation | None:
    """Find what the method would call at this address."""
    adapter = current_app.url_map.bind("")
    try:
        endpoint, _ = adapter.match(request.path, method=method)
    except HTTPException:
        return None
    return declared_by(current_app.view_functions[endpoint])
