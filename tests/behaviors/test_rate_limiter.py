"""What every rate limiter must do: refuse what is too much, say how long to wait, and mean it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jeung.ports.store import RateLimiter
from node.store.limiter import SqliteRateLimiter
from node.store.limits_storage import SqliteCounters
from tests.common.memory.limiter import MemoryRateLimiter
from tests.common.memory.world import SetClock


def in_memory(_folder: Path, clock: SetClock) -> tuple[RateLimiter, Callable[[], None]]:
    return MemoryRateLimiter(clock, {"token": (3, 60), "public": (5, 60)}), lambda: None


def in_sqlite(folder: Path, clock: SetClock) -> tuple[RateLimiter, Callable[[], None]]:
    limiter = SqliteRateLimiter(
        SqliteCounters(folder / "limits", clock), {"token": "3/minute", "public": "5 per 1 minute"}
    )
    return limiter, limiter.close


@pytest.fixture
def clock() -> SetClock:
    return SetClock(1_800_000_010)


@pytest.fixture(params=[in_memory, in_sqlite], ids=["memory", "sqlite"])
def limiter(request: pytest.FixtureRequest, tmp_path: Path, clock: SetClock) -> Iterator[RateLimiter]:
    made, close = request.param(tmp_path, clock)
    yield made
    close()


def test_caller_is_refused_beyond_its_limit(limiter: RateLimiter) -> None:
    assert [limiter.hit("token", "a") for _ in range(3)] == [None, None, None]
    assert limiter.hit("token", "a") is not None


def test_callers_and_limits_are_counted_apart(limiter: RateLimiter) -> None:
    for _ in range(4):
        limiter.hit("token", "a")
    assert limiter.hit("token", "b") is None
    assert limiter.hit("public", "a") is None


def test_cost_counts_as_that_many_hits(limiter: RateLimiter) -> None:
    assert limiter.hit("public", "a", cost=3) is None
    assert limiter.hit("public", "a", cost=3) is not None
    assert limiter.hit("public", "a", cost=2) is None


def test_refused_hit_is_not_counted(limiter: RateLimiter) -> None:
    assert limiter.hit("public", "a", cost=4) is None
    for _ in range(5):
        assert limiter.hit("public", "a", cost=2) is not None
    assert limiter.hit("public", "a") is None


def test_caller_that_waits_as_told_is_served(limiter: RateLimiter, clock: SetClock) -> None:
    for _ in range(3):
        limiter.hit("token", "a")
    wait_s = limiter.hit("token", "a")
    assert wait_s is not None
    assert 0 < wait_s <= 120
    clock.advance(wait_s - 1)
    assert limiter.hit("token", "a") is not None
    clock.advance(1)
    assert limiter.hit("token", "a") is None
