"""Read public keys: JWKs (RFC 7517, RFC 8037) and X.509 leaf certificates, on P-256 and Ed25519 only."""

from __future__ import annotations

import binascii
from collections.abc import Callable
from dataclasses import field
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature as BadSignature
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.values import light_value
from jeung.errors import InvalidSignature, MalformedBase64url, MalformedKey

ES256: Final = "ES256"
ED25519: Final = "Ed25519"
SIGNATURE_LENGTH: Final = 64
MAX_CERTIFICATE_CHARACTERS: Final = 8_192

_COORDINATE_LENGTH = 32
_UNCOMPRESSED_POINT = b"\x04"
_CURVE = ec.SECP256R1()
_ECDSA_SHA256 = ec.ECDSA(hashes.SHA256())
# A "public" key with one of these members is a leaked private key, or no public key at all (RFC 7518 section 6).
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


@light_value
class VerifyingKey:
    """A loaded public key: whoever verifies often keeps it, for loading costs a tenth of a verification."""

    algorithm: str
    """`ES256` or `Ed25519`: the one algorithm this key is for, whatever a token says."""
    jwk: dict[str, str]
    """The required members only, in the order of RFC 7638."""
    _check: Callable[[bytes, bytes], None] = field(repr=False, compare=False)

    @property
    def thumbprint(self) -> bytes:
        """Return the 32-byte SHA-256 thumbprint (RFC 7638), the key's name on the ledger."""
        members = ",".join(f'"{name}":"{value}"' for name, value in self.jwk.items())
        return sha256(f"{{{members}}}".encode("ascii"))

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a 64-byte signature (r‖s for ES256) over the message itself, never over a digest.

        Raises:
            InvalidSignature: another length, or it does not verify.

        """
        if len(signature) != SIGNATURE_LENGTH:
            raise InvalidSignature
        try:
            self._check(signature, message)
        except BadSignature:
            raise InvalidSignature from None


def parse_jwk(jwk: object) -> VerifyingKey:
    """Load a public JWK on P-256 or Ed25519 that is meant for signatures.

    Raises:
        MalformedKey: a private or foreign key, a coordinate that is not exactly 32 canonical bytes, a point off
            the curve, or `use`, `key_ops` or `alg` saying that the key is for something else.

    """
    if not isinstance(jwk, dict) or not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise MalformedKey
    if jwk.get("use", "sig") != "sig":
        raise MalformedKey("the key's `use` is not `sig`")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise MalformedKey("the key's `key_ops` do not contain `verify`")
    kind, algorithm = (jwk.get("kty"), jwk.get("crv")), jwk.get("alg")
    if kind == ("EC", "P-256") and algorithm in (None, ES256):
        return _p256(_coordinate(jwk, "x"), _coordinate(jwk, "y"), jwk["x"], jwk["y"])
    if kind == ("OKP", "Ed25519") and algorithm in (None, ED25519, "EdDSA"):
        return _ed25519(_coordinate(jwk, "x"))
    raise MalformedKey("expected a P-256 or Ed25519 key whose `alg`, if any, is ES256 or Ed25519")


def parse_agreement_jwk(jwk: object) -> dict[str, str]:
    """Return the required members of a public JWK on P-256 that is meant for key agreement (RFC 7518 section 4.6).

    Raises:
        MalformedKey: a private or foreign key, a coordinate that is not exactly 32 canonical bytes, a point off
            the curve, or `use` or `alg` saying that the key is for something else.

    """
    if not isinstance(jwk, dict) or not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise MalformedKey
    if (jwk.get("kty"), jwk.get("crv")) != ("EC", "P-256"):
        raise MalformedKey("expected a P-256 key")
    if jwk.get("use", "enc") != "enc" or jwk.get("alg", "ECDH-ES") != "ECDH-ES":
        raise MalformedKey("the key is not meant for key agreement")
    return _p256(_coordinate(jwk, "x"), _coordinate(jwk, "y"), jwk["x"], jwk["y"]).jwk


@lru_cache(maxsize=256)
def parse_certificate_key(certificate: str) -> VerifyingKey:
    """Load the public key of one element of `x5c`: a DER certificate in standard, padded Base64 (RFC 7515 4.1.6).

    Only the key is read. The trust in it comes from the ledger, so neither names, dates nor signatures of the
    certificate are judged here. The cache is keyed by the whole certificate, and bounded.

    Raises:
        MalformedKey: too long, not Base64, not a certificate, or a key that is neither P-256 nor Ed25519.

    """
    if len(certificate) > MAX_CERTIFICATE_CHARACTERS:
        raise MalformedKey("the certificate is longer than its bound")
    try:
        der = binascii.a2b_base64(certificate.encode("ascii"), strict_mode=True)
        public_key = x509.load_der_x509_certificate(der).public_key()
    except (
        ValueError,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
    ):  # binascii.Error and UnicodeEncodeError among them
        raise MalformedKey("not a certificate") from None
    if isinstance(public_key, ec.EllipticCurvePublicKey) and isinstance(public_key.curve, ec.SECP256R1):
        numbers = public_key.public_numbers()
        x, y = (number.to_bytes(_COORDINATE_LENGTH, "big") for number in (numbers.x, numbers.y))
        return _p256(x, y, base64url.encode(x), base64url.encode(y))
    if isinstance(public_key, ed25519.Ed25519PublicKey):
        return _ed25519(public_key.public_bytes_raw())
    raise MalformedKey("the certificate's key is neither P-256 nor Ed25519")


def _coordinate(jwk: dict[str, object], name: str) -> bytes:
    """Return the 32 bytes of a coordinate; a shorter or longer spelling is another thumbprint for the same key."""
    text = jwk.get(name)
    try:
        value = base64url.decode(text) if isinstance(text, str) else b""
    except MalformedBase64url:
        value = b""
    if len(value) != _COORDINATE_LENGTH:
        raise MalformedKey("a coordinate is not 32 bytes of unpadded base64url")
    return value


def _p256(x: bytes, y: bytes, x_text: str, y_text: str) -> VerifyingKey:
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, _UNCOMPRESSED_POINT + x + y)
    except ValueError:
        raise MalformedKey("the point is not on the curve") from None

    def check(signature: bytes, message: bytes) -> None:
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
        key.verify(encode_dss_signature(r, s), message, _ECDSA_SHA256)

    return VerifyingKey(ES256, {"crv": "P-256", "kty": "EC", "x": x_text, "y": y_text}, check)


def _ed25519(x: bytes) -> VerifyingKey:
    key = ed25519.Ed25519PublicKey.from_public_bytes(x)
    return VerifyingKey(ED25519, {"crv": "Ed25519", "kty": "OKP", "x": base64url.encode(x)}, key.verify)
