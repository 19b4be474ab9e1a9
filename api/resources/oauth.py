"""Serve the token endpoint: client credentials with `private_key_jwt`, answers and errors as RFC 6749 writes them."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, g, json

from api.context import runtime
from api.limits import Limit
from api.operation import Operation, operation
from api.problems import headers_of, report, status_of
from api.wire.oauth import CLIENT_ASSERTION_TYPE, TokenAnswer, TokenRequest
from jeung.errors import InvalidClient, InvalidScope, JeungError, MalformedInput

blueprint = APIBlueprint("oauth", __name__, tag="Access")

GRANT_TYPE = "client_credentials"


class UnsupportedGrantType(MalformedInput, code="unsupported_grant_type"):
    """The grant type is not `client_credentials`."""


_ERRORS: dict[type[JeungError], str] = {
    InvalidClient: "invalid_client",
    InvalidScope: "invalid_scope",
    UnsupportedGrantType: "unsupported_grant_type",
}


def write_error(error: JeungError) -> Response:
    """Write an error of the token endpoint (RFC 6749 section 5.2); what has no name there keeps its HTTP status."""
    name = _ERRORS.get(type(error))
    status = status_of(type(error))
    if name is None:
        name = "invalid_request" if status < 500 else "server_error" if status == 500 else "temporarily_unavailable"
    elif isinstance(error, InvalidScope):
        status = 400
    if status == 500:
        report(error)
    body = {"error": name} if status == 500 else {"error": name, "error_description": error.detail}
    g.problem_code = error.code
    response = Response(json.dumps(body), status, content_type="application/json")
    for header, value in headers_of(error):
        # The client authenticates by its assertion, not by an Authorization header (RFC 6749 section 5.2).
        if header != "WWW-Authenticate":
            response.headers[header] = value
    return response


@operation(
    blueprint,
    Operation(
        "POST",
        "/oauth/token",
        None,
        takes=TokenRequest,
        form=True,
        gives=TokenAnswer,
        limit=Limit.TOKEN,
        refuses=(InvalidClient, UnsupportedGrantType),
        on_error=write_error,
    ),
)
def issue_token(body: TokenRequest) -> tuple[TokenAnswer, int, dict[str, Any]]:
    """Give a registered client a short-lived access token."""
    if body.grant_type != GRANT_TYPE:
        raise UnsupportedGrantType
    if body.client_assertion_type != CLIENT_ASSERTION_TYPE:
        raise InvalidClient("expected client_assertion_type to name a JWT (RFC 7523)")
    granted = runtime().tokens.grant(body.client_assertion, scope=body.scope)
    answer = TokenAnswer(
        access_token=granted.token,
        token_type="Bearer",  # noqa: S106 - the name of a kind, not a secret
        expires_in=granted.expires_in_s,
        scope=" ".join(sorted(scope.value for scope in granted.scopes)),
    )
    return answer, 200, {"Cache-Control": "no-store", "Pragma": "no-cache"}
