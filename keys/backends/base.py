"""State what custody is made of, as Protocols: tests/behaviors/test_keystore_*.py ask it of every backend.

The `Inventory` keeps the records of all keys, wherever their material lies, and is itself the backend `software`. A
`Backend` holds material elsewhere (a token, a signer on another machine) under a name the settings give it. Both
obey: whether a key may be used, and which state follows which, is decided by `keystore.Keystore`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from keys.algorithms import PublicPart
from keys.model import KeyRecord
from keys.purposes import Purpose

Change = Callable[[KeyRecord], KeyRecord]


@dataclass(frozen=True, slots=True)
class Held:
    """Describe a key that a backend holds: what may be known of it, and the handle by which it is found again."""

    public: PublicPart
    handle: str


class Backend(Protocol):
    """Hold key material outside the keystore's file, and use it without giving it away.

    Safe to share between threads. Every wait, retry and queue has a bound. Nothing it raises holds a secret.
    """

    def generate(self, purpose: Purpose, algorithm: str) -> Held:
        """Make a key that cannot be exported.

        Raises:
            BackendUnavailable, BackendRefused: nothing was made.
        """
        ...

    def adopt(self, purpose: Purpose, algorithm: str, name: str) -> Held:
        """Find a key that the backend has already, by the name the backend knows it under.

        Raises:
            BackendUnavailable, BackendRefused: there is none, or one that cannot serve.
        """
        ...

    def sign(self, record: KeyRecord, message: bytes) -> bytes:
        """Sign a message in the form of the key's algorithm; what is given verifies under the record's public key.

        Raises:
            BackendUnavailable, BackendRefused, SignatureRefused: nothing was signed that could be used.
        """
        ...

    def seal(self, record: KeyRecord, plaintext: bytes | bytearray, associated: bytes) -> bytes:
        """Encrypt and authenticate: nonce, ciphertext, tag.

        Raises:
            BackendUnavailable, BackendRefused: it was not encrypted.
        """
        ...

    def unseal(self, record: KeyRecord, sealed: bytes, associated: bytes) -> bytearray:
        """Undo `seal`; the caller wipes what it gets.

        Raises:
            EnvelopeRefused: not what was sealed.
            BackendUnavailable, BackendRefused: it was not decrypted.
        """
        ...

    def destroy(self, record: KeyRecord) -> None:
        """Erase the key's material for good; a key that is gone already is no error.

        Raises:
            BackendUnavailable, BackendRefused: the material may still be there.
        """
        ...

    def close(self) -> None:
        """Let go of sessions and secrets; every later act raises KeystoreLocked. Closing twice is harmless."""
        ...


class Inventory(Protocol):
    """Keep the record of every key durably, and the material of those whose backend is `software`.

    Several processes may have the same inventory open; each sees what the others wrote before its next act.
    """

    def records(self) -> Mapping[str, KeyRecord]:
        """Give every record by key id, as it stands now.

        Raises:
            KeystoreLocked, KeystoreMissing, KeystoreTampered, InsecureFile: the custody cannot be trusted now.
        """
        ...

    def generate(self, purpose: Purpose, algorithm: str, *, created_at: int, not_before: int) -> KeyRecord:
        """Make a key, pre-active, and keep it durably before giving its record.

        Raises:
            KeystoreBusy, KeystoreNotWritten: nothing was made.
        """
        ...

    def add(self, record: KeyRecord) -> None:
        """Keep the record of a key that another backend holds.

        Raises:
            BackendRefused: there is a record of this key already.
            KeystoreBusy, KeystoreNotWritten: nothing was written.
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

    def sign(self, record: KeyRecord, message: bytes) -> bytes:
        """Sign a message in the form of the key's algorithm."""
        ...

    def seal(self, record: KeyRecord, plaintext: bytes | bytearray, associated: bytes) -> bytes:
        """Encrypt and authenticate."""
        ...

    def unseal(self, record: KeyRecord, sealed: bytes, associated: bytes) -> bytearray:
        """Undo `seal`; the caller wipes what it gets.

        Raises:
            EnvelopeRefused: not what was sealed.
        """
        ...

    def close(self) -> None:
        """Forget the material; every later act raises KeystoreLocked."""
        ...
