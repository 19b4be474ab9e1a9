"""Encrypt personal data under one key per subject, so that destroying the key erases the person.

A data key is 32 random bytes, kept only wrapped under the member's DATA_WRAPPING key and bound to its owner; the
store keeps the wrapped form in a row of its own, and deleting that row (and its back-ups) makes everything sealed
under it unreadable. What is sealed is bound to its place, so that a ciphertext moved to another row or column is
refused.

    wrapped data key:  version 1 (1 byte) | id of the wrapping key (32) | nonce (12) | ciphertext (32) | tag (16)
    sealed field:      version 1 (1 byte) | nonce (12) | ciphertext (n) | tag (16)

Random 96-bit nonces are safe for 2^32 messages under one key (NIST SP 800-38D, 8.3): a data key seals the few fields
of one person; a wrapping key is to be rotated long before it has wrapped that many.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jeung.crypto import base64url
from keys.algorithms import AES_KEY_BYTES, NONCE_BYTES, TAG_BYTES, WrappingKey
from keys.errors import EnvelopeRefused
from keys.guarded import Guarded
from keys.keystore import Keystore
from keys.memory import wiped
from keys.purposes import Purpose

_VERSION = b"\x01"
_KEY_ID_BYTES = 32
HEAD_BYTES = len(_VERSION) + _KEY_ID_BYTES
_WRAPPED_BYTES = HEAD_BYTES + NONCE_BYTES + AES_KEY_BYTES + TAG_BYTES
MAX_PLAINTEXT_BYTES = 16 * 1024 * 1024
MAX_KEPT = 16
KEPT_S = 60


class DataKey(Guarded):
    """Hold one owner's data key, unwrapped, and use it; forget it as soon as the work at hand is done."""

    __slots__ = ("_key",)

    def __init__(self, key: AESGCM) -> None:
        """Take the key that a `Vault` unwrapped."""
        self._key = WrappingKey("data key", key)

    def encrypt(self, plaintext: bytes, place: bytes) -> bytes:
        """Seal a field for its place (see `place`): version, nonce, ciphertext, tag.

        Raises:
            EnvelopeRefused: the field has more than 16 MiB.
        """
        if len(plaintext) > MAX_PLAINTEXT_BYTES:
            raise EnvelopeRefused(f"expected at most {MAX_PLAINTEXT_BYTES} bytes, got {len(plaintext)}")
        return _VERSION + self._key.seal(plaintext, _bound("field", place))

    def decrypt(self, sealed: bytes, place: bytes) -> bytes:
        """Undo `encrypt` for the same place.

        Raises:
            EnvelopeRefused: changed, moved here from another place, or sealed under another owner's key.
        """
        _require_version(sealed)
        return bytes(self._key.unseal(sealed[len(_VERSION) :], _bound("field", place)))


