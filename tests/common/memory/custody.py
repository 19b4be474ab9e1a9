"""Keys in memory: real P-256 and AES-256-GCM, without a keystore."""

import hmac
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwe
from joserfc.errors import JoseError

from jeung.crypto import base64url
from jeung.crypto.jwe import ECDH_ES, REGISTRY, AgreementKey, UnopenedJwe
from jeung.domain.registrations import KeyPurpose
from jeung.errors import DecryptionFailed, KeyUnavailable, SealBroken
from jeung.ports.custody import ResponseKey, SigningKey
from tests.common.jose import Ed25519Signer, P256Signer, certificate

_NONCE_LENGTH = 12


_OF_LOGS = (KeyPurpose.LOG_CHECKPOINT_SIGNING, KeyPurpose.WITNESS_COSIGNING)


class MemorySigner:
    """Hold one active key for each purpose given; `rotate` replaces one, the retired key signs no more."""

    def __init__(self, *purposes: KeyPurpose) -> None:
        # P256Signer, or Ed25519Signer for the keys of logs.
        self.keys: dict[KeyPurpose, Any] = {}
        self._active: dict[KeyPurpose, SigningKey] = {}
        self._made: list[SigningKey] = []
        for purpose in purposes:
            self.rotate(purpose)

    def rotate(self, purpose: KeyPurpose) -> SigningKey:
        """Make a fresh key the active one of a purpose."""
        signer = Ed25519Signer() if purpose in _OF_LOGS else P256Signer()
        key = SigningKey(
            key_id=base64url.encode(signer.key.thumbprint),
            purpose=purpose,
            jwk=dict(signer.jwk),
            x5c=(certificate(signer.private_key),),
        )
        self.keys[purpose], self._active[purpose] = signer, key
        self._made.append(key)
        return key

    def take_over(self, other: "MemorySigner", purpose: KeyPurpose) -> None:
        """Let another signer's key, which may have been registered before, be the active one of a purpose."""
        self.keys[purpose], self._active[purpose] = other.keys[purpose], other.active_key(purpose)

    def active_key(self, purpose: KeyPurpose) -> SigningKey:
        if purpose not in self._active:
            raise KeyUnavailable
        return self._active[purpose]

    def published_keys(self, purpose: KeyPurpose) -> list[SigningKey]:
        return [key for key in reversed(self._made) if key.purpose is purpose]

    def sign(self, key_id: str, purpose: KeyPurpose, message: bytes) -> bytes:
        if self.active_key(purpose).key_id != key_id:
            raise KeyUnavailable
        signature: bytes = self.keys[purpose].sign(message)
        return signature


class MemoryVault:
    """Seal under data keys that are wrapped with one key, which lives as long as this object unless it is given."""

    def __init__(self, key: bytes | None = None) -> None:
        self._wrapping = AESGCM(key or AESGCM.generate_key(256))

    def new_data_key(self, owner: str) -> bytes:
        return _encrypt(self._wrapping, AESGCM.generate_key(256), owner)

    def seal(self, wrapped: bytes, owner: str, context: str, plaintext: bytes) -> bytes:
        return _encrypt(self._unwrapped(wrapped, owner), plaintext, f"{owner}\0{context}")

    def open(self, wrapped: bytes, owner: str, context: str, sealed: bytes) -> bytes:
        return _decrypt(self._unwrapped(wrapped, owner), sealed, f"{owner}\0{context}")

    def digest(self, wrapped: bytes, owner: str, context: str, message: bytes) -> bytes:
        bound = f"{owner}\0{context}\0".encode()
        return hmac.digest(_decrypt(self._wrapping, wrapped, owner), bound + message, "sha256")

    def _unwrapped(self, wrapped: bytes, owner: str) -> AESGCM:
        return AESGCM(_decrypt(self._wrapping, wrapped, owner))


def _encrypt(key: AESGCM, plaintext: bytes, bound_to: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_LENGTH)
    return nonce + key.encrypt(nonce, plaintext, bound_to.encode())


def _decrypt(key: AESGCM, sealed: bytes, bound_to: str) -> bytes:
    try:
        return key.decrypt(sealed[:_NONCE_LENGTH], sealed[_NONCE_LENGTH:], bound_to.encode())
    except (InvalidTag, ValueError):
        raise SealBroken from None


class MemoryResponseKeys:
    """Keep the private keys in a dictionary, under a random name that stands for the sealed key."""

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, str], AgreementKey] = {}

    def new(self, context: str) -> ResponseKey:
        key = AgreementKey.generate_key("P-256")
        sealed = secrets.token_bytes(32)
        self._kept[sealed, context] = key
        name = key.thumbprint()
        public = {member: str(value) for member, value in key.as_dict(private=False).items()}
        return ResponseKey(name, {**public, "use": "enc", "alg": ECDH_ES, "kid": name}, sealed)

    def decrypt(self, sealed: bytes, context: str, message: UnopenedJwe) -> bytes:
        key = self._kept.get((sealed, context))
        if key is None:
            raise SealBroken
        try:
            return jwe.decrypt_compact(message.text, key, registry=REGISTRY).plaintext or b""
        except (JoseError, ValueError):
            raise DecryptionFailed from None
