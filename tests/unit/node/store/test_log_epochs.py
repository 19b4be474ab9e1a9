"""A database that comes back from a backup takes its log back, and knows its own acts in it."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from jeung.crypto.tlog.tiles import Tile, parse_bundle
from jeung.domain.verification import LogEntry
from jeung.errors import Conflict, LogForked
from jeung.ports.log import LogCopy
from tests.common import naive_log, rows
from tests.common.stores import in_sqlite, sqlite_store


def placed(path: Path) -> list[tuple[int, int | None]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT position, event_number FROM log_entries ORDER BY position").fetchall()
    connection.close()
    return found


@pytest.fixture
def lost(tmp_path: Path) -> tuple[Path, LogCopy]:
    """A backup with one act that has its place and two that wait, and what the log held when it was lost."""
    kept = in_sqlite(tmp_path)
    with kept.store.write() as tx:
        for name in (b"one", b"two", b"three"):
            tx.events.append(LogEntry("credential_issued", b'{"name":"%s"}' % name, rows.NOW))
    kept.log.sequence(limit=1, now=rows.NOW, fence=kept.fence)
    kept.dispose()
    backup = tmp_path / "backup.db"
    shutil.copyfile(tmp_path / "node.db", backup)
    again = sqlite_store(tmp_path / "node.db")
    with again.store.write() as tx:
        tx.events.append(LogEntry("staff_logged_in", b"{}", rows.NOW))
    again.log.sequence(limit=9, now=rows.NOW, fence=kept.fence)
    size = again.log.head().size
    data = again.log.tile(1, Tile(None, 0, size))
    again.dispose()
    assert data is not None
    entries = parse_bundle(data, size)
    return backup, LogCopy(1, 1, entries[1:], naive_log.mth(entries))


def test_acts_that_waited_have_the_places_that_others_saw_and_no_second_ones(lost: tuple[Path, LogCopy]) -> None:
    backup, copy = lost
    kept = sqlite_store(backup)
    with kept.store.write() as tx:
        tx.events.append(LogEntry("node_restored", b"{}", rows.NOW))
    kept.log.guard(fence=1)
    kept.log.adopt(copy, fence=1)
    kept.log.unguard(fence=1)
    assert kept.log.sequence(limit=9, now=rows.NOW, fence=1) == 1
    kept.dispose()
    # The log-in was lost, and keeps its place; the restore has the next one.
    assert placed(backup) == [(0, 1), (1, 2), (2, 3), (3, None), (4, 4)]


def test_an_act_that_somebody_changed_is_not_taken_for_the_one_that_others_saw(lost: tuple[Path, LogCopy]) -> None:
    backup, copy = lost
    connection = sqlite3.connect(backup)
    connection.execute("DROP TRIGGER log_events_refuse_update")
    connection.execute("UPDATE log_events SET salt = zeroblob(32) WHERE number = 2")
    connection.commit()
    connection.close()
    kept = sqlite_store(backup)
    kept.log.adopt(copy, fence=1)
    assert kept.log.sequence(limit=9, now=rows.NOW, fence=1) == 2
    kept.dispose()
    assert placed(backup) == [(0, 1), (1, None), (2, None), (3, None), (4, 2), (5, 3)]


def test_a_copy_is_taken_once(lost: tuple[Path, LogCopy]) -> None:
    backup, copy = lost
    kept = sqlite_store(backup)
    with pytest.raises(LogForked):
        kept.log.adopt(LogCopy(1, 1, copy.entries[:-1], copy.root), fence=1)
    kept.log.adopt(copy, fence=1)
    with pytest.raises(Conflict):
        kept.log.adopt(copy, fence=1)
    kept.dispose()
    assert len(placed(backup)) == 4
