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
from jeung.errors import LoginLimited, LoginRefused

_ANYBODY: Final[frozenset[Scope]] = frozenset()


@page("GET", "/me", _ANYBODY)
def show_me() -> Response:
    """Show who is logged in, as what, until when, and in which sessions."""
    who = member()
    return draw("me.html", roles=sorted(who.roles), sessions=runtime().staff.sessions(who.staff_id))


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
    return _form(our_path(request.args.get("next")))


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
        return _form(target, error)
    answer = go(target)
    session.set_cookie(answer, session.session_cookie(), renewed.token)
    return answer


def _form(target: str, error: LoginRefused | LoginLimited | None = None) -> Response:
    answer = draw(
        "confirm.html",
        200 if error is None else status_of(type(error)),
        next=target,
        failed=None if error is None else error.code,
        by_password=runtime().staff.may_use_password(member()),
    )
    if error is not None:
        answer.headers.extend(pair for pair in headers_of(error) if pair[0] != "WWW-Authenticate")
    return answer
