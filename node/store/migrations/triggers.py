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


_SQLITE_STANDS = "WHEN EXISTS (SELECT 1 FROM {table} WHERE {standing})"
_GROWING = {
    "log_tiles": (
        "(NEW.epoch, NEW.level, NEW.tile) = (OLD.epoch, OLD.level, OLD.tile)"
        " AND substr(NEW.hashes, 1, length(OLD.hashes)) = OLD.hashes"
    ),
    "witness_heads": (
        "NEW.origin = OLD.origin AND (NEW.size > OLD.size OR (NEW.size = OLD.size AND NEW.root = OLD.root))"
    ),
}
_STANDING = {
    "log_tiles": "(epoch, level, tile) = (NEW.epoch, NEW.level, NEW.tile)",
    "witness_heads": "origin = NEW.origin",
    "log_entries": "(epoch, position) = (NEW.epoch, NEW.position)",
    # Not only the same: after a larger one, nothing smaller is signed.
    "log_checkpoints": "epoch = NEW.epoch AND size >= NEW.size",
}
_POSTGRESQL_GROWS = """
CREATE FUNCTION {table}_grows() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF TG_OP = 'UPDATE' AND {grows} THEN RETURN NEW; END IF; RAISE EXCEPTION '{refusal}'; END $$
"""
_POSTGRESQL_CHANGES = """
CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_grows()
"""


def growing_triggers(dialect: str) -> Iterator[str]:
    """Give the statements that let tiles only be appended to and heads of logs only grow, and keep rows in place.

    Args:
        dialect: "sqlite" or "postgresql".

    """
    for table, grows in _GROWING.items():
        refusal = _REFUSAL.format(table=table)
        if dialect == "sqlite":
            only = f"WHEN NOT ({grows})"
            yield _SQLITE.format(table=table, name="change", event="UPDATE", condition=only, refusal=refusal)
            yield _SQLITE.format(table=table, name="delete", event="DELETE", condition="", refusal=refusal)
        else:
            yield _POSTGRESQL_GROWS.format(table=table, grows=grows, refusal=refusal)
            yield _POSTGRESQL_CHANGES.format(table=table)
    # PostgreSQL has no INSERT in place of a row, and a primary key of each of these.
    for table, standing in _STANDING.items() if dialect == "sqlite" else ():
        condition = _SQLITE_STANDS.format(table=table, standing=standing)
        refusal = _REFUSAL.format(table=table)
        yield _SQLITE.format(table=table, name="replace", event="INSERT", condition=condition, refusal=refusal)
