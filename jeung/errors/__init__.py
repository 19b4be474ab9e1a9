"""Everything Jeung raises on purpose, in one tree.

JeungError
├── MalformedInput            the bytes do not have the shape they must have
│   ├── MalformedBase64url · MalformedJson · MalformedJws · MalformedJwe · MalformedKey · MalformedStatusList
│   ├── EncryptionNotSupported · DecryptionFailed
│   ├── MalformedQuery · MalformedTransactionData  what a relying party wants asked
│   ├── MalformedResponse     a wallet's answer is not of the form it was asked in
│   ├── MalformedDigests      an attestation's digests are empty, repeated or of the wrong size
│   ├── MalformedEvidence     a package of evidence has not the form of its version
│   ├── MalformedNote · MalformedTile  a log's checkpoint, tile or bundle of entries is not as C2SP writes it
│   ├── PasswordRefused       a new staff password is too short, too long or easily guessed
│   └── MalformedPresentation                                                      step 1
├── LimitExceeded             a bound on size, count or rate is passed
│   ├── InputTooLarge · LoginLimited  too many log-ins failed under a name or from an address
│   └── PresentationTooLarge                                                       step 1
├── Unauthenticated           the caller, or a signature, is not who it claims to be
│   ├── InvalidSignature · InvalidClient  a signature or a back-end client's assertion is not good
│   ├── LoginRefused          a name and a password that do not let anybody in
│   └── SessionEnded          the session of a member of staff is over, or never was
├── Forbidden                 the caller is known and may not do this
│   ├── ActNotPermitted       the caller may not ask for, decide or carry out this act
│   ├── SecondPersonRequired  whoever asked for an act does not decide it
│   ├── QueryNotPermitted     a query asks for more than the profile registers
│   ├── StateMismatch · WrongResponseCode  a secret of a presentation request was not known
│   ├── WebhookUrlNotAllowed
│   ├── CheckpointNotSigned   a log's checkpoint is not signed by a key the chain holds good for it
│   ├── ReceiptProofRefused   who asks about a receipt is not its holder, or it is not ours
│   ├── ApprovalNotByMember   a signed approval is not by its member's governance account
│   └── InvalidScope          the client asked for a scope it does not hold
├── IntegrityFailure          what was stored, published or proved is not what its digest says
│   ├── LogForked             our log does not hold what was signed or anchored of it
│   └── InvalidProof · SealBroken  sealed data does not open for this owner and context
├── KeyUnavailable            no active key of ours serves this purpose
├── NotFound                  there is no such thing here
├── Conflict                  the act contradicts what already stands
│   ├── IdempotencyKeyReused  the same Idempotency-Key, another request
│   ├── FenceLost             another worker of this node took over
│   ├── DatabaseMissing · DatabaseTooNew  the database a node had is gone, or a newer release wrote it
│   ├── ProofingIncomplete · ProofingClosed  checks are missing or too old; it is not open, or not completed
│   ├── NotAccredited         we may not issue this type now
│   ├── QueryTooNarrow        a query leaves out what the profile demands
│   ├── RequestEnded          the presentation request was answered, cancelled or has expired
│   ├── SubjectErased         the subject's data key was destroyed
│   │   └── SubjectLocked     what is kept of the subject is kept for the law alone
│   ├── ActClosed · ActChanged  the act of two people has ended; what was read is not what would be approved
│   ├── ActAbandoned          whoever began the act never reported its end
│   ├── ActPending · TooManyActs  the same act waits already, or as many as may
│   ├── ProposalClosed        the proposal was executed or cancelled, or has expired
│   ├── ApprovalOfAnotherChain · ApprovalTooLate · ApprovalGiven  a signed approval is of no use here, or now
│   ├── LogBehind             others hold more of our log than we do
│   ├── CheckpointForked · CheckpointNotConsistent · WitnessedOtherSize  what a witness will not cosign
│   ├── AlreadyRevoked        a revoked credential never comes back
│   └── OfferClosed           the credential offer is good for nothing any more
├── Unavailable               try again after `retry_after_s`; nothing was lost
│   ├── AttestationPending                                                         step 4
│   ├── LedgerStale                                                                step 7
│   ├── StoreBusy · StoreUnavailable  the wait for another writer ran out; the database cannot be used now
│   └── EvidenceNotRecorded                                                        step 10
├── WalletError               what a wallet hears, under the name that OAuth or OpenID4VCI gives it
│   ├── InvalidGrant · UnauthorizedClient · UnsupportedResponseType · UnknownScope · InvalidTarget ·
│   │   InvalidAuthorizationDetails · InvalidRequestUri · InvalidWalletToken
│   ├── ChallengeRefused      a nonce or challenge is not ours, stale or used
│   ├── InvalidDpopProof · UseDpopNonce
│   ├── InvalidClientAttestation · UseAttestationChallenge · UseFreshAttestation
│   ├── InvalidCredentialRequest
│   │   ├── UnknownCredentialConfiguration · UnknownCredentialIdentifier · InvalidTransactionId
│   │   ├── InvalidKeyProof · UntrustedKeyAttestation · InvalidProofNonce
│   │   └── InvalidEncryptionParameters · CredentialRequestDenied
│   └── InvalidNotificationRequest · InvalidNotificationId
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
    │            NonceProfileMismatch · KeyBindingStale · KeyBindingInFuture · SdHashMismatch ·
    │            TransactionDataMismatch
    └── step 9   ProfileNotRegistered · SchemaNotPermitted · ClaimsNotPermitted · RequiredClaimMissing ·
                 AssuranceTooLow · QueryNotSatisfied · ClaimsNotRequested · CredentialNotRequested ·
                 AnotherPresentationRefused

Those of staff are in `jeung.errors.staff`. Each class has a `code`, which is part of the interface and never
changes, and, where it belongs to the verification procedure, the number of the `step` that raises it. HTTP statuses
are the business of `api`.
A message never repeats what the caller sent: it may be personal data, or an attack on whoever reads the log.

To add an error: write the class in one of the modules, name it in the tree above and in the lists below, explain it
in docs/reference/errors.md. Tests say what was forgotten.
"""

