"""Register every signature algorithm of JOSE that is spoken here: to add one, add an entry to `SIGNATURES`.

An entry says all there is to say: the name, how the public key is written as a JWK, how a signature is checked, and
what it may be used for. Reading keys (`jeung.crypto.jwk`), tokens (`jeung.crypto.jws`) and making keys
(`keys.algorithms`, which also takes its software implementation from the entry) look here at each call and keep no
list of their own, so an entry is the whole change:

    Ecdsa("ES384", "P-384", ec.SECP384R1(), hashes.SHA384(), frozenset({Use.WALLETS}))
    Plain("ML-DSA-65", {"kty": "AKP", "alg": "ML-DSA-65"}, "pub", 1952, 3309, mldsa.MLDSA65PublicKey,
          mldsa.MLDSA65PrivateKey, frozenset({Use.MESSAGES}))

The first entry for a use is the one new keys get.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

ES256: Final = "ES256"
ED25519: Final = "Ed25519"

Check = Callable[[bytes, bytes], None]
"""Checks a signature of the right length over a message; raises the library's InvalidSignature."""

_UNCOMPRESSED_POINT = b"\x04"


class Use(enum.Enum):
    """Say who has to understand a signature."""

    WALLETS = enum.auto()
    """Credentials, status lists, requests, and the certificates of their keys: ES256 is what HAIP 1.0 demands."""
    MESSAGES = enum.auto()
    """Access tokens, receipts, webhooks: read by members and their back ends."""
    LOGS = enum.auto()
    """Checkpoints and cosignatures: the C2SP formats name Ed25519."""


@dataclass(frozen=True, slots=True)
class Ecdsa:
    """Describe ECDSA on a curve of SEC 2 under JOSE (RFC 7518, 3.4): r and s, each as wide as the field."""

    name: str
    crv: str
    curve: ec.EllipticCurve
    hash: hashes.SHA256 | hashes.SHA384 | hashes.SHA512
    uses: frozenset[Use]
    aliases: frozenset[str] = frozenset()

    @property
    def width(self) -> int:
        """Give the bytes of a coordinate."""
        return (self.curve.key_size + 7) // 8

    @property
    def signature_length(self) -> int:
        """Give the bytes of a signature."""
        return 2 * self.width

    @property
    def fixed(self) -> Mapping[str, str]:
        """Give the JWK members that name this kind of key."""
        return {"crv": self.crv, "kty": "EC"}

    @property
    def lengths(self) -> Mapping[str, int]:
        """Give the JWK members that hold the key, with their lengths in bytes."""
        return {"x": self.width, "y": self.width}

    def check_of(self, values: Mapping[str, bytes]) -> Check:
        """Load a public key.

        Raises:
            ValueError: the point is not on the curve.
        """
        point = _UNCOMPRESSED_POINT + values["x"] + values["y"]
        key = ec.EllipticCurvePublicKey.from_encoded_point(self.curve, point)
        algorithm, width = self.ecdsa, self.width

        def check(signature: bytes, message: bytes) -> None:
            r, s = int.from_bytes(signature[:width]), int.from_bytes(signature[width:])
            key.verify(encode_dss_signature(r, s), message, algorithm)

        return check

    def values_of(self, key: object) -> dict[str, bytes] | None:
        """Give the values of one of the library's public keys; None if it is of another kind."""
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != self.curve.name:
            return None
        numbers = key.public_numbers()
        return {"x": numbers.x.to_bytes(self.width), "y": numbers.y.to_bytes(self.width)}

    @property
    def ecdsa(self) -> ec.ECDSA:
        """Give what the library calls this algorithm."""
        return ec.ECDSA(self.hash)


@dataclass(frozen=True, slots=True)
class Plain:
    """Describe an algorithm that signs the message itself and whose keys are plain bytes (RFC 8037, FIPS 204).

    `public` and `private` are the library's classes of the two halves. The core only ever loads public keys; the
    other class stands here so that an algorithm has one entry, and key custody is who uses it.
    """

    name: str
    fixed: Mapping[str, str]
    member: str
    length: int
    signature_length: int
    public: Any = field(repr=False)
    private: Any = field(repr=False)
    uses: frozenset[Use]
    aliases: frozenset[str] = frozenset()

    @property
    def lengths(self) -> Mapping[str, int]:
        """Give the JWK member that holds the key, with its length in bytes."""
        return {self.member: self.length}

    def check_of(self, values: Mapping[str, bytes]) -> Check:
        """Load a public key."""
        check: Check = self.public.from_public_bytes(values[self.member]).verify
        return check

    def values_of(self, key: object) -> dict[str, bytes] | None:
        """Give the value of one of the library's public keys; None if it is of another kind."""
        return {self.member: key.public_bytes_raw()} if isinstance(key, self.public) else None


SignatureAlgorithm = Ecdsa | Plain

_ENTRIES: tuple[SignatureAlgorithm, ...] = (
    Ecdsa(ES256, "P-256", ec.SECP256R1(), hashes.SHA256(), frozenset({Use.WALLETS, Use.MESSAGES})),
    Plain(
        ED25519,
        MappingProxyType({"crv": "Ed25519", "kty": "OKP"}),
        "x",
        32,
        64,
        ed25519.Ed25519PublicKey,
        ed25519.Ed25519PrivateKey,
        frozenset({Use.MESSAGES, Use.LOGS}),
        aliases=frozenset({"EdDSA"}),
    ),
)

SIGNATURES: dict[str, SignatureAlgorithm] = {entry.name: entry for entry in _ENTRIES}
"""Every signature algorithm by its JOSE name (RFC 7518, RFC 9864)."""


def algorithms_for(use: Use) -> tuple[str, ...]:
    """Give the names of the algorithms for a use, the preferred one first."""
    return tuple(entry.name for entry in SIGNATURES.values() if use in entry.uses)


def algorithm_of(jwk: Mapping[str, object]) -> SignatureAlgorithm | None:
    """Give the algorithm whose keys are written as this JWK is, by `kty` and `crv` (or `alg`); None if none is."""
    for entry in SIGNATURES.values():
        if all(jwk.get(name) == value for name, value in entry.fixed.items()):
            return entry
    return None
