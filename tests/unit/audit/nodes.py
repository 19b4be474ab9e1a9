"""Keep a node's database of a few rows, with the product's own tables and none of its rules."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, insert

from audit.database import NodeDatabase, open_database
from node.store.tables import metadata

_DEFAULTS = {"BIGINT": 0, "INTEGER": 0, "SMALLINT": 0, "BLOB": b"", "VARCHAR": "", "TEXT": "", "BOOLEAN": False}


@contextmanager
def node_database(folder: Path, *statements: str, **tables: list[dict[str, object]]) -> Iterator[NodeDatabase]:
    """Write the rows given, whatever else a row needs left empty, change them, and open them for an audit."""
    path = folder / "node.db"
    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Sixty tables, each waiting for the disk, take seconds.
        for pragma in ("synchronous = OFF", "journal_mode = MEMORY", "ignore_check_constraints = ON"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")
        metadata.create_all(connection)
        for name, rows in tables.items():
            table = metadata.tables[name]
            for number, row in enumerate(rows, start=1):
                blank = {
                    column.name: number if column.primary_key else _DEFAULTS[str(column.type.compile(engine.dialect))]
                    for column in table.columns
                    if not column.nullable
                }
                connection.execute(insert(table).values({**blank, **row}))
        for statement in statements:
            connection.exec_driver_sql(statement)
    engine.dispose()
    with open_database(f"sqlite:///{path}") as database:
        yield database
