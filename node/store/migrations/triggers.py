"""Write the triggers that keep rows from being changed, for each database in its own words.

They keep an honest program from a mistake and a careless hand from the evidence; who may alter the schema can drop
them, which is what the hash-chained log over the same rows is for.
"""

from collections.abc import Iterator

_REFUSAL = "rows of {table} are never changed"

_SQLITE = """
CREATE TRIGGER {table}_refuse_{name} BEFORE {event} ON {table} {condition}
BEGIN SELECT RAISE(ABORT, '{refusal}'); END
"""
# REPLACE deletes the row it collides with and fires no DELETE trigger, hence a condition on INSERT.
_SQLITE_REPLACES = "WHEN EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"

_POSTGRESQL_FUNCTION = """
CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{refusal}'; END $$
"""
_POSTGRESQL_ROWS = """
CREATE TRIGGER {table}_refuse_{name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_refuse()
"""
_POSTGRESQL_TRUNCATE = """
CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()
"""


def refusing_triggers(dialect: str, table: str, *, keys: tuple[str, ...], events: tuple[str, ...]) -> Iterator[str]:
    """Give the statements that make a table refuse UPDATE or DELETE, and an INSERT in place of a standing row.

    Args:
        dialect: "sqlite" or "postgresql".
        table: the table's name.
        keys: every unique column, by which an INSERT could replace a row.
        events: "UPDATE", "DELETE" or both.

    """
    refusal = _REFUSAL.format(table=table)
    if dialect == "sqlite":
        for event in events:
            yield _SQLITE.format(table=table, name=event.lower(), event=event, condition="", refusal=refusal)
        for key in keys:
            condition = _SQLITE_REPLACES.format(table=table, key=key)
            name = f"replace_by_{key}"
            yield _SQLITE.format(table=table, name=name, event="INSERT", condition=condition, refusal=refusal)
        return
    yield _POSTGRESQL_FUNCTION.format(table=table, refusal=refusal)
    for event in events:
        yield _POSTGRESQL_ROWS.format(table=table, name=event.lower(), event=event)
    if "DELETE" in events:
        yield _POSTGRESQL_TRUNCATE.format(table=table)
