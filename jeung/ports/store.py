"""State what the core keeps: repositories that live inside one transaction, all or nothing."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from jeung.domain.access import Client, RequestKey
from jeung.domain.chain import Intent
from jeung.domain.credentials import CredentialRecord, CredentialView, RevocationProgress, Selection
from jeung.domain.ledger import CredentialStatus
from jeung.domain.proofing import Proofing
from jeung.domain.questions import LedgerQuestion
from jeung.domain.verification import IssuedNonce, LogEntry
from jeung.ports.dual_control import Acts
from jeung.ports.erasure import Erasures, LogNames, Subjects
from jeung.ports.evidence import BlockVouches, Evidence, EvidenceProofs
from jeung.ports.identity import FederatedIdentities
from jeung.ports.issuing import DeferredIssuances, EncryptionKeys, Notifications
from jeung.ports.pages import Page
from jeung.ports.passkeys import Enrolments, Passkeys, StaffChallenges
from jeung.ports.presentations import Deliveries, PresentationRequests, Webhooks
from jeung.ports.staff import LoginAttempts, StaffAccounts, StaffSessions
from jeung.ports.wallets import Authorizations, Offers, WalletGrants

T = TypeVar("T")


class DataKeys(Protocol):
    """Keep wrapped data keys; destroying one makes everything sealed under it unreadable."""

    def add(self, owner: str, wrapped: bytes, created_at: int) -> None:
        """Keep the wrapped key of an owner; an owner has one.

        Raises:
            Conflict: the owner has a key already.
        """
        ...

    def get(self, owner: str) -> bytes | None:
        """Give the wrapped key, or None once destroyed."""
        ...

    def destroy(self, owner: str) -> bool:
        """Delete the wrapped key; tell whether there was one."""
        ...


class Proofings(Protocol):
    """Keep proofings."""

    def add(self, proofing: Proofing) -> None:
        """Keep a new proofing."""
        ...

    def get(self, proofing_id: str) -> Proofing | None:
        """Give a proofing with its checks; inside a write transaction it stays as read until the commit."""
        ...

    def replace(self, proofing: Proofing) -> None:
        """Keep a changed proofing; recorded checks are only ever added.

        Raises:
            NotFound: no such proofing.
        """
        ...

    def page(self, *, cursor: str | None, limit: int) -> Page[Proofing]:
        """Give proofings, newest first.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        ...


