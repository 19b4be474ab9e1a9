"""Digests name inputs: the same content gives the same, any other another."""

import hashlib
import sqlite3
from pathlib import Path

import pytest

from audit.database import open_database
from audit.findings import AuditImpossible
from audit.report.inputs import TABLES, artifacts_digest, database_digest, file_digest
from node.store.schema import metadata
from tests.unit.audit.nodes import node_database

WORKS: list[dict[str, object]] = [{"change_id": 7, "list_number": 1}, {"change_id": 3, "status_index": 4}]


def digest(folder: Path, **tables: list[dict[str, object]]) -> str:
    folder.mkdir()
    with node_database(folder, **tables) as database:
        return database_digest(database)


def test_a_database_has_the_same_digest_after_it_was_written_anew(tmp_path: Path) -> None:
    before = digest(tmp_path / "one", status_works=WORKS, evidence=[{"evidence_id": "e"}])
    path = tmp_path / "one" / "node.db"
    with sqlite3.connect(path) as connection:
        connection.execute("VACUUM")
    connection.close()
    with open_database(f"sqlite:///{path}") as database:
        assert database_digest(database) == before


def test_every_value_counts(tmp_path: Path) -> None:
    kept: list[list[dict[str, object]]] = [
        [],
        [{"evidence_id": "e"}],
        [{"evidence_id": "f"}],
        [{"evidence_id": "e", "code": "f"}],
        [{"evidence_id": "e"}, {"evidence_id": "f"}],
    ]
    made = [digest(tmp_path / str(number), evidence=rows) for number, rows in enumerate(kept)]
    assert len(set(made)) == len(made)


def test_text_and_bytes_that_look_alike_differ(tmp_path: Path) -> None:
    text = digest(tmp_path / "text", evidence=[{"sealed": b"1"}])
    assert text != digest(tmp_path / "more", evidence=[{"sealed": b"1", "code": ""}])


def test_what_the_audit_does_not_read_does_not_count(tmp_path: Path) -> None:
    assert "clients" not in TABLES
    assert digest(tmp_path / "a") == digest(tmp_path / "b", clients=[{"client_id": "김하늘"}])


def test_every_table_is_one_of_the_nodes() -> None:
    assert set(TABLES) <= set(metadata.tables)
    assert list(TABLES) == sorted(TABLES)


def test_a_file_has_its_sha256(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 3_000_000)
    assert file_digest(tmp_path / "file") == hashlib.sha256(b"x" * 3_000_000).hexdigest()


def test_a_file_that_is_not_there_is_said_so_without_its_name(tmp_path: Path) -> None:
    with pytest.raises(AuditImpossible) as caught:
        file_digest(tmp_path / "secret-name")
    assert "secret" not in str(caught.value)


def test_the_artifacts_have_one_digest() -> None:
    assert artifacts_digest() == artifacts_digest()
    assert len(artifacts_digest()) == 64
