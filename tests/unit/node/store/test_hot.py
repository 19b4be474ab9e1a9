"""Hot statements give the driver what it expects, whatever style of parameters it has."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, make_url, select

from node.store.hot import HotStatement, hot_insert
from node.store.open import NodeStore
from node.store.schema import status_words
from tests.common.stores import sqlite_store

ADD = hot_insert(status_words, "issuer", "list_number", "word_index", "word")
FIND = HotStatement(
    select(status_words.c.word).where(
        status_words.c.word_index == bindparam("place"), status_words.c.issuer == bindparam("whose")
    ),
    "whose",
    "place",
)


class RecordingCursor:
    def __init__(self) -> None:
        self.executed: list[tuple[str, Any]] = []

    def execute(self, statement: str, parameters: Any) -> None:  # noqa: ANN401 - the driver's signature
        self.executed.append((statement, parameters))


class PostgresqlConnection:
    """Stand where SQLAlchemy's connection to PostgreSQL would, without a driver."""

    def __init__(self) -> None:
        self.dialect = make_url("postgresql+psycopg://").get_dialect()()
        self.connection = self
        self.recorded = RecordingCursor()

    def cursor(self) -> RecordingCursor:
        return self.recorded


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[NodeStore]:
    opened = sqlite_store(tmp_path / "node.db")
    yield opened
    opened.dispose()


def test_parameters_go_where_their_names_stand(kept: NodeStore) -> None:
    with kept.database.write() as connection:
        ADD.run(connection, b"a", 1, 7, b"word of a")
        ADD.run(connection, b"b", 1, 7, b"word of b")
        assert FIND.first(connection, b"b", 7) == (b"word of b",)
        assert FIND.first(connection, b"b", 8) is None


def test_driver_with_named_parameters_gets_them_by_name() -> None:
    connection: Any = PostgresqlConnection()
    FIND.run(connection, b"b", 7)
    ((statement, parameters),) = connection.recorded.executed
    assert "%(place)s" in statement
    assert parameters == {"whose": b"b", "place": 7}


def test_parameter_nobody_named_is_a_defect(kept: NodeStore) -> None:
    nameless = HotStatement(select(status_words.c.word).where(status_words.c.word_index == 7))
    with pytest.raises(ValueError, match="not in tuple"), kept.database.read() as connection:
        nameless.run(connection)


def test_too_many_values_are_a_defect(kept: NodeStore) -> None:
    def find(connection: Connection) -> None:
        FIND.run(connection, b"b", 7, "left over")

    with kept.database.read() as connection, pytest.raises(ValueError, match="2 values"):
        find(connection)
