"""Open the database and its transactions: many readers of a snapshot, one writer at a time, every wait bounded.

Each thread keeps one connection for reading and one for writing open, because taking one from a pool for every
request costs more than the reads of a verification themselves. A process must open its database after it forked.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from weakref import WeakSet

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from node.store.faults import faults_translated
from node.store.files import make_private_file

_POOL_SIZE = 16
_POOL_WAIT_S = 10


class _Idle(threading.local):
    connection: Connection | None = None


class _Lane:
    """Hold an engine and the open connection of each thread."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._idle = _Idle()
        # Weak, so that the connection of a thread that ended finds its way back into the pool.
        self._opened: WeakSet[Connection] = WeakSet()
        self._lock = threading.Lock()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a transaction: leaving the block commits, an exception rolls back."""
        with faults_translated():
            connection = self._take()
            try:
                with connection.begin():
                    yield connection
            finally:
                self._give_back(connection)

    def _take(self) -> Connection:
        connection, self._idle.connection = self._idle.connection, None
        if connection is None or connection.closed:
            # The thread's first transaction, one inside another, or the first after `dispose`.
            connection = self.engine.connect()
            with self._lock:
                self._opened.add(connection)
        return connection

    def _give_back(self, connection: Connection) -> None:
        if self._idle.connection is None and not connection.closed and not connection.invalidated:
            self._idle.connection = connection
            return
        with self._lock:
            self._opened.discard(connection)
        connection.close()

    def dispose(self) -> None:
        with self._lock:
            opened = list(self._opened)
        for connection in opened:
            connection.close()
        self.engine.dispose()


class Database:
    """Open read and write transactions of one SQLite database."""

    def __init__(self, path: Path, *, busy_timeout_s: float) -> None:
        """Prepare the engines; nothing is opened yet.

        Args:
            path: the database's file.
            busy_timeout_s: how long a writer waits for another, in seconds.

        """
        self._path = path
        url = URL.create("sqlite", database=str(path))
        self._readers = _Lane(_engine(url, busy_timeout_s, begin="BEGIN", read_only=True))
        self._writers = _Lane(_engine(url, busy_timeout_s, begin="BEGIN IMMEDIATE", read_only=False))

    def create_file(self) -> None:
        """Make the file where there is none, and see to it that only its owner can read or write it.

        Raises:
            StoreUnavailable: the file cannot be made or is not ours.
        """
        make_private_file(self._path)

    def read(self) -> AbstractContextManager[Connection]:
        """Open a read-only snapshot; the database refuses a write in it.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        return self._readers.transaction()

    def write(self) -> AbstractContextManager[Connection]:
        """Open the one writing transaction.

        Raises:
            StoreBusy: the wait for another writer ran out.
            StoreUnavailable: the database cannot be written.
            Conflict: a row with the same key stands already.
        """
        return self._writers.transaction()

    def truncate_log(self) -> None:
        """Bring the write-ahead log into the database and empty it, so that nothing deleted survives in it.

        A reader that is still at work makes this wait for the next call; nothing is lost by that.
        """
        with faults_translated(), self._writers.engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def dispose(self) -> None:
        """Close every connection; no thread may be inside a transaction."""
        self._readers.dispose()
        self._writers.dispose()


def _engine(url: URL, busy_timeout_s: float, *, begin: str, read_only: bool) -> Engine:
    # Parameters are sealed data and digests: they stay out of every message.
    engine = create_engine(url, hide_parameters=True, pool_size=_POOL_SIZE, pool_timeout=_POOL_WAIT_S)

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        # The driver begins transactions on its own terms unless told not to; ours begin below.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {int(busy_timeout_s * 1000)}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        connection.connection.cursor().execute(begin)

    return engine
