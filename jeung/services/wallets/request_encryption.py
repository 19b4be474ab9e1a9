"""Let wallets encrypt their requests to us, beyond TLS (OpenID4VCI 1.0, section 10).

One key is published at a time; a fresh one takes its place when it has been published for a day, and it still opens
what was sent to it for a day more. Then its row goes, and with it the private key. Metadata are open to strangers, so
looking them up writes at most the one row of the day.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from jeung.crypto.jwe import parse_jwe
from jeung.domain.issuing import EncryptionKey
from jeung.errors import (
    DecryptionFailed,
    EncryptionNotSupported,
    InvalidEncryptionParameters,
    MalformedJwe,
)
from jeung.ports.custody import ResponseKeys
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock

CONTEXT: Final = "credential-requests"
MAX_REQUEST_CHARACTERS: Final = 262_144


@dataclass(frozen=True, slots=True)
class EncryptionRules:
    """Say for how many seconds a key is published, and for how many, counted from its making, it opens requests."""

    published_s: int = 86_400
    accepted_s: int = 2 * 86_400


class RequestEncryption:
    """Publish the key of the day, and open what was encrypted to it."""

    def __init__(self, *, store: Store, keys: ResponseKeys, clock: Clock, rules: EncryptionRules) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._rules = rules
        self._current: EncryptionKey | None = None

    def public_key(self) -> Mapping[str, str]:
        """Give the public JWK to encrypt to now, with `kid`, `use` and `alg`.

        Raises:
            KeyUnavailable: no active key wraps data keys.
            StoreBusy, StoreUnavailable: a fresh key is due and cannot be kept.
        """
        current = self._current
        if current is None or not self._is_published(current):
            with self._store.read() as tx:
                current = tx.encryption_keys.newest()
            if current is None or not self._is_published(current):
                with self._store.write() as tx:
                    current = self._renewed(tx)
            self._current = current
        return current.jwk

    def open(self, text: str) -> bytes:
        """Give the plaintext of an encrypted request.

        Raises:
            InputTooLarge: it is longer than its bound.
            InvalidEncryptionParameters: it is not a JWE of our one suite, to a key of ours that is still good.
        """
        try:
            message = parse_jwe(text, max_characters=MAX_REQUEST_CHARACTERS)
        except (MalformedJwe, EncryptionNotSupported) as error:
            raise InvalidEncryptionParameters(error.detail) from None
        key = None
        if message.key_id is not None:
            with self._store.read() as tx:
                key = tx.encryption_keys.get(message.key_id)
        if key is None or key.expires_at <= self._clock.now():
            raise InvalidEncryptionParameters("`kid` names no key that the metadata publish now")
        try:
            return self._keys.decrypt(key.sealed, CONTEXT, message)
        except DecryptionFailed as error:
            raise InvalidEncryptionParameters(error.detail) from None

    def _is_published(self, key: EncryptionKey) -> bool:
        return self._clock.now() < key.created_at + self._rules.published_s

    def _renewed(self, tx: Transaction) -> EncryptionKey:
        """Make the next key, unless another process was first."""
        newest = tx.encryption_keys.newest()
        if newest is not None and self._is_published(newest):
            return newest
        now, made = self._clock.now(), self._keys.new(CONTEXT)
        key = EncryptionKey(made.key_id, made.jwk, made.sealed, now, now + self._rules.accepted_s)
        tx.encryption_keys.add(key)
        return key
