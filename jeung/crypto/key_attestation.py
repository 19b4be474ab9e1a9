"""Read key attestations: what a wallet provider says of the keys it made (OpenID4VCI 1.0, appendix D.1).

Reading, in this order:
 1. Form: a strict compact JWS with `typ: key-attestation+jwt`, ES256.
 2. Claims: `iat`, 1 to `MAX_ATTESTED_KEYS` different public P-256 keys, and whatever else is read has its type.
The caller must still verify its signature under the key of a provider it trusts (whatever the header says), call
`check_attestation_times`, and judge the nonce.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from jeung.crypto.claims import numeric_date, text
from jeung.crypto.jwk import ES256, VerifyingKey, parse_jwk
from jeung.crypto.jws import UnverifiedJws, parse_jws
from jeung.errors import InvalidKeyProof, JeungError, MalformedKey

KEY_ATTESTATION_TYPE: Final = "key-attestation+jwt"
MAX_ATTESTATION_CHARACTERS: Final = 32_768
MAX_ATTESTED_KEYS: Final = 32
MAX_ASSERTIONS: Final = 16
_MAX_ASSERTION_CHARACTERS = 256


@dataclass(frozen=True, slots=True)
class AttestedKey:
    """Hold a key of an attestation, and the `kid` its JWK bore there."""

    key: VerifyingKey
    key_id: str | None


@dataclass(frozen=True, slots=True)
class UnverifiedKeyAttestation:
    """A well-formed key attestation whose signature nobody has checked yet; times are seconds UTC.

    Attributes:
        keys: the attested keys, in its order.
        key_storage: which attacks the place of the keys resists, as asserted; empty where nothing is.
        user_authentication: which attacks the guard of their use resists, likewise.
        nonce: the issuer's nonce, where there is one.
        issued_at: when it was made.
        expires_at: when it, and with it the keys, expire.
    """

    jws: UnverifiedJws = field(repr=False)
    keys: tuple[AttestedKey, ...] = field(repr=False)
    key_storage: frozenset[str]
    user_authentication: frozenset[str]
    nonce: str | None = field(repr=False)
    issued_at: int
    expires_at: int | None


def parse_key_attestation(token: str) -> UnverifiedKeyAttestation:
    """Read a key attestation strictly; steps 1 and 2 above.

    Raises:
        InvalidKeyProof: either step.

    """
    try:
        jws = parse_jws(
            token, typ=KEY_ATTESTATION_TYPE, algorithms=frozenset({ES256}), max_characters=MAX_ATTESTATION_CHARACTERS
        )
        claims = jws.claims()
    except JeungError:
        raise InvalidKeyProof("the key attestation is not a JWT of its type") from None
    issued_at = numeric_date(claims, "iat", InvalidKeyProof)
    if issued_at is None:
        raise InvalidKeyProof("the key attestation lacks `iat`")
    return UnverifiedKeyAttestation(
        jws=jws,
        keys=_attested_keys(claims.get("attested_keys")),
        key_storage=_assertions(claims, "key_storage"),
        user_authentication=_assertions(claims, "user_authentication"),
        nonce=text(claims, "nonce", InvalidKeyProof),
        issued_at=issued_at,
        expires_at=numeric_date(claims, "exp", InvalidKeyProof),
    )


def check_attestation_times(attestation: UnverifiedKeyAttestation, *, now: int, skew_s: int) -> None:
    """Make sure that an attestation is current.

    Args:
        attestation: one whose signature the caller has verified.
        now: seconds UTC.
        skew_s: by how many seconds the clocks may differ.

    Raises:
        InvalidKeyProof: `iat` lies ahead or `exp` has passed.

    """
    if attestation.issued_at > now + skew_s:
        raise InvalidKeyProof("the key attestation lies in the future")
    if attestation.expires_at is not None and attestation.expires_at + skew_s <= now:
        raise InvalidKeyProof("the key attestation has expired")


def _attested_keys(value: object) -> tuple[AttestedKey, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_ATTESTED_KEYS:
        raise InvalidKeyProof(f"expected 1 to {MAX_ATTESTED_KEYS} attested keys")
    keys = tuple(_attested_key(jwk) for jwk in value)
    if len({attested.key.thumbprint for attested in keys}) != len(keys):
        raise InvalidKeyProof("an attested key stands there twice")
    return keys


def _attested_key(jwk: object) -> AttestedKey:
    try:
        key = parse_jwk(jwk)
    except MalformedKey:
        raise InvalidKeyProof("an attested key is no public key") from None
    if key.algorithm != ES256:
        raise InvalidKeyProof("an attested key is not on P-256")
    key_id = jwk.get("kid") if isinstance(jwk, dict) else None
    return AttestedKey(key, key_id if isinstance(key_id, str) else None)


def _assertions(claims: Mapping[str, object], name: str) -> frozenset[str]:
    """Read a non-empty array of short texts, or nothing where there is no such claim."""
    value = claims.get(name)
    if name not in claims:
        return frozenset()
    if (
        not isinstance(value, list)
        or not 0 < len(value) <= MAX_ASSERTIONS
        or not all(isinstance(entry, str) and 0 < len(entry) <= _MAX_ASSERTION_CHARACTERS for entry in value)
    ):
        raise InvalidKeyProof(f"`{name}` is no short array of texts")
    return frozenset(value)
