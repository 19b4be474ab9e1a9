"""Ask the ledger about issuer, attestation and status: steps 3, 4, 5 and 7 of the verification procedure."""

from functools import lru_cache
from typing import Any

from jeung.crypto import base64url
from jeung.crypto.jwk import parse_certificate_key
from jeung.crypto.sd_jwt import UnverifiedSdJwt
from jeung.crypto.sd_jwt_vc import UnverifiedCredential, certificate_key, verify_issuer_signature
from jeung.domain.identifiers import CredentialDigest, KeyThumbprint, SchemaId, to_hex
from jeung.domain.ledger import Attestation, CredentialStatus
from jeung.domain.members import Member, MemberStatus, OperatorPurpose, Role
from jeung.domain.registrations import KeyPurpose, KeyState, RegisteredKey
from jeung.domain.registry import Registry
from jeung.errors import (
    AccreditationWithdrawn,
    AttestationPending,
    CertificateKeyMismatch,
    CredentialRevoked,
    CredentialStatusUnknown,
    CredentialSuspended,
    IssuerKeyCompromised,
    IssuerKeyNotValidAtAttestation,
    IssuerNotAccredited,
    IssuerNotActiveAtAttestation,
    IssuerRemoved,
    IssuerSuspended,
    LedgerStale,
    NotAccreditedAtAttestation,
    NotAttested,
    OperatorCompromised,
    OperatorNotAuthorized,
    StatusReferenceInvalid,
    UnknownIssuer,
    UnknownIssuerKey,
    UnknownSchema,
)
from jeung.ports.ledger import LedgerView
from jeung.services.status_uri import parse_status_list_uri
from jeung.services.verification.rules import VerificationRules

Facts = dict[str, Any]

_ACTIVE = "active"

TURNED_BY_FRESHER_LEDGER = (
    UnknownIssuer,
    UnknownIssuerKey,
    UnknownSchema,
    IssuerNotActiveAtAttestation,
    NotAccreditedAtAttestation,
    OperatorNotAuthorized,
    IssuerKeyNotValidAtAttestation,
)
"""Refusals of steps 3 to 5 that more blocks could turn, so that they are not given from a stale copy."""


def verified_issuer(
    sd_jwt: UnverifiedSdJwt, credential: UnverifiedCredential, registry: Registry
) -> tuple[Member, RegisteredKey]:
    """Return the member behind `iss` and its key, once the issuer's signature verifies (step 3).

    Raises:
        UnknownIssuer, UnknownIssuerKey, CertificateKeyMismatch, InvalidIssuerSignature: as their names say.
    """
    member = registry.member_at(credential.issuer)
    if member is None:
        raise UnknownIssuer
    key = certificate_key(sd_jwt)
    if key is None:
        raise UnknownIssuerKey("the credential shows no certificate, so no key to look for")
    thumbprint, key_id = _names_of(sd_jwt.jws.header["x5c"][0])
    if sd_jwt.jws.header.get("kid") != key_id:
        raise CertificateKeyMismatch("`kid` names another key than the certificate holds")
    registered = registry.keys.get((member.member, thumbprint))
    if registered is None or registered.purpose is not KeyPurpose.CREDENTIAL_SIGNING:
        raise UnknownIssuerKey
    verify_issuer_signature(sd_jwt, key)
    return member, registered


def found_attestation(
    credential: UnverifiedCredential,
    digest: CredentialDigest,
    issuer: Member,
    view: LedgerView,
    rules: VerificationRules,
    now: int,
) -> Attestation:
    """Return the issuer's earliest attestation of the digest under the credential's schema (step 4).

    Raises:
        UnknownSchema: no such schema, or its `vct` is another.
        LedgerStale: not in our copy, which is too old to say more.
        AttestationPending: not there yet, and the credential is young.
        IssuerNotAccredited: not there, and the issuer could not attest it now.
        NotAttested: not there.
    """
    schema = view.registry.schemas.get(SchemaId(credential.schema_id))
    if schema is None or schema.vct != credential.vct:
        raise UnknownSchema
    attestation = view.attestation(issuer.member, schema.schema, digest)
    if attestation is not None:
        return attestation
    # What is not in a stale copy may well be on the chain.
    require_fresh(view, rules, now)
    if view.registry.grant_covering(issuer.member, schema.schema, present_time(view, now)) is None:
        raise IssuerNotAccredited
    issued_at = credential.issued_at
    # A credential that says it comes from the future is not young: it could be pending for ever.
    if issued_at is not None and issued_at - rules.clock_skew_s <= now <= issued_at + rules.attestation_grace_s:
        raise AttestationPending(retry_after_s=rules.retry_after_s)
    raise NotAttested


