"""Carry the log on, a step at a time: sequence, sign, have it cosigned, publish, anchor.

A step never waits for another member: witnesses are asked beside it, and a later step publishes what they said. While
a checkpoint is on its round nothing newer is signed, so that each published one has had its chance of cosignatures.
Where nothing newer comes, whoever did not cosign the published one is asked again: a witness may have been down, may
not have indexed our key yet, or may have joined since. It is asked a few times, ever later, then no more.

After a restore, and where the consortium opened another epoch, entries get no places and nothing is signed before it
is known how the log goes on (`recovery`). Each of the outcomes is one transaction; whoever is killed before it looks
again.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Final

from jeung.domain.transparency import witness_name
from jeung.errors import KeyUnavailable, LedgerStale, LogBehind
from jeung.ports.log import Cosignature, LogCopy, LogHead, Opening, SignedCheckpoint, TransparencyLog
from jeung.ports.world import Clock
from jeung.services.log.anchoring import AnchorService
from jeung.services.log.checkpoints import CheckpointService
from jeung.services.log.cosigning import CosigningService, Said, Witness
from jeung.services.log.recovery import Behind, Found, RecoveryService, Whole

_log = logging.getLogger(__name__)

ASKED_AGAIN: Final = 8
_FIRST_PAUSE_S: Final = 5
_LONGEST_PAUSE_S: Final = 600

Submit = Callable[..., Future[Any]]
"""Runs a function beside the worker's loop."""


