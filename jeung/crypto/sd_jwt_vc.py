"""Read and issue the one credential format we have: SD-JWT VC (draft-ietf-oauth-sd-jwt-vc-24), `dc+sd-jwt`, ES256.

Reading, by the numbers of the verification procedure:
 1. `parse_presentation`: form, bounds, ES256 only, `typ: dc+sd-jwt` only.
 2. `read_credential`: every disclosure put into its place; claims that must not be disclosable never come from a
    disclosure; registered claims have their types.
 3. `certificate_key` reads the key in `x5c`, if shown; `verify_issuer_signature` checks the signature.
The caller must still find the registered key by `iss`, hold the certificate's key against it, and judge
attestation, validity, status and holder binding.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Final

from jeung.crypto.claims import text, timestamp, whole_number
from jeung.crypto.integrity import integrity_of, parse_integrity
from jeung.crypto.jwk import ES256, VerifyingKey, parse_certificate_key
from jeung.crypto.jws import Sign, verify_jws
from jeung.crypto.sd_jwt import Path, UnverifiedSdJwt, disclose, parse_sd_jwt
from jeung.crypto.sd_jwt_issue import RandomBytes, issue_sd_jwt
from jeung.crypto.signatures import Use, algorithms_for
from jeung.crypto.status_list import LIST_LENGTH
from jeung.crypto.values import light_value
from jeung.errors import (
    CertificateKeyMismatch,
    InvalidIssuerSignature,
    InvalidSignature,
    MalformedCredential,
    MalformedInput,
    MalformedKey,
    ReservedClaimName,
)

CREDENTIAL_TYPE: Final = "dc+sd-jwt"
NEVER_DISCLOSABLE: Final = frozenset({"iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"})
"""Claims that no disclosure may carry, nor any part of them (section 2.2.2.2 of the draft)."""
REGISTERED_CLAIMS: Final = NEVER_DISCLOSABLE | {"iat"}
"""Claims about the credential; all others are about the subject."""
MAX_CERTIFICATES: Final = 8


@light_value
class StatusReference:
    """Where the credential's status stands: place `index` of the list at `uri`."""

    uri: str
    index: int


@light_value
class UnverifiedCredential:
    """A credential's claims with its disclosures in place; whether anybody vouches for them is not known yet."""

    issuer: str
    vct: str
    schema_id: bytes
    """32 bytes out of `vct#integrity`."""
    holder_jwk: dict[str, Any] | None = field(repr=False)
    issued_at: int | None
    not_before: int | None
    expires_at: int | None
    status: StatusReference | None = field(repr=False)
    claims: dict[str, Any] = field(repr=False)
    """All claims shown, registered ones included."""
    disclosed: tuple[tuple[Path, str], ...] = field(repr=False)


def parse_presentation(presentation: str) -> UnverifiedSdJwt:
    """Read a presentation, or a credential as issued, strictly; step 1 above.

    Raises:
        PresentationTooLarge, MalformedPresentation, AlgorithmNotAllowed, WrongType: as `parse_sd_jwt`.

    """
    return parse_sd_jwt(presentation, typ=CREDENTIAL_TYPE, algorithms=algorithms_for(Use.WALLETS))


def credential_digest(sd_jwt: UnverifiedSdJwt) -> bytes:
    """Return the 32 bytes that stand on the ledger: SHA-256 over the issuer-signed JWT, without disclosures."""
    return sd_jwt.digest


def read_credential(sd_jwt: UnverifiedSdJwt) -> UnverifiedCredential:
    """Put the disclosures into their places and read the registered claims; step 2 above.

    A missing `exp`, `status` or `cnf` is left to the steps that judge it, each with its own refusal.

    Raises:
        Refused: every refusal of `disclose`.
        MalformedCredential: `iss`, `vct` or `vct#integrity` is missing, or a registered claim has a wrong type.

    """
    shown = disclose(sd_jwt.payload, sd_jwt.disclosures, never_disclosable=NEVER_DISCLOSABLE)
    claims = shown.claims
    issuer, vct, integrity = claims.get("iss"), claims.get("vct"), claims.get("vct#integrity")
    if not (isinstance(issuer, str) and isinstance(vct, str) and isinstance(integrity, str) and issuer and vct):
        raise MalformedCredential
    try:
        schema_id = parse_integrity(integrity)
    except MalformedInput:
        raise MalformedCredential("`vct#integrity` is not one sha256 value") from None
    _check_other_types(claims, vct)
    holder_jwk = _holder_jwk(claims)
    issued_at = timestamp(claims, "iat", MalformedCredential)
    not_before = timestamp(claims, "nbf", MalformedCredential)
    expires_at = timestamp(claims, "exp", MalformedCredential)
    status = _status(claims)
    # By position: naming the fields would take twice as long.
    return UnverifiedCredential(
        issuer, vct, schema_id, holder_jwk, issued_at, not_before, expires_at, status, claims, shown.disclosed
    )


