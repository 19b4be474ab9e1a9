"""Serve the core's port `Signer` from a keystore."""

from collections.abc import Mapping, Sequence

from jeung.domain.registrations import KeyPurpose
from jeung.ports.custody import SigningKey
from keys.keystore import Keystore
from keys.model import KeyRecord, State
from keys.purposes import Purpose

_PUBLISHED = frozenset({State.PRE_ACTIVE, State.ACTIVE, State.RETIRED})


class KeystoreSigner:
    """Sign for the core with whatever key of the keystore serves a purpose at the time.

    `x5c` gives the certificate chain (standard Base64 DER, leaf first, no anchor) by key id, where there is one.
    """

    def __init__(self, keystore: Keystore, x5c: Mapping[str, tuple[str, ...]]) -> None:
        """Sign with an open keystore."""
        self._keystore = keystore
        self._x5c = x5c

    def active_key(self, purpose: KeyPurpose) -> SigningKey:
        """Give the key that signs for a purpose now.

        Raises:
            UnknownKey: no active key serves the purpose; the port's KeyUnavailable.
        """
        return self._described(self._keystore.current(Purpose[purpose.name]), purpose)

    def published_keys(self, purpose: KeyPurpose) -> Sequence[SigningKey]:
        """Give the keys whose signatures may be met: the active one first, then the others, the newest first."""
        known = self._keystore.list(purpose=Purpose[purpose.name])
        records = [record for record in reversed(known) if record.state in _PUBLISHED]
        records.sort(key=lambda record: record.state is not State.ACTIVE)
        return [self._described(record, purpose) for record in records]

    def sign(self, key_id: str, purpose: KeyPurpose, message: bytes) -> bytes:
        """Sign a message.

        Raises:
            KeyCustodyError: see `Keystore.sign`; a key that is unknown, of another purpose or not active is the
                port's KeyUnavailable.
        """
        return self._keystore.sign(key_id, Purpose[purpose.name], message)

    def _described(self, record: KeyRecord, purpose: KeyPurpose) -> SigningKey:
        return SigningKey(record.key_id, purpose, record.public_jwk or {}, self._x5c.get(record.key_id, ()))
