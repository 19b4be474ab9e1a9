"""The steps of the migrations build what the schema states, once, and stop before a database of a newer release."""

import re
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, make_url
from sqlalchemy.schema import CreateIndex, CreateTable

from jeung.domain.chain import RegistryEvent
from jeung.domain.ledger import CredentialStatus
from jeung.errors import DatabaseTooNew
from node.store import migrate
from node.store.engine import Database
from node.store.migrate import needs_upgrade, revisions, upgrade
from node.store.migrations.triggers import growing_triggers, refusing_triggers
from node.store.tables import metadata
from tests.common.rows import NOW, admission, batch, blocks, digest_of, status_change
from tests.common.store_process import contents
from tests.common.stores import OTHER, in_sqlite

DIGESTS = [digest_of(number) for number in range(5)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    database = Database(tmp_path / "node.db", busy_timeout_s=0.2)
    upgrade(database)
    database.dispose()
    return tmp_path / "node.db"


def objects(path: Path) -> dict[str, list[str]]:
    """Give the words of every table's and index's definition, in no order: constraints may come in any."""
    connection = sqlite3.connect(path)
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
        " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'alembic_%'"
    ).fetchall()
    connection.close()
    return {name: sorted(re.sub(r"[,()]", r" ", sql).split()) for name, sql in found}


def test_migrated_database_is_what_the_schema_states(path: Path, tmp_path: Path) -> None:
    stated = create_engine(f"sqlite:///{tmp_path / 'stated.db'}")
    metadata.create_all(stated)
    stated.dispose()
    migrated = objects(path)
    assert len(migrated) > len(metadata.tables)
    assert migrated == objects(tmp_path / "stated.db")


def test_migrations_have_nothing_left_to_generate(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


def test_files_are_named_by_their_revisions_in_order() -> None:
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    assert revisions() == [script.revision for script in scripts.walk_revisions()][::-1]
    assert scripts.get_current_head() == revisions()[-1]


def test_upgrade_of_the_present_schema_changes_nothing(path: Path) -> None:
    before = contents(path)
    database = Database(path, busy_timeout_s=0.2)
    upgrade(database)
    with database.read() as connection:
        assert not needs_upgrade(connection)
    database.dispose()
    assert contents(path) == before


def test_database_of_a_newer_release_is_refused_untouched(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    before = contents(path)
    database = Database(path, busy_timeout_s=0.2)
    with pytest.raises(DatabaseTooNew, match="newer release"):
        upgrade(database)
    database.dispose()
    assert contents(path) == before


def test_failed_upgrade_leaves_no_table(tmp_path: Path) -> None:
    # A table of the last group stands in the way: everything made before it must go too.
    path = tmp_path / "node.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE worker_lease (id INTEGER)")
    connection.close()
    database = Database(path, busy_timeout_s=0.2)
    with pytest.raises(Exception, match="worker_lease already exists"):
        upgrade(database)
    database.dispose()
    assert list(contents(path)) == ["worker_lease"]


def test_schema_can_be_written_for_postgresql() -> None:
    dialect = make_url("postgresql://").get_dialect()()
    for table in metadata.sorted_tables:
        written = str(CreateTable(table).compile(dialect=dialect))
        assert f"CREATE TABLE {table.name}" in written
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect)).startswith("CREATE ")
    credentials = str(CreateTable(metadata.tables["credentials"]).compile(dialect=dialect))
    assert "number BIGSERIAL NOT NULL" in credentials
    assert "sealed BYTEA NOT NULL" in credentials


def test_triggers_can_be_written_for_postgresql() -> None:
    written = list(refusing_triggers("postgresql", "log_events", keys=("number",), events=("UPDATE", "DELETE")))
    assert [line.split()[1] for line in written] == ["FUNCTION", "TRIGGER", "TRIGGER", "TRIGGER"]
    assert "BEFORE TRUNCATE" in written[-1]
    growing = list(growing_triggers("postgresql"))
    assert [line.split()[1] for line in growing] == ["FUNCTION", "TRIGGER"] * 2


def test_every_event_that_stood_before_the_log_is_given_a_salt_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    database = Database(path, busy_timeout_s=0.2)
    with database.write() as connection:
        context = MigrationContext.configure(connection)
        scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
        with Operations.context(context):
            for script in [script for script in scripts.walk_revisions()][::-1]:
                if script.revision == "0015":
                    break
                script.module.upgrade()
        connection.exec_driver_sql("INSERT INTO log_events (kind, body, occurred_at) VALUES ('a', x'7b7d', 1)")
        connection.exec_driver_sql("INSERT INTO log_events (kind, body, occurred_at) VALUES ('a', x'7b7d', 1)")
        with Operations.context(context):
            scripts.get_revision("0015").module.upgrade()
        salts = connection.exec_driver_sql("SELECT salt FROM log_events").scalars().all()
        assert len(set(salts)) == 2
        assert all(len(salt) == 32 for salt in salts)
        with pytest.raises(Exception, match="never changed"):
            connection.exec_driver_sql("UPDATE log_events SET salt = x'00'")
    database.dispose()


def test_events_that_the_index_held_before_are_named_as_if_they_came_now(tmp_path: Path) -> None:
    """What revision 0016 fills in is what the follower would have written."""
    kept = in_sqlite(tmp_path)
    story = [
        blocks(1, 2, events=[admission(1, "https://a.example"), _rules_changed(2)], batches=[batch(2, DIGESTS[:3])]),
        blocks(
            3,
            4,
            batches=[batch(3, DIGESTS[3:], issuer=OTHER)],
            changes=[
                status_change(3, 1, CredentialStatus.SUSPENDED, [4, 5]),
                status_change(4, 1, CredentialStatus.VALID, [4]),
                status_change(4, 1, CredentialStatus.REVOKED, [5], log_index=3),
            ],
        ),
    ]
    for found in story:
        kept.index.apply(found, fence=kept.fence, polled_at=NOW)
    kept.dispose()
    connection = sqlite3.connect(tmp_path / "node.db")
    followed = connection.execute("SELECT * FROM chain_events ORDER BY 1, 2").fetchall()
    connection.execute("DROP TABLE chain_events")
    connection.commit()
    engine = create_engine(f"sqlite:///{tmp_path / 'node.db'}")
    scripts = ScriptDirectory(str(Path(migrate.__file__).parent / "migrations"))
    with engine.begin() as bind, Operations.context(MigrationContext.configure(bind)):
        scripts.get_revision("0016").module.upgrade()
    engine.dispose()
    assert len(followed) == 7
    assert connection.execute("SELECT * FROM chain_events ORDER BY 1, 2").fetchall() == followed
    connection.close()


def _rules_changed(number: int) -> RegistryEvent:
    args = {"quorumNumerator": 2, "quorumDenominator": 3, "timelock": 1, "proposalLifetime": 9}
    return RegistryEvent("Consortium", "RulesChanged", args, number, NOW + number, 9, digest_of("rules"))
