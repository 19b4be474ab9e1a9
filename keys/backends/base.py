"""State what a custody of keys must do, as a Protocol: tests/behaviors/test_keystore_*.py ask it of every backend."""

from collections.abc import Callable, Mapping
from typing import Protocol

from keys.algorithms import Algorithm
from keys.model import KeyRecord
from keys.purposes import Purpose

Change = Callable[[KeyRecord], KeyRecord]


class Backend(Protocol):
    """Keep key material and the records about it, and use the material without giving it away.

    A backend obeys: whether a key may be used, and which state follows which, is decided by `keystore.Keystore`.
    Several processes may have the same custody open; each sees what the others wrote before its next act.
    """

    def records(self) -> Mapping[str, KeyRecord]:
        """Give every record by key id, as it stands now.

        Raises:
            KeystoreLocked, KeystoreMissing, KeystoreTampered, InsecureFile: the custody cannot be trusted now.
        """
        ...

    def generate(self, purpose: Purpose, algorithm: Algorithm, *, created_at: int, not_before: int) -> KeyRecord:
        """Make a key, pre-active, and keep it durably before giving its record.

        Raises:
            KeystoreBusy, KeystoreNotWritten: nothing was made.
        """
        ...

    def update(self, key_id: str, change: Change) -> KeyRecord:
        """Apply a change to the newest record while nobody else can write, and keep it durably.

        A record that comes back with `destroyed_at` loses its material.

        Raises:
            UnknownKey: there is no such key.
            KeystoreBusy, KeystoreNotWritten: nothing was changed. What `change` raises passes through.
        """
        ...

    def add_uses(self, uses: Mapping[str, int], *, wait: bool) -> None:
        """Add to the use counters durably; without `wait`, give up at once when another process is writing.

        Raises:
            KeystoreBusy, KeystoreNotWritten: nothing was added.
        """
        ...

    def sign(self, key_id: str, message: bytes) -> bytes:
        """Sign a message in the form of the key's algorithm."""
        ...

    def seal(self, key_id: str, plaintext: bytes, associated: bytes) -> bytes:
        """Encrypt and authenticate."""
        ...

    def unseal(self, key_id: str, sealed: bytes, associated: bytes) -> bytes:
        """Undo `seal`.

        Raises:
            EnvelopeRefused: not what was sealed.
        """
        ...

    def close(self) -> None:
        """Forget the material; every later act raises KeystoreLocked."""
        ...
