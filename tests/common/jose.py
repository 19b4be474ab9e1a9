"""P-256 keys for tests: they sign as a keystore would, through a callable, and live in memory only."""

from __future__ import annotations

import base64
import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from jeung.crypto import base64url
from jeung.crypto.jwk import VerifyingKey, parse_jwk


class P256Signer:
    """A fresh P-256 key, or the one with the given private number."""

    def __init__(self, private_number: int | None = None) -> None:
        curve = ec.SECP256R1()
        self.private_key = (
            ec.generate_private_key(curve) if private_number is None else ec.derive_private_key(private_number, curve)
        )
        numbers = self.private_key.public_key().public_numbers()
        self.jwk: dict[str, str] = {
            "kty": "EC",
            "crv": "P-256",
            "x": base64url.encode(numbers.x.to_bytes(32, "big")),
            "y": base64url.encode(numbers.y.to_bytes(32, "big")),
        }

    def sign(self, message: bytes) -> bytes:
        """Return r‖s over the message, as `keys` does."""
        r, s = decode_dss_signature(self.private_key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    @property
    def key(self) -> VerifyingKey:
        """Return the public half, loaded."""
        return parse_jwk(self.jwk)


class Ed25519Signer:
    """A fresh Ed25519 key."""

    def __init__(self) -> None:
        self.private_key = ed25519.Ed25519PrivateKey.generate()
        self.jwk: dict[str, str] = {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64url.encode(self.private_key.public_key().public_bytes_raw()),
        }

    def sign(self, message: bytes) -> bytes:
        """Return the 64-byte signature over the message."""
        return self.private_key.sign(message)

    @property
    def key(self) -> VerifyingKey:
        """Return the public half, loaded."""
        return parse_jwk(self.jwk)


def certificate(private_key: CertificateIssuerPrivateKeyTypes) -> str:
    """Return a self-signed certificate of the key as an element of `x5c`: standard Base64 of its DER."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    digest = None if isinstance(private_key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=365))
        .sign(private_key, digest)
    )
    return base64.b64encode(built.public_bytes(serialization.Encoding.DER)).decode("ascii")