def judge_attestation_time(attestation: Attestation, issuer: Member, key: RegisteredKey, registry: Registry) -> Facts:
    """Judge member, accreditation, operator account and signing key as of the attestation's block time (step 5).

    Raises:
        Refused: one of the refusals of step 5.
    """
    time = attestation.block_time
    if issuer.status_at(time) is not MemberStatus.ACTIVE or not issuer.has_role_at(Role.ISSUER, time):
        raise IssuerNotActiveAtAttestation
    # A withdrawal that came later is judged in step 7: it has its own code.
    if not registry.was_accredited_at(issuer.member, attestation.schema, time):
        raise NotAccreditedAtAttestation
    operator = registry.operators.get(attestation.operator)
    if (
        operator is None
        or operator.member != issuer.member
        or operator.purpose is not OperatorPurpose.ATTEST
        or not operator.was_authorized_at(time)
    ):
        raise OperatorNotAuthorized
    if operator.was_compromised_at(time):
        raise OperatorCompromised
    state = key.state_at(time)
    if state is KeyState.COMPROMISED:
        raise IssuerKeyCompromised
    if state is not KeyState.ACTIVE:
        raise IssuerKeyNotValidAtAttestation
    return {
        "attested_at": time,
        "member_status": _ACTIVE,
        "operator": attestation.operator,
        "key_state": _ACTIVE,
    }


def require_fresh(view: LedgerView, rules: VerificationRules, now: int) -> None:
    """Refuse to judge by a copy of the ledger that is older than the bounds (step 7).

    Raises:
        LedgerStale: it is.
    """
    reason = rules.stale_reason(view.freshness, now)
    if reason is not None:
        raise LedgerStale(reason, retry_after_s=rules.retry_after_s)


def judge_present(
    credential: UnverifiedCredential, attestation: Attestation, issuer: Member, view: LedgerView, now: int
) -> Facts:
    """Judge the issuer's standing, its accreditation and the credential's status as they are now (step 7).

    Raises:
        Refused: one of the refusals of step 7.
    """
    freshness = view.freshness
    status = issuer.status_at(max(now, freshness.head_time))
    if status is MemberStatus.SUSPENDED:
        raise IssuerSuspended
    removal = issuer.removal
    if removal is not None and removal.for_cause and removal.effective_since <= attestation.block_time:
        raise IssuerRemoved
    if view.registry.grant_covering(issuer.member, attestation.schema, attestation.block_time) is None:
        raise AccreditationWithdrawn
    reference = credential.status
    list_number = None if reference is None else parse_status_list_uri(credential.issuer, reference.uri)
    if reference is None or list_number is None:
        raise StatusReferenceInvalid
    word = view.status(issuer.member, list_number, reference.index)
    if word is CredentialStatus.REVOKED:
        raise CredentialRevoked
    if word is CredentialStatus.SUSPENDED:
        raise CredentialSuspended
    if word is not CredentialStatus.VALID:
        raise CredentialStatusUnknown
    return {
        "issuer_status": status.value,
        "credential_status": "valid",
        "status_list": list_number,
        "status_index": reference.index,
        "block_number": freshness.indexed_number,
        "block_hash": to_hex(freshness.indexed_hash),
        "head_time": freshness.head_time,
    }


def present_time(view: LedgerView, now: int) -> int:
    """Give the later of our clock and the chain's: blocks of a busy chain may run ahead of the wall clock."""
    return max(now, view.freshness.head_time)


@lru_cache(maxsize=256)
def _names_of(certificate: str) -> tuple[KeyThumbprint, str]:
    """Give the thumbprint of a certificate's key and its spelling in `kid`: issuers have few keys, computed once."""
    thumbprint = KeyThumbprint(parse_certificate_key(certificate).thumbprint)
    return thumbprint, base64url.encode(thumbprint)
