"""Bundle the repositories of one transaction, and open transactions."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar, cast

from sqlalchemy import Connection

from jeung.domain.identifiers import MemberId
from jeung.ports import store as ports
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
from node.store.engine import Database
from node.store.repositories.callers import SqlClients, SqlIdempotency, SqlReplays
from node.store.repositories.dual_control import SqlActs
from node.store.repositories.erasure import SqlErasures, SqlSubjects
from node.store.repositories.identities import SqlFederatedIdentities
from node.store.repositories.issued import SqlCredentials
from node.store.repositories.issuing import SqlDeferredIssuances, SqlEncryptionKeys, SqlNotifications
from node.store.repositories.judgements import SqlEventLog, SqlEvidence, SqlNonces
from node.store.repositories.log_names import SqlLogNames
from node.store.repositories.passkeys import SqlEnrolments, SqlPasskeys, SqlStaffChallenges
from node.store.repositories.people import SqlDataKeys, SqlProofings
from node.store.repositories.presentations import SqlDeliveries, SqlPresentationRequests, SqlWebhooks
from node.store.repositories.proofs import SqlBlockVouches, SqlEvidenceProofs
from node.store.repositories.questions import SqlLedgerQuestions
from node.store.repositories.staff import SqlLoginAttempts, SqlStaffAccounts, SqlStaffSessions
from node.store.repositories.statuses import SqlStatusIndexes, SqlStatusTokens
from node.store.repositories.wallets import SqlAuthorizations, SqlOffers, SqlWalletGrants
from node.store.repositories.wanted import SqlIntents

R = TypeVar("R")


class _Made(Generic[R]):
    """Make a repository at its first use: a transaction uses two or three of them all."""

    def __init__(self, make: "Callable[[SqlTransaction], R]") -> None:
        self._make = make

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, transaction: "SqlTransaction", owner: type) -> R:
        made = transaction.__dict__[self._name] = self._make(transaction)
        return made


class SqlTransaction:
    """Bundle the repositories of one transaction (jeung.ports.store.Transaction)."""

    connection: Connection
    own: MemberId

    data_keys = _Made[DataKeys](lambda tx: SqlDataKeys(tx.connection))
    proofings = _Made[Proofings](lambda tx: SqlProofings(tx.connection))
    status_indexes = _Made[StatusIndexes](lambda tx: SqlStatusIndexes(tx.connection))
    intents = _Made[Intents](lambda tx: SqlIntents(tx.connection))
    questions = _Made[LedgerQuestions](lambda tx: SqlLedgerQuestions(tx.connection))
    nonces = _Made[Nonces](lambda tx: SqlNonces(tx.connection))
    evidence = _Made[Evidence](lambda tx: SqlEvidence(tx.connection))
    evidence_proofs = _Made[EvidenceProofs](lambda tx: SqlEvidenceProofs(tx.connection))
    block_vouches = _Made[BlockVouches](lambda tx: SqlBlockVouches(tx.connection))
    events = _Made[EventLog](lambda tx: SqlEventLog(tx.connection))
    idempotency = _Made[Idempotency](lambda tx: SqlIdempotency(tx.connection))
    clients = _Made[Clients](lambda tx: SqlClients(tx.connection))
    replays = _Made[Replays](lambda tx: SqlReplays(tx.connection))
    status_tokens = _Made[StatusTokens](lambda tx: SqlStatusTokens(tx.connection))
    offers = _Made[Offers](lambda tx: SqlOffers(tx.connection))
    authorizations = _Made[Authorizations](lambda tx: SqlAuthorizations(tx.connection))
    grants = _Made[WalletGrants](lambda tx: SqlWalletGrants(tx.connection))
    staff = _Made[StaffAccounts](lambda tx: SqlStaffAccounts(tx.connection))
    staff_sessions = _Made[StaffSessions](lambda tx: SqlStaffSessions(tx.connection))
    login_attempts = _Made[LoginAttempts](lambda tx: SqlLoginAttempts(tx.connection))
    passkeys = _Made[Passkeys](lambda tx: SqlPasskeys(tx.connection))
    staff_challenges = _Made[StaffChallenges](lambda tx: SqlStaffChallenges(tx.connection))
    identities = _Made[FederatedIdentities](lambda tx: SqlFederatedIdentities(tx.connection))
    enrolments = _Made[Enrolments](lambda tx: SqlEnrolments(tx.connection))
    deferred = _Made[DeferredIssuances](lambda tx: SqlDeferredIssuances(tx.connection))
    notifications = _Made[Notifications](lambda tx: SqlNotifications(tx.connection))
    encryption_keys = _Made[EncryptionKeys](lambda tx: SqlEncryptionKeys(tx.connection))
    presentation_requests = _Made[PresentationRequests](lambda tx: SqlPresentationRequests(tx.connection))
    webhooks = _Made[Webhooks](lambda tx: SqlWebhooks(tx.connection))
    deliveries = _Made[Deliveries](lambda tx: SqlDeliveries(tx.connection))
    acts = _Made[Acts](lambda tx: SqlActs(tx.connection))
    erasures = _Made[Erasures](lambda tx: SqlErasures(tx.connection))
    log_names = _Made[LogNames](lambda tx: SqlLogNames(tx.connection))
    subjects = _Made[Subjects](lambda tx: SqlSubjects(tx.connection, tx.own))
    credentials = _Made[Credentials](lambda tx: SqlCredentials(tx.connection, tx.own))

    def __init__(self, connection: Connection, own: MemberId) -> None:
        self.connection = connection
        self.own = own


class SqlStore:
    """Open transactions (jeung.ports.store.Store)."""

    def __init__(self, database: Database, own: MemberId) -> None:
        """Keep data of the member `own`, whose attestations and statuses are joined to its credentials."""
        self._database = database
        self._own = own

    @contextmanager
    def read(self) -> Iterator[SqlTransaction]:
        """Open a read-only snapshot.

        Raises:
            StoreUnavailable: the database cannot be read, or the block tried to write.
        """
        with self._database.read() as connection:
            yield SqlTransaction(connection, self._own)

    @contextmanager
    def write(self) -> Iterator[SqlTransaction]:
        """Open the one writing transaction.

        Raises:
            StoreBusy: the wait for another writer ran out.
            StoreUnavailable: the database cannot be written.
            Conflict: a row with the same key stands already.
        """
        with self._database.write() as connection:
            yield SqlTransaction(connection, self._own)


def connection_of(tx: ports.Transaction) -> Connection:
    """Give the connection of a transaction of this store, for what has no port of its own."""
    return cast(SqlTransaction, tx).connection
