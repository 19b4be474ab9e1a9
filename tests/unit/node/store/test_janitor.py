"""The janitor removes what has served its time, and nothing else."""

import datetime
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jeung.domain.access import RequestKey
from jeung.domain.issuing import DeferredIssuance, EncryptionKey, Notification
from jeung.domain.presentations import DeliveryState
from jeung.domain.receipts import Reader, Reading
from jeung.domain.staff import Attempts, LoginMethod, StaffAccount, StaffRole, StaffSession
from jeung.domain.verification import SealedPresentation, WantedVouches
from node.store import janitor
from node.store.open import NodeStore
from tests.behaviors.test_store_presentations import MESSAGE
from tests.behaviors.test_store_presentations import REQUEST as REQUESTED
from tests.common import rows, rows_wallets
from tests.common.stores import sqlite_store

REQUEST = RequestKey("client-1", "key-1", "POST /v1/credentials", rows.digest_of("body"))


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[NodeStore]:
    opened = sqlite_store(tmp_path / "node.db")
    yield opened
    opened.dispose()


def test_expired_nonce_is_kept_a_while_and_then_removed(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce("old", expires_at=rows.NOW))
        tx.nonces.add(rows.nonce("young", expires_at=rows.NOW + 1))
    assert kept.janitor.sweep(rows.NOW + janitor.NONCES_KEPT_S) == 0
    assert kept.janitor.sweep(rows.NOW + janitor.NONCES_KEPT_S + 1) == 1
    with kept.store.read() as tx:
        assert tx.nonces.get("old") is None
        assert tx.nonces.get("young") is not None


def test_used_nonce_is_not_removed_before_it_expires(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
        tx.nonces.consume("nonce-1", rows.NOW, "evidence-1")
    kept.janitor.sweep(rows.nonce().expires_at)
    with kept.store.write() as tx:
        assert not tx.nonces.consume("nonce-1", rows.NOW, "evidence-1")


def test_nonce_used_late_is_kept_as_long_after_its_use(kept: NodeStore) -> None:
    """The back end whose phone used it asks for the judgement by the nonce."""
    used_at = rows.NOW + janitor.NONCES_KEPT_S
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce("open", expires_at=rows.NOW))
        tx.nonces.add(rows.nonce("used", expires_at=rows.NOW))
        assert tx.nonces.consume("used", used_at, "evidence-1")
    assert kept.janitor.sweep(used_at + janitor.NONCES_KEPT_S) == 1
    with kept.store.read() as tx:
        assert tx.nonces.get("open") is None
        assert tx.nonces.get("used") is not None
    assert kept.janitor.sweep(used_at + janitor.NONCES_KEPT_S + 1) == 1
    with kept.store.read() as tx:
        assert tx.nonces.get("used") is None


