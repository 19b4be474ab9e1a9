"""Make and use keys of each algorithm in software, and say which algorithm serves which purpose.

What JOSE knows is registered once, in `jeung.crypto.signatures`: this module takes the curve, the lengths and the
library's classes from there, so that an algorithm added there can be made, kept, used and certified here at once.
Two algorithms are none of JOSE's and have their own classes: that of the chain's accounts, and the one that wraps.

Private bytes travel in bytearrays, and whoever made one wipes it (`keys.memory`). What a library's key object holds
in its own memory is the library's to clear.
"""

import secrets
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

import coincurve
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jeung.crypto import base64url
from jeung.crypto.canonical_json import canonical
from jeung.crypto.hashing import keccak256, sha256
from jeung.crypto.signatures import SIGNATURES, Ecdsa, Plain, SignatureAlgorithm, algorithms_for
from keys.errors import EnvelopeRefused, UnknownAlgorithm, WrongPurpose
from keys.guarded import Guarded
from keys.purposes import CHAIN_PURPOSES, USES, Purpose

ES256K_RECOVERABLE: Final = "ES256K-R"
A256GCM: Final = "A256GCM"

NONCE_BYTES = 12
TAG_BYTES = 16
AES_KEY_BYTES = 32
_SCALAR_BYTES = 32


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
    public: PublicPart

    @property
    @abstractmethod
    def algorithm(self) -> str:
        """Give the algorithm's name."""

    def sign(self, message: bytes) -> bytes:
        """Sign a message.

        Raises:
            WrongPurpose: the algorithm does not sign.
        """
        raise WrongPurpose(f"{self.algorithm} does not sign")

    def seal(self, plaintext: bytes | bytearray, associated: bytes) -> bytes:
        """Encrypt and authenticate: nonce, ciphertext, tag.

        Raises:
            WrongPurpose: the algorithm does not encrypt.
        """
        raise WrongPurpose(f"{self.algorithm} does not encrypt")

    def unseal(self, sealed: bytes, associated: bytes) -> bytearray:
        """Undo `seal`, into memory that can be wiped.

        Raises:
            WrongPurpose: the algorithm does not encrypt.
            EnvelopeRefused: the ciphertext or its associated data are not what was sealed.
        """
        raise WrongPurpose(f"{self.algorithm} does not decrypt")


class EcdsaKey(SoftwareKey):
    """Sign with ECDSA as JOSE does (RFC 7518, 3.4): r and s, each as wide as the curve's field."""

    __slots__ = ("_ecdsa", "_entry", "_key", "_width")

    def __init__(self, entry: Ecdsa, key: ec.EllipticCurvePrivateKey) -> None:
        self._entry = entry
        self._ecdsa, self._width = entry.ecdsa, entry.width
        self._key = key
        self.public = jwk_part(entry, entry.values_of(key.public_key()) or {})

    @property
    def algorithm(self) -> str:
        """Give the JOSE name."""
        return self._entry.name

    def sign(self, message: bytes) -> bytes:
        """Sign the digest of the message."""
        r, s = decode_dss_signature(self._key.sign(message, self._ecdsa))
        return r.to_bytes(self._width) + s.to_bytes(self._width)


class PlainPrivateKey(Protocol):
    """State what the library's private keys of plain algorithms have in common."""

    def sign(self, data: bytes, /) -> bytes:
        """Sign a message."""
        ...

    def public_key(self) -> object:
        """Give the public half."""
        ...


class PlainKey(SoftwareKey):
    """Sign the message itself: Ed25519 (RFC 8032), ML-DSA (FIPS 204)."""

    __slots__ = ("_entry", "_key")

    def __init__(self, entry: Plain, key: PlainPrivateKey) -> None:
        self._entry = entry
        self._key = key
        self.public = jwk_part(entry, entry.values_of(key.public_key()) or {})

    @property
    def algorithm(self) -> str:
        """Give the JOSE name."""
        return self._entry.name

    def sign(self, message: bytes) -> bytes:
        """Sign the message."""
        return self._key.sign(message)


class ChainKey(SoftwareKey):
    """Sign for the chain: ECDSA on secp256k1 over keccak-256, low s, with the parity that recovers the signer."""

    __slots__ = ("_key",)

    def __init__(self, key: coincurve.PrivateKey) -> None:
        self._key = key
        self.public = account_part(key.public_key.format(compressed=False))

    @property
    def algorithm(self) -> str:
        """Give our name for it."""
        return ES256K_RECOVERABLE

    def sign(self, message: bytes) -> bytes:
        """Sign the keccak-256 of the message: 65 bytes r, s and yParity (0 or 1); s is low (EIP-2)."""
        signature: bytes = self._key.sign_recoverable(message, hasher=keccak256)
        return signature


