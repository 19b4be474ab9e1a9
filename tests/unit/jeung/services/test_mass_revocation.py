"""Everything that was selected is revoked, once, however often the worker dies; nothing else is."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from jeung.domain.credentials import StatusAction, StatusScope
from jeung.domain.dual_control import Act, ActKind, ActState, Channel, PrincipalKind, Signatory
from jeung.domain.identifiers import to_hex
from jeung.domain.ledger import CredentialStatus
from jeung.errors import MalformedInput, NotFound
from jeung.services import mass_revocation
from jeung.services.credentials import CredentialService
from jeung.services.mass_revocation import MassRevocation, selection_of
from tests.common.parties import Parties


@pytest.fixture
def parties() -> Parties:
    return Parties()


@pytest.fixture
def handler(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> MassRevocation:
    monkeypatch.setattr(mass_revocation, "STEP", 3)
    return MassRevocation(parties.bank.store, parties.clock)


def act_of(parameters: Mapping[str, Any]) -> Act:
    by = Signatory(PrincipalKind.CLIENT, "back-office", Channel.API)
    return Act("act_1", ActKind.MASS_REVOCATION, parameters, None, bytes(32), "why", ActState.EXECUTING, by, 1, 2)


def revoked(parties: Parties) -> set[str]:
    with parties.bank.store.read() as tx:
        views = tx.credentials.page(cursor=None, limit=100).items
    return {view.record.credential_id for view in views if view.record.wanted_status is CredentialStatus.REVOKED}


def test_everything_under_a_key_is_revoked_step_by_step(parties: Parties, handler: MassRevocation) -> None:
    records = [copy.record for _ in range(4) for copy in parties.issue(2).copies]
    act = act_of({"signing_key": records[0].signing_key_id})
    outcomes = [handler.advance(act) for _ in range(4)]
    assert [outcome.done for outcome in outcomes] == [False] * 4
    assert [outcome.more for outcome in outcomes] == [True, True, True, False]
    assert revoked(parties) == {record.credential_id for record in records}
    kinds = [kind for kind, _ in parties.bank.events() if kind == "status_wanted"]
    assert len(kinds) == 8


def test_first_step_takes_the_lowest_places(parties: Parties, handler: MassRevocation) -> None:
    records = [copy.record for _ in range(4) for copy in parties.issue(2).copies]
    handler.advance(act_of({"signing_key": records[0].signing_key_id}))
    lowest = sorted(records, key=lambda record: (record.status.list_number, record.status.index))[:3]
    assert revoked(parties) == {record.credential_id for record in lowest}


def test_what_was_revoked_before_is_not_revoked_again(parties: Parties, handler: MassRevocation) -> None:
    (one,) = parties.issue().copies
    (other,) = parties.issue().copies
    service = CredentialService(store=parties.bank.store, clock=parties.clock)
    service.change_status(StatusScope.COPY, one.record.credential_id, StatusAction.REVOKE)
    handler.advance(act_of({"signing_key": one.record.signing_key_id}))
    again = [body for kind, body in parties.bank.events() if kind == "status_wanted"]
    assert len(again) == 2
    assert revoked(parties) == {one.record.credential_id, other.record.credential_id}


def test_selection_leaves_everything_else_alone(parties: Parties, handler: MassRevocation) -> None:
    first, second = parties.issue(2), parties.issue()
    record = first.copies[0].record
    selections: list[dict[str, Any]] = [
        {"family": record.family_id},
        {"subject": record.subject_id},
        {"signing_key": record.signing_key_id, "issued_until": record.issued_at + 1, "subject": record.subject_id},
    ]
    for selection in selections:
        handler.advance(act_of(selection))
        assert revoked(parties) == {copy.record.credential_id for copy in first.copies}
    handler.advance(act_of({"schema": to_hex(record.schema), "issued_from": record.issued_at + 1}))
    assert second.copies[0].record.credential_id not in revoked(parties)


def test_full_outbox_is_waited_for(
    parties: Parties, handler: MassRevocation, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = parties.issue(8).copies[0].record
    monkeypatch.setattr(mass_revocation, "MAX_WAITING", 3)
    act = act_of({"family": record.family_id})
    assert handler.advance(act).more
    waited = handler.advance(act)
    assert (waited.done, waited.more) == (False, False)
    assert len(revoked(parties)) == 3


def test_act_is_done_once_the_chain_has_everything(parties: Parties, handler: MassRevocation) -> None:
    record = parties.issue(2).copies[0].record
    act = act_of({"family": record.family_id})
    handler.advance(act)
    assert not handler.advance(act).done
    with parties.bank.store.write() as tx:
        tables = tx.credentials._tables  # type: ignore[attr-defined]
        tables.status_works.clear()
    outcome = handler.advance(act)
    assert outcome.done
    assert outcome.result == {"revoked": 2}


def test_act_says_in_numbers_what_it_would_do(parties: Parties, handler: MassRevocation) -> None:
    record = parties.issue(2).copies[0].record
    parameters = {"family": record.family_id, "issued_from": 0}
    with parties.bank.store.read() as tx:
        assert handler.check(tx, parameters) == parameters
    facts = {fact.label.en: fact.value for fact in handler.describe(parameters).facts}
    assert facts["copies selected"] == "2"
    assert facts["family"] == record.family_id
    assert facts["of them decided"] == "0"


def test_selection_of_nothing_is_refused(parties: Parties, handler: MassRevocation) -> None:
    with parties.bank.store.read() as tx, pytest.raises(NotFound):
        handler.check(tx, {"family": "fam_unknown"})


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"status": "revoked"},
        {"family": ""},
        {"family": "x" * 129},
        {"subject": 7},
        {"issued_from": -1},
        {"issued_until": "now"},
        {"issued_from": True},
        {"schema": "0x00"},
    ],
    ids=["nothing", "other", "empty", "long", "number", "negative", "text", "truth", "schema"],
)
def test_selection_of_another_shape_is_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(MalformedInput):
        selection_of(parameters)


def test_act_that_forgot_its_parameters_selects_nothing(handler: MassRevocation) -> None:
    with pytest.raises(MalformedInput):
        handler.advance(replace(act_of({}), parameters=None))
