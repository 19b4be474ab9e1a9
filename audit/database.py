"""Read a node's database through a connection that cannot write."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from audit.findings import AuditImpossible

_LOCK_TIMEOUT_S = 10
# What SQLite may do for an audit, besides beginning and ending its snapshot: nothing here writes, attaches a file,
# loads code or lifts a restriction. `mode=ro` and `query_only` forbid writing once more, each by itself.
_READING = frozenset(
    {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_TRANSACTION}
)


@dataclass(frozen=True, slots=True)
class NodeDatabase:
    """Ask one node's database; every question runs in the one snapshot that `open_database` began.

    Whoever tampers with a row may also change what kind of value stands in it: compare values, do not calculate.
    """

    connection: Connection

    def rows(self, statement: str, **parameters: object) -> Iterator[dict[str, Any]]:
        """Give the rows of a SELECT as dicts; byte columns come as 0x-hex.

        Raises:
            AuditImpossible: the database lacks a table or cannot be read.
        """
        try:
            for row in self.connection.execute(text(statement), parameters).mappings():
                yield {name: plain(value) for name, value in row.items()}
        except SQLAlchemyError as error:
            raise AuditImpossible("the node's database cannot be read, or is of another version") from error

    def tuples(self, statement: str, **parameters: object) -> Iterator[tuple[Any, ...]]:
        """Give the rows of a SELECT as the driver has them, for tables of millions of rows.

        Raises:
            AuditImpossible: the database lacks a table or cannot be read.
        """
        driver: Any = self.connection.connection.driver_connection
        try:
            yield from driver.execute(statement, parameters)
        except sqlite3.Error as error:
            raise AuditImpossible("the node's database cannot be read, or is of another version") from error

    def one(self, statement: str, **parameters: object) -> dict[str, Any]:
        """Give the single row of a SELECT.

        Raises:
            AuditImpossible: there is none, or as `rows`.
        """
        row = next(self.rows(statement, **parameters), None)
        if row is None:
            raise AuditImpossible("the node's database lacks a row it should have")
        return row


@contextmanager
def open_database(url: str) -> Iterator[NodeDatabase]:
    """Open a node's SQLite database for reading only, as one snapshot.

    Raises:
        AuditImpossible: there is no such database, or it cannot be opened.
    """
    path = _path(url)
    engine = create_engine("sqlite://", creator=lambda: _connect(path), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            # The driver begins nothing by itself; a snapshot stands from the first reading on.
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            yield NodeDatabase(connection)
            connection.exec_driver_sql("ROLLBACK")
    except SQLAlchemyError as error:
        raise AuditImpossible("the node's database cannot be opened") from error
    finally:
        engine.dispose()


def _path(url: str) -> Path:
    try:
        parsed = make_url(url)
    except SQLAlchemyError as error:
        raise AuditImpossible("the database's address cannot be read") from error
    if parsed.get_backend_name() != "sqlite":
        raise AuditImpossible("only an SQLite database can be audited")
    path = Path(parsed.database or "")
    if not path.is_file():
        raise AuditImpossible("there is no database at the given place")
    return path


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=_LOCK_TIMEOUT_S, isolation_level=None
    )
    connection.execute("PRAGMA query_only = ON")
    connection.text_factory = _text
    connection.set_authorizer(_authorize)
    return connection


def _authorize(action: int, name: str | None, value: str | None, *_: object) -> int:
    # SQLAlchemy asks a new connection for its isolation level, which writes nothing unless a value is given.
    asks = action == sqlite3.SQLITE_PRAGMA and name == "read_uncommitted" and value is None
    return sqlite3.SQLITE_OK if asks or action in _READING else sqlite3.SQLITE_DENY


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def plain(value: object) -> object:
    """Give bytes as 0x-hex, everything else as it is."""
    return "0x" + bytes(value).hex() if isinstance(value, (bytes, memoryview)) else value
