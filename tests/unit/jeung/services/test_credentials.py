"""Status moves as the issuer decides, except out of revoked."""

import pytest

from jeung.crypto import canonical_json
from jeung.domain.access import RequestKey
from jeung.domain.credentials import AnchoringState, StatusAction, StatusScope
from jeung.domain.ledger import CredentialStatus
from jeung.errors import AlreadyRevoked, IdempotencyKeyReused, MalformedInput, NotFound
from jeung.services.credentials import CredentialService
from tests.common.parties import Parties


@pytest.fixture
def service(parties: Parties) -> CredentialService:
    return CredentialService(store=parties.bank.store, clock=parties.clock)


def _wanted(parties: Parties) -> list[tuple[int, CredentialStatus]]:
    tables = parties.bank.database.read()
    return [(change[1], change[2]) for change in tables.status_changes_wanted.values()]


def test_credential_shows_where_it_stands(parties: Parties, service: CredentialService) -> None:
    family = parties.issue()
    credential_id = family.copies[0].record.credential_id
    assert service.get(credential_id).anchoring is AnchoringState.PENDING
    parties.attest(family)
    view = service.get(credential_id)
    assert (view.anchoring, view.ledger_status) == (AnchoringState.ATTESTED, CredentialStatus.VALID)


@pytest.mark.parametrize(
    ("scope", "count"), [(StatusScope.COPY, 1), (StatusScope.FAMILY, 2), (StatusScope.SUBJECT, 2)]
)
@pytest.mark.parametrize("action", list(StatusAction))
def test_scope_says_how_much_changes(
    parties: Parties, service: CredentialService, scope: StatusScope, count: int, action: StatusAction
) -> None:
    record = parties.issue(copies=2).copies[0].record
    parties.issue()
    targets = {
        StatusScope.COPY: record.credential_id,
        StatusScope.FAMILY: record.family_id,
        StatusScope.SUBJECT: record.subject_id,
    }
    views = service.change_status(scope, targets[scope], action)
    assert [view.record.wanted_status for view in views] == [action.wanted] * count
    assert len(_wanted(parties)) == (0 if action is StatusAction.REINSTATE else count)


@pytest.mark.parametrize("scope", list(StatusScope))
def test_unknown_target_is_not_found(service: CredentialService, scope: StatusScope) -> None:
    with pytest.raises(NotFound, match=scope.value):
        service.change_status(scope, "none", StatusAction.REVOKE)


@pytest.mark.parametrize("action", [StatusAction.SUSPEND, StatusAction.REINSTATE])
def test_revoked_credential_never_comes_back(
    parties: Parties, service: CredentialService, action: StatusAction
) -> None:
    family_id = parties.issue(copies=2).family_id
    service.change_status(StatusScope.FAMILY, family_id, StatusAction.REVOKE)
    with pytest.raises(AlreadyRevoked):
        service.change_status(StatusScope.FAMILY, family_id, action)
    assert [status for _, status in _wanted(parties)] == [CredentialStatus.REVOKED] * 2


def test_revoking_twice_changes_nothing(parties: Parties, service: CredentialService) -> None:
    family_id = parties.issue().family_id
    first = service.change_status(StatusScope.FAMILY, family_id, StatusAction.REVOKE)
    assert service.change_status(StatusScope.FAMILY, family_id, StatusAction.REVOKE) == first
    assert len(_wanted(parties)) == 1


def test_copy_revoked_alone_stays_revoked_when_its_family_is_reinstated(
    parties: Parties, service: CredentialService
) -> None:
    family = parties.issue(copies=2)
    first, second = (copy.record.credential_id for copy in family.copies)
    service.change_status(StatusScope.COPY, first, StatusAction.REVOKE)
    service.change_status(StatusScope.FAMILY, family.family_id, StatusAction.SUSPEND)
    service.change_status(StatusScope.FAMILY, family.family_id, StatusAction.REINSTATE)
    assert service.get(first).record.wanted_status is CredentialStatus.REVOKED
    assert service.get(second).record.wanted_status is CredentialStatus.VALID


def test_repeated_request_changes_nothing(parties: Parties, service: CredentialService) -> None:
    record = parties.issue().copies[0].record
    request = RequestKey("staff", "k", "POST suspension", b"b" * 32)
    target = record.credential_id
    service.change_status(StatusScope.COPY, target, StatusAction.SUSPEND, request=request)
    service.change_status(StatusScope.COPY, target, StatusAction.REINSTATE)
    views = service.change_status(StatusScope.COPY, target, StatusAction.SUSPEND, request=request)
    assert views[0].record.wanted_status is CredentialStatus.VALID
    other = RequestKey("staff", "k", "POST revocation", b"b" * 32)
    with pytest.raises(IdempotencyKeyReused):
        service.change_status(StatusScope.COPY, target, StatusAction.REVOKE, request=other)


def test_every_change_is_logged_without_its_family(parties: Parties, service: CredentialService) -> None:
    record = parties.issue().copies[0].record
    service.change_status(StatusScope.FAMILY, record.family_id, StatusAction.SUSPEND)
    kind, body = parties.bank.events()[-1]
    assert kind == "status_wanted"
    assert canonical_json.parse_object(body) == {"credential": record.credential_id, "status": "suspended"}


def test_pages_follow_each_other(parties: Parties, service: CredentialService) -> None:
    issued = [copy.record.credential_id for _ in range(3) for copy in parties.issue().copies]
    page = service.page(limit=2)
    rest = service.page(cursor=page.next_cursor, limit=2)
    assert [view.record.credential_id for view in (*page.items, *rest.items)] == issued
    assert rest.next_cursor is None
    subject = page.items[1].record.subject_id
    assert [view.record.credential_id for view in service.page(subject_id=subject).items] == [issued[1]]
    with pytest.raises(MalformedInput):
        service.page(cursor="'; drop table credentials")
    assert len(service.page(limit=0).items) == 1


def test_unknown_credential_is_not_found(service: CredentialService) -> None:
    with pytest.raises(NotFound):
        service.get("crd_none")
