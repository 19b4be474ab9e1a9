"""Make keys for one conversation: who answers a request encrypts to the request's own key (HAIP 1.0 section 5).

Such a key is no entry of the keystore: it lives for minutes, and there are as many as there are requests. Its private
scalar (32 bytes, like a data key) is wrapped under the member's DATA_WRAPPING key, bound to its context, and kept in
the row of what it belongs to; deleting the row forgets the key.

    sealed key:  version 1 (1 byte) | id of the wrapping key (32) | nonce (12) | ciphertext (32) | tag (16)
"""

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe
from joserfc.errors import JoseError

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwe import ECDH_ES, REGISTRY, AgreementKey, UnopenedJwe
from jeung.errors import DecryptionFailed
from jeung.ports.custody import ResponseKey
from keys.envelope import place
from keys.errors import EnvelopeRefused
from keys.keystore import Keystore
from keys.memory import wiped
from keys.purposes import Purpose

_VERSION = b"\x01"
_KEY_ID_BYTES = 32
_SCALAR_BYTES = 32
_HEAD_BYTES = len(_VERSION) + _KEY_ID_BYTES
_SEALED_BYTES = _HEAD_BYTES + 12 + _SCALAR_BYTES + 16
_CURVE = ec.SECP256R1()


class KeystoreResponseKeys:
    """Serve the core's port `ResponseKeys` from a keystore."""

    def __init__(self, keystore: Keystore) -> None:
        """Wrap under whatever key of the keystore serves DATA_WRAPPING at the time."""
        self._keystore = keystore

    def new(self, context: str) -> ResponseKey:
        """Make a key for one context such as "presentation-request/<id>".

        Raises:
            UnknownKey: no active key serves DATA_WRAPPING.
        """
        private = ec.generate_private_key(_CURVE)
        numbers = private.private_numbers()
        public = numbers.public_numbers
        x, y = (base64url.encode(number.to_bytes(_SCALAR_BYTES)) for number in (public.x, public.y))
        key_id = base64url.encode(sha256(f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'.encode("ascii")))
        wrapping_key_id = self._keystore.current(Purpose.DATA_WRAPPING).key_id
        head = _VERSION + base64url.decode(wrapping_key_id)
        with wiped(bytearray(numbers.private_value.to_bytes(_SCALAR_BYTES))) as scalar:
            sealed = head + self._keystore.wrap_data_key(wrapping_key_id, scalar, _bound(head, context))
        jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y, "use": "enc", "alg": ECDH_ES, "kid": key_id}
        return ResponseKey(key_id, jwk, sealed)

    def decrypt(self, sealed: bytes, context: str, message: UnopenedJwe) -> bytes:
        """Decrypt a message that was encrypted to the key sealed for this context.

        Raises:
            DecryptionFailed: it was encrypted to another key, or changed.
            EnvelopeRefused: the sealed key was changed, or belongs to another context.
            UnknownKey, WrongState: the wrapping key is not here, or was destroyed.
        """
        if sealed[: len(_VERSION)] != _VERSION or len(sealed) != _SEALED_BYTES:
            raise EnvelopeRefused("expected a sealed response key of version 1")
        head, body = sealed[:_HEAD_BYTES], sealed[_HEAD_BYTES:]
        wrapping_key_id = base64url.encode(head[len(_VERSION) :])
        with wiped(self._keystore.unwrap_data_key(wrapping_key_id, body, _bound(head, context))) as scalar:
            private = ec.derive_private_key(int.from_bytes(scalar), _CURVE)
        key = AgreementKey(private, private)
        try:
            opened = jwe.decrypt_compact(message.text, key, registry=REGISTRY)
        except (JoseError, ValueError):
            # ValueError: what the wrapped libraries make of a tag or nonce of the wrong length.
            raise DecryptionFailed from None
        return opened.plaintext or b""


def _bound(head: bytes, context: str) -> bytes:
    """Bind a sealed key to its version, the wrapping key it names and its context."""
    return b"jeung response key 1 " + head + place(context)
