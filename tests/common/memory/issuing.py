"""What the credential issuer's endpoints keep, in memory."""

from jeung.domain.issuing import DeferredIssuance, EncryptionKey, Notification
from jeung.errors import Conflict, NotFound
from tests.common.memory.database import Tables


class MemoryDeferredIssuances:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.deferred

    def put(self, deferred: DeferredIssuance) -> None:
        for digest, kept in list(self._rows.items()):
            if (kept.grant_id, kept.configuration_id) == (deferred.grant_id, deferred.configuration_id):
                del self._rows[digest]
        self._rows[deferred.transaction_hash] = deferred

    def get(self, transaction_hash: bytes) -> DeferredIssuance | None:
        return self._rows.get(transaction_hash)

    def remove(self, transaction_hash: bytes) -> None:
        self._rows.pop(transaction_hash, None)


class MemoryNotifications:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.notifications

    def add(self, notification: Notification) -> None:
        if notification.notification_hash in self._rows:
            raise Conflict
        self._rows[notification.notification_hash] = notification

    def get(self, notification_hash: bytes) -> Notification | None:
        return self._rows.get(notification_hash)

    def replace(self, notification: Notification) -> None:
        if notification.notification_hash not in self._rows:
            raise NotFound
        self._rows[notification.notification_hash] = notification


class MemoryEncryptionKeys:
    def __init__(self, tables: Tables) -> None:
        self._rows = tables.encryption_keys

    def add(self, key: EncryptionKey) -> None:
        if key.key_id in self._rows:
            raise Conflict
        self._rows[key.key_id] = key

    def get(self, key_id: str) -> EncryptionKey | None:
        return self._rows.get(key_id)

    def newest(self) -> EncryptionKey | None:
        return max(self._rows.values(), key=lambda key: key.created_at, default=None)
