"""Serve the core's port `Signer` from a keystore."""

from collections.abc import Mapping

from jeung.domain.registrations import KeyPurpose
from jeung.ports.custody import SigningKey
from keys.keystore import Keystore
from keys.purposes import Purpose


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
        record = self._keystore.current(Purpose[purpose.name])
        return SigningKey(record.key_id, purpose, record.public_jwk or {}, self._x5c.get(record.key_id, ()))

    def sign(self, key_id: str, purpose: KeyPurpose, message: bytes) -> bytes:
        """Sign a message.

        Raises:
            KeyCustodyError: see `Keystore.sign`; a key that is unknown, of another purpose or not active is the
                port's KeyUnavailable.
        """
        return self._keystore.sign(key_id, Purpose[purpose.name], message)
