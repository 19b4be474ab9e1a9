"""Define the root and the families of the error tree, and every error that is no judgement of a presentation."""

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


class MalformedJwe(MalformedInput, code="malformed_jwe"):
    """The text is not a strict compact JWE."""


class EncryptionNotSupported(MalformedInput, code="encryption_not_supported"):
    """The message is not encrypted by ECDH-ES on P-256 with A128GCM or A256GCM, uncompressed."""


class DecryptionFailed(MalformedInput, code="decryption_failed"):
    """The message was not encrypted to this key, or was changed on its way."""


class MalformedKey(MalformedInput, code="malformed_key"):
    """The key or certificate is not a public key of a supported kind."""


class MalformedStatusList(MalformedInput, code="malformed_status_list"):
    """The status list cannot be decoded within its bounds."""


class MalformedDigests(MalformedInput, code="malformed_digests"):
    """The digests do not make a batch: empty, repeated, or not 32 bytes each."""


class MalformedEvidence(MalformedInput, code="malformed_evidence"):
    """The package of evidence has not the form of its version."""


class MalformedNote(MalformedInput, code="malformed_note"):
    """The signed note, checkpoint or verifier key is not as C2SP writes it."""


class MalformedTile(MalformedInput, code="malformed_tile"):
    """The tile, its path, or the bundle of entries is not as C2SP tlog-tiles writes it."""


class MalformedQuery(MalformedInput, code="malformed_query"):
    """The query is not DCQL within its bounds."""


class MalformedTransactionData(MalformedInput, code="malformed_transaction_data"):
    """The transaction data is of no known type, or not as its type demands."""


class MalformedResponse(MalformedInput, code="malformed_response"):
    """The wallet's answer does not have the form the request asked for."""


class MalformedPresentation(MalformedInput, code="malformed_presentation", step=1):
    """The presentation is not a strict SD-JWT."""


class PasswordRefused(MalformedInput, code="password_refused"):
    """The new password is too short, too long, or would be guessed early."""


class LimitExceeded(JeungError, code="limit_exceeded"):
    """A bound on size, count or rate is passed."""


class LoginLimited(LimitExceeded, code="login_limited"):
    """Too many log-ins failed; wait before the next."""

    def __init__(self, *, retry_after_s: int) -> None:
        """Say after how many seconds trying again makes sense."""
        super().__init__()
        self.retry_after_s = retry_after_s


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


class LoginRefused(Unauthenticated, code="login_refused"):
    """The name or the password is not right, or the account may not log in."""


class SessionEnded(Unauthenticated, code="session_ended"):
    """There is no such session, or it has ended; log in."""


class Forbidden(JeungError, code="forbidden"):
    """The caller may not do this."""


class InvalidScope(Forbidden, code="invalid_scope"):
    """The client asked for a scope that does not exist or that it does not hold."""


class QueryNotPermitted(Forbidden, code="query_not_permitted"):
    """The query asks for more than the relying party's profile registers."""


class StateMismatch(Forbidden, code="state_mismatch"):
    """The answer does not carry the `state` of the request it is given to."""


class WrongResponseCode(Forbidden, code="wrong_response_code"):
    """The response code is not the one the wallet was given for this request."""


class WebhookUrlNotAllowed(Forbidden, code="webhook_url_not_allowed"):
    """The settings do not list this address among those that events may be sent to."""


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


class DatabaseMissing(Conflict, code="database_missing"):
    """The node's folder is complete, and the database it had is gone."""


class DatabaseTooNew(Conflict, code="database_too_new"):
    """The database was written by a newer release than this one."""


class ProofingIncomplete(Conflict, code="proofing_incomplete"):
    """Checks that the proofing policy demands are missing or too old."""


class ProofingClosed(Conflict, code="proofing_closed"):
    """The proofing does not stand where this act needs it: rejected, completed, or not completed yet."""


class NotAccredited(Conflict, code="not_accredited"):
    """We are not accredited to issue this type now."""


class QueryTooNarrow(Conflict, code="query_too_narrow"):
    """The query leaves out what the profile itself demands, so every answer to it would be refused."""


class RequestEnded(Conflict, code="request_ended"):
    """The presentation request was answered, cancelled or has expired."""


class SubjectErased(Conflict, code="subject_erased"):
    """The subject's data key was destroyed, so nothing of it can be read or written any more."""


class SubjectLocked(SubjectErased, code="subject_locked"):
    """The subject is being erased; what is kept of it is kept for the law alone."""


class ProposalClosed(Conflict, code="proposal_closed"):
    """The proposal is not open any more: it was executed or cancelled, or has expired."""


class ApprovalOfAnotherChain(Conflict, code="approval_of_another_chain"):
    """The approval was signed for another chain or another consortium's contract."""


class ApprovalTooLate(Conflict, code="approval_too_late"):
    """The deadline of the signed approval has passed."""


class ApprovalGiven(Conflict, code="approval_given"):
    """The member has approved this proposal already."""


class ReceiptProofRefused(Forbidden, code="receipt_proof_refused"):
    """The receipt is not ours, or whoever asks about it did not prove to be its holder."""


class ApprovalNotByMember(Forbidden, code="approval_not_by_member"):
    """The signature is not that of the governance account of the member it speaks for."""


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
