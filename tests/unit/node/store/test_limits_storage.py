"""The counters of the `limits` library in SQLite: shared, bounded, telling no address, made anew when broken."""

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from limits import parse
from limits.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

from jeung.errors import StoreBusy, StoreUnavailable
from node.store.limiter import SqliteRateLimiter
from node.store.limits_storage import SqliteCounters
from tests.common.memory.world import SetClock

START = 1_800_000_000
"""The beginning of a minute."""


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture
def counters(tmp_path: Path, clock: SetClock) -> Iterator[SqliteCounters]:
    opened = SqliteCounters(tmp_path / "limits", clock)
    yield opened
    opened.close()


def row_count(path: Path) -> int:
    connection = sqlite3.connect(path)
    (count,) = connection.execute("SELECT count(*) FROM counters").fetchone()
    connection.close()
    return int(count)


def test_fixed_window_begins_with_its_first_hit(counters: SqliteCounters, clock: SetClock) -> None:
    limiter, rate = FixedWindowRateLimiter(counters), parse("2/minute")
    clock.advance(30)
    assert [limiter.hit(rate, "a") for _ in range(3)] == [True, True, False]
    assert limiter.get_window_stats(rate, "a").reset_time == START + 90
    assert limiter.hit(rate, "b")
    clock.advance(59)
    assert not limiter.hit(rate, "a")
    clock.advance(1)
    assert limiter.hit(rate, "a")


def test_last_window_weighs_less_and_less(counters: SqliteCounters, clock: SetClock) -> None:
    limiter, rate = SlidingWindowCounterRateLimiter(counters), parse("10/minute")
    assert limiter.hit(rate, "a", cost=10)
    clock.advance(60)
    # A whole window's weight stands: a burst across the border of two windows is no way around the limit.
    assert not limiter.hit(rate, "a")
    clock.advance(30)
    assert limiter.test(rate, "a", cost=5)
    assert limiter.hit(rate, "a", cost=5)
    assert not limiter.hit(rate, "a")
    clock.advance(90)
    assert limiter.hit(rate, "a", cost=10)


def test_cleared_and_reset_counters_begin_anew(counters: SqliteCounters) -> None:
    fixed, sliding, rate = (
        FixedWindowRateLimiter(counters),
        SlidingWindowCounterRateLimiter(counters),
        parse("1/hour"),
    )
    for limiter in (fixed, sliding):
        assert [limiter.hit(rate, "a"), limiter.hit(rate, "a")] == [True, False]
        limiter.clear(rate, "a")
        assert limiter.hit(rate, "a")
    assert counters.reset() == 2
    assert counters.get(rate.key_for("a")) == 0
    assert counters.get_expiry(rate.key_for("a")) == START
    assert sliding.hit(rate, "a")


def test_rows_of_past_windows_are_removed(counters: SqliteCounters, tmp_path: Path, clock: SetClock) -> None:
    for number in range(50):
        counters.acquire_sliding_window_entry(f"caller-{number}", 5, 60)
    assert row_count(tmp_path / "limits") == 50
    clock.advance(121)
    counters.acquire_sliding_window_entry("another", 5, 60)
    assert row_count(tmp_path / "limits") == 1


def test_file_does_not_tell_who_called(counters: SqliteCounters, tmp_path: Path) -> None:
    counters.acquire_sliding_window_entry("address:203.0.113.77", 5, 60)
    everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"203.0.113" not in everything


def test_threads_of_a_process_are_counted_together(counters: SqliteCounters) -> None:
    limiter = SqliteRateLimiter(counters, {"token": "30/minute"})
    passed: list[bool] = []

    def knock() -> None:
        for _ in range(20):
            passed.append(limiter.hit("token", "a") is None)

    threads = [threading.Thread(target=knock) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert passed.count(True) == 30


def test_limit_without_a_name_is_a_defect(counters: SqliteCounters) -> None:
    with pytest.raises(KeyError):
        SqliteRateLimiter(counters, {"token": "1/minute"}).hit("tokens", "a")


@pytest.mark.parametrize("rate", ["", "lots", "5/fortnight", "-1/minute"])
def test_rate_that_cannot_be_read_is_refused(counters: SqliteCounters, rate: str) -> None:
    with pytest.raises(ValueError, match="'token' to be written like"):
        SqliteRateLimiter(counters, {"token": rate})


def test_cost_above_the_limit_is_always_refused(counters: SqliteCounters) -> None:
    limiter = SqliteRateLimiter(counters, {"token": "3/minute"})
    assert limiter.hit("token", "a", cost=4) == 60


def test_other_process_is_waited_for_within_bounds(counters: SqliteCounters, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "limits", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert not counters.check()
    with pytest.raises(StoreBusy):
        SqliteRateLimiter(counters, {"token": "1/minute"}).hit("token", "a")
    other.execute("ROLLBACK")
    other.close()
    assert counters.check()


def test_broken_file_is_made_anew(tmp_path: Path, clock: SetClock) -> None:
    path = tmp_path / "limits"
    path.write_bytes(b"no database at all" * 300)
    counters = SqliteCounters(path, clock)
    assert counters.acquire_sliding_window_entry("a", 1, 60)
    assert not counters.acquire_sliding_window_entry("a", 1, 60)
    counters.close()
    assert path.stat().st_mode & 0o777 == 0o600


def test_counts_survive_a_restart(tmp_path: Path, clock: SetClock) -> None:
    first = SqliteRateLimiter(SqliteCounters(tmp_path / "limits", clock), {"token": "1/minute"})
    assert first.hit("token", "a") is None
    first.close()
    second = SqliteRateLimiter(SqliteCounters(tmp_path / "limits", clock), {"token": "1/minute"})
    assert second.hit("token", "a") is not None
    assert second.hit("token", "b") is None
    second.close()


def test_hit_that_failed_is_undone_and_the_next_one_counts(counters: SqliteCounters) -> None:
    with pytest.raises(OverflowError):
        counters.incr("a", 60, amount=2**70)
    assert counters.get("a") == 0
    assert counters.incr("a", 60) == 1


def test_place_that_cannot_hold_a_file_is_refused(tmp_path: Path, clock: SetClock) -> None:
    (tmp_path / "limits").mkdir()
    with pytest.raises(StoreUnavailable):
        SqliteCounters(tmp_path / "limits", clock)
    assert (tmp_path / "limits").stat().st_mode & 0o700 == 0o700


def test_process_that_opens_for_too_long_is_not_waited_for(
    tmp_path: Path, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.store.limits_storage.OPEN_TIMEOUT_S", 0.05)
    with FileLock(tmp_path / "limits.lock"), pytest.raises(StoreBusy):
        SqliteCounters(tmp_path / "limits", clock)


def test_closed_counters_are_a_defect_and_not_a_busy_store(tmp_path: Path, clock: SetClock) -> None:
    limiter = SqliteRateLimiter(SqliteCounters(tmp_path / "limits", clock), {"token": "1/minute"})
    limiter.close()
    with pytest.raises(sqlite3.ProgrammingError):
        limiter.hit("token", "a")
