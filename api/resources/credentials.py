"""Serve credentials to the issuer's back office: issue, look up, change status."""

from collections.abc import Callable

from apiflask import APIBlueprint

from api.context import runtime
from api.idempotency import Key
from api.operation import Operation, operation
from api.wire.credentials import (
    Credential,
    Credentials,
    CredentialsQuery,
    IssueCredentials,
    Issued,
    StatusChanged,
)
from jeung.domain.access import RequestKey, Scope
from jeung.domain.credentials import StatusAction, StatusScope
from jeung.errors import (
    AlreadyRevoked,
    Conflict,
    LedgerStale,
    LimitExceeded,
    MalformedKey,
    NotAccredited,
    NotFound,
    ProofingClosed,
    SubjectErased,
)

blueprint = APIBlueprint("credentials", __name__, tag="Credentials")

_READ = frozenset({Scope.ISSUE, Scope.STATUS})


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/credentials",
        frozenset({Scope.ISSUE}),
        takes=IssueCredentials,
        gives=Issued,
        status=201,
        key=Key.REQUIRED,
        refuses=(
            NotFound,
            ProofingClosed,
            NotAccredited,
            MalformedKey,
            LimitExceeded,
            SubjectErased,
            LedgerStale,
        ),
    ),
)
def issue_credentials(body: IssueCredentials, request_key: RequestKey | None) -> Issued:
    """Issue a family of credentials, one copy for each holder key.

    The digests wait in the outbox for the chain: a copy can be verified once `anchoring` says `attested`.
    """
    keys = [key.model_dump(exclude_none=True) for key in body.holder_keys]
    return Issued.of(runtime().issuance.issue(body.proofing_id, body.vct, keys, request=request_key))


@operation(blueprint, Operation("GET", "/v1/credentials", _READ, query=CredentialsQuery, gives=Credentials))
def list_credentials(query: CredentialsQuery) -> Credentials:
    """List credentials in order of issue."""
    page = runtime().credentials.page(cursor=query.cursor, limit=query.limit, subject_id=query.subject_id)
    return Credentials(items=[Credential.of(view) for view in page.items], next_cursor=page.next_cursor)


@operation(blueprint, Operation("GET", "/v1/credentials/<token:credential_id>", _READ, gives=Credential))
def get_credential(credential_id: str) -> Credential:
    """Show one copy of a credential."""
    return Credential.of(runtime().credentials.get(credential_id))


def _status_view(scope: StatusScope, action: StatusAction) -> Callable[..., StatusChanged]:
    """Make the view of one act on one scope."""
    text = f"{action.value.capitalize()} {_OF[scope]}."

    def view(target_id: str, request_key: RequestKey | None) -> StatusChanged:
        views = runtime().credentials.change_status(scope, target_id, action, request=request_key)
        return StatusChanged(items=[Credential.of(changed) for changed in views])

    view.__name__, view.__doc__ = f"{action.value}_{scope.value}", text
    return view


_PLACES = {StatusScope.COPY: "credentials", StatusScope.FAMILY: "families", StatusScope.SUBJECT: "subjects"}
_OF = {
    StatusScope.COPY: "one copy of a credential",
    StatusScope.FAMILY: "every copy of a family",
    StatusScope.SUBJECT: "everything issued to a subject",
}
_ACTS = {
    StatusAction.SUSPEND: "suspension",
    StatusAction.REINSTATE: "reinstatement",
    StatusAction.REVOKE: "revocation",
}

for _scope, _place in _PLACES.items():
    for _action, _act in _ACTS.items():
        operation(
            blueprint,
            Operation(
                "POST",
                f"/v1/{_place}/<token:target_id>/{_act}",
                frozenset({Scope.STATUS}),
                gives=StatusChanged,
                key=Key.OPTIONAL,
                refuses=(AlreadyRevoked, Conflict) if _action is not StatusAction.REVOKE else (),
            ),
        )(_status_view(_scope, _action))
