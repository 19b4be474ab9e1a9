"""Carry the log on, a step at a time, beside the worker's other parts: sequence, sign, publish."""

from jeung.ports.log import SignedCheckpoint, TransparencyLog
from jeung.ports.world import Clock
from jeung.services.log.checkpoints import CheckpointService


class LogWork:
    """Do the steps of one node's log."""

    def __init__(
        self, *, checkpoints: CheckpointService, log: TransparencyLog, clock: Clock, interval_s: int
    ) -> None:
        """Sign at most every `interval_s` seconds."""
        self._checkpoints = checkpoints
        self._log = log
        self._clock = clock
        self._interval_s = interval_s
        self._next_at = 0

    def step(self, fence: int) -> bool:
        """Give waiting entries their places and publish what is due; tell whether more entries may wait.

        Raises:
            LogBehind, LogForked: nothing may be signed.
            KeyUnavailable: no key for checkpoints is active.
            FenceLost, StoreBusy, StoreUnavailable: it is tried again.
        """
        more = self._checkpoints.sequence(fence)
        now = self._clock.now()
        if not more and now >= self._next_at:
            self._next_at = now + self._interval_s
            signed = self._checkpoints.sign(fence) or self._unpublished()
            if signed is not None:
                self._log.publish(signed.epoch, signed.size, [], fence=fence)
        return more

    def _unpublished(self) -> SignedCheckpoint | None:
        """Give a checkpoint that was signed and not published, because the worker stopped in between."""
        epoch = self._log.head().epoch
        last, published = self._log.last_checkpoint(epoch), self._log.published(epoch)
        return None if published is not None and last == published[0] else last