class Credentials(Protocol):
    """Keep issued credentials."""

    def add_family(self, records: Sequence[CredentialRecord]) -> None:
        """Keep the copies of one family and put their digests and rows into the outbox of attestations."""
        ...

    def get(self, credential_id: str) -> CredentialView | None:
        """Give one copy, joined with the ledger's index."""
        ...

    def family(self, family_id: str) -> Sequence[CredentialView]:
        """Give every copy of a family in order of issue; empty for an unknown one."""
        ...

    def of_subject(self, subject_id: str) -> Sequence[CredentialView]:
        """Give every copy ever issued to a subject; empty for an unknown one."""
        ...

    def page(
        self, *, cursor: str | None, limit: int, subject_id: str | None = None, newest_first: bool = False
    ) -> Page[CredentialView]:
        """Give credentials in order of issue, or the other way round.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        ...

    def want_status(self, credential_ids: Sequence[str], status: CredentialStatus, at: int) -> None:
        """Record the wanted status of copies and put the changes into the outbox of statuses."""
        ...

    def unrevoked(self, selection: Selection, limit: int) -> Sequence[str]:
        """Give the ids of selected copies that nobody wanted revoked yet, in the order of their places."""
        ...

    def revoke_all(self, credential_ids: Sequence[str], at: int) -> None:
        """Want copies revoked as `want_status` does, many at once."""
        ...

    def progress(self, selection: Selection) -> RevocationProgress:
        """Count what a selection holds and how far its revocation has come."""
        ...

    def waiting_changes(self) -> int:
        """Count the changes of status that are not on the chain yet."""
        ...

    def last_expiry(self, signing_key_id: str) -> int | None:
        """Give when the last copy that a key signed expires, seconds UTC; None where it signed none."""
        ...


class StatusIndexes(Protocol):
    """Hand out counters that a keyed permutation turns into status indexes."""

    def reserve(self, count: int) -> range:
        """Reserve `count` counters of the open group of lists, never handed out again."""
        ...

    def group(self) -> tuple[int, bytes]:
        """Give (first list number, wrapped permutation key) of the open group of lists.

        Raises:
            NotFound: no group is open yet.
        """
        ...

    def open_group(self, first_list: int, wrapped_key: bytes) -> None:
        """Open the next group of lists, beginning at counter 0."""
        ...


class Intents(Protocol):
    """Keep wanted governance and key writes."""

    def add(self, intent: Intent) -> Intent:
        """Keep an intent; an existing one with the same dedupe key is given back instead."""
        ...

    def standing(self, dedupe_key: str) -> Intent | None:
        """Give the intent that stands under a dedupe key, whatever became of it."""
        ...

    def get(self, intent_id: str) -> Intent | None:
        """Give an intent with its present state."""
        ...

    def page(self, *, cursor: str | None, limit: int) -> Page[Intent]:
        """Give intents, newest first."""
        ...


class LedgerQuestions(Protocol):
    """Keep what the API asks of the chain until the worker has answered."""

    def add(self, question: LedgerQuestion) -> None:
        """Keep a new question."""
        ...

    def get(self, question_id: str) -> LedgerQuestion | None:
        """Give a question with its answer, until the janitor removes it after its expiry."""
        ...

    def waiting(self, now: int, limit: int) -> Sequence[LedgerQuestion]:
        """Give questions without an answer that have not expired, oldest first."""
        ...

    def answer(self, question_id: str, answer: Mapping[str, Any], at: int) -> None:
        """Keep the answer of a question; one that has an answer keeps it."""
        ...


class Nonces(Protocol):
    """Keep the nonces handed out to presentations."""

    def add(self, nonce: IssuedNonce) -> None:
        """Keep a fresh nonce."""
        ...

    def get(self, nonce: str) -> IssuedNonce | None:
        """Give a nonce, used or not, until the janitor removes it a while after its expiry and its use."""
        ...

    def consume(self, nonce: str, at: int, evidence_id: str) -> bool:
        """Mark a nonce used by a judgement; tell False when it was used before (two requests race, one wins)."""
        ...


class EventLog(Protocol):
    """Append what happened; rows are never changed or deleted (the database itself refuses)."""

    def append(self, entry: LogEntry) -> None:
        """Append one entry."""
        ...


class Idempotency(Protocol):
    """Remember which request made what, so that asking again gives the same thing."""

    def find(self, request: RequestKey) -> str | None:
        """Give the id of what this request made before, or None.

        Raises:
            IdempotencyKeyReused: the caller used the same key for another request.
        """
        ...

    def remember(self, request: RequestKey, result_id: str, at: int) -> None:
        """Remember the result of a request, in the transaction that made it."""
        ...


class Clients(Protocol):
    """Keep the registered back-end clients."""

    def get(self, client_id: str) -> Client | None:
        """Give a client."""
        ...

    def put(self, client: Client) -> None:
        """Register a client or replace its key and scopes."""
        ...


class Replays(Protocol):
    """Remember one-time values."""

    def claim(self, kind: str, value: str, expires_at: int) -> bool:
        """Claim a value; tell False when it was claimed before and has not expired."""
        ...


@dataclass(frozen=True, slots=True)
class StatusListToken:
    """Hold a signed Token Status List JWT; times are seconds UTC."""

    list_number: int
    token: str
    issued_at: int
    expires_at: int


class StatusTokens(Protocol):
    """Keep the published status list tokens."""

    def get(self, list_number: int) -> StatusListToken | None:
        """Give the newest token of a list."""
        ...

    def put(self, token: StatusListToken) -> None:
        """Publish a token in place of the one before."""
        ...

    def open_lists(self) -> Sequence[int]:
        """Give the list numbers this issuer has handed indexes out of."""
        ...


class Transaction(Protocol):
    """Bundle the repositories of one transaction; leaving the `with` block commits, an exception rolls back."""

    data_keys: DataKeys
    proofings: Proofings
    credentials: Credentials
    status_indexes: StatusIndexes
    intents: Intents
    questions: LedgerQuestions
    nonces: Nonces
    evidence: Evidence
    evidence_proofs: EvidenceProofs
    block_vouches: BlockVouches
    events: EventLog
    idempotency: Idempotency
    clients: Clients
    replays: Replays
    status_tokens: StatusTokens
    offers: Offers
    authorizations: Authorizations
    grants: WalletGrants
    staff: StaffAccounts
    staff_sessions: StaffSessions
    login_attempts: LoginAttempts
    passkeys: Passkeys
    staff_challenges: StaffChallenges
    enrolments: Enrolments
    identities: FederatedIdentities
    deferred: DeferredIssuances
    notifications: Notifications
    encryption_keys: EncryptionKeys
    presentation_requests: PresentationRequests
    webhooks: Webhooks
    deliveries: Deliveries
    acts: Acts
    erasures: Erasures
    subjects: Subjects
    log_names: LogNames


class Store(Protocol):
    """Open transactions."""

    def read(self) -> AbstractContextManager[Transaction]:
        """Open a read-only snapshot."""
        ...

    def write(self) -> AbstractContextManager[Transaction]:
        """Open the one writing transaction (others wait, bounded).

        Raises:
            StoreBusy: the wait for another writer ran out.
        """
        ...


class RateLimiter(Protocol):
    """Count what callers do, across all processes of a node and over restarts."""

    def hit(self, limit: str, caller: str, cost: int = 1) -> int | None:
        """Count a request against a named limit; give the seconds to wait when it is exceeded, else None."""
        ...
