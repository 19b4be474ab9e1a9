"""Log in with a passkey, add one with a code, confirm with one, and keep one's own.

A page's script asks an address that ends in `/options` for what the browser needs, has the authenticator answer, and
puts the answer into the form, which is sent as any other: what is judged and shown stays on the server.
"""

from typing import Any, Final

from flask import Response, g, json, request

from api.console import session
from api.console.account import confirmation_form
from api.console.desk import draw, go, member, open_page, page, record, requires_recent_authentication
from api.console.entry import log_in_form
from api.console.session import our_path
from api.context import runtime
from api.errors import CsrfRefused
from api.limits import Limit, count, network
from api.problems import headers_of, status_of
from jeung.domain.access import Scope
from jeung.domain.staff import LoginMethod
from jeung.errors import JeungError, LoginLimited, MalformedInput, NotFound
from jeung.errors.staff import EnrolmentRefused, PasskeyRefused

_ANYBODY: Final[frozenset[Scope]] = frozenset()


def demand_passkeys() -> None:
    """Refuse where this node lets nobody in with a passkey.

    Raises:
        NotFound: it does not.
    """
    if LoginMethod.PASSKEY not in runtime().staff.rules.methods:
        raise NotFound("this console knows no passkeys")


@open_page("POST", "/login/passkey/options")
def log_in_options() -> Response:
    """Give the challenge of a log-in."""
    return _options(runtime().passkeys.log_in_options(_stranger()))


@open_page("POST", "/login/passkey")
def log_in_with_passkey() -> Response:
    """Open a session, under a token that only now comes to be."""
    entry, target = _stranger(), our_path(request.form.get("next"))
    try:
        opened = runtime().passkeys.log_in(
            request.form.get("credential", ""),
            browser=entry,
            address=network(request.remote_addr),
            previous=session.token_in(session.session_cookie()),
        )
    except (PasskeyRefused, LoginLimited) as error:
        return log_in_form(target, error)
    answer = go(target)
    session.set_cookie(answer, session.session_cookie(), opened.token)
    session.drop_cookie(answer, session.entry_cookie())
    return answer


@open_page("GET", "/enrol")
def show_enrolment() -> Response:
    """Ask for the name and the code that the operator gave."""
    demand_passkeys()
    return _enrolment()


@open_page("POST", "/enrol/options")
def enrolment_options() -> Response:
    """Give what the browser makes a passkey with, once name and code are right."""
    entry = _stranger()
    name, code = _name_and_code()
    return _options(runtime().enroller.options(name, code, browser=entry, address=network(request.remote_addr)))


@open_page("POST", "/enrol")
def enrol() -> Response:
    """Keep the passkey and use the code up; whoever has it logs in with it next."""
    entry = _stranger()
    name, code = _name_and_code()
    answer, label = request.form.get("credential", ""), request.form.get("label", "")
    try:
        runtime().enroller.enrol(name, code, answer, label, browser=entry, address=network(request.remote_addr))
    except (EnrolmentRefused, PasskeyRefused, LoginLimited, MalformedInput) as error:
        return _enrolment(error)
    return draw("enrolled.html")


@page("POST", "/confirm/passkey/options", _ANYBODY)
def confirm_options() -> Response:
    """Give the challenge of a proof that it is still the same person."""
    _counted()
    return _options(runtime().passkeys.confirm_options(member(), g.console_token))


@page("POST", "/confirm/passkey", _ANYBODY)
def confirm_with_passkey() -> Response:
    """Take a passkey of whoever is logged in; the session goes on under a fresh token."""
    _counted()
    target = our_path(request.form.get("next"))
    try:
        renewed = runtime().passkeys.confirm(request.form.get("credential", ""), token=g.console_token)
    except PasskeyRefused as error:
        return confirmation_form(target, error)
    answer = go(target)
    session.set_cookie(answer, session.session_cookie(), renewed.token)
    return answer


@page("GET", "/passkeys", _ANYBODY)
def list_passkeys() -> Response:
    """Show one's own passkeys, and let one add another."""
    demand_passkeys()
    requires_recent_authentication()
    return draw("passkeys.html", passkeys=runtime().passkeys.of(member().staff_id))


@page("POST", "/passkeys/options", _ANYBODY)
def add_options() -> Response:
    """Give what the browser makes a further passkey with."""
    _counted()
    requires_recent_authentication()
    return _options(runtime().passkeys.add_options(member(), g.console_token))


@page("POST", "/passkeys", _ANYBODY)
def add_passkey() -> Response:
    """Keep a further passkey."""
    _counted()
    requires_recent_authentication()
    record("add_passkey")
    fields = request.form
    runtime().passkeys.add(member(), fields.get("credential", ""), fields.get("label", ""), token=g.console_token)
    return go("/console/passkeys")


@page("POST", "/passkeys/<token:passkey_id>/label", _ANYBODY)
def rename_passkey(passkey_id: str) -> Response:
    """Give one's own passkey another name."""
    demand_passkeys()
    record("rename_passkey", passkey_id)
    runtime().passkeys.rename(member().staff_id, passkey_id, request.form.get("label", ""))
    return go("/console/passkeys")


@page("POST", "/passkeys/<token:passkey_id>/removal", _ANYBODY)
def remove_passkey(passkey_id: str) -> Response:
    """Forget one's own passkey, but never the last way in."""
    demand_passkeys()
    requires_recent_authentication()
    record("remove_passkey", passkey_id)
    runtime().passkeys.remove(member().staff_id, passkey_id)
    return go("/console/passkeys")


def _counted() -> None:
    demand_passkeys()
    count(Limit.TOKEN)


def _stranger() -> str:
    """Give the token of the page that a stranger's form stood on, once the form proves that it did.

    Raises:
        CsrfRefused: it does not.
    """
    _counted()
    entry = session.token_in(session.entry_cookie())
    if entry is None:
        raise CsrfRefused
    session.check_form_token(entry)
    return entry


def _name_and_code() -> tuple[str, str]:
    return request.form.get("name", "").strip().lower(), request.form.get("code", "")


def _options(options: dict[str, Any]) -> Response:
    return Response(json.dumps(options), content_type="application/json")


def _enrolment(error: JeungError | None = None) -> Response:
    token = session.token_in(session.entry_cookie()) or session.fresh_token()
    answer = draw(
        "enrol.html",
        200 if error is None else status_of(type(error)),
        failed=None if error is None else error.code,
        entry_csrf=session.csrf_token(token),
    )
    if error is not None:
        answer.headers.extend(pair for pair in headers_of(error) if pair[0] != "WWW-Authenticate")
    session.set_cookie(answer, session.entry_cookie(), token, max_age_s=session.ENTRY_LIFE_S)
    return answer
