"""Turn the driver's errors into ours, without repeating a statement, a parameter or a path."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from jeung.errors import Conflict, JeungError, StoreBusy, StoreUnavailable

RETRY_AFTER_S = 1

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_TAKEN = {
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
    sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
    sqlite3.SQLITE_CONSTRAINT_ROWID,
    # A trigger of ours refused to change what is append-only.
    sqlite3.SQLITE_CONSTRAINT_TRIGGER,
}
_BROKEN = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
_PRIMARY_CODE = 0xFF
"""An extended result code of SQLite holds its primary code in the lowest byte."""


def fault_of(error: BaseException) -> JeungError | None:
    """Give the error of ours that a driver's error stands for, or None when it is a defect of the program."""
    if isinstance(error, PoolTimeout):
        return StoreBusy(retry_after_s=RETRY_AFTER_S)
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return None
    if code in _TAKEN:
        return Conflict("What should be kept stands there already.")
    if code & _PRIMARY_CODE in _BUSY:
        return StoreBusy(retry_after_s=RETRY_AFTER_S)
    if code & _PRIMARY_CODE in _BROKEN:
        return StoreUnavailable(retry_after_s=RETRY_AFTER_S)
    return None


FAULTS: Final = (DBAPIError, PoolTimeout, sqlite3.Error)
"""What the driver and SQLAlchemy raise."""


def raise_fault(error: Exception) -> NoReturn:
    """Raise one of `FAULTS` as an error of ours, or as it is when it is a defect of the program.

    Raises:
        StoreBusy: the wait for a lock or a connection ran out.
        StoreUnavailable: the disk is full, read-only or broken, or the file is no database.
        Conflict: a row with the same key stands already, or the row is never changed.
    """
    # The message of the driver may hold values, and SQLAlchemy's a statement: neither is passed on.
    fault = fault_of(error.orig if isinstance(error, DBAPIError) and error.orig else error)
    if fault is None:
        raise error
    raise fault from None


@contextmanager
def faults_translated() -> Iterator[None]:
    """Raise what the driver raises as an error of ours.

    Raises:
        StoreBusy, StoreUnavailable, Conflict: as `raise_fault`.
    """
    try:
        yield
    except FAULTS as error:
        raise_fault(error)
