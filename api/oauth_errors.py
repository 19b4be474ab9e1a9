"""Write errors as OAuth and OpenID write them: `error`, `error_description`, and headers that tell what to do."""

from flask import Response, g, json

from api.errors import UnsupportedGrantType
from api.problems import headers_of, report, status_of
from jeung.errors import InvalidClient, InvalidScope, JeungError, WalletError

_NAMES: dict[type[JeungError], str] = {
    InvalidClient: "invalid_client",
    InvalidScope: "invalid_scope",
    UnsupportedGrantType: "unsupported_grant_type",
}


def write_error(error: JeungError) -> Response:
    """Write an error of a token endpoint (RFC 6749 section 5.2); what has no name there keeps its HTTP status."""
    name = error.oauth_name if isinstance(error, WalletError) else _NAMES.get(type(error))
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
