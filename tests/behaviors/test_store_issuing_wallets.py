"""What every store keeps for the credential issuer's endpoints."""

from dataclasses import replace

import pytest

from jeung.domain.issuing import DeferredIssuance, EncryptionKey, Notification, NotificationEvent
from jeung.domain.key_storage import KeyStorage
from jeung.errors import Conflict, NotFound
from tests.common import rows
from tests.common.stores import Subject

DEFERRED = DeferredIssuance(rows.digest_of("t1"), "grant-1", "real-name-1", b"keys", rows.NOW + 5, rows.NOW + 50)
NOTIFICATION = Notification(rows.digest_of("n1"), "grant-1", "family-1", rows.NOW + 50)
KEY = EncryptionKey("key-1", {"kty": "EC", "kid": "key-1"}, b"sealed", rows.NOW, rows.NOW + 50)


def test_deferred_issuance_comes_back_as_it_was_kept(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.deferred.put(DEFERRED)
    with kept.store.read() as tx:
        assert tx.deferred.get(DEFERRED.transaction_hash) == DEFERRED
        assert tx.deferred.get(rows.digest_of("t2")) is None


def test_one_issuance_waits_for_a_grant_and_configuration(kept: Subject) -> None:
    later = replace(DEFERRED, transaction_hash=rows.digest_of("t2"), sealed=b"other keys")
    others = [
        replace(DEFERRED, transaction_hash=rows.digest_of("t3"), grant_id="grant-2"),
        replace(DEFERRED, transaction_hash=rows.digest_of("t4"), configuration_id="other-1"),
    ]
    with kept.store.write() as tx:
        for deferred in (DEFERRED, *others, later):
            tx.deferred.put(deferred)
    with kept.store.read() as tx:
        assert tx.deferred.get(DEFERRED.transaction_hash) is None
        for deferred in (later, *others):
            assert tx.deferred.get(deferred.transaction_hash) == deferred


def test_deferred_issuance_is_changed_and_forgotten(kept: Subject) -> None:
    postponed = replace(DEFERRED, next_poll_at=rows.NOW + 9)
    with kept.store.write() as tx:
        tx.deferred.put(DEFERRED)
        tx.deferred.put(postponed)
        assert tx.deferred.get(DEFERRED.transaction_hash) == postponed
    with kept.store.write() as tx:
        tx.deferred.remove(DEFERRED.transaction_hash)
        tx.deferred.remove(DEFERRED.transaction_hash)
    with kept.store.read() as tx:
        assert tx.deferred.get(DEFERRED.transaction_hash) is None


def test_notification_is_kept_once_and_takes_what_was_reported(kept: Subject) -> None:
    reported = replace(NOTIFICATION, event=NotificationEvent.ACCEPTED, noted_at=rows.NOW + 1)
    with kept.store.write() as tx:
        tx.notifications.add(NOTIFICATION)
    with kept.store.write() as tx:
        assert tx.notifications.get(NOTIFICATION.notification_hash) == NOTIFICATION
        tx.notifications.replace(reported)
    with kept.store.read() as tx:
        assert tx.notifications.get(NOTIFICATION.notification_hash) == reported
        assert tx.notifications.get(rows.digest_of("n2")) is None
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.notifications.add(NOTIFICATION)


def test_report_about_an_unknown_answer_is_not_kept(kept: Subject) -> None:
    with kept.store.write() as tx:
        with pytest.raises(NotFound):
            tx.notifications.replace(NOTIFICATION)
        assert tx.notifications.get(NOTIFICATION.notification_hash) is None


def test_newest_encryption_key_is_the_one_made_last(kept: Subject) -> None:
    later = replace(KEY, key_id="key-0", created_at=rows.NOW + 1)
    with kept.store.write() as tx:
        assert tx.encryption_keys.newest() is None
        tx.encryption_keys.add(later)
        tx.encryption_keys.add(KEY)
    with kept.store.read() as tx:
        assert tx.encryption_keys.newest() == later
        assert tx.encryption_keys.get("key-1") == KEY
        assert tx.encryption_keys.get("key-2") is None
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.encryption_keys.add(KEY)


def test_credential_keeps_how_well_its_key_is_kept(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1, key_storage=KeyStorage.HIGH), rows.credential(2)])
    with kept.store.read() as tx:
        grades = [view.record.key_storage for view in tx.credentials.page(cursor=None, limit=9).items]
    assert grades == [KeyStorage.HIGH, KeyStorage.SOFTWARE]
