"""The engine's promises: private files, bounded waits, snapshots that cannot write, errors that tell nothing."""

import re
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from jeung.domain.ledger import CredentialStatus
from jeung.errors import Conflict, StoreBusy, StoreUnavailable
from node.store.engine import Database
from node.store.faults import fault_of
from node.store.migrate import upgrade
from node.store.open import NodeStore, open_store, sqlite_path
from tests.common import rows
from tests.common.memory.world import SetClock
from tests.common.stores import OWN, sqlite_store

SECRET = "a value nobody should read"


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[NodeStore]:
    opened = sqlite_store(tmp_path / "node.db")
    yield opened
    opened.dispose()


def test_files_are_readable_by_their_owner_only(kept: NodeStore, tmp_path: Path) -> None:
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    assert set(modes) >= {"node.db", "node.db-wal", "node.db.limits"}
    assert set(modes.values()) == {0o600}


def test_standing_file_is_taken_from_group_and_others(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    path.touch(mode=0o644)
    sqlite_store(path).dispose()
    assert path.stat().st_mode & 0o777 == 0o600


def test_opening_again_keeps_the_locks_of_a_transaction(kept: NodeStore, tmp_path: Path) -> None:
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
        kept.database.create_file()
        other = sqlite3.connect(tmp_path / "node.db", timeout=0, isolation_level=None)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_every_connection_is_durable_and_forgets_what_it_deletes(kept: NodeStore) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
    for open_transaction in (kept.database.read, kept.database.write):
        with open_transaction() as connection:
            for name, value in wanted.items():
                assert connection.execute(text(f"PRAGMA {name}")).scalar() == value


def test_reading_transaction_cannot_write(kept: NodeStore) -> None:
    with pytest.raises(StoreUnavailable), kept.store.read() as tx:
        tx.nonces.add(rows.nonce())
    with pytest.raises(StoreUnavailable), kept.store.read() as tx:
        tx.credentials.add_family([rows.credential(1)])
    with kept.store.read() as tx:
        assert tx.nonces.get("nonce-1") is None


def test_writer_of_another_process_is_waited_for_within_bounds(kept: NodeStore, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "node.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy), kept.store.write():
        pass
    with kept.store.read() as tx:
        assert tx.nonces.get("nonce-1") is None
    other.execute("COMMIT")
    other.close()
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())


def test_threads_write_one_after_another(kept: NodeStore) -> None:
    def issue(number: int) -> None:
        for attempt in range(5):
            with kept.store.write() as tx:
                tx.nonces.add(rows.nonce(f"nonce-{number}-{attempt}"))

    threads = [threading.Thread(target=issue, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with kept.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM nonces")).scalar() == 20


def test_snapshots_inside_each_other_stay_apart(kept: NodeStore) -> None:
    with kept.store.read() as outer:
        assert outer.nonces.get("nonce-1") is None
        with kept.store.write() as tx:
            tx.nonces.add(rows.nonce())
        with kept.store.read() as inner:
            assert inner.nonces.get("nonce-1") == rows.nonce()
        assert outer.nonces.get("nonce-1") is None
    with kept.store.read() as later:
        assert later.nonces.get("nonce-1") == rows.nonce()


def test_wait_for_a_connection_that_runs_out_is_a_busy_store() -> None:
    fault = fault_of(PoolTimeout())
    assert isinstance(fault, StoreBusy)
    assert fault_of(ValueError("a defect")) is None


def test_store_can_be_used_again_after_it_was_closed(kept: NodeStore) -> None:
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
    kept.database.dispose()
    with kept.store.read() as tx:
        assert tx.nonces.get("nonce-1") == rows.nonce()


def test_transaction_after_a_failed_one_is_whole(kept: NodeStore) -> None:
    def add(*values: str) -> None:
        with kept.store.write() as tx:
            for value in values:
                tx.nonces.add(rows.nonce(value))

    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
    with pytest.raises(Conflict):
        add("nonce-2", "nonce-1")
    with kept.store.write() as tx:
        assert tx.nonces.get("nonce-2") is None
        tx.nonces.add(rows.nonce("nonce-3"))


def test_full_disk_is_an_error_of_ours_and_nothing_is_kept(kept: NodeStore) -> None:
    def fill() -> None:
        with kept.store.write() as tx:
            for number in range(10_000):
                tx.data_keys.add(f"{SECRET}-{number}", bytes(1000), rows.NOW)

    with kept.database.write() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 10}"))
    with pytest.raises(StoreUnavailable) as refused:
        fill()
    assert SECRET not in str(refused.value)
    with kept.store.read() as tx:
        assert tx.data_keys.get(f"{SECRET}-0") is None


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    path.write_bytes(b"not a database, for sure" * 100)
    with pytest.raises(StoreUnavailable):
        sqlite_store(path)
    assert path.read_bytes().startswith(b"not a database")


def test_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        sqlite_store(tmp_path / "missing" / "node.db")


def test_defect_shows_neither_values_nor_a_conflict(kept: NodeStore) -> None:
    orphan = rows.credential(1, proofing_id=SECRET, sealed=SECRET.encode())
    with pytest.raises(IntegrityError) as defect, kept.store.write() as tx:
        tx.credentials.add_family([orphan])
    assert SECRET not in str(defect.value)
    with pytest.raises(OperationalError), kept.database.read() as connection:
        connection.execute(text("SELECT * FROM no_such_table"))


def test_thread_that_ended_gives_its_connection_back(tmp_path: Path) -> None:
    database = Database(tmp_path / "node.db", busy_timeout_s=0.2)
    upgrade(database)

    def look() -> None:
        with database.read() as connection:
            connection.execute(text("SELECT 1"))

    # More threads than connections there could ever be at once.
    for _ in range(40):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    look()
    database.dispose()


def test_deleted_values_leave_the_files(kept: NodeStore, tmp_path: Path) -> None:
    with kept.store.write() as tx:
        tx.data_keys.add("subject-1", SECRET.encode(), rows.NOW)
    kept.database.truncate_log()
    assert SECRET.encode() in (tmp_path / "node.db").read_bytes()
    with kept.store.write() as tx:
        tx.data_keys.destroy("subject-1")
    kept.database.truncate_log()
    assert (tmp_path / "node.db-wal").read_bytes() == b""
    assert SECRET.encode() not in (tmp_path / "node.db").read_bytes()


def test_status_the_chain_reserves_is_shown_as_such(kept: NodeStore) -> None:
    # Nothing writes it; a tampered word must not read as valid.
    kept.index.apply(
        rows.blocks(1, 1, changes=[rows.status_change(1, 1, CredentialStatus.REVOKED, [3])]),
        fence=kept.lease.acquire("a", now=0, ttl_s=9) or 0,
        polled_at=rows.NOW,
    )
    with kept.database.write() as connection:
        connection.execute(text("UPDATE status_words SET word = :word"), {"word": (3 << 6).to_bytes(32)})
    with kept.ledger.view() as view:
        assert view.status(OWN, 1, 3) is CredentialStatus.REFUSED


@pytest.mark.parametrize(
    "url", ["", "node.db", "sqlite://", "sqlite:///:memory:", "postgresql://user:secret@host/db", "sqlite+x:///a"]
)
def test_address_that_names_no_sqlite_file_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected the address of a SQLite file") as refused:
        open_store(url, own=OWN, clock=SetClock(), limits={})
    assert "secret" not in str(refused.value)


def test_address_names_its_file() -> None:
    assert sqlite_path("sqlite:////var/lib/jeung/node.db") == Path("/var/lib/jeung/node.db")
    assert sqlite_path("sqlite:///node.db") == Path("node.db")


def test_rewriting_leaves_nothing_of_a_deleted_row_in_the_gaps_of_pages(tmp_path: Path) -> None:
    database = Database(tmp_path / "x.db", busy_timeout_s=5)
    database.create_file()
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t (id TEXT PRIMARY KEY, body TEXT) WITHOUT ROWID")
    rows = [(f"{(number * 7919) % 20011:05d}-{number:06d}", "x" * (number * 37 % 90)) for number in range(20_000)]
    with database.write() as connection:
        for row in rows:
            connection.exec_driver_sql("INSERT INTO t VALUES (?, ?)", row)
    with database.write() as connection:
        for name, _ in rows[::3]:
            connection.exec_driver_sql("DELETE FROM t WHERE id = ?", (name,))
    database.truncate_log()

    def left() -> int:
        content = (tmp_path / "x.db").read_bytes()
        found = set(re.findall(rb"[0-9]{5}-[0-9]{6}", content))
        return sum(name.encode() in found for name, _ in rows[::3])

    assert left() > 0, "this test needs rows that secure_delete alone leaves behind"
    database.rewrite()
    assert database.truncate_log()
    assert left() == 0
    database.dispose()
