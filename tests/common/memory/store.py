"""The store in memory: transactions over the shared tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from jeung.domain.identifiers import MemberId
from jeung.ports.dual_control import Acts
from jeung.ports.erasure import Erasures, LogNames, Subjects
from jeung.ports.evidence import BlockVouches, Evidence, EvidenceProofs
from jeung.ports.identity import FederatedIdentities
from jeung.ports.issuing import DeferredIssuances, EncryptionKeys, Notifications
from jeung.ports.passkeys import Enrolments, Passkeys, StaffChallenges
from jeung.ports.presentations import Deliveries, PresentationRequests, Webhooks
from jeung.ports.staff import LoginAttempts, StaffAccounts, StaffSessions
from jeung.ports.store import (
    Clients,
    Credentials,
    DataKeys,
    EventLog,
    Idempotency,
    Intents,
    LedgerQuestions,
    Nonces,
    Proofings,
    Replays,
    StatusIndexes,
    StatusTokens,
)
from jeung.ports.wallets import Authorizations, Offers, WalletGrants
from tests.common.memory.callers import MemoryClients, MemoryIdempotency, MemoryReplays
from tests.common.memory.database import MemoryDatabase, Tables
from tests.common.memory.dual_control import MemoryActs
from tests.common.memory.erasure import MemoryErasures, MemoryLogNames, MemorySubjects
from tests.common.memory.identities import MemoryFederatedIdentities
from tests.common.memory.issued import MemoryCredentials, MemoryStatusIndexes, MemoryStatusTokens
from tests.common.memory.issuing import MemoryDeferredIssuances, MemoryEncryptionKeys, MemoryNotifications
from tests.common.memory.judgements import (
    MemoryBlockVouches,
    MemoryEventLog,
    MemoryEvidence,
    MemoryEvidenceProofs,
    MemoryNonces,
)
from tests.common.memory.passkeys import MemoryEnrolments, MemoryPasskeys, MemoryStaffChallenges
from tests.common.memory.people import MemoryDataKeys, MemoryProofings
from tests.common.memory.presentations import MemoryDeliveries, MemoryPresentationRequests, MemoryWebhooks
from tests.common.memory.staff import MemoryLoginAttempts, MemoryStaffAccounts, MemoryStaffSessions
from tests.common.memory.wallets import MemoryAuthorizations, MemoryOffers, MemoryWalletGrants
from tests.common.memory.wanted import MemoryIntents, MemoryLedgerQuestions


class MemoryTransaction:
    """Bundle the repositories of one transaction."""

    def __init__(self, tables: Tables, own: MemberId) -> None:
        self.data_keys: DataKeys = MemoryDataKeys(tables)
        self.proofings: Proofings = MemoryProofings(tables)
        self.credentials: Credentials = MemoryCredentials(tables, own)
        self.status_indexes: StatusIndexes = MemoryStatusIndexes(tables)
        self.intents: Intents = MemoryIntents(tables)
        self.questions: LedgerQuestions = MemoryLedgerQuestions(tables)
        self.nonces: Nonces = MemoryNonces(tables)
        self.evidence: Evidence = MemoryEvidence(tables)
        self.evidence_proofs: EvidenceProofs = MemoryEvidenceProofs(tables)
        self.block_vouches: BlockVouches = MemoryBlockVouches(tables)
        self.events: EventLog = MemoryEventLog(tables)
        self.idempotency: Idempotency = MemoryIdempotency(tables)
        self.clients: Clients = MemoryClients(tables)
        self.replays: Replays = MemoryReplays(tables)
        self.status_tokens: StatusTokens = MemoryStatusTokens(tables)
        self.offers: Offers = MemoryOffers(tables)
        self.authorizations: Authorizations = MemoryAuthorizations(tables)
        self.grants: WalletGrants = MemoryWalletGrants(tables)
        self.staff: StaffAccounts = MemoryStaffAccounts(tables)
        self.staff_sessions: StaffSessions = MemoryStaffSessions(tables)
        self.login_attempts: LoginAttempts = MemoryLoginAttempts(tables)
        self.passkeys: Passkeys = MemoryPasskeys(tables)
        self.staff_challenges: StaffChallenges = MemoryStaffChallenges(tables)
        self.enrolments: Enrolments = MemoryEnrolments(tables)
        self.identities: FederatedIdentities = MemoryFederatedIdentities(tables)
        self.deferred: DeferredIssuances = MemoryDeferredIssuances(tables)
        self.notifications: Notifications = MemoryNotifications(tables)
        self.encryption_keys: EncryptionKeys = MemoryEncryptionKeys(tables)
        self.presentation_requests: PresentationRequests = MemoryPresentationRequests(tables)
        self.webhooks: Webhooks = MemoryWebhooks(tables)
        self.deliveries: Deliveries = MemoryDeliveries(tables)
        self.acts: Acts = MemoryActs(tables)
        self.erasures: Erasures = MemoryErasures(tables)
        self.log_names: LogNames = MemoryLogNames(tables)
        self.subjects: Subjects = MemorySubjects(tables, own)


class MemoryStore:
    """Open transactions of the node of member `own`."""

    def __init__(self, database: MemoryDatabase, own: MemberId) -> None:
        self._database = database
        self._own = own

    @contextmanager
    def read(self) -> Iterator[MemoryTransaction]:
        # A copy, so that a write in here is lost, as it must not be: the behaviour suite checks it.
        yield MemoryTransaction(self._database.read().copied(), self._own)

    @contextmanager
    def write(self) -> Iterator[MemoryTransaction]:
        with self._database.write() as tables:
            yield MemoryTransaction(tables, self._own)
