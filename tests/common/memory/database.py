"""Hold all rows of one node in memory: readers see the last commit, one writer works on a copy of its own."""

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from typing import Any

from jeung.domain.access import Client, RequestKey
from jeung.domain.chain import (
    AttestedBatch,
    BlockHeader,
    Intent,
    IntentState,
    RegistryEvent,
    SignedTransaction,
    StatusChange,
)
from jeung.domain.credentials import CredentialRecord
from jeung.domain.dual_control import Act
from jeung.domain.erasure import Erasure
from jeung.domain.identifiers import CredentialDigest, MemberId, SchemaId
from jeung.domain.issuing import DeferredIssuance, EncryptionKey, Notification
from jeung.domain.ledger import Attestation, CredentialStatus, Freshness
from jeung.domain.passkeys import Enrolment, Passkey, StaffChallenge
from jeung.domain.presentations import Delivery, PresentationRequest, Webhook
from jeung.domain.proofing import Proofing
from jeung.domain.questions import LedgerQuestion
from jeung.domain.receipts import Reading
from jeung.domain.registry import Registry
from jeung.domain.staff import Attempts, FederatedIdentity, StaffAccount, StaffSession
from jeung.domain.verification import EvidenceRecord, IssuedNonce, LogEntry, SealedPresentation, WantedVouches
from jeung.domain.wallets import AuthorizationRequest, Offer, WalletGrant
from jeung.errors import StoreBusy
from jeung.ports.store import StatusListToken


@dataclass(frozen=True, slots=True)
class Work:
    """Follow one wanted write from the queue to the chain; `what` is a digest, a change of status or an intent."""

    key: Any
    state: IntentState
    retry_at: int = 0
    transaction: bytes | None = None
    failure: str | None = None


@dataclass(slots=True)
class Tables:
    """Hold the rows. Values are immutable, so that copying a table copies its first level only."""

    data_keys: dict[str, bytes] = field(default_factory=dict)
    proofings: dict[str, Proofing] = field(default_factory=dict)
    credentials: dict[str, CredentialRecord] = field(default_factory=dict)
    groups: list[tuple[int, bytes, int]] = field(default_factory=list)
    intents: dict[str, Intent] = field(default_factory=dict)
    questions: dict[str, LedgerQuestion] = field(default_factory=dict)
    nonces: dict[str, IssuedNonce] = field(default_factory=dict)
    evidence: dict[str, EvidenceRecord] = field(default_factory=dict)
    readings: list[tuple[str, Reading]] = field(default_factory=list)
    evidence_proofs: dict[str, bytes] = field(default_factory=dict)
    evidence_presentations: dict[str, SealedPresentation] = field(default_factory=dict)
    block_vouches: dict[int, tuple[WantedVouches, int | None]] = field(default_factory=dict)
    events: list[LogEntry] = field(default_factory=list)
    requests: dict[tuple[str, str], tuple[RequestKey, str]] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    replays: dict[tuple[str, str], int] = field(default_factory=dict)
    status_tokens: dict[int, StatusListToken] = field(default_factory=dict)
    # Wallets.
    offers: dict[str, Offer] = field(default_factory=dict)
    authorizations: dict[str, AuthorizationRequest] = field(default_factory=dict)
    grants: dict[str, WalletGrant] = field(default_factory=dict)
    # Staff.
    staff: dict[str, StaffAccount] = field(default_factory=dict)
    staff_sessions: dict[bytes, StaffSession] = field(default_factory=dict)
    login_attempts: dict[str, Attempts] = field(default_factory=dict)
    passkeys: dict[bytes, Passkey] = field(default_factory=dict)
    staff_challenges: dict[bytes, StaffChallenge] = field(default_factory=dict)
    enrolments: dict[str, Enrolment] = field(default_factory=dict)
    identities: dict[tuple[str, str], FederatedIdentity] = field(default_factory=dict)
    deferred: dict[bytes, DeferredIssuance] = field(default_factory=dict)
    notifications: dict[bytes, Notification] = field(default_factory=dict)
    encryption_keys: dict[str, EncryptionKey] = field(default_factory=dict)
    # Presentations.
    presentation_requests: dict[str, PresentationRequest] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    # Acts of two people.
    acts: dict[str, Act] = field(default_factory=dict)
    # Erasures.
    erasures: dict[str, Erasure] = field(default_factory=dict)
    erased_digests: set[bytes] = field(default_factory=set)
    erased_places: set[tuple[int, int]] = field(default_factory=set)
    log_names: dict[str, str] = field(default_factory=dict)
    # The outbox.
    attest_works: dict[str, Work] = field(default_factory=dict)
    status_works: dict[int, Work] = field(default_factory=dict)
    intent_works: dict[str, Work] = field(default_factory=dict)
    next_change: int = 1
    status_changes_wanted: dict[int, tuple[int, int, CredentialStatus, int]] = field(default_factory=dict)
    transactions: dict[bytes, SignedTransaction] = field(default_factory=dict)
    # The index.
    headers: dict[int, BlockHeader] = field(default_factory=dict)
    registry_events: list[RegistryEvent] = field(default_factory=list)
    batches: list[AttestedBatch] = field(default_factory=list)
    status_changes: list[StatusChange] = field(default_factory=list)
    attested: dict[tuple[MemberId, SchemaId, CredentialDigest], Attestation] = field(default_factory=dict)
    words: dict[tuple[MemberId, int, int], int] = field(default_factory=dict)
    registry: Registry = field(default_factory=Registry)
    freshness: Freshness | None = None
    # The lease: holder, fencing token, until when.
    lease: tuple[str | None, int, int] = (None, 0, 0)

    def copied(self) -> "Tables":
        """Give a copy whose tables can be changed apart."""
        twin = copy.copy(self)
        for part in fields(self):
            table = getattr(self, part.name)
            if isinstance(table, dict | list | set):
                setattr(twin, part.name, table.copy())
        return twin


class MemoryDatabase:
    """Swap in a writer's copy at its commit, and forget it when it fails."""

    def __init__(self, wait_s: float = 5.0) -> None:
        self._tables = Tables()
        self._writing = threading.Lock()
        self._wait_s = wait_s

    def read(self) -> Tables:
        """Give the last commit, which nobody changes any more: writers change copies."""
        return self._tables

    @contextmanager
    def write(self) -> Iterator[Tables]:
        """Give a copy to change.

        Raises:
            StoreBusy: another writer did not end in time.
        """
        if not self._writing.acquire(timeout=self._wait_s):
            raise StoreBusy(retry_after_s=1)
        try:
            tables = self._tables.copied()
            yield tables
            self._tables = tables
        finally:
            self._writing.release()
