"""State what the credential issuer keeps: deferred issuances, notifications, keys for encrypted requests."""

from typing import Protocol

from jeung.domain.issuing import DeferredIssuance, EncryptionKey, Notification


class DeferredIssuances(Protocol):
    """Keep issuances that have to wait."""

    def put(self, deferred: DeferredIssuance) -> None:
        """Keep an issuance in place of whatever waits for the same grant and configuration."""
        ...

    def get(self, transaction_hash: bytes) -> DeferredIssuance | None:
        """Give an issuance; inside a write transaction it stays as read until the commit."""
        ...

    def remove(self, transaction_hash: bytes) -> None:
        """Forget an issuance; one that is not there is forgotten already."""
        ...


class Notifications(Protocol):
    """Keep which answers a wallet may report about."""

    def add(self, notification: Notification) -> None:
        """Keep a new one.

        Raises:
            Conflict: its digest stands already.
        """
        ...

    def get(self, notification_hash: bytes) -> Notification | None:
        """Give one; inside a write transaction it stays as read until the commit."""
        ...

    def replace(self, notification: Notification) -> None:
        """Keep what was reported.

        Raises:
            NotFound: there is no such one.
        """
        ...


class EncryptionKeys(Protocol):
    """Keep the keys that wallets may encrypt requests to."""

    def add(self, key: EncryptionKey) -> None:
        """Keep a new key.

        Raises:
            Conflict: its id stands already.
        """
        ...

    def get(self, key_id: str) -> EncryptionKey | None:
        """Give a key, expired or not."""
        ...

    def newest(self) -> EncryptionKey | None:
        """Give the key that was made last, or None before the first."""
        ...
