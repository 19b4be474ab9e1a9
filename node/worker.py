"""Do a node's background work: exactly one worker of a node acts, the others stand by.

Numbered as the loop does it:

1. Hold the lease. Its fencing token goes into every write, so that a worker that lost the lease without noticing
   (a suspended machine) cannot write any more. Without the lease only this step runs.
2. Do each part whose time has come: follow the chain, send what waits, publish status lists, clear away.
3. A part that fails is said once, waited for longer each time up to a bound, and said again when it is back; the
   other parts go on. Nothing is lost meanwhile: all work is rows in the database.

A stop signal ends the loop after the part at hand; the lease is given back, so that the next worker starts at once.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Protocol

from jeung.errors import FenceLost, JeungError
from jeung.ports.chain import Lease
from jeung.ports.world import Clock
from node.chain.errors import WrongChain

_log = logging.getLogger(__name__)
_FIRST_RETRY_S = 0.25


class Waiter(Protocol):
    """Wait for some seconds; tell whether a stop was asked for."""

    def wait(self, timeout: float) -> bool:
        """Wait."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """Describe a part of the work: what it does with the fencing token, and how often, in seconds.

    `act` tells whether more of the same waits; then its next turn comes at once.
    """

    name: str
    act: Callable[[int], bool]
    every_s: float


@dataclass(slots=True)
class _Progress:
    """Follow one part: when it is due (monotonic seconds) and how often it failed in a row."""

    part: Part
    due: float = 0.0
    failures: int = 0


@dataclass(frozen=True, slots=True)
class WorkerRules:
    """Set the rhythm: how long the lease lasts, and the longest wait after failures; seconds."""

    lease_ttl_s: int
    retry_max_s: float
    idle_s: float = 0.05


@dataclass(slots=True)
class Worker:
    """Run the loop until a stop is asked for."""

    holder: str
    lease: Lease
    parts: Sequence[Part]
    clock: Clock
    rules: WorkerRules
    stop: Waiter
    monotonic: Callable[[], float] = time.monotonic
    _fence: int | None = field(default=None, init=False)
    _renew_at: float = field(default=0.0, init=False)
    _standing_by: bool = field(default=False, init=False)
    _progress: list[_Progress] = field(init=False)
    _leasing: _Progress = field(init=False)

    def __post_init__(self) -> None:
        """Make every part due at once."""
        self._progress = [_Progress(part) for part in self.parts]
        self._leasing = _Progress(Part("lease", self._hold_lease, 0.0))

    def run(self) -> None:
        """Work until a stop is asked for, then give the lease back.

        Raises:
            WrongChain: the chain is another consortium's.
        """
        try:
            while not self.stop.wait(self._pause()):
                self.turn()
        finally:
            if self._fence is not None:
                self._give_back()

    def turn(self) -> None:
        """Do once what is due."""
        now = self.monotonic()
        if now >= max(self._renew_at, self._leasing.due):
            self._attempt(self._leasing, 0)
        for progress in self._progress:
            if self._fence is not None and self.monotonic() >= progress.due:
                self._attempt(progress, self._fence)

    def _pause(self) -> float:
        """Give the seconds until something is due; a stop signal ends the wait early."""
        due = [max(self._renew_at, self._leasing.due)]
        if self._fence is not None:
            due += [progress.due for progress in self._progress]
        return min(max(min(due) - self.monotonic(), self.rules.idle_s if due else 0.0), 1.0)

    def _attempt(self, progress: _Progress, fence: int) -> None:
        """Do one part; whatever goes wrong with it is said once and tried again later."""
        try:
            more = progress.part.act(fence)
        except WrongChain:
            raise
        except FenceLost:
            _log.warning("another worker holds the lease now; standing by")
            self._fence, self._renew_at = None, 0.0
        except JeungError as error:
            self._failed(progress, f"{error.code}: {error.detail}", expected=True)
        except Exception as error:
            self._failed(progress, type(error).__name__, expected=False)
        else:
            if progress.failures:
                _log.info("%s works again after %d failures", progress.part.name, progress.failures)
            progress.failures = 0
            progress.due = self.monotonic() + (0.0 if more else progress.part.every_s)

    def _failed(self, progress: _Progress, what: str, *, expected: bool) -> None:
        if progress.failures == 0:
            # Expected troubles (a dependency is down) need no traceback; a mistake of ours does.
            _log.warning("%s fails: %s; trying again", progress.part.name, what, exc_info=not expected)
        progress.failures += 1
        pause = min(self.rules.retry_max_s, _FIRST_RETRY_S * 2.0 ** min(progress.failures - 1, 16))
        progress.due = self.monotonic() + pause

    def _hold_lease(self, _fence: int) -> bool:
        fence = self.lease.acquire(self.holder, now=self.clock.now(), ttl_s=self.rules.lease_ttl_s)
        if fence is None and not self._standing_by:
            _log.info("another worker holds the lease; standing by")
        if fence is not None and fence != self._fence:
            _log.info("holding the lease, fence %d", fence)
        self._fence, self._standing_by = fence, fence is None
        self._renew_at = self.monotonic() + (self.rules.lease_ttl_s / 3 if fence is not None else 1.0)
        return False

    def _give_back(self) -> None:
        try:
            self.lease.release(self.holder)
        except JeungError:
            _log.warning("the lease could not be given back; it runs out by itself")


def stop_on_signals() -> threading.Event:
    """Give an event that SIGTERM and SIGINT set."""
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop
