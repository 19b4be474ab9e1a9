"""Read public keys: JWKs (RFC 7517, RFC 8037) and X.509 leaf certificates, of the registered algorithms only."""

from __future__ import annotations

import binascii
from collections.abc import Callable, Mapping
from dataclasses import field
from functools import lru_cache
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature as BadSignature
from cryptography.exceptions import UnsupportedAlgorithm

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.signatures import ED25519, ES256, SIGNATURES, SignatureAlgorithm, algorithm_of
from jeung.crypto.values import light_value
from jeung.errors import InvalidSignature, MalformedBase64url, MalformedKey

__all__ = ["ED25519", "ES256", "VerifyingKey", "parse_agreement_jwk", "parse_certificate_key", "parse_jwk"]

MAX_CERTIFICATE_CHARACTERS: Final = 8_192

# A "public" key with one of these members is a leaked private key, or no public key at all (RFC 7518 section 6;
# `priv` is that of the kind AKP).
_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})


@light_value
class VerifyingKey:
    """A loaded public key: whoever verifies often keeps it, for loading costs a tenth of a verification."""

    algorithm: str
    """The one algorithm this key is for, whatever a token says."""
    jwk: dict[str, str]
    """The required members only, in the order of RFC 7638."""
    signature_length: int = field(repr=False)
    """Bytes of a signature: r‖s for ECDSA."""
    _check: Callable[[bytes, bytes], None] = field(repr=False, compare=False)

    @property
    def thumbprint(self) -> bytes:
        """Return the 32-byte SHA-256 thumbprint (RFC 7638), the key's name on the ledger."""
        members = ",".join(f'"{name}":"{value}"' for name, value in self.jwk.items())
        return sha256(f"{{{members}}}".encode("ascii"))

    def verify(self, signature: bytes, message: bytes) -> None:
        """Check a signature over the message itself, never over a digest.

        Raises:
            InvalidSignature: another length, or it does not verify.

        """
        if len(signature) != self.signature_length:
            raise InvalidSignature
        try:
            self._check(signature, message)
        except BadSignature:
            raise InvalidSignature from None


def parse_jwk(jwk: object) -> VerifyingKey:
    """Load a public JWK of a registered algorithm that is meant for signatures.

    Raises:
        MalformedKey: a private or foreign key, a value that does not have exactly its canonical length, a point off
            the curve, or `use`, `key_ops` or `alg` saying that the key is for something else.

    """
    if not isinstance(jwk, dict) or not _PRIVATE_MEMBERS.isdisjoint(jwk):
        raise MalformedKey
    if jwk.get("use", "sig") != "sig":
        raise MalformedKey("the key's `use` is not `sig`")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise MalformedKey("the key's `key_ops` do not contain `verify`")
    algorithm, named = algorithm_of(jwk), jwk.get("alg")
    # In a tuple: some of what JSON can say here cannot even be looked up in a set.
    if algorithm is None or named not in (None, algorithm.name, *algorithm.aliases):
        raise MalformedKey(f"expected a key for one of {', '.join(SIGNATURES)} whose `alg`, if any, says so")
    return _loaded(algorithm, {name: _value(jwk, name, length) for name, length in algorithm.lengths.items()})


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
    algorithm = SIGNATURES[ES256]
    return _loaded(algorithm, {name: _value(jwk, name, length) for name, length in algorithm.lengths.items()}).jwk


@lru_cache(maxsize=256)
def parse_certificate_key(certificate: str) -> VerifyingKey:
    """Load the public key of one element of `x5c`: a DER certificate in standard, padded Base64 (RFC 7515 4.1.6).

    Only the key is read. The trust in it comes from the ledger, so neither names, dates nor signatures of the
    certificate are judged here. The cache is keyed by the whole certificate, and bounded.

    Raises:
        MalformedKey: too long, not Base64, not a certificate, or a key of no registered algorithm.

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
    for algorithm in SIGNATURES.values():
        values = algorithm.values_of(public_key)
        if values is not None:
            return _loaded(algorithm, values)
    raise MalformedKey("the certificate's key is of no registered algorithm")


def _value(jwk: dict[str, object], name: str, length: int) -> bytes:
    """Return the bytes of a member; a shorter or longer spelling is another thumbprint for the same key."""
    text = jwk.get(name)
    try:
        value = base64url.decode(text) if isinstance(text, str) else b""
    except MalformedBase64url:
        value = b""
    if len(value) != length:
        raise MalformedKey(f"a member of the key is not {length} bytes of unpadded base64url")
    return value


def _loaded(algorithm: SignatureAlgorithm, values: Mapping[str, bytes]) -> VerifyingKey:
    try:
        check = algorithm.check_of(values)
    except ValueError:
        raise MalformedKey("the point is not on the curve") from None
    members = {**algorithm.fixed, **{name: base64url.encode(value) for name, value in values.items()}}
    return VerifyingKey(algorithm.name, dict(sorted(members.items())), algorithm.signature_length, check)
