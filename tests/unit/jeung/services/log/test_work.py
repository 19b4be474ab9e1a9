import pytest

from jeung.domain.verification import LogEntry
from jeung.errors import LogBehind
from jeung.services.log import LogWork
from jeung.services.log.checkpoints import SEQUENCED_AT_ONCE
from tests.common.memory.world import SetClock
from tests.unit.jeung.services.log.test_checkpoints import Stage


class Working:
    """A log with its work."""

    def __init__(self) -> None:
        self.stage = Stage()
        self.clock = SetClock()
        self.work = LogWork(checkpoints=self.stage.service, log=self.stage.log, clock=self.clock, interval_s=5)

    def act(self, count: int = 1) -> None:
        with self.stage.database.write() as tables:
            tables.events.extend(LogEntry("credential_issued", b"{}", 1) for _ in range(count))

    def published(self) -> int:
        found = self.stage.log.published(1)
        return 0 if found is None else found[0].size


def test_what_was_done_is_published_and_nothing_where_nothing_was() -> None:
    working = Working()
    assert working.work.step(0) is False
    assert working.published() == 0
    working.act(3)
    working.clock.advance(5)
    working.work.step(0)
    assert working.published() == 3


def test_checkpoints_keep_their_distance_and_entries_do_not_wait_for_them() -> None:
    working = Working()
    working.act()
    working.work.step(0)
    working.act()
    working.clock.advance(4)
    working.work.step(0)
    assert (working.published(), working.stage.log.head().size) == (1, 2)
    working.clock.advance(1)
    working.work.step(0)
    assert working.published() == 2


def test_a_backlog_is_sequenced_before_anything_is_signed() -> None:
    working = Working()
    working.act(SEQUENCED_AT_ONCE + 1)
    assert working.work.step(0) is True
    assert working.published() == 0
    assert working.work.step(0) is False
    assert working.published() == SEQUENCED_AT_ONCE + 1


def test_a_checkpoint_that_was_signed_and_not_published_is_published_by_the_next_worker() -> None:
    working = Working()
    working.act()
    working.stage.service.sequence(0)
    working.stage.service.sign(0)
    working.work.step(0)
    assert working.published() == 1


def test_a_guarded_log_goes_on_without_publishing() -> None:
    working = Working()
    working.stage.log.is_guarded = True
    working.act()
    with pytest.raises(LogBehind):
        working.work.step(0)
    assert (working.published(), working.stage.log.head().size) == (0, 1)
