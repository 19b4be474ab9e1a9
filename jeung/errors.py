"""Everything Jeung raises on purpose, in one tree.

JeungError
├── MalformedInput            the bytes do not have the shape they must have
│   ├── MalformedBase64url · MalformedJson · MalformedJws · MalformedKey · MalformedStatusList
│   ├── MalformedDigests      an attestation's digests are empty, repeated or of the wrong size
│   └── MalformedPresentation                                                      step 1
├── LimitExceeded             a bound on size, count or rate is passed
│   ├── InputTooLarge
│   └── PresentationTooLarge                                                       step 1
├── Unauthenticated           the caller, or a signature, is not who it claims to be
│   ├── InvalidSignature
│   └── InvalidClient         the assertion of a back-end client is not good
├── Forbidden                 the caller is known and may not do this
│   └── InvalidScope          the client asked for a scope it does not hold
├── IntegrityFailure          what was stored, published or proved is not what its digest says
│   ├── InvalidProof
│   └── SealBroken            sealed data does not open for this owner and context
├── KeyUnavailable            no active key of ours serves this purpose
├── NotFound                  there is no such thing here
├── Conflict                  the act contradicts what already stands
│   ├── IdempotencyKeyReused  the same Idempotency-Key, another request
│   ├── FenceLost             another worker of this node took over
│   ├── DatabaseTooNew        a newer release wrote this database
│   ├── ProofingIncomplete    checks the policy demands are missing or too old
│   ├── ProofingClosed        the proofing is not open any more, or not completed yet
│   ├── NotAccredited         we may not issue this type now
│   ├── SubjectErased         the subject's data key was destroyed
│   └── AlreadyRevoked        a revoked credential never comes back
├── Unavailable               try again after `retry_after_s`; nothing was lost
│   ├── AttestationPending                                                         step 4
│   ├── LedgerStale                                                                step 7
│   ├── StoreBusy             the wait for another writer ran out
│   ├── StoreUnavailable      the database cannot be read or written now
│   └── EvidenceNotRecorded                                                        step 10
└── Refused                   a finished judgement: this presentation is not accepted
    ├── step 1   AlgorithmNotAllowed · WrongType
    ├── step 2   UnknownSdAlg · DuplicateDigest · UnreferencedDisclosure · InvalidDisclosure ·
    │            ReservedClaimName · ClaimCollision · ProtectedClaimDisclosed · MalformedCredential
    ├── step 3   UnknownIssuer · UnknownIssuerKey · CertificateKeyMismatch · InvalidIssuerSignature
    ├── step 4   UnknownSchema · IssuerNotAccredited · NotAttested
    ├── step 5   IssuerNotActiveAtAttestation · NotAccreditedAtAttestation · OperatorNotAuthorized ·
    │            OperatorCompromised · IssuerKeyNotValidAtAttestation · IssuerKeyCompromised
    ├── step 6   MissingExp · CredentialExpired · CredentialNotYetValid · IssuedInFuture
    ├── step 7   IssuerSuspended · IssuerRemoved · AccreditationWithdrawn · StatusReferenceInvalid ·
    │            CredentialSuspended · CredentialRevoked · CredentialStatusUnknown · StatusListNotCurrent
    ├── step 8   MissingKeyBinding · InvalidKeyBindingType · MalformedKeyBinding ·
    │            InvalidKeyBindingSignature · WrongAudience · NonceUnknown · NonceReplayed · NonceExpired ·
    │            NonceProfileMismatch · KeyBindingStale · KeyBindingInFuture · SdHashMismatch
    └── step 9   ProfileNotRegistered · SchemaNotPermitted · ClaimsNotPermitted · RequiredClaimMissing · AssuranceTooLow

Each class has a `code`, which is part of the interface and never changes, and, where it belongs to the
verification procedure, the number of the `step` that raises it. HTTP statuses are the business of `api`.
A message never repeats what the caller sent: it may be personal data, or an attack on whoever reads the log.

To add an error: write the class, name it in the tree above, explain it in docs/reference/errors.md.
"""

from __future__ import annotations

from typing import ClassVar


class JeungError(Exception):
    """Something Jeung raises on purpose."""

    code: ClassVar[str] = "error"
    step: ClassVar[int | None] = None

    def __init_subclass__(cls, *, code: str, step: int | None = None) -> None:
        """Give the class its stable code and, if verification raises it, its step."""
        super().__init_subclass__()
        cls.code = code
        cls.step = step

    def __init__(self, detail: str = "") -> None:
        """Say what was expected and what was found; without `detail`, the class's own sentence stands.

        Args:
            detail: a sentence of ours. Never a part of the rejected input.

        """
        super().__init__(detail or self.__doc__ or self.code)

    @property
    def detail(self) -> str:
        """Return the sentence a person may read."""
        return str(self.args[0])


