"""Read and verify key proofs of the type `jwt`: a wallet signs that it holds a key (OpenID4VCI 1.0, appendix F.1).

In this order:
 1. Form: a strict compact JWS with `typ: openid4vci-proof+jwt`, ES256 (so neither `none` nor a MAC).
 2. Key: exactly one of `jwk`, `kid` and `x5c`; a public key on P-256, never a private one. A `kid` is a DID URL that
    spells its key, or names one of the keys of the `key_attestation` beside it.
 3. Claims: `aud`, `iat` and `nonce` are there, each of its type.
 4. `verify_key_proof`: the audience is the issuer, `iss` is the client or absent, `iat` lies within the window, and
    the signature verifies under the key of step 2.
The caller must still judge the nonce and the key attestation, and see to it that no key is proved twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto.claims import numeric_date, text
from jeung.crypto.did_keys import parse_did_url
from jeung.crypto.jwk import ES256, VerifyingKey, parse_certificate_key, parse_jwk
from jeung.crypto.jws import UnverifiedJws, parse_jws, verify_jws
from jeung.crypto.key_attestation import UnverifiedKeyAttestation, parse_key_attestation
from jeung.errors import InvalidKeyProof, JeungError, MalformedKey

KEY_PROOF_TYPE: Final = "openid4vci-proof+jwt"
MAX_KEY_PROOF_CHARACTERS: Final = 49_152
MAX_PROOF_CERTIFICATES: Final = 8


@dataclass(frozen=True, slots=True)
class UnverifiedKeyProof:
    """A well-formed key proof whose signature nobody has checked yet; `issued_at` is seconds UTC."""

    jws: UnverifiedJws = field(repr=False)
    key: VerifyingKey
    attestation: UnverifiedKeyAttestation | None
    audience: str
    client: str | None
    issued_at: int
    nonce: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ProofRules:
    """Say for whom proofs are (the credential issuer's URL) and how old they may be; times in seconds."""

    audience: str
    max_age_s: int = 300
    clock_skew_s: int = 60


def parse_key_proof(token: str) -> UnverifiedKeyProof:
    """Read a key proof strictly; steps 1 to 3 above.

    Raises:
        InvalidKeyProof: any of these, or its key attestation is malformed.

    """
    try:
        jws = parse_jws(
            token, typ=KEY_PROOF_TYPE, algorithms=frozenset({ES256}), max_characters=MAX_KEY_PROOF_CHARACTERS
        )
        claims = jws.claims()
    except JeungError:
        raise InvalidKeyProof("the key proof is not a JWT of its type") from None
    attestation = _attestation(jws.header)
    key = _key(jws.header, attestation)
    audience, nonce = text(claims, "aud", InvalidKeyProof), text(claims, "nonce", InvalidKeyProof)
    issued_at = numeric_date(claims, "iat", InvalidKeyProof)
    if audience is None or nonce is None or issued_at is None:
        raise InvalidKeyProof("the key proof lacks `aud`, `iat` or `nonce`")
    return UnverifiedKeyProof(
        jws=jws,
        key=key,
        attestation=attestation,
        audience=audience,
        client=text(claims, "iss", InvalidKeyProof),
        issued_at=issued_at,
        nonce=nonce,
    )


def verify_key_proof(proof: UnverifiedKeyProof, rules: ProofRules, *, client_id: str | None, now: int) -> None:
    """Check a key proof; step 4 above.

    Args:
        proof: what `parse_key_proof` returned.
        rules: for whom proofs are, and how old they may be.
        client_id: the wallet the access token was given to, None for an anonymous one.
        now: seconds UTC.

    Raises:
        InvalidKeyProof: one of the checks fails.

    """
    if proof.audience != rules.audience:
        raise InvalidKeyProof("the key proof is for another issuer")
    if proof.client is not None and proof.client != client_id:
        raise InvalidKeyProof("the key proof's `iss` is not the client of the access token")
    if proof.issued_at > now + rules.clock_skew_s:
        raise InvalidKeyProof("the key proof lies in the future")
    if proof.issued_at < now - rules.max_age_s - rules.clock_skew_s:
        raise InvalidKeyProof("the key proof is too old")
    try:
        verify_jws(proof.jws, proof.key)
    except JeungError:
        raise InvalidKeyProof("the key proof's signature does not verify") from None


def _attestation(header: Mapping[str, Any]) -> UnverifiedKeyAttestation | None:
    if "key_attestation" not in header:
        return None
    token = header["key_attestation"]
    if not isinstance(token, str):
        raise InvalidKeyProof("`key_attestation` is not text")
    return parse_key_attestation(token)


def _key(header: Mapping[str, Any], attestation: UnverifiedKeyAttestation | None) -> VerifyingKey:
    """Find the key the proof is about.

    Raises:
        InvalidKeyProof: none, more than one, a private or foreign one, or none of the attested ones.

    """
    if len({"jwk", "kid", "x5c"} & header.keys()) != 1:
        raise InvalidKeyProof("expected exactly one of `jwk`, `kid` and `x5c`")
    try:
        key = _key_of(header, attestation)
    except MalformedKey:
        raise InvalidKeyProof("the key proof's header holds no public key") from None
    if key.algorithm != ES256:
        raise InvalidKeyProof("the key proof's key is not on P-256")
    if attestation is not None and key.thumbprint not in {attested.key.thumbprint for attested in attestation.keys}:
        raise InvalidKeyProof("the key attestation does not attest the key of the proof")
    return key


def _key_of(header: Mapping[str, Any], attestation: UnverifiedKeyAttestation | None) -> VerifyingKey:
    if "jwk" in header:
        return parse_jwk(header["jwk"])
    if "x5c" in header:
        chain = header["x5c"]
        if isinstance(chain, list) and 0 < len(chain) <= MAX_PROOF_CERTIFICATES and isinstance(chain[0], str):
            return parse_certificate_key(chain[0])
        raise MalformedKey
    key_id = header["kid"]
    if not isinstance(key_id, str):
        raise MalformedKey
    if attestation is None or key_id.startswith("did:"):
        return parse_did_url(key_id)
    return _attested_key(key_id, attestation)


def _attested_key(key_id: str, attestation: UnverifiedKeyAttestation) -> VerifyingKey:
    """Find the attested key that a `kid` names: by the `kid` of its JWK, else by its place, counted from 0.

    Raises:
        MalformedKey: it names none.

    """
    for attested in attestation.keys:
        if attested.key_id == key_id:
            return attested.key
    places = {str(place): attested.key for place, attested in enumerate(attestation.keys)}
    if key_id not in places:
        raise MalformedKey
    return places[key_id]
