"""Name every algorithm, what it serves and how it is done in software: to add one, add it here and nowhere else."""

import enum
import secrets
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Self

import coincurve
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256

from jeung.crypto import base64url
from jeung.crypto.canonical_json import canonical
from jeung.crypto.hashing import keccak256, sha256
from keys.errors import EnvelopeRefused, WrongPurpose
from keys.guarded import Guarded
from keys.purposes import CHAIN_PURPOSES, Purpose

NONCE_BYTES = 12
TAG_BYTES = 16
AES_KEY_BYTES = 32
_COORDINATE_BYTES = 32


class Algorithm(enum.StrEnum):
    """Name an algorithm as the keystore file does; the names of JOSE where JOSE has one (RFC 7518, RFC 9864)."""

    ES256 = "ES256"
    ES256K_RECOVERABLE = "ES256K-R"
    ED25519 = "Ed25519"
    A256GCM = "A256GCM"


@dataclass(frozen=True, slots=True)
class PublicPart:
    """Hold what may be known of a key.

    `key_id` is the RFC 7638 thumbprint (base64url) of a JWK, the EIP-55 address of a chain account, or 32 random
    bytes (base64url) for a secret key. `members` are the required members of the public JWK in their order.
    """

    key_id: str
    members: tuple[tuple[str, str], ...] = ()
    address: str | None = None


class SoftwareKey(Guarded):
    """Hold one private key in memory and use it; what an algorithm cannot do is refused here."""

    __slots__ = ("public",)
    algorithm: ClassVar[Algorithm]
    purposes: ClassVar[frozenset[Purpose]]
    public: PublicPart

    @staticmethod
    @abstractmethod
    def generate() -> bytes:
        """Make fresh private bytes from the operating system's generator."""

    @classmethod
    @abstractmethod
    def load(cls, key_id: str, private: bytes) -> Self:
        """Make the usable key of private bytes; `key_id` counts only where no public key gives one."""

    def sign(self, message: bytes) -> bytes:
        """Sign a message.

        Raises:
            WrongPurpose: the algorithm does not sign.
        """
        raise WrongPurpose(f"{self.algorithm} does not sign")

    def seal(self, plaintext: bytes, associated: bytes) -> bytes:
        """Encrypt and authenticate: nonce, ciphertext, tag.

        Raises:
            WrongPurpose: the algorithm does not encrypt.
        """
        raise WrongPurpose(f"{self.algorithm} does not encrypt")

    def unseal(self, sealed: bytes, associated: bytes) -> bytes:
        """Undo `seal`.

        Raises:
            WrongPurpose: the algorithm does not encrypt.
            EnvelopeRefused: the ciphertext or its associated data are not what was sealed.
        """
        raise WrongPurpose(f"{self.algorithm} does not decrypt")


class Es256(SoftwareKey):
    """Sign with ECDSA on P-256 and SHA-256 (RFC 7518, 3.4): 64 bytes, r and s."""

    __slots__ = ("_key",)
    algorithm = Algorithm.ES256
    purposes = frozenset(
        {
            Purpose.CREDENTIAL_SIGNING,
            Purpose.STATUS_SIGNING,
            Purpose.REQUEST_SIGNING,
            Purpose.TOKEN_SIGNING,
            Purpose.RECEIPT_SIGNING,
            Purpose.WEBHOOK_SIGNING,
            Purpose.CERTIFICATE_AUTHORITY,
        }
    )
    _ECDSA = ec.ECDSA(SHA256())

    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key
        point = key.public_key().public_numbers()
        self.public = _jwk_part(
            ("crv", "P-256"),
            ("kty", "EC"),
            ("x", base64url.encode(point.x.to_bytes(_COORDINATE_BYTES))),
            ("y", base64url.encode(point.y.to_bytes(_COORDINATE_BYTES))),
        )

    @staticmethod
    def generate() -> bytes:
        """Make a private scalar: 32 bytes, big-endian."""
        return ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value.to_bytes(_COORDINATE_BYTES)

    @classmethod
    def load(cls, key_id: str, private: bytes) -> Self:
        """Load a private scalar."""
        return cls(ec.derive_private_key(int.from_bytes(private), ec.SECP256R1()))

    def sign(self, message: bytes) -> bytes:
        """Sign the SHA-256 of the message: 64 bytes r and s."""
        r, s = decode_dss_signature(self._key.sign(message, self._ECDSA))
        return r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES)


