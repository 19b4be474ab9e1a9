"""The store in memory: transactions over the shared tables."""

from collections.abc import Iterator
from contextlib import contextmanager

from jeung.domain.identifiers import MemberId
from tests.common.memory.callers import MemoryClients, MemoryIdempotency, MemoryReplays
from tests.common.memory.database import MemoryDatabase, Tables
from tests.common.memory.issued import MemoryCredentials, MemoryStatusIndexes, MemoryStatusTokens
from tests.common.memory.judgements import MemoryEventLog, MemoryEvidence, MemoryNonces
from tests.common.memory.people import MemoryDataKeys, MemoryProofings
from tests.common.memory.wanted import MemoryIntents


class MemoryTransaction:
    """Bundle the repositories of one transaction."""

    def __init__(self, tables: Tables, own: MemberId) -> None:
        self.data_keys = MemoryDataKeys(tables)
        self.proofings = MemoryProofings(tables)
        self.credentials = MemoryCredentials(tables, own)
        self.status_indexes = MemoryStatusIndexes(tables)
        self.intents = MemoryIntents(tables)
        self.nonces = MemoryNonces(tables)
        self.evidence = MemoryEvidence(tables)
        self.events = MemoryEventLog(tables)
        self.idempotency = MemoryIdempotency(tables)
        self.clients = MemoryClients(tables)
        self.replays = MemoryReplays(tables)
        self.status_tokens = MemoryStatusTokens(tables)


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
