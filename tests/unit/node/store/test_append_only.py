"""The database itself refuses to change what is append-only, whoever asks."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from jeung.domain.verification import LogEntry, SealedPresentation
from jeung.ports.log import SignedCheckpoint, WitnessedHead
from tests.common import rows
from tests.common.stores import in_sqlite


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    kept = in_sqlite(tmp_path)
    with kept.store.write() as tx:
        tx.evidence.add(rows.evidence(1), SealedPresentation("shown/2027-01-01", b"sealed"))
        tx.evidence_proofs.add("evidence-1", "key-1", b"sealed", rows.NOW)
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
        "REPLACE INTO log_events VALUES (1, 'forged', x'00', 1, x'')",
        "INSERT INTO log_events VALUES (1, 'forged', x'00', 1, x'')"
        " ON CONFLICT (number) DO UPDATE SET kind = 'forged'",
        "UPDATE evidence SET sealed = x'00'",
        "UPDATE evidence_proofs SET sealed = x'00'",
        "INSERT OR REPLACE INTO evidence_proofs VALUES (1, 'day', x'00', 1)",
        "UPDATE evidence_presentations SET sealed = x'00'",
        "INSERT OR REPLACE INTO evidence_presentations VALUES ('evidence-1', 'day', x'00')",
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


@pytest.fixture
def log(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A log with an entry, a tile and a checkpoint, and a witnessed head."""
    kept = in_sqlite(tmp_path)
    with kept.store.write() as tx:
        tx.events.append(LogEntry("credential_issued", b"{}", rows.NOW))
    kept.log.sequence(limit=10, now=rows.NOW, fence=kept.fence)
    kept.log.record_checkpoint(SignedCheckpoint(1, 1, b"\x01" * 32, b"note", "key", rows.NOW), fence=kept.fence)
    kept.witness.advance(WitnessedHead("o", 5, b"\x01" * 32, b"note", "key", rows.NOW), lambda _: None)
    kept.dispose()
    opened = sqlite3.connect(tmp_path / "node.db", isolation_level=None)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log_entries SET entry = x'00'",
        "DELETE FROM log_entries",
        "REPLACE INTO log_entries VALUES (1, 0, NULL, x'00', zeroblob(32))",
        "REPLACE INTO log_entries VALUES (1, 9, 1, x'00', zeroblob(32))",
        "UPDATE log_tiles SET hashes = zeroblob(32)",
        "UPDATE log_tiles SET hashes = zeroblob(64)",
        "UPDATE log_tiles SET tile = 1",
        "DELETE FROM log_tiles",
        "REPLACE INTO log_tiles VALUES (1, 0, 0, zeroblob(32))",
        "UPDATE log_checkpoints SET root = zeroblob(32)",
        "DELETE FROM log_checkpoints",
        "REPLACE INTO log_checkpoints VALUES (1, 1, zeroblob(32), x'00', 'key', 1)",
        "INSERT INTO log_checkpoints VALUES (1, 0, zeroblob(32), x'00', 'key', 1)",
        "UPDATE witness_heads SET size = 4",
        "UPDATE witness_heads SET root = zeroblob(32)",
        "UPDATE witness_heads SET origin = 'p', size = 9",
        "DELETE FROM witness_heads",
        "REPLACE INTO witness_heads VALUES ('o', 1, zeroblob(32), x'00', 'key', 1)",
    ],
)
def test_nothing_that_was_published_or_witnessed_is_changed(log: sqlite3.Connection, statement: str) -> None:
    tables = "log_entries", "log_tiles", "log_checkpoints", "witness_heads"
    before = [log.execute(f"SELECT * FROM {table}").fetchall() for table in tables]  # noqa: S608
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        log.execute(statement)
    assert [log.execute(f"SELECT * FROM {table}").fetchall() for table in tables] == before  # noqa: S608


def test_tiles_and_witnessed_heads_grow(log: sqlite3.Connection) -> None:
    ((hashes,),) = log.execute("SELECT hashes FROM log_tiles").fetchall()
    log.execute("UPDATE log_tiles SET hashes = ?", (hashes + bytes(32),))
    log.execute("UPDATE witness_heads SET size = 6, root = zeroblob(32)")
    assert log.execute("SELECT length(hashes) FROM log_tiles").fetchone() == (64,)


def test_an_event_that_something_else_wrote_without_a_salt_is_logged_all_the_same(tmp_path: Path) -> None:
    kept = in_sqlite(tmp_path)
    opened = sqlite3.connect(tmp_path / "node.db", isolation_level=None)
    opened.execute("INSERT INTO log_events (kind, body, occurred_at) VALUES ('issued', x'7b7d', 2)")
    opened.close()
    assert kept.log.sequence(limit=10, now=rows.NOW, fence=kept.fence) == 1
    kept.dispose()
