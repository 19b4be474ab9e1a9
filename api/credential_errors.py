"""Write the errors of the credential issuer as OpenID4VCI, RFC 6750 and RFC 9449 name them, never encrypted."""

import re
from collections.abc import Callable

from flask import Response, g, json, request

from api.problems import headers_of, report, status_of
from jeung.errors import (
    InvalidDpopProof,
    InvalidWalletToken,
    JeungError,
    LimitExceeded,
    MalformedInput,
    UseDpopNonce,
    WalletError,
)

# What may not stand in `error_description` (RFC 6749 section 5.2).
_FOREIGN = re.compile(r"[^\x20-\x21\x23-\x5B\x5D-\x7E]")
_NOT_LET_IN = (InvalidWalletToken, InvalidDpopProof, UseDpopNonce)


def credential_errors(malformed: str) -> Callable[[JeungError], Response]:
    """Make the writer of an endpoint's errors.

    Args:
        malformed: what the endpoint calls a request that has not its shape.
    """

    def write(error: JeungError) -> Response:
        status, name = status_of(type(error)), _name(error, malformed)
        if isinstance(error, _NOT_LET_IN):
            status = 401
        if status == 500:
            report(error)
        body = {"error": name}
        if status != 500:
            body["error_description"] = _FOREIGN.sub("'", error.detail)
        g.problem_code = error.code
        response = Response(json.dumps(body), status, content_type="application/json")
        for header, value in headers_of(error):
            response.headers[header] = value
        if isinstance(error, _NOT_LET_IN):
            for challenge in _challenges(name):
                response.headers.add("WWW-Authenticate", challenge)
        return response

    return write


def _name(error: JeungError, malformed: str) -> str:
    if isinstance(error, WalletError):
        return error.oauth_name
    if isinstance(error, MalformedInput | LimitExceeded):
        return malformed
    status = status_of(type(error))
    return "invalid_request" if status < 500 else "server_error" if status == 500 else "temporarily_unavailable"


def _challenges(name: str) -> tuple[str, ...]:
    """Say how to authenticate: with a DPoP-bound token, or with a bearer token where the wallet was given one.

    Who showed nothing is told no error (RFC 6750 section 3.1), and a proof is asked for under DPoP only.
    """
    if "Authorization" not in request.headers:
        return 'DPoP algs="ES256"', 'Bearer realm="jeung"'
    dpop = f'DPoP error="{name}", algs="ES256"'
    return (dpop, f'Bearer realm="jeung", error="{name}"') if name == "invalid_token" else (dpop,)