def certificate_key(sd_jwt: UnverifiedSdJwt) -> VerifyingKey | None:
    """Return the key of the `x5c` leaf certificate, or None where no certificate is shown.

    Raises:
        CertificateKeyMismatch: `x5c` is no short array of texts, or its leaf holds no key of a supported kind.

    """
    chain = sd_jwt.jws.header.get("x5c", ())
    if chain == ():
        return None
    if not isinstance(chain, list) or not 0 < len(chain) <= MAX_CERTIFICATES or not isinstance(chain[0], str):
        raise CertificateKeyMismatch
    try:
        return parse_certificate_key(chain[0])
    except MalformedKey:
        raise CertificateKeyMismatch from None


def verify_issuer_signature(sd_jwt: UnverifiedSdJwt, issuer_key: VerifyingKey) -> None:
    """Check the issuer's signature under the key that the ledger names.

    Raises:
        InvalidIssuerSignature: it does not verify.

    """
    try:
        verify_jws(sd_jwt.jws, issuer_key)
    except InvalidSignature:
        raise InvalidIssuerSignature from None


def issue_credential(
    subject_claims: Mapping[str, object],
    *,
    issuer: str,
    vct: str,
    schema_id: bytes,
    holder_jwk: Mapping[str, str],
    status: StatusReference,
    issued_at: int,
    expires_at: int,
    key_id: str,
    certificates: Sequence[str],
    sign: Sign,
    random_bytes: RandomBytes,
    decoys: int = 0,
    algorithm: str = ES256,
) -> str:
    """Return a signed credential with all its disclosures, ending in `~`.

    Args:
        subject_claims: what is said about the subject, with `Disclosable` marks.
        issuer: the member's canonical URL.
        vct: the URL of the type.
        schema_id: 32 bytes, the SHA-256 of the type's metadata.
        holder_jwk: the public key of the holder's device.
        status: the credential's own place in one of the issuer's lists.
        issued_at: seconds UTC, rounded by the caller as its policy says.
        expires_at: seconds UTC.
        key_id: names the signing key: its thumbprint in base64url.
        certificates: `x5c` in standard Base64, the leaf first, without the trust anchor; may be empty.
        sign: signs with the issuer's key.
        random_bytes: gives the salts.
        decoys: digests of nothing in each `_sd` array.
        algorithm: that of the issuer's key.

    Raises:
        ReservedClaimName: a subject claim has a registered name.
        MalformedJson: a claim has no canonical JSON form.
        InvalidSignature: `sign` did not return a signature of the algorithm.

    """
    if not REGISTERED_CLAIMS.isdisjoint(subject_claims):
        raise ReservedClaimName("a subject claim has the name of a registered claim")
    header: dict[str, object] = {"alg": algorithm, "typ": CREDENTIAL_TYPE, "kid": key_id}
    if certificates:
        header["x5c"] = list(certificates)
    claims: dict[str, object] = {
        **subject_claims,
        "iss": issuer,
        "vct": vct,
        "vct#integrity": integrity_of(schema_id),
        "iat": issued_at,
        "exp": expires_at,
        "cnf": {"jwk": dict(holder_jwk)},
        "status": {"status_list": {"idx": status.index, "uri": status.uri}},
    }
    return issue_sd_jwt(header, claims, sign=sign, random_bytes=random_bytes, decoys=decoys)


def _check_other_types(claims: Mapping[str, object], vct: str) -> None:
    """Refuse what the draft forbids of claims that nothing here reads."""
    if "sub" in claims:
        text(claims, "sub", MalformedCredential)
    if "aka_vcts" in claims:
        others = claims["aka_vcts"]
        if not isinstance(others, list) or not others or vct in others:
            raise MalformedCredential("`aka_vcts` is no list of other types")
        if not all(isinstance(other, str) for other in others):
            raise MalformedCredential("`aka_vcts` is no list of texts")


def _holder_jwk(claims: Mapping[str, object]) -> dict[str, Any] | None:
    """Return `cnf.jwk`; None where there is no `cnf`."""
    if "cnf" not in claims:
        return None
    confirmation = claims["cnf"]
    if not isinstance(confirmation, dict) or not isinstance(confirmation.get("jwk"), dict):
        raise MalformedCredential("`cnf` holds no `jwk`")
    return dict(confirmation["jwk"])


def _status(claims: Mapping[str, object]) -> StatusReference | None:
    """Return `status.status_list`; None where there is no `status`."""
    if "status" not in claims:
        return None
    status = claims["status"]
    reference = status.get("status_list") if isinstance(status, dict) else None
    if not isinstance(reference, dict):
        raise MalformedCredential("`status` holds no `status_list`")
    index = whole_number(reference, "idx", MalformedCredential, below=LIST_LENGTH)
    uri = text(reference, "uri", MalformedCredential)
    if index is None or uri is None:
        raise MalformedCredential("`status_list` lacks `idx` or `uri`")
    return StatusReference(uri, index)
