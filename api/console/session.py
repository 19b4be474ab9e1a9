"""Carry a session in a cookie, and prove that a form came from a page of ours.

The cookie holds the session's token and nothing else: HttpOnly, SameSite=Strict, sent to /console alone, Secure on
https. Cookies know no ports, so its name holds the member's. The CSRF token is a digest of the session's token: no
page but ours can know it, and it tells nothing of the cookie. Before the log-in a random cookie stands in.
"""

import hmac
import re
from typing import Final

from flask import Response, request

from api.context import runtime
from api.errors import CsrfRefused
from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.services.staff.opening import TOKEN_BYTES, TOKEN_CHARACTERS

PATH: Final = "/console"
CSRF_FIELD: Final = "csrf"
ENTRY_LIFE_S: Final = 3_600

_OURS = re.compile(r"/console(?:/[A-Za-z0-9_-]+){0,6}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def our_path(text: str | None) -> str:
    """Give a path of the console that a link or a form named, else its first page: nobody is sent anywhere else."""
    return text if text is not None and _OURS.fullmatch(text) is not None else PATH


def session_cookie() -> str:
    """Name the cookie of a session."""
    return f"jeung_{runtime().settings.name}_session"


def entry_cookie() -> str:
    """Name the cookie of the log-in page, which stands for nobody."""
    return f"jeung_{runtime().settings.name}_entry"


def federation_cookie() -> str:
    """Name the cookie of a log-in through the identity provider, which stands for one flow."""
    return f"jeung_{runtime().settings.name}_oidc"


def token_in(cookie: str) -> str | None:
    """Give the token a cookie of this request holds, or None where there is none of its form, or more than one.

    A host beside ours can set a cookie of the same name for a longer path, which then stands first: somebody would
    work in another's session and not know it.
    """
    values = request.cookies.getlist(cookie)
    value = values[0] if len(values) == 1 else ""
    return value if len(value) == TOKEN_CHARACTERS and _TOKEN.fullmatch(value) else None


def fresh_token() -> str:
    """Make a token for the log-in page."""
    return base64url.encode(runtime().entropy.token(TOKEN_BYTES))


def set_cookie(
    response: Response, cookie: str, token: str, *, max_age_s: int | None = None, lax: bool = False
) -> None:
    """Put a token into the browser; without `max_age_s` it goes when the browser does.

    `lax` lets it come along when another site leads the browser here.
    """
    response.set_cookie(
        cookie,
        token,
        max_age=max_age_s,
        path=PATH,
        secure=runtime().settings.base_url.startswith("https://"),
        httponly=True,
        samesite="Lax" if lax else "Strict",
    )


def drop_cookie(response: Response, cookie: str) -> None:
    """Take a cookie out of the browser."""
    response.delete_cookie(
        cookie,
        path=PATH,
        secure=runtime().settings.base_url.startswith("https://"),
        httponly=True,
        samesite="Strict",
    )


def csrf_token(token: str) -> str:
    """Give what a form under this token must bring along."""
    return base64url.encode(sha256(b"jeung console form/" + token.encode("ascii")))


def check_origin() -> None:
    """Refuse a form that another site's page, or none that says so, sent; every browser names the origin of a POST.

    Raises:
        CsrfRefused: the Origin header is missing, repeated, or not this node's.
    """
    if request.headers.getlist("Origin") != [_origin()]:
        raise CsrfRefused


def check_form_token(token: str) -> None:
    """Refuse a form without the CSRF token of its session.

    Raises:
        CsrfRefused: it is missing or another one.
    """
    shown = request.form.get(CSRF_FIELD, "")
    if not hmac.compare_digest(shown.encode("utf-8"), csrf_token(token).encode("ascii")):
        raise CsrfRefused


def _origin() -> str:
    """Give this node's origin: scheme, host and port of its URL, as browsers write it."""
    scheme, _, rest = runtime().settings.base_url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"
