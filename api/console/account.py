"""Show who is logged in and where else he is, let him end that, and have him prove again who he is."""

from typing import Final

from flask import Response, g, request

from api.console import session
from api.console.desk import draw, go, member, page, record
from api.console.session import our_path
from api.context import runtime
from api.limits import Limit, count, network
from api.problems import headers_of, status_of
from jeung.domain.access import Scope
from jeung.domain.staff import LoginMethod
from jeung.errors import JeungError, LoginLimited, LoginRefused

_ANYBODY: Final[frozenset[Scope]] = frozenset()


@page("GET", "/me", _ANYBODY)
def show_me() -> Response:
    """Show who is logged in, as what, until when, and in which sessions."""
    who = member()
    service = runtime().staff
    passkeys = LoginMethod.PASSKEY in service.rules.methods
    return draw("me.html", roles=sorted(who.roles), sessions=service.sessions(who.staff_id), passkeys=passkeys)


@page("POST", "/sessions/<token:session_id>/end", _ANYBODY)
def end_session(session_id: str) -> Response:
    """End one of one's own sessions, such as the one on a machine that was left behind."""
    record("end_session", session_id)
    runtime().staff.end_session(member().staff_id, session_id)
    return go("/console/me")


@page("POST", "/sessions/end-others", _ANYBODY)
def end_other_sessions() -> Response:
    """End every session of one's own but this one."""
    record("end_other_sessions")
    runtime().staff.end_other_sessions(g.console_token)
    return go("/console/me")


@page("GET", "/confirm", _ANYBODY, query=True)
def ask_confirmation() -> Response:
    """Ask who is logged in to prove it again before a dangerous act."""
    return confirmation_form(our_path(request.args.get("next")))


@page("POST", "/confirm", _ANYBODY)
def confirm() -> Response:
    """Take the password once more; the session goes on under a fresh token."""
    count(Limit.TOKEN)
    target = our_path(request.form.get("next"))
    try:
        renewed = runtime().staff.confirm_password(
            g.console_token, request.form.get("password", ""), address=network(request.remote_addr)
        )
    except (LoginRefused, LoginLimited) as error:
        return confirmation_form(target, error)
    answer = go(target)
    session.set_cookie(answer, session.session_cookie(), renewed.token)
    return answer


def confirmation_form(target: str, error: JeungError | None = None) -> Response:
    """Draw the page that asks who is logged in to prove it again, in the ways that he has."""
    services = runtime()
    known = LoginMethod.PASSKEY in services.staff.rules.methods
    answer = draw(
        "confirm.html",
        200 if error is None else status_of(type(error)),
        next=target,
        failed=None if error is None else error.code,
        by_password=services.staff.may_use_password(member()),
        by_passkey=known and bool(services.passkeys.of(member().staff_id)),
    )
    if error is not None:
        answer.headers.extend(pair for pair in headers_of(error) if pair[0] != "WWW-Authenticate")
    return answer