class LogWork:
    """Do the steps of one node's log."""

    def __init__(
        self,
        *,
        checkpoints: CheckpointService,
        cosigning: CosigningService,
        anchors: AnchorService,
        recovery: RecoveryService,
        log: TransparencyLog,
        clock: Clock,
        submit: Submit,
        interval_s: int,
        anchor_interval_s: int,
    ) -> None:
        """Sign at most every `interval_s` seconds, and anchor at most every `anchor_interval_s`."""
        self._checkpoints = checkpoints
        self._cosigning = cosigning
        self._anchors = anchors
        self._recovery = recovery
        self._log = log
        self._clock = clock
        self._submit = submit
        self._interval_s = interval_s
        self._anchor_interval_s = anchor_interval_s
        self._next_at = 0
        self._anchor_at = 0
        self._round: tuple[SignedCheckpoint, Sequence[Future[Said]]] | None = None
        self._look: tuple[LogHead, Future[Found]] | None = None
        self._behind: str | None = None
        self._compared: tuple[int, int] = (0, 0)
        self._lacks_key = False
        self._lonely: tuple[int, int] | None = None
        self._tries = 0
        self._again_at = 0

    def step(self, fence: int) -> bool:
        """Give waiting entries their places and publish what is due; tell whether more of either waits.

        Raises:
            LogBehind, LogForked: nothing may be signed.
            LedgerStale: the follower has never run.
            FenceLost, StoreBusy, StoreUnavailable: it is tried again.
        """
        head = self._log.head()
        is_sound = not head.is_guarded and head.epoch == self._present(head)
        if not is_sound and self._round is None:
            return self._recover(head, fence)
        more = is_sound and self._checkpoints.sequence(fence)
        now = self._clock.now()
        if self._round is not None:
            self._end_round(*self._round, fence)
        elif not more and now >= self._next_at:
            self._next_at = now + self._interval_s
            signed = self._sign(fence) or self._unpublished()
            if signed is not None:
                self._begin_round(signed, self._cosigning.witnesses(), fence)
            else:
                self._ask_again(now, fence)
        if now >= self._anchor_at:
            self._anchor_at = now + self._anchor_interval_s
            self._anchors.ask()
        return more

    def _present(self, head: LogHead) -> int:
        try:
            return self._anchors.present_epoch()
        except LedgerStale:
            # Entries need no chain to get their places; nothing is signed without it.
            return head.epoch

    def _sign(self, fence: int) -> SignedCheckpoint | None:
        try:
            signed = self._checkpoints.sign(fence)
        except KeyUnavailable:
            # A node may be older than its log: entries get their places, and wait for the key.
            if not self._lacks_key:
                _log.warning("no key signs checkpoints of the log; `jeung keys create` makes one")
            self._lacks_key = True
            return None
        except LogBehind:
            # Not only after a restore: a disk may have lost what the chain names.
            self._log.guard(fence=fence)
            raise
        self._lacks_key = False
        return signed

    def _ask_again(self, now: int, fence: int) -> None:
        """Bring the published checkpoint to those who did not cosign it, a few times."""
        published = self._log.published(self._log.head().epoch)
        if published is None:
            return
        signed, said = published
        if self._lonely != (signed.epoch, signed.size):
            self._lonely, self._tries = (signed.epoch, signed.size), 0
            self._again_at = now + _pause_s(signed, 0)
        if now < self._again_at or self._tries == ASKED_AGAIN:
            return
        missing = self._missing(said)
        if missing:
            self._tries += 1
            self._again_at = now + _pause_s(signed, self._tries)
            self._begin_round(signed, missing, fence)

    def _missing(self, said: Sequence[Cosignature]) -> Sequence[Witness]:
        # A key's text is its name, "+" and the rest (C2SP signed-note); no name has a "+".
        names = {one.key.partition("+")[0] for one in said}
        return [witness for witness in self._cosigning.witnesses() if witness_name(witness.url) not in names]

    def _begin_round(self, signed: SignedCheckpoint, witnesses: Sequence[Witness], fence: int) -> None:
        self._round = signed, [self._submit(self._cosigning.ask, witness, signed) for witness in witnesses]
        self._end_round(*self._round, fence)

    def _end_round(self, signed: SignedCheckpoint, asked: Sequence[Future[Said]], fence: int) -> None:
        if not all(future.done() for future in asked):
            return
        self._round = None
        said = [future.result() for future in asked]
        epoch, size = self._compared
        if any(one.ahead for one in said) and (signed.epoch != epoch or signed.size > size):
            # Perhaps only by its own word: what it can show that we signed decides. Who could show nothing of a log
            # that has come so far holds it up no more.
            self._log.guard(fence=fence)
            return
        cosignatures = [one.cosignature for one in said if one.cosignature is not None]
        self._log.publish(signed.epoch, signed.size, cosignatures, fence=fence)

    def _recover(self, head: LogHead, fence: int) -> bool:
        if self._look is None:
            self._look = head, self._submit(self._recovery.look, head)
        looked_at, done = self._look
        if not done.done():
            if self._behind is not None:
                # It may stay so for days: said once, and asked ever less often, as the worker does with what fails.
                raise LogBehind(self._behind)
            return False
        self._look, self._behind = None, None
        found = done.result()
        if looked_at != head:
            # The log went on meanwhile, because a fork of the chain took a vote back for a while.
            return True
        if isinstance(found, Behind):
            self._behind = found.why
            raise LogBehind(found.why)
        if isinstance(found, Whole):
            self._compared = head.epoch, head.size
            self._log.unguard(fence=fence)
        elif isinstance(found, LogCopy):
            self._log.adopt(found, fence=fence)
            _log.warning("the log took %d entries back from a copy that others keep", len(found.entries))
        elif isinstance(found, Opening):
            self._publish_closed(head.epoch, found.carry_from, fence)
            self._log.begin_epoch(found, now=self._clock.now(), fence=fence)
            _log.warning("the log goes on in epoch %d, which the consortium opened", found.epoch)
        return True

    def _publish_closed(self, epoch: int, size: int, fence: int) -> None:
        """Let a closed epoch end with all that is not carried over, though the worker stopped before it published."""
        last, published = self._log.last_checkpoint(epoch, at_most=size), self._log.published(epoch)
        if last is not None and (published is None or published[0].size < last.size):
            self._log.publish(epoch, last.size, [], fence=fence)

    def _unpublished(self) -> SignedCheckpoint | None:
        """Give a checkpoint that was signed and not published, because the worker stopped in between."""
        epoch = self._log.head().epoch
        last, published = self._log.last_checkpoint(epoch), self._log.published(epoch)
        return None if published is not None and last == published[0] else last


def _pause_s(signed: SignedCheckpoint, tries: int) -> int:
    """Give how long to wait before asking again: ever longer, spread by the checkpoint's own root."""
    pause = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**tries)
    return int(pause + signed.root[tries] % pause)
