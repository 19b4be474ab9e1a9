"""Answer questions about the ledger from one snapshot of the index.

Three questions stand on the path of every verification (freshness, attestation, status): they run on the driver.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, bindparam, func, select

from jeung.domain.chain import RegistryEvent
from jeung.domain.identifiers import Address, BatchId, CredentialDigest, MemberId, SchemaId
from jeung.domain.ledger import Attestation, CredentialStatus, Freshness, PastStatuses
from jeung.domain.registry import Registry
from jeung.domain.registry_fold import fold
from jeung.errors import LedgerStale
from node.store.engine import Database
from node.store.faults import RETRY_AFTER_S
from node.store.hot import HotStatement
from node.store.schema import attestations, batches, follower_state, registry_events, status_changes, status_words
from node.store.words import INDEXES_PER_WORD, status_in_word, word_with

_STATE = HotStatement(
    select(
        follower_state.c.head_number,
        follower_state.c.head_time,
        follower_state.c.indexed_number,
        follower_state.c.indexed_hash,
        follower_state.c.polled_at,
        follower_state.c.registry_version,
    )
)
_ATTESTATION = HotStatement(
    select(batches.c.batch, batches.c.operator, batches.c.block_number, batches.c.block_time)
    .join(attestations, attestations.c.batch_number == batches.c.number)
    .where(
        attestations.c.digest == bindparam("digest"),
        batches.c.issuer == bindparam("issuer"),
        batches.c.schema_id == bindparam("schema"),
    )
    # Batches are numbered in the order of the chain; only the first row is read.
    .order_by(attestations.c.batch_number),
    "digest",
    "issuer",
    "schema",
)
_WORD = HotStatement(
    select(status_words.c.word).where(
        status_words.c.issuer == bindparam("issuer"),
        status_words.c.list_number == bindparam("list"),
        status_words.c.word_index == bindparam("place"),
    ),
    "issuer",
    "list",
    "place",
)
_WORDS = select(status_words.c.word_index, status_words.c.word).where(
    status_words.c.issuer == bindparam("issuer"), status_words.c.list_number == bindparam("list")
)
_OF_LIST = (status_changes.c.issuer == bindparam("issuer"), status_changes.c.list_number == bindparam("list"))
_CHANGES = (
    select(status_changes.c.status_index, status_changes.c.status, status_changes.c.block_time)
    .where(*_OF_LIST, status_changes.c.block_time <= bindparam("time"))
    .order_by(status_changes.c.block_number, status_changes.c.log_index)
)
_NEXT_CHANGE = select(func.min(status_changes.c.block_time)).where(
    *_OF_LIST, status_changes.c.block_time > bindparam("time")
)
# A batch id may stand twice (a successor of the contract): the earliest is meant.
_DIGESTS = (
    select(attestations.c.digest)
    .where(
        attestations.c.batch_number
        == select(func.min(batches.c.number)).where(batches.c.batch == bindparam("wanted")).scalar_subquery()
    )
    .order_by(attestations.c.position)
)
_EVENTS = select(registry_events).order_by(registry_events.c.block_number, registry_events.c.log_index)

_REGISTRIES_KEPT = 2


class RegistryCache:
    """Keep the folded registry of the last versions; threads of a process share it.

    A version names one state of the registry for ever, so what is kept is never stale.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folded: dict[int, Registry] = {}

    def get(self, version: int, build: Callable[[], Registry]) -> Registry:
        """Give the registry of a version, folding it where no thread has done so yet."""
        registry = self._folded.get(version)
        if registry is None:
            with self._lock:
                registry = self._folded.get(version)
                if registry is None:
                    registry = self._folded[version] = build()
                    while len(self._folded) > _REGISTRIES_KEPT:
                        del self._folded[min(self._folded)]
        return registry


class SqlLedgerView:
    """Answer from one snapshot (jeung.ports.ledger.LedgerView)."""

    def __init__(self, connection: Connection, registries: RegistryCache) -> None:
        """Begin the snapshot.

        Raises:
            LedgerStale: the follower has never run.
        """
        self._connection = connection
        self._registries = registries
        row = _STATE.first(connection)
        if row is None or row[2] is None:
            raise LedgerStale(retry_after_s=RETRY_AFTER_S)
        head_number, head_time, indexed_number, indexed_hash, polled_at, self._version = row
        self._freshness = Freshness(head_number, head_time, indexed_number, indexed_hash, polled_at)

    @property
    def freshness(self) -> Freshness:
        """Say how far the follower has come and when it last heard from the chain."""
        return self._freshness

    @property
    def registry(self) -> Registry:
        """Give members, schemas, accreditations, keys and profiles."""
        return self._registries.get(self._version, self._fold)

    def attestation(self, issuer: MemberId, schema: SchemaId, digest: CredentialDigest) -> Attestation | None:
        """Give the earliest attestation of a digest by that issuer under that schema, or None."""
        row = _ATTESTATION.first(self._connection, digest, issuer, schema)
        if row is None:
            return None
        batch, operator, block_number, block_time = row
        return Attestation(BatchId(batch), issuer, schema, digest, Address(operator), block_number, block_time)

    def status(self, issuer: MemberId, list_number: int, index: int) -> CredentialStatus:
        """Give a credential's status now; an index nobody touched is VALID."""
        row = _WORD.first(self._connection, issuer, list_number, index // INDEXES_PER_WORD)
        return status_in_word(None if row is None else row[0], index)

    def status_words(self, issuer: MemberId, list_number: int) -> dict[int, int]:
        """Give the non-zero 256-bit words of a list by word index, as the chain packs them."""
        rows = self._connection.execute(_WORDS, {"issuer": issuer, "list": list_number})
        words = {row.word_index: int.from_bytes(row.word) for row in rows}
        return {place: word for place, word in words.items() if word}

    def past_statuses(self, issuer: MemberId, list_number: int, time: int) -> PastStatuses:
        """Give a list as it stood after the last block of a time, seconds UTC, as the chain is known now."""
        wanted = {"issuer": issuer, "list": list_number, "time": time}
        words: dict[int, int] = {}
        since = None
        for row in self._connection.execute(_CHANGES, wanted):
            place, since = row.status_index // INDEXES_PER_WORD, row.block_time
            words[place] = word_with(words.get(place, 0), row.status_index, CredentialStatus(row.status))
        until = self._connection.execute(_NEXT_CHANGE, wanted).scalar()
        return PastStatuses({place: word for place, word in words.items() if word}, since, until)

    def batch_digests(self, batch: BatchId) -> tuple[CredentialDigest, ...]:
        """Give a batch's digests in the order of its event; empty for an unknown batch."""
        return tuple(CredentialDigest(row.digest) for row in self._connection.execute(_DIGESTS, {"wanted": batch}))

    def _fold(self) -> Registry:
        return fold(
            RegistryEvent(
                contract=row.contract,
                name=row.name,
                args=json.loads(row.args),
                block_number=row.block_number,
                block_time=row.block_time,
                log_index=row.log_index,
                transaction=row.transaction_hash,
            )
            for row in self._connection.execute(_EVENTS)
        )


class SqlLedger:
    """Open snapshots of the node's index (jeung.ports.ledger.Ledger)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._registries = RegistryCache()

    @contextmanager
    def view(self) -> Iterator[SqlLedgerView]:
        """Open a snapshot for the length of a `with` block.

        Raises:
            LedgerStale: the follower has never run.
            StoreUnavailable: the database cannot be read.
        """
        with self._database.read() as connection:
            yield SqlLedgerView(connection, self._registries)