from jeung.errors.base import (
    AlreadyRevoked,
    ApprovalGiven,
    ApprovalNotByMember,
    ApprovalOfAnotherChain,
    ApprovalTooLate,
    AttestationPending,
    Conflict,
    DatabaseMissing,
    DatabaseTooNew,
    DecryptionFailed,
    EncryptionNotSupported,
    EvidenceNotRecorded,
    FenceLost,
    Forbidden,
    IdempotencyKeyReused,
    InputTooLarge,
    IntegrityFailure,
    InvalidClient,
    InvalidProof,
    InvalidScope,
    InvalidSignature,
    JeungError,
    KeyUnavailable,
    LedgerStale,
    LimitExceeded,
    LoginLimited,
    LoginRefused,
    MalformedBase64url,
    MalformedDigests,
    MalformedEvidence,
    MalformedInput,
    MalformedJson,
    MalformedJwe,
    MalformedJws,
    MalformedKey,
    MalformedNote,
    MalformedPresentation,
    MalformedQuery,
    MalformedResponse,
    MalformedStatusList,
    MalformedTile,
    MalformedTransactionData,
    NotAccredited,
    NotFound,
    PasswordRefused,
    PresentationTooLarge,
    ProofingClosed,
    ProofingIncomplete,
    ProposalClosed,
    QueryNotPermitted,
    QueryTooNarrow,
    ReceiptProofRefused,
    Refused,
    RequestEnded,
    SealBroken,
    SessionEnded,
    StateMismatch,
    StoreBusy,
    StoreUnavailable,
    SubjectErased,
    SubjectLocked,
    Unauthenticated,
    Unavailable,
    WebhookUrlNotAllowed,
    WrongResponseCode,
)
from jeung.errors.dual_control import (
    ActAbandoned,
    ActChanged,
    ActClosed,
    ActNotPermitted,
    ActPending,
    SecondPersonRequired,
    TooManyActs,
)
from jeung.errors.issuing import (
    CredentialRequestDenied,
    InvalidCredentialRequest,
    InvalidEncryptionParameters,
    InvalidKeyProof,
    InvalidNotificationId,
    InvalidNotificationRequest,
    InvalidProofNonce,
    InvalidTransactionId,
    UnknownCredentialConfiguration,
    UnknownCredentialIdentifier,
    UntrustedKeyAttestation,
)
from jeung.errors.log import (
    CheckpointForked,
    CheckpointNotConsistent,
    CheckpointNotSigned,
    LogBehind,
    LogForked,
    WitnessedOtherSize,
)
from jeung.errors.refusals import *  # noqa: F403 - its own list says what
from jeung.errors.refusals import __all__ as _refusals
from jeung.errors.wallets import (
    ChallengeRefused,
    InvalidAuthorizationDetails,
    InvalidClientAttestation,
    InvalidDpopProof,
    InvalidGrant,
    InvalidRequestUri,
    InvalidTarget,
    InvalidWalletToken,
    OfferClosed,
    UnauthorizedClient,
    UnknownScope,
    UnsupportedResponseType,
    UseAttestationChallenge,
    UseDpopNonce,
    UseFreshAttestation,
    WalletError,
)

