"""Bundle the repositories of one transaction, and open transactions."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from jeung.domain.identifiers import MemberId
from jeung.ports.store import (
    Clients,
    Credentials,
    DataKeys,
    EventLog,
    Evidence,
    Idempotency,
    Intents,
    Nonces,
    Proofings,
    Replays,
    StatusIndexes,
    StatusTokens,
)
from node.store.engine import Database
from node.store.repositories.callers import SqlClients, SqlIdempotency, SqlReplays
from node.store.repositories.issued import SqlCredentials
from node.store.repositories.judgements import SqlEventLog, SqlEvidence, SqlNonces
from node.store.repositories.people import SqlDataKeys, SqlProofings
from node.store.repositories.statuses import SqlStatusIndexes, SqlStatusTokens
from node.store.repositories.wanted import SqlIntents


class SqlTransaction:
    """Bundle the repositories of one transaction (jeung.ports.store.Transaction)."""

    def __init__(self, connection: Connection, own: MemberId) -> None:
        self.data_keys: DataKeys = SqlDataKeys(connection)
        self.proofings: Proofings = SqlProofings(connection)
        self.credentials: Credentials = SqlCredentials(connection, own)
        self.status_indexes: StatusIndexes = SqlStatusIndexes(connection)
        self.intents: Intents = SqlIntents(connection)
        self.nonces: Nonces = SqlNonces(connection)
        self.evidence: Evidence = SqlEvidence(connection)
        self.events: EventLog = SqlEventLog(connection)
        self.idempotency: Idempotency = SqlIdempotency(connection)
        self.clients: Clients = SqlClients(connection)
        self.replays: Replays = SqlReplays(connection)
        self.status_tokens: StatusTokens = SqlStatusTokens(connection)


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
