"""Read a node's database through a connection that cannot write."""

import base64
import binascii
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from audit.findings import AuditImpossible


@dataclass(frozen=True, slots=True)
class NodeDatabase:
    """Ask one node's database; every question runs in the one snapshot that `open_database` began."""

    _connection: Connection

    def rows(self, statement: str, **parameters: object) -> Iterator[dict[str, Any]]:
        """Give the rows of a SELECT as dicts; byte columns come as 0x-hex.

        Raises:
            AuditImpossible: the database lacks a table or cannot be read.
        """
        try:
            for row in self._connection.execute(text(statement), parameters).mappings():
                yield {name: _plain(value) for name, value in row.items()}
        except SQLAlchemyError as error:
            raise AuditImpossible("the node's database cannot be read") from error

    def one(self, statement: str, **parameters: object) -> dict[str, Any]:
        """Give the single row of a SELECT.

        Raises:
            AuditImpossible: there is none.
        """
        row = next(self.rows(statement, **parameters), None)
        if row is None:
            raise AuditImpossible("the node's database lacks a row it should have")
        return row


@contextmanager
def open_database(url: str) -> Iterator[NodeDatabase]:
    """Open a node's database for reading only, as one snapshot.

    Raises:
        AuditImpossible: there is no such database, or it cannot be opened.
    """
    engine = _engine(url)
    try:
        with engine.connect() as connection, connection.begin():
            yield NodeDatabase(connection)
    except SQLAlchemyError as error:
        raise AuditImpossible("the node's database cannot be opened") from error
    finally:
        engine.dispose()


def thumbprint_of(key_id: str) -> str:
    """Give a key id (base64url thumbprint) as the 0x-hex the chain uses; "" when it is none."""
    try:
        raw = base64.urlsafe_b64decode(key_id + "=" * (-len(key_id) % 4))
    except (binascii.Error, ValueError):
        return ""
    return "0x" + raw.hex()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, execution_options={"postgresql_readonly": True})
    path = Path(parsed.database or "")
    if not path.is_file():
        raise AuditImpossible("there is no database at the given place")
    engine = create_engine(f"sqlite:///file:{path.resolve()}?mode=ro&uri=true")

    @event.listens_for(engine, "connect")
    def _refuse_writing(connection: Any, _record: object) -> None:  # noqa: ANN401 - a driver's connection
        connection.execute("PRAGMA query_only = ON")

    return engine


def _plain(value: object) -> object:
    return "0x" + bytes(value).hex() if isinstance(value, (bytes, memoryview)) else value
