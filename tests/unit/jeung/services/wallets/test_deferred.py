"""What cannot be issued yet waits, bounded, and is handed out once; what will never be issued is denied."""

from dataclasses import replace

import pytest

from jeung.domain.issuing import NotificationEvent
from jeung.domain.wallets import WalletGrant
from jeung.errors import (
    CredentialRequestDenied,
    InvalidNotificationId,
    InvalidProofNonce,
    InvalidTransactionId,
    InvalidWalletToken,
)
from jeung.services.wallets.issuing import Deferral, DeferralRules, Delivery
from tests.common.key_proofs import Device
from tests.common.parties import PERSON
from tests.unit.jeung.services.wallets.issuing_stage import IssuingStage


@pytest.fixture
def stage() -> IssuingStage:
    return IssuingStage()


def opened(stage: IssuingStage, number: int = 1, **changes: object) -> WalletGrant:
    """Give a grant for a proofing that is still open."""
    return stage.grant(stage.parties.proofing.open(PERSON).proofing_id, number, **changes)


def deferred(stage: IssuingStage, grant: WalletGrant, *devices: Device) -> str:
    answer = stage.ask(grant, stage.jwts(*devices))
    assert isinstance(answer, Deferral)
    assert answer.interval_s == 10
    return answer.transaction_id


def test_open_proofing_defers_and_its_completion_delivers(stage: IssuingStage) -> None:
    grant, devices = opened(stage), [Device(), Device()]
    transaction = deferred(stage, grant, *devices)
    assert stage.copies() == 0
    stage.complete(grant.proofing_id)
    stage.clock.advance(10)
    given = stage.fetch(grant, transaction)
    assert isinstance(given, Delivery)
    assert len(given.credentials) == stage.copies() == 2
    assert stage.receive(grant, *devices).credentials == given.credentials


def test_transaction_id_is_good_once(stage: IssuingStage) -> None:
    grant = opened(stage)
    transaction = deferred(stage, grant, Device())
    stage.complete(grant.proofing_id)
    stage.clock.advance(10)
    stage.fetch(grant, transaction)
    with pytest.raises(InvalidTransactionId):
        stage.fetch(grant, transaction)


def test_deferring_uses_the_nonce_up(stage: IssuingStage) -> None:
    grant, nonce = opened(stage), stage.nonce()
    stage.ask(grant, stage.jwts(Device(), nonce=nonce))
    with pytest.raises(InvalidProofNonce):
        stage.ask(grant, stage.jwts(Device(), nonce=nonce))


def test_who_asks_too_early_waits_on_and_changes_nothing(stage: IssuingStage) -> None:
    grant = opened(stage)
    transaction = deferred(stage, grant, Device())
    stage.complete(grant.proofing_id)
    stage.clock.advance(7)
    before = stage.bank.database.read()
    assert stage.fetch(grant, transaction) == Deferral(transaction, 3)
    assert stage.bank.database.read() is before


def test_who_asks_in_time_and_in_vain_waits_another_interval(stage: IssuingStage) -> None:
    grant = opened(stage)
    transaction = deferred(stage, grant, Device())
    for _ in range(3):
        stage.clock.advance(10)
        assert stage.fetch(grant, transaction) == Deferral(transaction, 10)
    assert len(stage.bank.database.read().deferred) == 1


def test_asking_anew_takes_the_place_of_what_waits(stage: IssuingStage) -> None:
    grant, lost, kept = opened(stage), Device(), Device()
    first, second = deferred(stage, grant, lost), deferred(stage, grant, kept)
    assert len(stage.bank.database.read().deferred) == 1
    stage.complete(grant.proofing_id)
    stage.clock.advance(10)
    with pytest.raises(InvalidTransactionId):
        stage.fetch(grant, first)
    assert isinstance(stage.fetch(grant, second), Delivery)


def test_transaction_of_another_grant_is_unknown(stage: IssuingStage) -> None:
    transaction = deferred(stage, opened(stage, 1), Device())
    with pytest.raises(InvalidTransactionId):
        stage.fetch(opened(stage, 2), transaction)


