"""Show what was issued, and let an officer suspend, reinstate or revoke it: one copy, a family, all of a subject."""

from typing import Final

from flask import Response, request

from api.console.desk import draw, form_key, go, may, page, record, requires_recent_authentication
from api.context import runtime
from jeung.domain.access import Scope
from jeung.domain.credentials import CredentialView, StatusAction, StatusScope
from jeung.domain.ledger import CredentialStatus
from jeung.errors import MalformedInput, NotFound

READ: Final = frozenset({Scope.ISSUE, Scope.STATUS, Scope.AUDIT})
CHANGE: Final = frozenset({Scope.STATUS})
PAGE_SIZE: Final = 20


@page("GET", "/credentials", READ, query=True)
def list_credentials() -> Response:
    """List credentials, the newest first, of one subject where asked; no claim is among what is shown."""
    subject, after = request.args.get("subject"), request.args.get("after")
    found = runtime().credentials.page(cursor=after, limit=PAGE_SIZE, subject_id=subject, newest_first=True)
    return draw("credentials.html", items=found.items, next_cursor=found.next_cursor, subject=subject)


@page("GET", "/credentials/<token:credential_id>", READ)
def show_credential(credential_id: str) -> Response:
    """Show one copy with what may be done about it."""
    view = runtime().credentials.get(credential_id)
    return draw("credential.html", view=view, actions=_possible(view) if may(Scope.STATUS) else ())


@page("GET", "/credentials/<token:credential_id>/<token:action>", CHANGE)
def ask_status_change(credential_id: str, action: str) -> Response:
    """Ask whether the act is meant, and for how much of what was issued."""
    _check_recent(_act(action))
    view, act = runtime().credentials.get(credential_id), _act(action)
    return draw("credential_act.html", view=view, action=act, scopes=tuple(StatusScope))


@page("POST", "/credentials/<token:credential_id>/<token:action>", CHANGE)
def change_status(credential_id: str, action: str) -> Response:
    """Do what was confirmed; the chain follows within a block."""
    act = _act(action)
    _check_recent(act)
    try:
        scope = StatusScope(request.form.get("scope", ""))
    except ValueError:
        raise MalformedInput("the form does not say how much is meant") from None
    if request.form.get("confirmed") != "yes":
        raise MalformedInput("the act was not confirmed")
    key = form_key()
    record_of = runtime().credentials.get(credential_id).record
    target = {
        StatusScope.COPY: record_of.credential_id,
        StatusScope.FAMILY: record_of.family_id,
        StatusScope.SUBJECT: record_of.subject_id,
    }[scope]
    record(f"{act.value}_{scope.value}", target)
    runtime().credentials.change_status(scope, target, act, request=key)
    return go(f"/console/credentials/{credential_id}")


def _check_recent(act: StatusAction) -> None:
    """Have whoever revokes prove again who he is: it is the one act here that nothing takes back."""
    if act is StatusAction.REVOKE:
        requires_recent_authentication()


def _act(name: str) -> StatusAction:
    try:
        return StatusAction(name)
    except ValueError:
        raise NotFound from None


def _possible(view: CredentialView) -> tuple[StatusAction, ...]:
    """Give the acts that would change something for this copy."""
    return {
        CredentialStatus.VALID: (StatusAction.SUSPEND, StatusAction.REVOKE),
        CredentialStatus.SUSPENDED: (StatusAction.REINSTATE, StatusAction.REVOKE),
        CredentialStatus.REVOKED: (),
    }[view.record.wanted_status]
