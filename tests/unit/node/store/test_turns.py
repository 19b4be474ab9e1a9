"""Writers take turns: one at a time, each within its bound, and none sleeps while the way is free."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jeung.errors import StoreBusy
from node.store.turns import WriterTurns


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "turns.db"
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE things (thing INTEGER)")
    made.close()
    return path


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def connect(file: Path, stack: ExitStack) -> sqlite3.Cursor:
    connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
    stack.callback(connection.close)
    return connection.cursor()


def test_a_thread_whose_turn_does_not_come_is_told_so(file: Path, stack: ExitStack) -> None:
    turns = WriterTurns(0.05)
    turns.begin(connect(file, stack))
    with pytest.raises(StoreBusy):
        turns.begin(connect(file, stack))
    with pytest.raises(StoreBusy), turns.alone():
        pytest.fail("it is another's turn")


def test_another_process_in_the_way_ends_the_wait_at_its_bound_and_the_turn_with_it(
    file: Path, stack: ExitStack
) -> None:
    other, turns, mine = connect(file, stack), WriterTurns(0.05), connect(file, stack)
    other.execute("BEGIN IMMEDIATE")
    for _ in range(2):
        # A turn that was kept would make the second wait one for this process's own lock.
        with pytest.raises(sqlite3.OperationalError) as refused:
            turns.begin(mine)
        assert refused.value.sqlite_errorcode == sqlite3.SQLITE_BUSY
    other.execute("COMMIT")
    turns.begin(mine)
    turns.end()


def test_whoever_waits_for_another_process_goes_on_when_it_is_done(file: Path, stack: ExitStack) -> None:
    other, turns, mine = connect(file, stack), WriterTurns(30), connect(file, stack)
    other.execute("BEGIN IMMEDIATE")
    begun = threading.Event()

    def write() -> None:
        turns.begin(mine)
        begun.set()

    waiting = threading.Thread(target=write)
    waiting.start()
    assert not begun.wait(0.05)
    other.execute("COMMIT")
    assert begun.wait(30)
    waiting.join()


def test_what_is_no_want_of_patience_is_raised_at_once(file: Path, stack: ExitStack) -> None:
    turns, mine = WriterTurns(30), connect(file, stack)
    mine.execute("BEGIN")
    with pytest.raises(sqlite3.OperationalError, match="within a transaction"):
        turns.begin(mine)
    with turns.alone():
        pass


def test_threads_never_write_at_the_same_time(file: Path, stack: ExitStack) -> None:
    turns, inside, most = WriterTurns(30), [], []

    def write(cursor: sqlite3.Cursor) -> None:
        for thing in range(20):
            turns.begin(cursor)
            inside.append(thing)
            most.append(len(inside))
            cursor.execute("INSERT INTO things VALUES (?)", (thing,))
            cursor.execute("COMMIT")
            inside.pop()
            turns.end()

    writers = [threading.Thread(target=write, args=(connect(file, stack),)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert set(most) == {1}
    assert connect(file, stack).execute("SELECT count(*) FROM things").fetchone() == (80,)