def test_nonce_used_at_once_is_kept_while_it_could_be_shown_again(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
        assert tx.nonces.consume("nonce-1", rows.NOW, "evidence-1")
    assert kept.janitor.sweep(rows.nonce().expires_at + janitor.NONCES_KEPT_S) == 0
    assert kept.janitor.sweep(rows.nonce().expires_at + janitor.NONCES_KEPT_S + 1) == 1


def test_one_time_value_cannot_be_claimed_again_before_it_expired(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        tx.replays.claim("jti", "value", rows.NOW)
    assert kept.janitor.sweep(rows.NOW) == 0
    with kept.store.write() as tx:
        assert not tx.replays.claim("jti", "value", rows.NOW + 60)
    assert kept.janitor.sweep(rows.NOW + 1) == 1
    with kept.store.write() as tx:
        assert tx.replays.claim("jti", "value", rows.NOW + 60)


def test_request_is_remembered_for_a_day(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        tx.idempotency.remember(REQUEST, "family-1", rows.NOW)
        tx.idempotency.remember(replace(REQUEST, key="key-2"), "family-2", rows.NOW + 1)
    assert kept.janitor.sweep(rows.NOW + janitor.IDEMPOTENCY_KEPT_S) == 0
    assert kept.janitor.sweep(rows.NOW + janitor.IDEMPOTENCY_KEPT_S + 1) == 1
    with kept.store.read() as tx:
        assert tx.idempotency.find(REQUEST) is None
        assert tx.idempotency.find(replace(REQUEST, key="key-2")) == "family-2"


def test_sweep_is_bounded_and_the_next_one_goes_on(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        for number in range(janitor.REMOVED_AT_ONCE + 7):
            tx.replays.claim("jti", str(number), rows.NOW)
    assert kept.janitor.sweep(rows.NOW + 1) == janitor.REMOVED_AT_ONCE
    assert kept.janitor.sweep(rows.NOW + 1) == 7
    assert kept.janitor.sweep(rows.NOW + 1) == 0


def test_session_is_removed_once_it_has_ended_and_a_failed_log_in_after_a_month(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        tx.staff.add(StaffAccount("stf_1", "minji", frozenset({StaffRole.AUDITOR}), "$hash", rows.NOW))
        times = (rows.NOW, rows.NOW, rows.NOW + 60, rows.NOW)
        tx.staff_sessions.add(StaffSession(rows.digest_of("token"), "stf_1", *times, LoginMethod.PASSWORD))
        tx.login_attempts.put(Attempts("name:1", 99, rows.NOW))
    assert kept.janitor.sweep(rows.NOW + 60) == 0
    assert kept.janitor.sweep(rows.NOW + 61) == 1
    assert kept.janitor.sweep(rows.NOW + janitor.ATTEMPTS_KEPT_S) == 0
    assert kept.janitor.sweep(rows.NOW + janitor.ATTEMPTS_KEPT_S + 1) == 1
    with kept.store.read() as tx:
        assert tx.staff.get("stf_1") is not None


def test_what_the_credential_issuer_keeps_goes_when_it_expires(kept: NodeStore) -> None:
    digests = rows.digest_of("young"), rows.digest_of("old")
    with kept.store.write() as tx:
        for digest, expires_at in zip(digests, (rows.NOW, rows.NOW - 1), strict=True):
            name = digest.hex()
            tx.deferred.put(DeferredIssuance(digest, name, "real-name-1", b"keys", rows.NOW, expires_at))
            tx.notifications.add(Notification(digest, name, "family-1", expires_at))
            tx.encryption_keys.add(EncryptionKey(name, {}, b"sealed", rows.NOW - 9, expires_at))
    assert kept.janitor.sweep(rows.NOW) == 3
    with kept.store.read() as tx:
        for digest, there in zip(digests, (True, False), strict=True):
            assert (tx.deferred.get(digest) is not None) is there
            assert (tx.notifications.get(digest) is not None) is there
            assert (tx.encryption_keys.get(digest.hex()) is not None) is there


def test_what_a_wallet_was_given_outlives_its_token_and_then_goes(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        tx.proofings.add(rows.proofing())
        tx.offers.add(rows_wallets.offer(1, expires_at=rows.NOW))
        tx.grants.add(rows_wallets.grant(1, expires_at=rows.NOW))
        tx.authorizations.add(rows_wallets.authorization(1, expires_at=rows.NOW, grant_id="grant-1"))
    assert kept.janitor.sweep(rows.NOW + janitor.WALLETS_KEPT_S) == 0
    assert kept.janitor.sweep(rows.NOW + janitor.WALLETS_KEPT_S + 1) == 3
    with kept.store.read() as tx:
        assert tx.proofings.get("proofing-1") is not None


def test_authorization_nobody_redeemed_goes_soon(kept: NodeStore) -> None:
    """Strangers may push as many as the limits let them."""
    with kept.store.write() as tx:
        tx.authorizations.add(rows_wallets.authorization(1, expires_at=rows.NOW))
        tx.authorizations.add(rows_wallets.authorization(2, expires_at=rows.NOW, grant_id="grant-1"))
    assert kept.janitor.sweep(rows.NOW + janitor.UNANSWERED_KEPT_S) == 0
    assert kept.janitor.sweep(rows.NOW + janitor.UNANSWERED_KEPT_S + 1) == 1
    with kept.store.read() as tx:
        assert tx.authorizations.by_uri(rows_wallets.authorization(1).uri_hash) is None
        assert tx.authorizations.by_uri(rows_wallets.authorization(2).uri_hash) is not None


def test_keys_of_past_days_challenges_go_and_no_others(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        for owner in ("challenges/1", "sub_1", "challenges"):
            tx.data_keys.add(owner, b"wrapped", rows.NOW)
    assert kept.janitor.sweep(rows.NOW + janitor.CHALLENGE_KEYS_KEPT_S) == 0
    assert kept.janitor.sweep(rows.NOW + janitor.CHALLENGE_KEYS_KEPT_S + 1) == 1
    with kept.store.read() as tx:
        assert tx.data_keys.get("challenges/1") is None
        assert tx.data_keys.get("sub_1") is not None


def test_presentation_requests_go_a_day_after_their_expiry_and_their_key_two_days_later(kept: NodeStore) -> None:
    day = janitor.REQUESTS_KEPT_S
    with kept.store.write() as tx:
        tx.presentation_requests.add(replace(REQUESTED, expires_at=rows.NOW))
        tx.data_keys.add("presentations/2027-01-01", b"wrapped", rows.NOW)
        tx.data_keys.add("subject-1", b"wrapped", rows.NOW)
    assert kept.janitor.sweep(rows.NOW + day) == 0
    assert kept.janitor.sweep(rows.NOW + day + 1) == 1
    assert kept.janitor.sweep(rows.NOW + 3 * day) == 0
    assert kept.janitor.sweep(rows.NOW + 3 * day + 1) == 1
    with kept.store.read() as tx:
        assert tx.presentation_requests.get(REQUESTED.request_id) is None
        assert tx.data_keys.get("presentations/2027-01-01") is None
        assert tx.data_keys.get("subject-1") is not None


def test_messages_to_webhooks_go_a_week_after_their_end_and_never_before(kept: NodeStore) -> None:
    ended = replace(MESSAGE, delivery_id="dlv_2", state=DeliveryState.GIVEN_UP, ended_at=rows.NOW)
    with kept.store.write() as tx:
        tx.deliveries.add(MESSAGE)
        tx.deliveries.add(ended)
    assert kept.janitor.sweep(rows.NOW + janitor.DELIVERIES_KEPT_S) == 0
    assert kept.janitor.sweep(rows.NOW + janitor.DELIVERIES_KEPT_S + 1) == 1
    with kept.store.read() as tx:
        assert tx.deliveries.get("dlv_1") == MESSAGE
        assert tx.deliveries.get("dlv_2") is None


def test_evidence_goes_by_the_day_and_its_key_with_it_and_none_unless_asked(kept: NodeStore) -> None:
    days = ("evidence/2027-01-10", "evidence/2027-01-11", "evidence/2027-01-12")
    with kept.store.write() as tx:
        for number, day in enumerate(days):
            tx.data_keys.add(day, b"wrapped", rows.NOW)
            record = replace(rows.evidence(number), data_key_id=day)
            tx.evidence.add(record)
            tx.evidence.note_reading(record, Reading(Reader.STAFF, rows.NOW))
            tx.evidence_proofs.add(f"evidence-{number}", record.data_key_id, b"sealed", rows.NOW)
            tx.block_vouches.want(number, _day_after(day) - 43_200)
            tx.block_vouches.keep(WantedVouches(number, b"gathered", 1), None)
        tx.data_keys.add("sub_1", b"wrapped", 0)
        tx.data_keys.add("status-lists/0", b"wrapped", 0)
    kept.janitor.sweep(_day_after(days[2]) + 10 * 86_400)
    with kept.store.read() as tx:
        assert len(tx.evidence.page(cursor=None, limit=9).items) == 3
    kept.janitor.sweep(_day_after(days[1]) + 43_200, evidence_kept_s=86_400)
    with kept.store.read() as tx:
        assert [tx.data_keys.get(day) is None for day in days] == [True, False, False]
        assert [record.data_key_id for record in tx.evidence.page(cursor=None, limit=9).items] == [days[2], days[1]]
        assert [len(tx.evidence.readings(f"evidence-{number}", limit=9)) for number in range(3)] == [0, 1, 1]
        assert [tx.evidence_proofs.get(f"evidence-{n}") is None for n in range(3)] == [True, False, False]
        assert [tx.block_vouches.get(number) is None for number in range(3)] == [True, False, False]
        assert tx.data_keys.get("sub_1") is not None
        assert tx.data_keys.get("status-lists/0") is not None


def _keep_shown(kept: NodeStore, *days: str) -> None:
    with kept.store.write() as tx:
        tx.data_keys.add("evidence/2027-01-10", b"wrapped", rows.NOW)
        for number, day in enumerate(days):
            record = replace(rows.evidence(number), data_key_id="evidence/2027-01-10")
            tx.data_keys.add(day, b"wrapped", rows.NOW)
            tx.evidence.add(record, SealedPresentation(day, b"shown"))
            tx.evidence_proofs.add(record.evidence_id, day, b"proofs", rows.NOW)


def _left(kept: NodeStore, *days: str) -> list[tuple[bool, bool, bool]]:
    """Tell of each whether key, presentation and proofs are left."""
    with kept.store.read() as tx:
        return [
            (
                tx.data_keys.get(day) is not None,
                tx.evidence.presentation(f"evidence-{number}") is not None,
                tx.evidence_proofs.get(f"evidence-{number}") is not None,
            )
            for number, day in enumerate(days)
        ]


def test_presentations_are_dropped_an_hour_after_the_day_on_which_they_go(kept: NodeStore) -> None:
    days = ("shown/2027-01-11", "shown/2027-01-12")
    _keep_shown(kept, *days)
    over = _day_after(days[0]) + janitor.SHOWN_KEPT_S
    kept.janitor.sweep(over - 1)
    assert _left(kept, *days) == [(True, True, True)] * 2
    kept.janitor.sweep(over)
    assert _left(kept, *days) == [(False, False, False), (True, True, True)]
    with kept.store.read() as tx:
        assert len(tx.evidence.page(cursor=None, limit=9).items) == 2
        assert tx.data_keys.get("evidence/2027-01-10") is not None


def test_gathering_does_not_begin_anew_after_all_proofs_were_dropped(kept: NodeStore) -> None:
    days = ("shown/2027-01-11", "shown/2027-01-11/x")
    _keep_shown(kept, *days)
    kept.janitor.sweep(_day_after("shown/2027-01-12") + janitor.SHOWN_KEPT_S)
    # The last row is left, and its key is not.
    assert _left(kept, *days) == [(False, False, False), (False, False, True)]
    with kept.store.read() as tx:
        assert list(tx.evidence_proofs.waiting(9)) == []


def test_presentations_never_outlive_evidence_whose_retention_was_shortened(kept: NodeStore) -> None:
    days = ("shown/2030-01-11", "shown/2031-01-11")
    _keep_shown(kept, *days)
    kept.janitor.sweep(_day_after("evidence/2027-01-10") + 86_400, evidence_kept_s=86_400)
    assert [left[1:] for left in _left(kept, *days)] == [(False, False)] * 2
    with kept.store.read() as tx:
        assert tx.evidence.page(cursor=None, limit=9).items == []


def _day_after(owner: str) -> int:
    day = datetime.date.fromisoformat(owner.partition("/")[2]) + datetime.timedelta(days=1)
    return int(datetime.datetime.combine(day, datetime.time(), datetime.UTC).timestamp())


def test_logs_names_of_offers_go_when_nobody_can_ask_for_them_and_those_of_credentials_stay(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        before = {name: tx.log_names.of(name, rows.NOW) for name in ("ofr_1", "wgr_1", "war_1", "crd_1", "sub_1")}
    kept.janitor.sweep(rows.NOW + janitor.LOG_NAMES_KEPT_S + 1)
    with kept.store.write() as tx:
        same = {name for name, named in before.items() if tx.log_names.of(name, rows.NOW) == named}
    assert same == {"crd_1", "sub_1"}


def test_an_offer_that_stays_open_for_long_keeps_its_name_in_the_log_until_it_goes(kept: NodeStore) -> None:
    begun, ends = rows.NOW, rows.NOW + janitor.LOG_NAMES_KEPT_S
    with kept.store.write() as tx:
        tx.proofings.add(rows.proofing())
        tx.offers.add(rows_wallets.offer(1, offer_id="ofr_1", expires_at=ends))
        name = tx.log_names.of("ofr_1", begun)
    kept.janitor.sweep(ends + 1)
    with kept.store.write() as tx:
        assert tx.log_names.of("ofr_1", begun) == name
    kept.janitor.sweep(ends + janitor.WALLETS_KEPT_S + 1)
    with kept.store.write() as tx:
        assert tx.log_names.of("ofr_1", begun) != name
