"""Serve the token endpoint: client credentials with `private_key_jwt`, answers and errors as RFC 6749 writes them."""

from typing import Any

from apiflask import APIBlueprint

from api.context import runtime
from api.errors import UnsupportedGrantType
from api.limits import Limit
from api.oauth_errors import write_error
from api.operation import Operation, operation
from api.wire.oauth import CLIENT_ASSERTION_TYPE, TokenAnswer, TokenRequest
from jeung.errors import InvalidClient

blueprint = APIBlueprint("oauth", __name__, tag="Access")

GRANT_TYPE = "client_credentials"


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