class MalformedInput(JeungError, code="malformed_input"):
    """The input does not have the shape it must have."""


class MalformedBase64url(MalformedInput, code="malformed_base64url"):
    """The text is not unpadded, canonical base64url."""


class MalformedJson(MalformedInput, code="malformed_json"):
    """The bytes are not one JSON object with unique member names."""


class MalformedJws(MalformedInput, code="malformed_jws"):
    """The text is not a strict compact JWS."""


class MalformedKey(MalformedInput, code="malformed_key"):
    """The key or certificate is not a public key of a supported kind."""


class MalformedStatusList(MalformedInput, code="malformed_status_list"):
    """The status list cannot be decoded within its bounds."""


class MalformedDigests(MalformedInput, code="malformed_digests"):
    """The digests do not make a batch: empty, repeated, or not 32 bytes each."""


class MalformedPresentation(MalformedInput, code="malformed_presentation", step=1):
    """The presentation is not a strict SD-JWT."""


class LimitExceeded(JeungError, code="limit_exceeded"):
    """A bound on size, count or rate is passed."""


class InputTooLarge(LimitExceeded, code="input_too_large"):
    """The input is larger than its bound."""


class PresentationTooLarge(LimitExceeded, code="presentation_too_large", step=1):
    """The presentation is larger than its bound."""


class Unauthenticated(JeungError, code="unauthenticated"):
    """The caller did not prove who it is."""


class InvalidSignature(Unauthenticated, code="invalid_signature"):
    """The signature does not verify under the key."""


class InvalidClient(Unauthenticated, code="invalid_client"):
    """The client's assertion is not good: unknown client, bad signature, wrong audience, expired or used before."""


class Forbidden(JeungError, code="forbidden"):
    """The caller may not do this."""


class InvalidScope(Forbidden, code="invalid_scope"):
    """The client asked for a scope that does not exist or that it does not hold."""


class IntegrityFailure(JeungError, code="integrity_failure"):
    """What was stored, published or proved is not what its digest says."""


class InvalidProof(IntegrityFailure, code="invalid_proof"):
    """The Merkle proof does not lead to the root."""


class SealBroken(IntegrityFailure, code="seal_broken"):
    """Sealed data was changed, moved to another place, or belongs to another key."""


class KeyUnavailable(JeungError, code="key_unavailable"):
    """No active key of ours serves this purpose."""


class NotFound(JeungError, code="not_found"):
    """There is no such thing here."""


class Conflict(JeungError, code="conflict"):
    """The act contradicts what already stands."""


class IdempotencyKeyReused(Conflict, code="idempotency_key_reused"):
    """The Idempotency-Key was used before for another request."""


class FenceLost(Conflict, code="fence_lost"):
    """Another worker holds the lease now, so this one's writes are refused."""


class DatabaseTooNew(Conflict, code="database_too_new"):
    """The database was written by a newer release than this one."""


class ProofingIncomplete(Conflict, code="proofing_incomplete"):
    """Checks that the proofing policy demands are missing or too old."""


class ProofingClosed(Conflict, code="proofing_closed"):
    """The proofing does not stand where this act needs it: rejected, completed, or not completed yet."""


class NotAccredited(Conflict, code="not_accredited"):
    """This member is not accredited to issue this type now."""


class SubjectErased(Conflict, code="subject_erased"):
    """The subject's data key was destroyed, so nothing of it can be read or written any more."""


class AlreadyRevoked(Conflict, code="already_revoked"):
    """A revoked credential can neither be suspended nor reinstated."""


class Unavailable(JeungError, code="unavailable"):
    """Something this act depends on is not available now."""

    def __init__(self, detail: str = "", *, retry_after_s: int) -> None:
        """Say what is missing and after how many seconds asking again makes sense."""
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class AttestationPending(Unavailable, code="attestation_pending", step=4):
    """The credential is so young that its attestation may still be on its way."""


class LedgerStale(Unavailable, code="ledger_stale", step=7):
    """Our copy of the ledger is older than the bound, and it never guesses."""


class StoreBusy(Unavailable, code="store_busy"):
    """Another writer held the database for longer than we wait."""


class StoreUnavailable(Unavailable, code="store_unavailable"):
    """The database cannot be read or written now."""


class EvidenceNotRecorded(Unavailable, code="evidence_not_recorded", step=10):
    """The evidence of the judgement could not be stored, so the judgement is not given."""


class Refused(JeungError, code="refused"):
    """The presentation was judged and is not accepted."""


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
