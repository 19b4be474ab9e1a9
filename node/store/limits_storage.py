"""Count requests for the `limits` library in a small SQLite file of its own.

All processes of a node share the file and it survives a restart, so a limit is what it says however many workers
serve. It is apart from the node's database because its commits need not reach the disk (`synchronous=OFF`): what a
power failure costs are the counts of the last seconds. A file that a power failure broke is made anew.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from math import floor
from pathlib import Path

from filelock import FileLock, Timeout
from limits.storage import Storage
from limits.storage.base import SlidingWindowCounterSupport

from jeung.errors import StoreBusy
from jeung.ports.world import Clock
from node.store.faults import RETRY_AFTER_S, faults_translated
from node.store.files import make_private_file
from node.store.turns import WriterTurns

BUSY_TIMEOUT_S = 1.0
OPEN_TIMEOUT_S = 10.0
PRUNED_AT_ONCE = 100
"""Each new row removes up to so many expired ones, so that the file holds little more than the last two windows."""

_FIXED = -1
"""Stands in place of a window's number for counters that begin with their first hit."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counters (
    caller BLOB NOT NULL, period INTEGER NOT NULL, hits INTEGER NOT NULL, expires_at INTEGER NOT NULL,
    PRIMARY KEY (caller, period)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_counters_expires_at ON counters (expires_at);
"""
_GET = "SELECT hits, expires_at FROM counters WHERE caller = ? AND period = ? AND expires_at > ?"
_PUT = "INSERT OR REPLACE INTO counters (caller, period, hits, expires_at) VALUES (?, ?, ?, ?)"
_CLEAR = "DELETE FROM counters WHERE caller = ? AND period = ?"
_PRUNE = """
DELETE FROM counters WHERE (caller, period) IN
    (SELECT caller, period FROM counters WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
"""


class SqliteCounters(Storage, SlidingWindowCounterSupport):
    """Keep the counters of the library's fixed window and sliding window counter strategies."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open the file, or make it; open it after forking.

        Raises:
            StoreUnavailable: the file cannot be opened or written.
            StoreBusy: another process was opening it for too long.
        """
        super().__init__()
        self._clock = clock
        self._turns = WriterTurns(BUSY_TIMEOUT_S)
        with faults_translated():
            self._connection = _open_locked(path)

    @property
    def base_exceptions(self) -> type[Exception]:
        """Name the driver's errors for the library."""
        return sqlite3.Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Add to a counter that begins with its first hit and lasts `expiry` seconds; give its new value."""
        caller, now = _digest(key), self._clock.now()
        with self._transaction() as connection:
            hits, expires_at = connection.execute(_GET, (caller, _FIXED, now)).fetchone() or (0, now + expiry)
            self._put(caller, _FIXED, hits + amount, expires_at)
            return int(hits) + amount

    def get(self, key: str) -> int:
        """Give the value of such a counter, 0 once it expired."""
        with self._transaction() as connection:
            row = connection.execute(_GET, (_digest(key), _FIXED, self._clock.now())).fetchone()
        return 0 if row is None else int(row[0])

    def get_expiry(self, key: str) -> float:
        """Give when such a counter expires, seconds UTC; now where there is none."""
        now = self._clock.now()
        with self._transaction() as connection:
            row = connection.execute(_GET, (_digest(key), _FIXED, now)).fetchone()
        return float(now if row is None else row[1])

    def clear(self, key: str) -> None:
        """Forget such a counter."""
        with self._transaction() as connection:
            connection.execute(_CLEAR, (_digest(key), _FIXED))

    def check(self) -> bool:
        """Tell whether the file can be written."""
        try:
            with self._transaction():
                return True
        except sqlite3.Error:
            return False

    def reset(self) -> int:
        """Forget every counter; give how many rows there were."""
        with self._transaction() as connection:
            return connection.execute("DELETE FROM counters").rowcount

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count a hit unless the weighted sum of this and the last window would pass the limit."""
        caller = _digest(key)
        with self._transaction():
            previous, previous_ttl, current, _ = self._windows(caller, expiry)
            if floor(previous * previous_ttl / expiry + current) + amount > limit:
                return False
            period = self._clock.now() // expiry
            self._put(caller, period, current + amount, (period + 2) * expiry)
            return True

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Give (hits, seconds of weight left) of the last and of the current window."""
        with self._transaction():
            return self._windows(_digest(key), expiry)

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget the two windows of a key."""
        caller, period = _digest(key), self._clock.now() // expiry
        with self._transaction() as connection:
            connection.executemany(_CLEAR, [(caller, period - 1), (caller, period)])

    def close(self) -> None:
        """Close the file."""
        with self._turns.alone():
            self._connection.close()

    def _windows(self, caller: bytes, expiry: int) -> tuple[int, float, int, float]:
        now = self._clock.now()
        period, elapsed = divmod(now, expiry)
        counts = [self._hits(caller, number, now) for number in (period - 1, period)]
        return counts[0], float(expiry - elapsed), counts[1], float(2 * expiry - elapsed)

    def _hits(self, caller: bytes, period: int, now: int) -> int:
        row = self._connection.execute(_GET, (caller, period, now)).fetchone()
        return 0 if row is None else int(row[0])

    def _put(self, caller: bytes, period: int, hits: int, expires_at: int) -> None:
        self._connection.execute(_PRUNE, (self._clock.now(), PRUNED_AT_ONCE))
        self._connection.execute(_PUT, (caller, period, hits, expires_at))

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._turns.begin(self._connection.cursor())
        try:
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")
        finally:
            self._turns.end()


def _digest(key: str) -> bytes:
    """Shorten a key, which may hold an address, to 16 bytes that do not tell it."""
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


def _open_locked(path: Path) -> sqlite3.Connection:
    # Two processes that start at once must not both replace a broken file.
    try:
        with FileLock(path.with_name(f"{path.name}.lock"), timeout=OPEN_TIMEOUT_S, mode=0o600):
            return _open(path)
    except Timeout as error:
        raise StoreBusy(retry_after_s=RETRY_AFTER_S) from error


def _open(path: Path) -> sqlite3.Connection:
    make_private_file(path)
    try:
        return _connect(path)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
    make_private_file(path)
    return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = OFF")
        connection.executescript(_SCHEMA)
        # From here on the wait is `WriterTurns`'.
        connection.execute("PRAGMA busy_timeout = 0")
    except sqlite3.Error:
        connection.close()
        raise
    return connection