__all__ = [
    "ActAbandoned",
    "ActChanged",
    "ActClosed",
    "ActNotPermitted",
    "ActPending",
    "AlreadyRevoked",
    "ApprovalGiven",
    "ApprovalNotByMember",
    "ApprovalOfAnotherChain",
    "ApprovalTooLate",
    "AttestationPending",
    "ChallengeRefused",
    "CheckpointForked",
    "CheckpointNotConsistent",
    "CheckpointNotSigned",
    "Conflict",
    "CredentialRequestDenied",
    "DatabaseMissing",
    "DatabaseTooNew",
    "DecryptionFailed",
    "EncryptionNotSupported",
    "EvidenceNotRecorded",
    "FenceLost",
    "Forbidden",
    "IdempotencyKeyReused",
    "InputTooLarge",
    "IntegrityFailure",
    "InvalidAuthorizationDetails",
    "InvalidClient",
    "InvalidClientAttestation",
    "InvalidCredentialRequest",
    "InvalidDpopProof",
    "InvalidEncryptionParameters",
    "InvalidGrant",
    "InvalidKeyProof",
    "InvalidNotificationId",
    "InvalidNotificationRequest",
    "InvalidProof",
    "InvalidProofNonce",
    "InvalidRequestUri",
    "InvalidScope",
    "InvalidSignature",
    "InvalidTarget",
    "InvalidTransactionId",
    "InvalidWalletToken",
    "JeungError",
    "KeyUnavailable",
    "LedgerStale",
    "LimitExceeded",
    "LogBehind",
    "LogForked",
    "LoginLimited",
    "LoginRefused",
    "MalformedBase64url",
    "MalformedDigests",
    "MalformedEvidence",
    "MalformedInput",
    "MalformedJson",
    "MalformedJwe",
    "MalformedJws",
    "MalformedKey",
    "MalformedNote",
    "MalformedPresentation",
    "MalformedQuery",
    "MalformedResponse",
    "MalformedStatusList",
    "MalformedTile",
    "MalformedTransactionData",
    "NotAccredited",
    "NotFound",
    "OfferClosed",
    "PasswordRefused",
    "PresentationTooLarge",
    "ProofingClosed",
    "ProofingIncomplete",
    "ProposalClosed",
    "QueryNotPermitted",
    "QueryTooNarrow",
    "ReceiptProofRefused",
    "Refused",
    "RequestEnded",
    "SealBroken",
    "SecondPersonRequired",
    "SessionEnded",
    "StateMismatch",
    "StoreBusy",
    "StoreUnavailable",
    "SubjectErased",
    "SubjectLocked",
    "TooManyActs",
    "Unauthenticated",
    "UnauthorizedClient",
    "Unavailable",
    "UnknownCredentialConfiguration",
    "UnknownCredentialIdentifier",
    "UnknownScope",
    "UnsupportedResponseType",
    "UntrustedKeyAttestation",
    "UseAttestationChallenge",
    "UseDpopNonce",
    "UseFreshAttestation",
    "WalletError",
    "WebhookUrlNotAllowed",
    "WitnessedOtherSize",
    "WrongResponseCode",
]
__all__ += _refusals
