"""Define the judgements: one class for each reason, by the step of the verification that gives it."""

from __future__ import annotations

from jeung.errors.base import Refused

__all__ = [
    "AccreditationWithdrawn",
    "AlgorithmNotAllowed",
    "AnotherPresentationRefused",
    "AssuranceTooLow",
    "CertificateKeyMismatch",
    "ClaimCollision",
    "ClaimsNotPermitted",
    "ClaimsNotRequested",
    "CredentialExpired",
    "CredentialNotRequested",
    "CredentialNotYetValid",
    "CredentialRevoked",
    "CredentialStatusUnknown",
    "CredentialSuspended",
    "DuplicateDigest",
    "InvalidDisclosure",
    "InvalidIssuerSignature",
    "InvalidKeyBindingSignature",
    "InvalidKeyBindingType",
    "IssuedInFuture",
    "IssuerKeyCompromised",
    "IssuerKeyNotValidAtAttestation",
    "IssuerNotAccredited",
    "IssuerNotActiveAtAttestation",
    "IssuerRemoved",
    "IssuerSuspended",
    "KeyBindingInFuture",
    "KeyBindingStale",
    "MalformedCredential",
    "MalformedKeyBinding",
    "MissingExp",
    "MissingKeyBinding",
    "NonceExpired",
    "NonceProfileMismatch",
    "NonceReplayed",
    "NonceUnknown",
    "NotAccreditedAtAttestation",
    "NotAttested",
    "OperatorCompromised",
    "OperatorNotAuthorized",
    "ProfileNotRegistered",
    "ProtectedClaimDisclosed",
    "QueryNotSatisfied",
    "RequiredClaimMissing",
    "ReservedClaimName",
    "SchemaNotPermitted",
    "SdHashMismatch",
    "StatusListNotCurrent",
    "StatusReferenceInvalid",
    "TransactionDataMismatch",
    "UnknownIssuer",
    "UnknownIssuerKey",
    "UnknownSchema",
    "UnknownSdAlg",
    "UnreferencedDisclosure",
    "WrongAudience",
    "WrongType",
]


class AlgorithmNotAllowed(Refused, code="algorithm_not_allowed", step=1):
    """The signature algorithm is not on our list."""


class WrongType(Refused, code="wrong_type", step=1):
    """The `typ` header is not the one this place demands."""


class UnknownSdAlg(Refused, code="unknown_sd_alg", step=2):
    """The `_sd_alg` claim names no hash algorithm we accept."""


class DuplicateDigest(Refused, code="duplicate_digest", step=2):
    """The same disclosure digest stands in more than one place."""


class UnreferencedDisclosure(Refused, code="unreferenced_disclosure", step=2):
    """A disclosure is not referenced by any digest."""


class InvalidDisclosure(Refused, code="invalid_disclosure", step=2):
    """A disclosure is not an array of the length its place demands."""


class ReservedClaimName(Refused, code="reserved_claim_name", step=2):
    """A disclosure carries the claim name `_sd` or `...`."""


class ClaimCollision(Refused, code="claim_collision", step=2):
    """A disclosed claim name already exists at its level."""


class ProtectedClaimDisclosed(Refused, code="protected_claim_disclosed", step=2):
    """A claim that must never be selectively disclosable was disclosed."""


class MalformedCredential(Refused, code="malformed_credential", step=2):
    """A registered claim of the credential is missing or has the wrong type."""


class UnknownIssuer(Refused, code="unknown_issuer", step=3):
    """No member of the consortium owns the URL in `iss`."""


class UnknownIssuerKey(Refused, code="unknown_issuer_key", step=3):
    """The signing key is not registered for credential signing by the issuer."""


class CertificateKeyMismatch(Refused, code="certificate_key_mismatch", step=3):
    """The `x5c` leaf certificate does not hold the registered key."""


class InvalidIssuerSignature(Refused, code="invalid_issuer_signature", step=3):
    """The issuer's signature does not verify."""


class UnknownSchema(Refused, code="unknown_schema", step=4):
    """The schema is not registered, or its `vct` is not the credential's."""


class IssuerNotAccredited(Refused, code="issuer_not_accredited", step=4):
    """The digest is not attested and cannot be: the issuer is not accredited for the schema."""


class NotAttested(Refused, code="not_attested", step=4):
    """The issuer never attested this credential digest under its schema."""


class IssuerNotActiveAtAttestation(Refused, code="issuer_not_active_at_attestation", step=5):
    """The issuer was not an active member when it attested."""


class NotAccreditedAtAttestation(Refused, code="not_accredited_at_attestation", step=5):
    """The issuer was not accredited for the schema when it attested."""


class OperatorNotAuthorized(Refused, code="operator_not_authorized", step=5):
    """The account that attested was no ATTEST operator of the issuer then."""


