"""Keep what the credential issuer's endpoints remember between a wallet's requests."""

import json
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from jeung.domain.issuing import DeferredIssuance, EncryptionKey, Notification, NotificationEvent
from jeung.errors import NotFound
from node.store.schema_issuing import deferred_issuances, encryption_keys, wallet_notifications

_ADD_DEFERRED = insert(deferred_issuances)
_DROP_WAITING = delete(deferred_issuances).where(
    deferred_issuances.c.grant_id == bindparam("grant"),
    deferred_issuances.c.configuration_id == bindparam("configuration"),
)
_GET_DEFERRED = select(deferred_issuances).where(deferred_issuances.c.transaction_hash == bindparam("wanted"))
_DROP_DEFERRED = delete(deferred_issuances).where(deferred_issuances.c.transaction_hash == bindparam("wanted"))

_ADD_NOTIFICATION = insert(wallet_notifications)
_GET_NOTIFICATION = select(wallet_notifications).where(
    wallet_notifications.c.notification_hash == bindparam("wanted")
)
_CHANGE_NOTIFICATION = update(wallet_notifications).where(
    wallet_notifications.c.notification_hash == bindparam("wanted")
)

_ADD_KEY = insert(encryption_keys)
_GET_KEY = select(encryption_keys).where(encryption_keys.c.key_id == bindparam("wanted"))
_NEWEST_KEY = select(encryption_keys).order_by(encryption_keys.c.created_at.desc()).limit(1)


class SqlDeferredIssuances:
    """Keep issuances that have to wait (jeung.ports.issuing.DeferredIssuances)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, deferred: DeferredIssuance) -> None:
        """Keep an issuance in place of whatever waits for the same grant and configuration."""
        self._connection.execute(
            _DROP_WAITING, {"grant": deferred.grant_id, "configuration": deferred.configuration_id}
        )
        self._connection.execute(
            _ADD_DEFERRED,
            {
                "transaction_hash": deferred.transaction_hash,
                "grant_id": deferred.grant_id,
                "configuration_id": deferred.configuration_id,
                "sealed": deferred.sealed,
                "next_poll_at": deferred.next_poll_at,
                "expires_at": deferred.expires_at,
            },
        )

    def get(self, transaction_hash: bytes) -> DeferredIssuance | None:
        """Give an issuance."""
        row = self._connection.execute(_GET_DEFERRED, {"wanted": transaction_hash}).first()
        if row is None:
            return None
        return DeferredIssuance(
            transaction_hash=row.transaction_hash,
            grant_id=row.grant_id,
            configuration_id=row.configuration_id,
            sealed=row.sealed,
            next_poll_at=row.next_poll_at,
            expires_at=row.expires_at,
        )

    def remove(self, transaction_hash: bytes) -> None:
        """Forget an issuance."""
        self._connection.execute(_DROP_DEFERRED, {"wanted": transaction_hash})


class SqlNotifications:
    """Keep which answers a wallet may report about (jeung.ports.issuing.Notifications)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, notification: Notification) -> None:
        """Keep a new one.

        Raises:
            Conflict: its digest stands already.
        """
        values = {"notification_hash": notification.notification_hash, **_changing(notification)}
        self._connection.execute(_ADD_NOTIFICATION, values)

    def get(self, notification_hash: bytes) -> Notification | None:
        """Give one."""
        row = self._connection.execute(_GET_NOTIFICATION, {"wanted": notification_hash}).first()
        if row is None:
            return None
        return Notification(
            notification_hash=row.notification_hash,
            grant_id=row.grant_id,
            family_id=row.family_id,
            expires_at=row.expires_at,
            event=None if row.event is None else NotificationEvent(row.event),
            noted_at=row.noted_at,
        )

    def replace(self, notification: Notification) -> None:
        """Keep what was reported.

        Raises:
            NotFound: there is no such one.
        """
        changed = self._connection.execute(
            _CHANGE_NOTIFICATION, {"wanted": notification.notification_hash, **_changing(notification)}
        )
        if changed.rowcount == 0:
            raise NotFound("There is no such notification.")


class SqlEncryptionKeys:
    """Keep the keys that wallets may encrypt requests to (jeung.ports.issuing.EncryptionKeys)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, key: EncryptionKey) -> None:
        """Keep a new key.

        Raises:
            Conflict: its id stands already.
        """
        self._connection.execute(
            _ADD_KEY,
            {
                "key_id": key.key_id,
                "jwk": json.dumps(dict(key.jwk)),
                "sealed": key.sealed,
                "created_at": key.created_at,
                "expires_at": key.expires_at,
            },
        )

    def get(self, key_id: str) -> EncryptionKey | None:
        """Give a key, expired or not."""
        return _key(self._connection.execute(_GET_KEY, {"wanted": key_id}).first())

    def newest(self) -> EncryptionKey | None:
        """Give the key that was made last, or None before the first."""
        return _key(self._connection.execute(_NEWEST_KEY).first())


def _changing(notification: Notification) -> dict[str, Any]:
    return {
        "grant_id": notification.grant_id,
        "family_id": notification.family_id,
        "expires_at": notification.expires_at,
        "event": None if notification.event is None else notification.event.value,
        "noted_at": notification.noted_at,
    }


def _key(row: Row[Any] | None) -> EncryptionKey | None:
    if row is None:
        return None
    return EncryptionKey(row.key_id, json.loads(row.jwk), row.sealed, row.created_at, row.expires_at)