class Es256kRecoverable(SoftwareKey):
    """Sign for the chain: ECDSA on secp256k1 over keccak-256, low s, with the parity that recovers the signer."""

    __slots__ = ("_key",)
    algorithm = Algorithm.ES256K_RECOVERABLE
    purposes = CHAIN_PURPOSES

    def __init__(self, key: coincurve.PrivateKey) -> None:
        self._key = key
        point = key.public_key.format(compressed=False)[1:]
        address = eip55(keccak256(point)[-20:])
        self.public = PublicPart(key_id=address, address=address)

    @staticmethod
    def generate() -> bytes:
        """Make a private scalar: 32 bytes, big-endian."""
        private: bytes = coincurve.PrivateKey().secret
        return private

    @classmethod
    def load(cls, key_id: str, private: bytes) -> Self:
        """Load a private scalar."""
        return cls(coincurve.PrivateKey(private))

    def sign(self, message: bytes) -> bytes:
        """Sign the keccak-256 of the message: 65 bytes r, s and yParity (0 or 1); s is low (EIP-2)."""
        signature: bytes = self._key.sign_recoverable(message, hasher=keccak256)
        return signature


class Ed25519(SoftwareKey):
    """Sign with Ed25519 (RFC 8032, RFC 8037): 64 bytes, over the message itself."""

    __slots__ = ("_key",)
    algorithm = Algorithm.ED25519
    purposes = frozenset({Purpose.LOG_CHECKPOINT_SIGNING, Purpose.WITNESS_COSIGNING})

    def __init__(self, key: ed25519.Ed25519PrivateKey) -> None:
        self._key = key
        point = key.public_key().public_bytes_raw()
        self.public = _jwk_part(("crv", "Ed25519"), ("kty", "OKP"), ("x", base64url.encode(point)))

    @staticmethod
    def generate() -> bytes:
        """Make a 32-byte seed."""
        return ed25519.Ed25519PrivateKey.generate().private_bytes_raw()

    @classmethod
    def load(cls, key_id: str, private: bytes) -> Self:
        """Load a 32-byte seed."""
        return cls(ed25519.Ed25519PrivateKey.from_private_bytes(private))

    def sign(self, message: bytes) -> bytes:
        """Sign the message: 64 bytes."""
        return self._key.sign(message)


class A256Gcm(SoftwareKey):
    """Encrypt with AES-256-GCM (NIST SP 800-38D), a fresh random 96-bit nonce each time."""

    __slots__ = ("_key",)
    algorithm = Algorithm.A256GCM
    purposes = frozenset({Purpose.DATA_WRAPPING})

    def __init__(self, key_id: str, key: AESGCM) -> None:
        self._key = key
        self.public = PublicPart(key_id=key_id or base64url.encode(secrets.token_bytes(32)))

    @staticmethod
    def generate() -> bytes:
        """Make 32 secret bytes."""
        return secrets.token_bytes(AES_KEY_BYTES)

    @classmethod
    def load(cls, key_id: str, private: bytes) -> Self:
        """Load 32 secret bytes; without a name yet, the key gets a random one."""
        return cls(key_id, AESGCM(private))

    def seal(self, plaintext: bytes, associated: bytes) -> bytes:
        """Encrypt and authenticate: 12 bytes nonce, ciphertext, 16 bytes tag."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, plaintext, associated)

    def unseal(self, sealed: bytes, associated: bytes) -> bytes:
        """Undo `seal`.

        Raises:
            EnvelopeRefused: the ciphertext or its associated data are not what was sealed.
        """
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise EnvelopeRefused("expected a nonce and a tag, got fewer bytes")
        try:
            return self._key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
        except InvalidTag:
            raise EnvelopeRefused from None


ALGORITHMS: Mapping[Algorithm, type[SoftwareKey]] = MappingProxyType(
    {kind.algorithm: kind for kind in (Es256, Es256kRecoverable, Ed25519, A256Gcm)}
)


def algorithm_for(purpose: Purpose) -> Algorithm:
    """Give the algorithm that serves a purpose unless the caller asks for another."""
    return next(kind.algorithm for kind in ALGORITHMS.values() if purpose in kind.purposes)


def eip55(address: bytes) -> str:
    """Write a 20-byte address with the checksum in its capitals (EIP-55)."""
    digits = address.hex()
    checksum = keccak256(digits.encode()).hex()
    pairs = zip(digits, checksum, strict=False)
    return "0x" + "".join(digit.upper() if int(nibble, 16) > 7 else digit for digit, nibble in pairs)


def _jwk_part(*members: tuple[str, str]) -> PublicPart:
    """Name a public JWK by its RFC 7638 thumbprint; `members` are the required ones, sorted."""
    return PublicPart(key_id=base64url.encode(sha256(canonical(dict(members)))), members=members)
