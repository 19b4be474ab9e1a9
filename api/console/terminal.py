"""Let who is logged in vouch for the terminal he sits at: the code it shows, typed here after a recent proof."""

from typing import Final

from flask import Response, request

from api.console.desk import draw, member, page, record, requires_recent_authentication
from api.context import runtime
from api.limits import Limit, count
from api.problems import status_of
from jeung.domain.access import Scope
from jeung.errors.staff import TerminalCodeRefused

_ANYBODY: Final[frozenset[Scope]] = frozenset()


@page("GET", "/terminal", _ANYBODY)
def show_terminal() -> Response:
    """Ask for the code that a terminal shows."""
    requires_recent_authentication()
    return draw("terminal.html", failed=False, done=False)


@page("POST", "/terminal", _ANYBODY)
def confirm_terminal() -> Response:
    """Take the code; the terminal goes on under the account of who typed it."""
    count(Limit.TOKEN)
    requires_recent_authentication()
    record("confirm_terminal")
    try:
        runtime().terminals.confirm(member(), request.form.get("code", ""))
    except TerminalCodeRefused as error:
        return draw("terminal.html", status_of(type(error)), failed=True, done=False)
    return draw("terminal.html", failed=False, done=True)