class WrappingKey(SoftwareKey):
    """Encrypt with AES-256-GCM (NIST SP 800-38D), a fresh random 96-bit nonce each time."""

    __slots__ = ("_key",)

    def __init__(self, key_id: str, key: AESGCM) -> None:
        self._key = key
        self.public = PublicPart(key_id=key_id or base64url.encode(secrets.token_bytes(32)))

    @property
    def algorithm(self) -> str:
        """Give the JOSE name of the cipher."""
        return A256GCM

    def seal(self, plaintext: bytes | bytearray, associated: bytes) -> bytes:
        """Encrypt and authenticate: 12 bytes nonce, ciphertext, 16 bytes tag."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._key.encrypt(nonce, plaintext, associated)

    def unseal(self, sealed: bytes, associated: bytes) -> bytearray:
        """Undo `seal`, into memory that can be wiped.

        Raises:
            EnvelopeRefused: the ciphertext or its associated data are not what was sealed.
        """
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise EnvelopeRefused("expected a nonce and a tag, got fewer bytes")
        opened = bytearray(len(sealed) - NONCE_BYTES - TAG_BYTES)
        try:
            self._key.decrypt_into(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated, opened)
        except InvalidTag:
            raise EnvelopeRefused from None
        return opened


class SoftwareKind:
    """Make and load keys of one algorithm; the subclasses do it for one family each."""

    @abstractmethod
    def generate(self) -> bytearray:
        """Make fresh private bytes from the operating system's generator; the caller wipes them."""

    @abstractmethod
    def load(self, key_id: str, private: bytearray) -> SoftwareKey:
        """Make the usable key of private bytes; `key_id` counts only where no public key gives one."""


@dataclass(frozen=True, slots=True)
class EcdsaKind(SoftwareKind):
    """Make keys whose private bytes are a scalar, big-endian, as wide as the curve's field."""

    entry: Ecdsa

    def generate(self) -> bytearray:
        """Make a private scalar."""
        number = ec.generate_private_key(self.entry.curve).private_numbers().private_value
        return bytearray(number.to_bytes(self.entry.width))

    def load(self, key_id: str, private: bytearray) -> EcdsaKey:
        """Load a private scalar."""
        return EcdsaKey(self.entry, ec.derive_private_key(int.from_bytes(private), self.entry.curve))


@dataclass(frozen=True, slots=True)
class PlainKind(SoftwareKind):
    """Make keys whose private bytes are a seed."""

    entry: Plain

    def generate(self) -> bytearray:
        """Make a seed."""
        return bytearray(self.entry.private.generate().private_bytes_raw())

    def load(self, key_id: str, private: bytearray) -> PlainKey:
        """Load a seed."""
        kind = self.entry.private
        # The library's ML-DSA names the same act after what FIPS 204 calls these bytes.
        load = kind.from_seed_bytes if hasattr(kind, "from_seed_bytes") else kind.from_private_bytes
        return PlainKey(self.entry, load(private))


class ChainKind(SoftwareKind):
    """Make accounts of the chain; private bytes are a scalar on secp256k1."""

    def generate(self) -> bytearray:
        """Make a private scalar: 32 bytes, big-endian."""
        return bytearray(coincurve.PrivateKey().secret)

    def load(self, key_id: str, private: bytearray) -> ChainKey:
        """Load a private scalar."""
        return ChainKey(coincurve.PrivateKey(bytes(private)))


class WrappingKind(SoftwareKind):
    """Make keys that wrap; private bytes are the AES key."""

    def generate(self) -> bytearray:
        """Make 32 secret bytes."""
        return bytearray(secrets.token_bytes(AES_KEY_BYTES))

    def load(self, key_id: str, private: bytearray) -> WrappingKey:
        """Load 32 secret bytes; without a name yet, the key gets a random one."""
        return WrappingKey(key_id, AESGCM(private))


_OWN: Mapping[str, SoftwareKind] = MappingProxyType({ES256K_RECOVERABLE: ChainKind(), A256GCM: WrappingKind()})


def software_kind(algorithm: str) -> SoftwareKind:
    """Give what makes and loads keys of an algorithm in software.

    Raises:
        UnknownAlgorithm: no such algorithm is registered.
    """
    entry = SIGNATURES.get(algorithm)
    if isinstance(entry, Ecdsa):
        return EcdsaKind(entry)
    if isinstance(entry, Plain):
        return PlainKind(entry)
    if algorithm not in _OWN:
        raise UnknownAlgorithm
    return _OWN[algorithm]


def algorithms() -> tuple[str, ...]:
    """Give the names of all algorithms."""
    return (*SIGNATURES, *_OWN)


def algorithms_of(purpose: Purpose) -> tuple[str, ...]:
    """Give the algorithms that serve a purpose, the one new keys get first."""
    if purpose in CHAIN_PURPOSES:
        return (ES256K_RECOVERABLE,)
    if purpose is Purpose.DATA_WRAPPING:
        return (A256GCM,)
    return algorithms_for(USES[purpose])


def jwk_part(entry: SignatureAlgorithm, values: Mapping[str, bytes]) -> PublicPart:
    """Name a public JWK by its RFC 7638 thumbprint."""
    members = {**entry.fixed, **{name: base64url.encode(value) for name, value in values.items()}}
    return PublicPart(key_id=base64url.encode(sha256(canonical(members))), members=tuple(sorted(members.items())))


def account_part(point: bytes) -> PublicPart:
    """Name a chain account by the address of its public point (65 bytes, uncompressed)."""
    address = eip55(keccak256(point[1:])[-20:])
    return PublicPart(key_id=address, address=address)


def eip55(address: bytes) -> str:
    """Write a 20-byte address with the checksum in its capitals (EIP-55)."""
    digits = address.hex()
    checksum = keccak256(digits.encode()).hex()
    pairs = zip(digits, checksum, strict=False)
    return "0x" + "".join(digit.upper() if int(nibble, 16) > 7 else digit for digit, nibble in pairs)
