"""The database itself refuses to change what is append-only, whoever asks."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from jeung.domain.verification import LogEntry
from tests.common import rows
from tests.common.stores import in_sqlite


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    kept = in_sqlite(tmp_path)
    with kept.store.write() as tx:
        tx.evidence.add(rows.evidence(1))
        tx.events.append(LogEntry("verified", b"{}", rows.NOW))
    kept.dispose()
    opened = sqlite3.connect(tmp_path / "node.db", isolation_level=None)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_events SET body = x'00'",
        "UPDATE log_events SET number = 7",
        "UPDATE OR IGNORE log_events SET body = x'00'",
        "DELETE FROM log_events",
        "INSERT OR REPLACE INTO log_events (number, kind, body, occurred_at) VALUES (1, 'forged', x'00', 1)",
        "REPLACE INTO log_events VALUES (1, 'forged', x'00', 1)",
        "INSERT INTO log_events VALUES (1, 'forged', x'00', 1) ON CONFLICT (number) DO UPDATE SET kind = 'forged'",
        "UPDATE evidence SET sealed = x'00'",
        "UPDATE evidence SET client_id = 'client-2'",
        "UPDATE evidence SET verdict = 'verified', code = NULL WHERE evidence_id = 'evidence-1'",
        "INSERT OR REPLACE INTO evidence"
        " SELECT 1, 'evidence-9', profile, client_id, 'verified', code, data_key_id, sealed, 1 FROM evidence",
        "INSERT OR REPLACE INTO evidence"
        " SELECT 9, evidence_id, profile, client_id, 'verified', code, data_key_id, sealed, 1 FROM evidence",
    ],
)
def test_append_only_row_is_not_changed(connection: sqlite3.Connection, statement: str) -> None:
    before = (
        connection.execute("SELECT * FROM log_events").fetchall(),
        connection.execute("SELECT * FROM evidence").fetchall(),
    )
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        connection.execute(statement)
    after = (
        connection.execute("SELECT * FROM log_events").fetchall(),
        connection.execute("SELECT * FROM evidence").fetchall(),
    )
    assert after == before


def test_event_row_can_still_be_appended(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO log_events (kind, body, occurred_at) VALUES ('issued', x'7b7d', 2)")
    assert connection.execute("SELECT number, kind FROM log_events").fetchall() == [(1, "verified"), (2, "issued")]


def test_evidence_can_be_deleted_when_its_retention_ends(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM evidence")
    assert connection.execute("SELECT count(*) FROM evidence").fetchone() == (0,)
