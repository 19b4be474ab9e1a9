"""Take turns at writing: SQLite admits one writer, and how the others wait decides how long they wait.

Left to itself SQLite sleeps after each refusal, longer each time, up to a tenth of a second; whoever comes newly is
served first, and a busy node's writers wait a hundred times as long as a transaction takes. Here the threads of a
process queue at a lock, which wakes them at once, and the one in front asks SQLite every fraction of a millisecond,
for only the few other processes can be in its way.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from jeung.errors import StoreBusy
from node.store.faults import RETRY_AFTER_S

BEGIN_WRITING: Final = "BEGIN IMMEDIATE"
_FIRST_PAUSE_S = 0.000_2
_LAST_PAUSE_S = 0.002
_PRIMARY_CODE = 0xFF


class Cursor(Protocol):
    """Run statements: a driver's cursor, as the driver or SQLAlchemy types it."""

    def execute(self, statement: str, /) -> object:
        """Run one."""
        ...


class WriterTurns:
    """Give the threads of one process their turns at the write lock of one database."""

    def __init__(self, wait_s: float) -> None:
        """Let each wait at most `wait_s` seconds, in the queue and for other processes together."""
        self._wait_s = wait_s
        self._lock = threading.Lock()

    def begin(self, cursor: Cursor) -> None:
        """Begin a writing transaction; `end` must follow unless this raises.

        The connection's own `busy_timeout` must be 0, or SQLite sleeps all the same.

        Raises:
            StoreBusy: no turn came in time.
            sqlite3.Error: the database cannot be written.
        """
        deadline = time.monotonic() + self._wait_s
        self._queue()
        try:
            pause = _FIRST_PAUSE_S
            while not _begun(cursor, last=time.monotonic() >= deadline):
                time.sleep(pause)
                pause = min(pause * 1.5, _LAST_PAUSE_S)
        except BaseException:
            self._lock.release()
            raise

    def end(self) -> None:
        """Let the next one begin."""
        self._lock.release()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold this process's turn without a transaction.

        Raises:
            StoreBusy: no turn came in time.
        """
        self._queue()
        try:
            yield
        finally:
            self._lock.release()

    def _queue(self) -> None:
        if not self._lock.acquire(timeout=self._wait_s):
            raise StoreBusy(retry_after_s=RETRY_AFTER_S)


def _begun(cursor: Cursor, *, last: bool) -> bool:
    try:
        cursor.execute(BEGIN_WRITING)
    except sqlite3.OperationalError as error:
        if last or error.sqlite_errorcode & _PRIMARY_CODE != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
