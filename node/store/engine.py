"""Open the database and its transactions: many readers of a snapshot, one writer at a time, every wait bounded.

Each thread keeps one connection for reading and one for writing open, because taking one from a pool for every
request costs more than the reads of a verification themselves. A process must open its database after it forked.
"""

import sqlite3
import threading
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from weakref import WeakSet

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import PoolProxiedConnection

from node.store.faults import FAULTS, faults_translated, raise_fault
from node.store.files import make_private_file
from node.store.turns import WriterTurns

_POOL_SIZE = 16
_POOL_WAIT_S = 10


class _Idle(threading.local):
    connection: Connection | None = None


class _Lane:
    """Hold an engine, the turns its transactions take if they write, and the open connection of each thread."""

    def __init__(self, engine: Engine, turns: WriterTurns | None = None) -> None:
        self.engine = engine
        self.turns = turns
        self._idle = _Idle()
        # Weak, so that the connection of a thread that ended finds its way back into the pool.
        self._opened: WeakSet[Connection] = WeakSet()
        self._lock = threading.Lock()

    def take(self) -> Connection:
        """Give the thread's own connection, or another where that is in use."""
        connection, self._idle.connection = self._idle.connection, None
        if connection is None or connection.closed:
            # The thread's first transaction, one inside another, or the first after `dispose`.
            connection = self.engine.connect()
            with self._lock:
                self._opened.add(connection)
        return connection

    def give_back(self, connection: Connection) -> None:
        """Keep the connection for the thread's next transaction."""
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


class _Transaction(AbstractContextManager[Connection]):
    """Open a transaction: leaving the block commits, an exception rolls back.

    The driver begins and ends it. SQLAlchemy, which only ever begins on its own books, is told where a statement of
    Core made it do so; the statements of a verification run on the driver and spare themselves that. For the same
    reason this is a class and no generator.
    """

    __slots__ = ("_connection", "_driver", "_lane")
    _connection: Connection
    _driver: PoolProxiedConnection

    def __init__(self, lane: _Lane) -> None:
        self._lane = lane

    def __enter__(self) -> Connection:
        try:
            self._connection = connection = self._lane.take()
            self._driver = connection.connection
            try:
                cursor = self._driver.cursor()
                if self._lane.turns is None:
                    cursor.execute("BEGIN")
                else:
                    self._lane.turns.begin(cursor)
            except BaseException:
                self._lane.give_back(connection)
                raise
        except FAULTS as error:
            raise_fault(error)
        return connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._commit()
            else:
                self._roll_back()
        except FAULTS as fault:
            raise_fault(fault)
        finally:
            if self._lane.turns is not None:
                self._lane.turns.end()
            self._lane.give_back(self._connection)
        if isinstance(error, FAULTS):
            raise_fault(error)

    def _commit(self) -> None:
        try:
            if self._connection.in_transaction():
                self._connection.commit()
            else:
                # As a statement, which the driver keeps prepared; its own commit() prepares anew each time.
                self._driver.cursor().execute("COMMIT")
        except BaseException:
            self._roll_back()
            raise

    def _roll_back(self) -> None:
        if self._connection.in_transaction():
            self._connection.rollback()
        else:
            self._driver.rollback()


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
        self._busy_timeout_ms = int(busy_timeout_s * 1000)
        self._readers = _Lane(_engine(url, self._busy_timeout_ms, read_only=True))
        self._turns = WriterTurns(busy_timeout_s)
        self._writers = _Lane(_engine(url, 0, read_only=False), self._turns)

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
        return _Transaction(self._readers)

    def write(self) -> AbstractContextManager[Connection]:
        """Open the one writing transaction.

        Raises:
            StoreBusy: the wait for another writer ran out.
            StoreUnavailable: the database cannot be written.
            Conflict: a row with the same key stands already.
        """
        return _Transaction(self._writers)

    def truncate_log(self) -> bool:
        """Bring the write-ahead log into the database and empty it, so that nothing deleted survives in it.

        A reader that is still at work makes this wait for the next call; nothing is lost by that. Tell whether the
        log was emptied.
        """
        with faults_translated(), self._writers.engine.connect() as connection:
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {self._busy_timeout_ms}")
            try:
                busy, _, _ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                cursor.execute("PRAGMA busy_timeout = 0")
        return not busy

    def rewrite(self) -> None:
        """Write every page anew, so that no copy of a deleted row is left in a gap of one.

        `secure_delete` overwrites what is deleted where it stands. When a page was split before, the row had moved
        and its first place was not overwritten: of some thousand rows one is still found so, years later. Nobody
        writes meanwhile; it takes about half a minute a gigabyte, and as much room on the disk again.

        Raises:
            StoreBusy: the wait for another writer ran out.
            StoreUnavailable: the database cannot be written, for want of room perhaps.
        """
        with self._turns.alone(), faults_translated(), self._writers.engine.connect() as connection:
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {self._busy_timeout_ms}")
            try:
                cursor.execute("VACUUM")
            finally:
                cursor.execute("PRAGMA busy_timeout = 0")

    def dispose(self) -> None:
        """Close every connection; no thread may be inside a transaction."""
        self._readers.dispose()
        self._writers.dispose()


def _engine(url: URL, busy_timeout_ms: int, *, read_only: bool) -> Engine:
    # Parameters are sealed data and digests: they stay out of every message.
    engine = create_engine(url, hide_parameters=True, pool_size=_POOL_SIZE, pool_timeout=_POOL_WAIT_S)

    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        # The driver begins transactions on its own terms unless told not to; `_Transaction` begins ours.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        # Last: until here the driver's own five seconds hold. Writers wait in `WriterTurns`.
        connection.execute(f"PRAGMA busy_timeout = {busy_timeout_ms}")
        if read_only:
            connection.execute("PRAGMA query_only = ON")

    return engine
