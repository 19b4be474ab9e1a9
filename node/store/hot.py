"""Run a few statements straight on the driver, because they stand on the path of every verification.

SQLAlchemy Core needs about 65 µs more for a statement than the driver does. A hot statement is still written in Core,
compiled once for each dialect, and run in the transaction of the connection it is given. Values pass unconverted:
only types that drivers take and give as they are (int, str, bytes, None) may occur in it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.sql import ClauseElement


class HotStatement:
    """Hold a statement and the order in which its parameters are given."""

    def __init__(self, statement: ClauseElement, *names: str) -> None:
        """Take a Core statement whose `bindparam` names are `names`."""
        self._statement = statement
        self._names = names
        self._places = tuple(range(len(names)))
        self._compiled: dict[str, tuple[str, tuple[int, ...] | None]] = {}

    def run(self, connection: Connection, *values: object) -> DBAPICursor:
        """Run the statement with its parameters in the order of the names; give the driver's cursor.

        Raises:
            ValueError: more or fewer values than names, or a name missing in the statement; a defect of the caller.
        """
        if len(values) != len(self._names):
            # The driver would not miss a value too many.
            raise ValueError(f"expected {len(self._names)} values, got {len(values)}")
        form = self._compiled.get(connection.dialect.name)
        text, places = form or self._compile(connection)
        cursor = connection.connection.cursor()
        if places is None:
            cursor.execute(text, dict(zip(self._names, values, strict=True)))
        elif places == self._places:
            cursor.execute(text, values)
        else:
            cursor.execute(text, tuple(values[place] for place in places))
        return cursor

    def first(self, connection: Connection, *values: object) -> Sequence[Any] | None:
        """Run the statement and give its first row, or None."""
        cursor = self.run(connection, *values)
        row: Sequence[Any] | None = cursor.fetchone()
        # Rows nobody asked for are not read on.
        cursor.close()
        return row

    def _compile(self, connection: Connection) -> tuple[str, tuple[int, ...] | None]:
        compiled = self._statement.compile(dialect=connection.dialect)
        order = getattr(compiled, "positiontup", None)
        form = str(compiled), None if order is None else tuple(self._names.index(name) for name in order)
        self._compiled[connection.dialect.name] = form
        return form


def hot_insert(table: Table, *names: str) -> HotStatement:
    """Make the hot INSERT of these columns."""
    return HotStatement(insert(table).values({name: bindparam(name) for name in names}), *names)