class Vault:
    """Make and open data keys; the port `jeung.ports.custody.Vault` over a keystore.

    What was sealed with lately is kept unwrapped: all evidence of a day is sealed under one key, and unwrapping it
    each time would cost more than the sealing. Kept are 16 keys at most, each serves for 60 seconds at most, and
    before each use the keystore is asked whether the wrapping key still may. So who destroys a wrapping key stops
    every process at once; who destroys a wrapped data key may find a process able to seal under it, though to open
    nothing, for those 60 seconds (and its 32 bytes in memory until another key takes their place). `open` always
    unwraps.
    """

    def __init__(self, keystore: Keystore, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Wrap under whatever key of the keystore serves DATA_WRAPPING at the time.

        Args:
            keystore: holds the wrapping keys.
            monotonic: seconds from any beginning, never set back; says how long a data key has been kept.
        """
        self._keystore = keystore
        self._monotonic = monotonic
        self._kept: dict[tuple[bytes, str], tuple[DataKey, str, float]] = {}
        self._lock = threading.Lock()

    def new_data_key(self, owner: str) -> bytes:
        """Make a fresh data key for an owner and give it wrapped.

        Raises:
            UnknownKey: no active key serves DATA_WRAPPING.
        """
        with wiped(bytearray(secrets.token_bytes(AES_KEY_BYTES))) as data_key:
            return self._wrapped(data_key, owner)

    def wrap_anew(self, wrapped: bytes, owner: str) -> bytes:
        """Wrap an owner's data key under the wrapping key that serves now; what it sealed stays as it is.

        Raises:
            EnvelopeRefused, UnknownKey, WrongState: see `open_data_key`; or no active key serves DATA_WRAPPING.
        """
        with wiped(self._unwrapped(wrapped, owner)) as data_key:
            return self._wrapped(data_key, owner)

    def open_data_key(self, wrapped: bytes, owner: str) -> DataKey:
        """Unwrap an owner's data key, for several fields at once.

        Raises:
            EnvelopeRefused: changed, or another owner's.
            UnknownKey, WrongState: the wrapping key is not here, or was destroyed.
        """
        with wiped(self._unwrapped(wrapped, owner)) as data_key:
            return DataKey(AESGCM(data_key))

    def seal(self, wrapped: bytes, owner: str, context: str, plaintext: bytes) -> bytes:
        """Encrypt one field under the owner's data key, bound to a context such as "proofing/<id>".

        Raises:
            EnvelopeRefused, UnknownKey, WrongState: see `open_data_key` and `DataKey.encrypt`.
        """
        return self._sealing_key(wrapped, owner).encrypt(plaintext, place(context))

    def open(self, wrapped: bytes, owner: str, context: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made for the same owner and context.

        Raises:
            EnvelopeRefused, UnknownKey, WrongState: see `open_data_key` and `DataKey.decrypt`.
        """
        return self.open_data_key(wrapped, owner).decrypt(sealed, place(context))

    def digest(self, wrapped: bytes, owner: str, context: str, message: bytes) -> bytes:
        """Give the HMAC-SHA-256 (RFC 2104) of a message under an owner's data key, bound to a context: 32 bytes.

        The owner must be one whose key seals nothing: a key serves one purpose (NIST SP 800-57 part 1, 5.2).

        Raises:
            EnvelopeRefused, UnknownKey, WrongState: see `open_data_key`.
        """
        with wiped(self._unwrapped(wrapped, owner)) as data_key:
            return hmac.digest(data_key, _bound("digest", place(context)) + message, "sha256")

    def _wrapped(self, data_key: bytearray, owner: str) -> bytes:
        key_id = self._keystore.current(Purpose.DATA_WRAPPING).key_id
        head = head_of(key_id)
        return head + self._keystore.wrap_data_key(key_id, data_key, _owned(owner, head))

    def _unwrapped(self, wrapped: bytes, owner: str) -> bytearray:
        _require_version(wrapped)
        if len(wrapped) != _WRAPPED_BYTES:
            raise EnvelopeRefused(f"expected a wrapped key of {_WRAPPED_BYTES} bytes, got {len(wrapped)}")
        head, body = wrapped[:HEAD_BYTES], wrapped[HEAD_BYTES:]
        return self._keystore.unwrap_data_key(_wrapping_key_id(wrapped), body, _owned(owner, head))

    def _sealing_key(self, wrapped: bytes, owner: str) -> DataKey:
        now = self._monotonic()
        kept = self._kept.get((wrapped, owner))
        if kept is not None:
            key, wrapping_key_id, since = kept
            if now - since < KEPT_S:
                self._keystore.require_unwrapping(wrapping_key_id)
                return key
        key = self.open_data_key(wrapped, owner)
        with self._lock:
            self._kept.pop((wrapped, owner), None)
            while len(self._kept) >= MAX_KEPT:
                # The first is the one unwrapped longest ago.
                del self._kept[next(iter(self._kept))]
            self._kept[wrapped, owner] = key, _wrapping_key_id(wrapped), now
        return key


def head_of(key_id: str) -> bytes:
    """Give the 33 bytes that every data key wrapped under a key begins with: version and the key's id."""
    return _VERSION + base64url.decode(key_id)


def place(*names: str) -> bytes:
    """Write where a field stands (table, column, row) so that no two places are written alike.

    Each name is preceded by its length in bytes, 4 bytes big-endian: ("ab", "c") is not ("a", "bc").
    """
    encoded = [name.encode() for name in names]
    return b"".join([len(name).to_bytes(4) + name for name in encoded])


def _bound(use: str, what: bytes) -> bytes:
    return b"jeung envelope 1 " + place(use) + what


def _owned(owner: str, head: bytes) -> bytes:
    """Bind a wrapped key to its owner, its version and the wrapping key it names."""
    return _bound("data key", head + place(owner))


def _wrapping_key_id(wrapped: bytes) -> str:
    """Give the id of the key that a data key is wrapped under."""
    return base64url.encode(wrapped[len(_VERSION) : HEAD_BYTES])


def _require_version(envelope: bytes) -> None:
    if envelope[:1] != _VERSION:
        raise EnvelopeRefused("expected an envelope of version 1")
