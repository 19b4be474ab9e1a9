"""Open everything a node keeps, ready to use, from one address."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from jeung.domain.identifiers import MemberId
from jeung.ports.world import Clock
from node.store.engine import Database
from node.store.history import SqlHistory
from node.store.index import SqlIndexStore
from node.store.janitor import Janitor
from node.store.lease import SqlLease
from node.store.ledger import SqlLedger
from node.store.limiter import SqliteRateLimiter
from node.store.limits_storage import SqliteCounters
from node.store.log import SqlTransparencyLog
from node.store.migrate import upgrade
from node.store.outbox import SqlOutbox
from node.store.transactions import SqlStore
from node.store.witness import SqlWitnessMemory

BUSY_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class NodeStore:
    """Bundle what a node keeps; `dispose` closes it."""

    database: Database
    store: SqlStore
    ledger: SqlLedger
    history: SqlHistory
    index: SqlIndexStore
    outbox: SqlOutbox
    lease: SqlLease
    janitor: Janitor
    limiter: SqliteRateLimiter
    log: SqlTransparencyLog
    witness: SqlWitnessMemory

    def dispose(self) -> None:
        """Close every connection; no thread may be inside a transaction."""
        self.limiter.close()
        self.database.dispose()


def open_store(
    url: str, *, own: MemberId, clock: Clock, limits: Mapping[str, str], busy_timeout_s: float = BUSY_TIMEOUT_S
) -> NodeStore:
    """Open a node's database and its counters, making or upgrading them where needed; call it after forking.

    Args:
        url: the database's address, "sqlite:///<path of the file>".
        own: the member whose node this is.
        clock: what the counters of the limits read the time from.
        limits: named limits such as {"token": "120/minute"}.
        busy_timeout_s: how long a writer waits for another, in seconds.

    Raises:
        ValueError: the address names no SQLite file, or a limit is not written as the `limits` library expects.
        DatabaseTooNew: a newer release wrote the database.
        StoreBusy: another process held the database for too long.
        StoreUnavailable: the file cannot be opened or is no database.
    """
    path = sqlite_path(url)
    database = Database(path, busy_timeout_s=busy_timeout_s)
    upgrade(database)
    counters = SqliteCounters(path.with_name(f"{path.name}.limits"), clock)
    return NodeStore(
        database=database,
        store=SqlStore(database, own),
        ledger=SqlLedger(database),
        history=SqlHistory(database),
        index=SqlIndexStore(database, own),
        outbox=SqlOutbox(database),
        lease=SqlLease(database),
        janitor=Janitor(database),
        limiter=SqliteRateLimiter(counters, limits),
        log=SqlTransparencyLog(database),
        witness=SqlWitnessMemory(database),
    )


def sqlite_path(url: str) -> Path:
    """Give the file an address such as "sqlite:////var/lib/jeung/node.db" names.

    Raises:
        ValueError: it names none, or another database; the message does not repeat it, it may hold a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise ValueError("expected the address of a SQLite file, sqlite:///<path>")
    return Path(parsed.database)