def test_unknown_transaction_is_refused(stage: IssuingStage) -> None:
    with pytest.raises(InvalidTransactionId):
        stage.fetch(opened(stage), "x" * 32)


def test_expired_transaction_is_refused(stage: IssuingStage) -> None:
    grant = opened(stage)
    transaction = deferred(stage, grant, Device())
    stage.clock.advance(1_000)
    with pytest.raises(InvalidTransactionId):
        stage.fetch(grant, transaction)


def test_transaction_fetched_meanwhile_is_refused(stage: IssuingStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two that ask at the same time, both find it in their first look; the second look of one comes too late."""
    grant = opened(stage)
    transaction = deferred(stage, grant, Device())
    stage.clock.advance(10)
    entitled = stage.parties.issuance.entitled

    def slow(*arguments: object) -> object:
        with stage.store.write() as tx:
            [digest] = stage.bank.database.read().deferred
            tx.deferred.remove(digest)
        return entitled(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(stage.parties.issuance, "entitled", slow)
    with pytest.raises(InvalidTransactionId):
        stage.fetch(grant, transaction)


def test_rejected_proofing_is_denied(stage: IssuingStage) -> None:
    grant = opened(stage)
    transaction = deferred(stage, grant, Device())
    stage.complete(grant.proofing_id, passed=False)
    stage.clock.advance(10)
    for _ in range(2):
        with pytest.raises(CredentialRequestDenied):
            stage.fetch(grant, transaction)


def test_erased_subject_is_denied(stage: IssuingStage) -> None:
    grant = opened(stage)
    transaction = deferred(stage, grant, Device())
    with stage.store.write() as tx:
        tx.data_keys.destroy(grant.subject_id)
    stage.clock.advance(10)
    with pytest.raises(CredentialRequestDenied):
        stage.fetch(grant, transaction)
    with pytest.raises(CredentialRequestDenied):
        stage.ask(grant, stage.jwts(Device()))


def test_withdrawn_accreditation_is_denied(stage: IssuingStage) -> None:
    grant = opened(stage)
    transaction = deferred(stage, grant, Device())
    stage.complete(grant.proofing_id)
    stage.chain.withdraw(stage.bank.member, stage.parties.schema, stage.clock.now())
    stage.clock.advance(10)
    with pytest.raises(CredentialRequestDenied):
        stage.fetch(grant, transaction)


def test_revoked_grant_fetches_nothing(stage: IssuingStage) -> None:
    grant = opened(stage)
    transaction = deferred(stage, grant, Device())
    stage.complete(grant.proofing_id)
    stage.clock.advance(10)
    with stage.store.write() as tx:
        tx.grants.replace(replace(grant, revoked_at=stage.clock.now()))
    with pytest.raises(InvalidWalletToken):
        stage.fetch(grant, transaction)
    assert stage.copies() == 0


def test_waiting_keys_are_sealed(stage: IssuingStage) -> None:
    device = Device()
    deferred(stage, opened(stage), device)
    [row] = stage.bank.database.read().deferred.values()
    assert device.jwk["x"].encode() not in row.sealed


def test_token_bound_to_a_key_lives_as_long_as_what_it_waits_for_and_a_bearer_token_does_not(
    stage: IssuingStage,
) -> None:
    bound, bearer = opened(stage, 1), opened(stage, 2, dpop_jkt=None)
    for grant in (bound, bearer):
        deferred(stage, grant, Device())
    grants = stage.bank.database.read().grants
    assert grants[bound.grant_id].expires_at == stage.clock.now() + 1_000
    assert grants[bearer.grant_id].expires_at == bearer.expires_at


def test_token_that_lives_longer_is_not_shortened(stage: IssuingStage) -> None:
    grant = opened(stage, expires_at=stage.clock.now() + 5_000)
    deferred(stage, grant, Device())
    assert stage.bank.database.read().grants[grant.grant_id].expires_at == grant.expires_at


def test_wallet_may_be_kept_waiting_until_the_ledger_holds_the_digests() -> None:
    stage = IssuingStage(rules=DeferralRules(interval_s=10, ttl_s=1_000, wait_for_ledger=True))
    grant, device = stage.grant(), Device()
    transaction = deferred(stage, grant, device)
    assert stage.copies() == 1
    stage.clock.advance(10)
    assert isinstance(stage.fetch(grant, transaction), Deferral)
    digests = [record.digest for record in stage.bank.database.read().credentials.values()]
    stage.chain.attest(stage.bank.member, stage.parties.schema, digests, stage.parties.operator())
    stage.clock.advance(10)
    given = stage.fetch(grant, transaction)
    assert isinstance(given, Delivery)
    assert stage.copies() == 1
    assert stage.bank.database.read().grants[grant.grant_id].families != ()
    assert stage.receive(grant, device).credentials == given.credentials


def notified(stage: IssuingStage) -> list[tuple[str, bytes]]:
    return [event for event in stage.bank.events() if event[0].startswith("credential_") and "issued" not in event[0]]


def test_report_is_logged_once_for_each_copy_and_may_be_repeated(stage: IssuingStage) -> None:
    grant = stage.grant()
    given = stage.receive(grant, Device(), Device())
    for _ in range(2):
        stage.issuing.notify(grant, given.notification_id, NotificationEvent.ACCEPTED)
    assert [kind for kind, _ in notified(stage)] == ["credential_accepted"] * 2
    stage.issuing.notify(grant, given.notification_id, NotificationEvent.DELETED)
    assert [kind for kind, _ in notified(stage)][2:] == ["credential_deleted"] * 2
    [row] = stage.bank.database.read().notifications.values()
    assert (row.event, row.noted_at) == (NotificationEvent.DELETED, stage.clock.now())


def test_reports_that_contradict_each_other_do_not_fill_the_log(stage: IssuingStage) -> None:
    grant = stage.grant()
    given = stage.receive(grant, Device())
    for event in [NotificationEvent.FAILURE, NotificationEvent.ACCEPTED, NotificationEvent.DELETED] * 3:
        stage.issuing.notify(grant, given.notification_id, event)
    assert [kind for kind, _ in notified(stage)] == [
        "credential_failure",
        "credential_accepted",
        "credential_deleted",
    ]


def test_deleted_credential_is_not_reported_as_kept(stage: IssuingStage) -> None:
    grant = stage.grant()
    given = stage.receive(grant, Device())
    for event in (NotificationEvent.DELETED, NotificationEvent.ACCEPTED, NotificationEvent.FAILURE):
        stage.issuing.notify(grant, given.notification_id, event)
    [row] = stage.bank.database.read().notifications.values()
    assert row.event is NotificationEvent.DELETED


def test_answers_under_one_grant_share_one_row_for_reports(stage: IssuingStage) -> None:
    grant = stage.grant()
    given = {stage.receive(grant, Device()).notification_id for _ in range(3)}
    assert len(given) == len(stage.bank.database.read().notifications) == 1
    other = stage.receive(stage.grant(number=2), Device())
    assert other.notification_id not in given


def test_report_of_another_grant_or_about_nothing_is_refused(stage: IssuingStage) -> None:
    proofing = stage.parties.proofed()
    grant, other = stage.grant(proofing, 1), stage.grant(proofing, 2)
    given = stage.receive(grant, Device())
    for under, name in ((other, given.notification_id), (grant, "another"), (grant, ""), (grant, "한")):
        with pytest.raises(InvalidNotificationId):
            stage.issuing.notify(under, name, NotificationEvent.ACCEPTED)
    stage.clock.advance(300)
    with pytest.raises(InvalidNotificationId):
        stage.issuing.notify(grant, given.notification_id, NotificationEvent.ACCEPTED)
    assert notified(stage) == []
