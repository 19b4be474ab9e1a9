"""The rules of the worker's loop: one acts, a trouble is said once, nothing else stops for it."""

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from jeung.errors import FenceLost, StoreBusy, Unavailable
from node.chain.errors import WrongChain
from node.worker import Part, Worker, WorkerRules

RULES = WorkerRules(lease_ttl_s=9, retry_max_s=2.0)


@dataclass
class Time:
    """Be the clock, the monotonic clock and the waiting: time passes only when somebody waits."""

    seconds: float = 1_000.0
    turns_left: int = 50
    waits: list[float] = field(default_factory=list)

    def now(self) -> int:
        return int(self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def wait(self, timeout: float) -> bool:
        self.waits.append(timeout)
        self.seconds += timeout
        self.turns_left -= 1
        return self.turns_left < 0


@dataclass
class OneLease:
    """Be a lease that another worker may hold."""

    fence: int | None = 7
    held_by: list[str] = field(default_factory=list)
    released: list[str] = field(default_factory=list)
    trouble: Exception | None = None

    def acquire(self, holder: str, *, now: int, ttl_s: int) -> int | None:
        if self.trouble is not None:
            raise self.trouble
        if self.fence is not None:
            self.held_by.append(holder)
        return self.fence

    def release(self, holder: str) -> None:
        self.released.append(holder)


def noting(fences: list[int], *, more: bool = False) -> Callable[[int], bool]:
    def act(fence: int) -> bool:
        fences.append(fence)
        return more

    return act


def worker(time: Time, lease: OneLease, *parts: Part) -> Worker:
    return Worker("me", lease, parts, time, RULES, time, time.monotonic)


def failing(error: Exception, times: int, calls: list[float], time: Time) -> Callable[[int], bool]:
    def act(_fence: int) -> bool:
        calls.append(time.seconds)
        if len(calls) <= times:
            raise error
        return False

    return act


def test_every_part_runs_with_the_fence_at_its_own_pace() -> None:
    time, fast, slow = Time(), list[int](), list[int]()
    parts = (Part("fast", noting(fast), 1.0), Part("slow", noting(slow), 10.0))
    worker(time, OneLease(), *parts).run()
    assert set(fast + slow) == {7}
    assert len(fast) > 5 * len(slow) > 0


def test_nothing_runs_while_another_holds_the_lease(caplog: pytest.LogCaptureFixture) -> None:
    time, done = Time(), list[int]()
    lease = OneLease(fence=None)
    with caplog.at_level(logging.INFO):
        worker(time, lease, Part("part", noting(done), 1.0)).run()
    assert done == []
    assert lease.released == []
    assert caplog.text.count("standing by") == 1


def test_the_lease_is_renewed_well_before_it_runs_out_and_given_back() -> None:
    time, lease = Time(), OneLease()
    worker(time, lease, Part("part", noting([]), 0.5)).run()
    passed = time.seconds - 1_000.0
    assert len(lease.held_by) >= passed / 3 - 1
    assert lease.released == ["me"]


def test_a_worker_that_lost_its_lease_stands_by_until_it_gets_another_fence() -> None:
    time, lease, fences = Time(), OneLease(), list[int]()

    def act(fence: int) -> bool:
        fences.append(fence)
        if fence == 7:
            lease.fence = 8
            raise FenceLost
        return False

    worker(time, lease, Part("part", act, 1.0)).run()
    assert fences[0] == 7
    assert set(fences[1:]) == {8}


@pytest.mark.parametrize("error", [Unavailable(retry_after_s=1), ValueError("a mistake of ours")])
def test_a_trouble_is_said_once_waited_out_and_its_end_said(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    time, calls, others = Time(turns_left=200), list[float](), list[int]()
    parts = (Part("follower", failing(error, 6, calls, time), 1.0), Part("other", noting(others), 0.5))
    with caplog.at_level(logging.INFO):
        worker(time, OneLease(), *parts).run()
    assert caplog.text.count("follower fails") == 1
    assert caplog.text.count("follower works again after 6 failures") == 1
    assert "a mistake of ours" not in caplog.messages[1]
    gaps = [later - earlier for earlier, later in itertools.pairwise(calls)]
    assert gaps[0] < gaps[2] <= max(gaps[:6]) < RULES.retry_max_s + 0.6
    assert len(others) > len(calls)


def test_an_unexpected_error_keeps_its_traceback_for_the_log(caplog: pytest.LogCaptureFixture) -> None:
    time = Time(turns_left=3)
    worker(time, OneLease(), Part("part", failing(KeyError("x"), 1, [], time), 1.0)).run()
    (record,) = [record for record in caplog.records if "fails" in record.message]
    assert record.exc_info is not None


def test_another_chain_ends_the_worker_and_the_lease_is_given_back() -> None:
    time, lease, calls = Time(), OneLease(), list[float]()
    with pytest.raises(WrongChain):
        worker(time, lease, Part("follower", failing(WrongChain(), 99, calls, time), 1.0)).run()
    assert len(calls) == 1
    assert lease.released == ["me"]


def test_a_busy_database_does_not_end_the_worker() -> None:
    time, lease, done = Time(turns_left=10), OneLease(trouble=StoreBusy(retry_after_s=1)), list[int]()
    subject = worker(time, lease, Part("part", noting(done), 1.0))
    subject.run()
    assert done == []
    lease.trouble, time.turns_left = None, 10
    subject.run()
    assert done


def test_a_part_with_more_to_do_does_not_wait_for_its_turn() -> None:
    time, done = Time(turns_left=100), list[int]()
    worker(time, OneLease(), Part("part", noting(done, more=True), 3_600.0)).run()
    assert len(done) > 50


def test_the_loop_never_spins() -> None:
    time = Time(turns_left=100)
    worker(time, OneLease(), Part("part", noting([]), 0.0)).run()
    assert min(time.waits[1:]) >= RULES.idle_s
    assert max(time.waits) <= 1.0
