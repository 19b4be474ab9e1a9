"""An insider's edits are made on a copy, every store has one, and what is named by nothing is said."""

import sqlite3
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine

from audit import rules
from audit.findings import Finding
from cli.commands import insider
from cli.console import CommandFailed, Exit
from cli.sandbox.insider import EDITS, Edit, edited
from node.store.tables import metadata


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Give a database with the product's tables, one client in it, and a trigger that guards it."""
    path = tmp_path / "node.db"
    engine = create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO clients VALUES ('back-office', '{}', 'verify', NULL)")
        connection.execute(
            "CREATE TRIGGER guard BEFORE UPDATE ON clients BEGIN SELECT RAISE(ABORT, 'never changed'); END"
        )
    connection.close()
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "copy"
    made.mkdir()
    return made


def test_every_edit_speaks_the_tables_language_and_is_named_by_a_rule(database: Path, folder: Path) -> None:
    assert [edit.store for edit in edited(database, folder, EDITS)] == ["clients"]
    assert {edit.rule for edit in EDITS} <= {rule.rule_id for rule in rules.ALL}
    assert all(edit.rule for edit in EDITS)


def test_the_node_itself_is_not_touched(database: Path, folder: Path) -> None:
    before = database.read_bytes()
    for _ in range(2):
        edited(database, folder, [Edit("clients", "", "UPDATE clients SET scopes = 'govern'")])
    assert database.read_bytes() == before
    with sqlite3.connect(folder / "node.db") as connection:
        assert connection.execute("SELECT scopes FROM clients").fetchone() == ("govern",)
    connection.close()


def test_what_is_no_statement_and_what_is_no_database_is_refused(
    database: Path, folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(CommandFailed, match="refuses"):
        edited(database, folder, [Edit("yours", "", "nonsense")])
    with pytest.raises(CommandFailed, match="no database"):
        edited(tmp_path / "nothing.db", folder, [])


@pytest.fixture
def audits(database: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[Finding]]:
    """Give what the audits of the copy find, one after the other, of a sandbox that is nothing but a database."""
    found: list[list[Finding]] = []
    settings = SimpleNamespace(database_path=database)
    monkeypatch.setattr(insider, "open_sandbox", lambda data: SimpleNamespace(node_dir=lambda member: data))
    monkeypatch.setattr(insider, "load_settings", lambda folder: settings)
    monkeypatch.setattr(insider, "audited", lambda settings, folder: found.pop(0))
    return found


def finding(rule: Any, subject: str) -> Finding:  # noqa: ANN401 - a rule
    return Finding(rule, subject, "")


def test_edits_that_are_named_are_shown_with_what_names_them(
    audits: list[list[Finding]], capsys: pytest.CaptureFixture[str]
) -> None:
    old = finding(rules.INDEX_BEHIND, "follower")
    audits += [[old], [old, *(finding(rules.ROW_MISMATCH, f"clients {name}") for name in "ab")]]
    insider.insider()
    said = capsys.readouterr().out
    assert "row-mismatch: clients a (and 1 more)" in said
    assert "1 edits" in said


@pytest.mark.parametrize(
    "after",
    [[], [finding(rules.ROW_MISMATCH, "staff_accounts a")], [finding(rules.INDEX_MISMATCH, "clients a")]],
    ids=["nothing", "another-subject", "another-rule"],
)
def test_an_edit_that_nothing_names_is_no_success(
    audits: list[list[Finding]], capsys: pytest.CaptureFixture[str], after: list[Finding]
) -> None:
    audits += [[], after]
    with pytest.raises(CommandFailed, match="1 of 1") as failed:
        insider.insider()
    assert failed.value.exit_code is Exit.NO
    assert "nothing" in capsys.readouterr().out


def test_an_edit_of_ones_own_is_named_by_anything_that_is_new(audits: list[list[Finding]]) -> None:
    audits += [[], [finding(rules.INDEX_BEHIND, "follower")]]
    insider.insider(sql=["DELETE FROM clients"])
    old = finding(rules.INDEX_BEHIND, "follower")
    audits += [[old], [old]]
    with pytest.raises(CommandFailed):
        insider.insider(sql=["DELETE FROM clients"])


def test_what_somebody_wrote_is_shown_and_not_obeyed(
    audits: list[list[Finding]], capsys: pytest.CaptureFixture[str]
) -> None:
    audits += [[], [finding(rules.INDEX_BEHIND, "[/red]\x1b[31m")]]
    insider.insider(sql=["DELETE FROM clients WHERE '[/bold]' <> ''"])
    said = capsys.readouterr().out
    assert "[/bold]" in said
    assert "[/red]\N{REPLACEMENT CHARACTER}[31m" in said


def test_where_there_is_nothing_to_edit_nothing_is_claimed(audits: list[list[Finding]]) -> None:
    audits += [[]]
    with pytest.raises(CommandFailed, match="nothing to edit") as failed:
        insider.insider(sql=["DELETE FROM batches"])
    assert failed.value.exit_code is Exit.COULD_NOT_RUN
