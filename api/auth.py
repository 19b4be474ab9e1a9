"""Let callers in by bearer token (RFC 6750): one token, in the Authorization header, with a scope that fits.

A token in a query or a body is not looked at: both end up in logs and histories.
"""

import re
from collections.abc import Collection

from flask import g, request

from api.context import runtime
from api.errors import InsufficientScope, InvalidToken
from jeung.domain.access import Scope
from jeung.errors import JeungError, Unauthenticated, Unavailable

REALM = "jeung"
SCHEME = "oauth"
MAX_TOKEN_CHARACTERS = 4096

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/-]+=*)")


def admit(scopes: Collection[Scope] | None, *, optional: bool = False) -> None:
    """Verify the caller's token and keep whom it stands for in the request's context.

    Args:
        scopes: one of these must be in the token; empty means that any token will do.
        optional: let a request without any Authorization header pass as a stranger's.

    Raises:
        Unauthenticated: no token, though one is needed.
        InvalidToken: a token that is malformed, expired, forged or not one of ours.
        InsufficientScope: a good token without a fitting scope.
    """
    headers = request.headers.getlist("Authorization")
    if not headers and optional:
        return
    if not headers:
        raise Unauthenticated("this operation needs an access token")
    match = _BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
    if match is None or len(match[1]) > MAX_TOKEN_CHARACTERS:
        raise InvalidToken
    try:
        caller = runtime().tokens.authenticate(match[1])
    except Unavailable:
        raise
    except JeungError:
        # Why a token is refused helps only who forges one.
        raise InvalidToken from None
    # Known before it is judged, so that limits and the log name who tries what it may not.
    g.caller = caller
    if scopes and caller.scopes.isdisjoint(scopes):
        raise InsufficientScope(scopes)


def challenge(error: JeungError) -> str | None:
    """Give the WWW-Authenticate header (RFC 6750 section 3) of an error, if it has one."""
    if isinstance(error, InsufficientScope):
        return f'Bearer realm="{REALM}", error="insufficient_scope", scope="{" ".join(error.scopes)}"'
    if isinstance(error, InvalidToken):
        return f'Bearer realm="{REALM}", error="invalid_token"'
    if isinstance(error, Unauthenticated):
        return f'Bearer realm="{REALM}"'
    return None
