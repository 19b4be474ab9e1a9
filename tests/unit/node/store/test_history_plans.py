"""Every question about the past is answered by seeks in an index, however long the chain is."""

from pathlib import Path

import pytest

from node.store import history
from tests.common.stores import sqlite_store

QUESTIONS = ("_BEFORE", "_OF_MEMBER", "_OF_MEMBER_BEFORE", "_TRANSACTION", "_BATCH", "_PLACES", "_DIGESTS")


def plan(path: Path, name: str) -> list[str]:
    """Give the steps in which SQLite would answer."""
    kept = sqlite_store(path / "node.db")
    with kept.database.read() as connection:
        asked = getattr(history, name).compile(dialect=connection.dialect)
        driver = connection.connection.driver_connection
        assert driver is not None
        steps = driver.execute(f"EXPLAIN QUERY PLAN {asked}", [1] * len(asked.positiontup)).fetchall()
    kept.dispose()
    return [step[3] for step in steps]


@pytest.mark.parametrize("name", QUESTIONS)
def test_question_is_sought_and_sorts_nothing(tmp_path: Path, name: str) -> None:
    steps = plan(tmp_path, name)
    assert not [step for step in steps if step.startswith("SCAN") or "TEMP B-TREE" in step], steps


def test_newest_events_are_read_from_the_end_of_the_table_in_its_own_order(tmp_path: Path) -> None:
    steps = plan(tmp_path, "_NEWEST")
    assert [step for step in steps if not step.startswith("SEARCH")] == ["SCAN chain_events"]