class OperatorCompromised(Refused, code="operator_compromised", step=5):
    """The operator account that attested was compromised by then."""


class IssuerKeyNotValidAtAttestation(Refused, code="issuer_key_not_valid_at_attestation", step=5):
    """The signing key was not yet valid, expired or revoked at the attestation."""


class IssuerKeyCompromised(Refused, code="issuer_key_compromised", step=5):
    """The signing key was compromised at the attestation, as known now."""


class MissingExp(Refused, code="missing_exp", step=6):
    """The credential has no `exp`."""


class CredentialExpired(Refused, code="credential_expired", step=6):
    """The credential's `exp` has passed."""


class CredentialNotYetValid(Refused, code="credential_not_yet_valid", step=6):
    """The credential's `nbf` lies ahead."""


class IssuedInFuture(Refused, code="issued_in_future", step=6):
    """The credential's `iat` lies ahead."""


class IssuerSuspended(Refused, code="issuer_suspended", step=7):
    """The issuer is suspended now."""


class IssuerRemoved(Refused, code="issuer_removed", step=7):
    """The issuer was removed for cause, effective at or before the attestation."""


class AccreditationWithdrawn(Refused, code="accreditation_withdrawn", step=7):
    """The accreditation was withdrawn, effective at or before the attestation."""


class StatusReferenceInvalid(Refused, code="status_reference_invalid", step=7):
    """The credential's status entry does not lead to a list of its issuer."""


class CredentialSuspended(Refused, code="credential_suspended", step=7):
    """The credential is suspended now."""


class CredentialRevoked(Refused, code="credential_revoked", step=7):
    """The credential is revoked."""


class CredentialStatusUnknown(Refused, code="credential_status_unknown", step=7):
    """The credential's status word holds a value that means nothing to us."""


class StatusListNotCurrent(Refused, code="status_list_not_current", step=7):
    """The status list token is expired, or issued in the future."""


class MissingKeyBinding(Refused, code="missing_key_binding", step=8):
    """The presentation has no key-binding JWT, or the credential no holder key."""


class InvalidKeyBindingType(Refused, code="invalid_key_binding_type", step=8):
    """The key-binding JWT's `typ` is not `kb+jwt`."""


class MalformedKeyBinding(Refused, code="malformed_key_binding", step=8):
    """The key-binding JWT lacks a claim, or a claim has the wrong type."""


class InvalidKeyBindingSignature(Refused, code="invalid_key_binding_signature", step=8):
    """The key-binding JWT does not verify under the holder's key."""


class WrongAudience(Refused, code="wrong_audience", step=8):
    """The presentation was made for somebody else."""


class NonceUnknown(Refused, code="nonce_unknown", step=8):
    """The nonce is not one we gave out for this purpose."""


class NonceReplayed(Refused, code="nonce_replayed", step=8):
    """The nonce was used before."""


class NonceExpired(Refused, code="nonce_expired", step=8):
    """The nonce's life is over."""


class NonceProfileMismatch(Refused, code="nonce_profile_mismatch", step=8):
    """The nonce was given out for another request profile or channel."""


class KeyBindingStale(Refused, code="key_binding_stale", step=8):
    """The key binding was made too long ago."""


class KeyBindingInFuture(Refused, code="key_binding_in_future", step=8):
    """The key binding's `iat` lies ahead."""


class SdHashMismatch(Refused, code="sd_hash_mismatch", step=8):
    """The key binding was made for other disclosures."""


class TransactionDataMismatch(Refused, code="transaction_data_mismatch", step=8):
    """The holder did not confirm exactly the transactions that were asked for."""


class ProfileNotRegistered(Refused, code="profile_not_registered", step=9):
    """The request profile the nonce was given out for does not stand registered any more."""


class SchemaNotPermitted(Refused, code="schema_not_permitted", step=9):
    """The relying party's profile does not permit this schema."""


class ClaimsNotPermitted(Refused, code="claims_not_permitted", step=9):
    """Claims were shown that the relying party's profile does not permit."""


class RequiredClaimMissing(Refused, code="required_claim_missing", step=9):
    """A claim the policy requires was not shown."""


class AssuranceTooLow(Refused, code="assurance_too_low", step=9):
    """The assurance level of the proofing or of the key's storage is below the policy's."""


class QueryNotSatisfied(Refused, code="query_not_satisfied", step=9):
    """The answer lacks a credential or a claim that the request asked for."""


class ClaimsNotRequested(Refused, code="claims_not_requested", step=9):
    """Claims were shown that the request did not ask for."""


class CredentialNotRequested(Refused, code="credential_not_requested", step=9):
    """More credentials were shown than the request asked for."""


class AnotherPresentationRefused(Refused, code="another_presentation_refused", step=9):
    """Another presentation of the same answer was refused, and so the whole answer is; this one passed."""
