"""Log in, log out, choose the language."""

from typing import Final

from flask import Response, request

from api.console import session
from api.console.desk import draw, go, member, open_page, page
from api.console.session import our_path
from api.console.texts import LANGUAGE_COOKIE, LANGUAGES
from api.context import runtime
from api.errors import CsrfRefused
from api.limits import Limit, count, network
from api.problems import headers_of, status_of
from jeung.domain.access import Scope
from jeung.domain.staff import LoginMethod
from jeung.errors import JeungError, LoginLimited, LoginRefused, MalformedInput, SessionEnded

_LANGUAGE_LIFE_S: Final = 365 * 86_400
_ANYBODY: frozenset[Scope] = frozenset()


@open_page("GET", "/login", query=True)
def show_login() -> Response:
    """Ask for name and password."""
    target = our_path(request.args.get("next"))
    token = session.token_in(session.session_cookie())
    if token is not None:
        try:
            runtime().staff.authenticate(token)
            return go(target)
        except SessionEnded:
            pass
    return log_in_form(target)


@open_page("POST", "/login")
def log_in() -> Response:
    """Open a session, under a token that only now comes to be; the one the browser had before ends."""
    count(Limit.TOKEN)
    target = our_path(request.form.get("next"))
    entry = session.token_in(session.entry_cookie())
    if entry is None:
        raise CsrfRefused
    session.check_form_token(entry)
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        opened = runtime().staff.log_in(
            name.strip().lower(),
            password,
            address=network(request.remote_addr),
            previous=session.token_in(session.session_cookie()),
        )
    except (LoginRefused, LoginLimited) as error:
        return log_in_form(target, error)
    answer = go(target)
    session.set_cookie(answer, session.session_cookie(), opened.token)
    session.drop_cookie(answer, session.entry_cookie())
    return answer


@page("POST", "/logout", _ANYBODY)
def log_out() -> Response:
    """End the session."""
    token = session.token_in(session.session_cookie())
    if token is not None:
        runtime().staff.log_out(token)
    federated = member().method is LoginMethod.OIDC
    answer = go(f"{session.PATH}/{'logged-out' if federated else 'login'}")
    session.drop_cookie(answer, session.session_cookie())
    return answer


@open_page("GET", "/language", query=True)
def choose_language() -> Response:
    """Keep the language a person chose and go back to where that was."""
    chosen = request.args.get("to")
    if chosen not in LANGUAGES:
        raise MalformedInput("there is no such language")
    answer = go(our_path(request.args.get("next")))
    answer.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=_LANGUAGE_LIFE_S, path=session.PATH, httponly=True, samesite="Strict"
    )
    return answer


def log_in_form(target: str, error: JeungError | None = None) -> Response:
    """Draw the page that asks who somebody is, in the ways that this node knows."""
    token = session.token_in(session.entry_cookie()) or session.fresh_token()
    answer = draw(
        "login.html",
        200 if error is None else status_of(type(error)),
        next=target,
        methods=runtime().staff.rules.methods,
        failed=None if error is None else error.code,
        entry_csrf=session.csrf_token(token),
    )
    if error is not None:
        answer.headers.extend(pair for pair in headers_of(error) if pair[0] != "WWW-Authenticate")
    session.set_cookie(answer, session.entry_cookie(), token, max_age_s=session.ENTRY_LIFE_S)
    return answer
