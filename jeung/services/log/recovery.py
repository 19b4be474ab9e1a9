"""Find out how a log goes on after a loss, or where the consortium opened an epoch.

Numbered as the code does it; the worker acts on the answer (`jeung.services.log.work`), this only asks and reads:

1. The chain's newest blocks are known here: after a restore the index is as old as the backup, and name an old epoch.
2. What the others hold of the present epoch decides. Most of them must answer, and only what we signed counts.
3. All of it is in this log: the log goes on.
4. Some of it is not. It is fetched from copies, whole or not at all; a log that lacks it signs nothing.
5. The chain names an epoch that nobody holds anything of: it is begun, with the last checkpoint that others hold of
   those before. So neither a member nor its backup begins an epoch that nobody voted for, or one epoch twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.tree import EMPTY_ROOT, MAX_SIZE
from jeung.domain.ledger import Freshness
from jeung.domain.transparency import log_origin
from jeung.errors import NotFound
from jeung.ports.ledger import Ledger
from jeung.ports.log import LogCopies, LogCopy, LogHead, Opening, TransparencyLog
from jeung.ports.world import Clock
from jeung.services.log.anchoring import AnchorService
from jeung.services.log.checkpoints import CheckpointService
from jeung.services.log.copies import MAX_MISSING, CopyFetch, Wanted
from jeung.services.log.heads import HeadReader

EPOCHS_ASKED: Final = 16
COPIES_AGAIN_S: Final = 600
_HEARD_WITHIN_S: Final = 60
_BLOCKS_BEHIND: Final = 2
_WAITS: Final = "the log waits to be compared with what the other members hold of it"
_MISSING: Final = "other members cosigned entries of this log that are not in it"


@dataclass(frozen=True, slots=True)
class Whole:
    """Say that the log holds everything that others hold of its present epoch."""


@dataclass(frozen=True, slots=True)
class GoingOn:
    """Say that entries are being fetched, and that there are more to fetch."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Say why the log cannot go on yet."""

    why: str


Found = Whole | GoingOn | Behind | LogCopy | Opening


class RecoveryService:
    """Look at one member's log from outside."""

    def __init__(
        self,
        *,
        heads: HeadReader,
        checkpoints: CheckpointService,
        anchors: AnchorService,
        log: TransparencyLog,
        ledger: Ledger,
        clock: Clock,
        copies: Sequence[str],
        calls: LogCopies,
        url: str,
    ) -> None:
        """Fetch from `copies`: addresses that serve `/log/<epoch>/tile/…` as the member's own does."""
        self._heads = heads
        self._checkpoints = checkpoints
        self._anchors = anchors
        self._log = log
        self._ledger = ledger
        self._clock = clock
        self._copies = copies
        self._calls = calls
        self._url = url
        self._fetch: CopyFetch | None = None
        self._copies_at = 0

    def look(self, head: LogHead) -> Found:
        """Say how a log that has come so far goes on, or go on fetching what it lacks.

        Raises:
            LedgerStale: the follower has never run.
            StoreBusy, StoreUnavailable: it is tried again.
        """
        if self._fetch is not None:
            return self._fetched(self._fetch)
        with self._ledger.view() as view:
            freshness = view.freshness
        if not self._is_current(freshness):  # 1
            return Behind("the log waits for the chain's newest blocks")
        present = self._anchors.present_epoch()
        if head.epoch > present:
            return Behind("the chain does not know the epoch this log is in")
        held = self._held(present)  # 2
        if held is None:
            return Behind(_WAITS)
        if head.epoch == present and all(self._has(present, one) for one in held):  # 3
            return Whole()
        return self._lost(head, present, held) if held else self._opening(head, present)

    def _is_current(self, freshness: Freshness) -> bool:
        is_heard = self._clock.now() - freshness.polled_at <= _HEARD_WITHIN_S
        return is_heard and freshness.head_number - freshness.indexed_number <= _BLOCKS_BEHIND

    def _held(self, epoch: int) -> list[Checkpoint] | None:
        """Give what others hold of an epoch: what they say, what stands anchored, and what they cosigned for us."""
        heads, published = self._heads.heads(epoch), self._log.published(epoch)
        if heads is None:
            return None
        anchored = self._anchors.anchored(epoch)
        shown = [] if anchored is None else [anchored]
        if published is not None and published[1]:
            # Who cosigned it may be down, or say now that he saw nothing.
            shown.append((published[0].size, published[0].root))
        return [*heads, *(Checkpoint(log_origin(self._url, epoch), *one) for one in shown)]

    def _has(self, epoch: int, held: Checkpoint) -> bool:
        try:
            return self._checkpoints.root_at(epoch, held.size) == held.root
        except NotFound:
            return False

    def _lost(self, head: LogHead, present: int, held: Sequence[Checkpoint]) -> Found:  # 4
        begin = head.size if head.epoch == present else 0
        target = _last(held)
        if begin >= target.size or not self._copies or self._clock.now() < self._copies_at:
            return Behind(_MISSING)
        if target.size - begin > MAX_MISSING:
            return Behind(f"{_MISSING}, and more than are fetched from a copy")
        wanted = Wanted(present, begin, target, held)
        self._fetch = CopyFetch(wanted, self._copies, calls=self._calls, log=self._log, clock=self._clock)
        return self._fetched(self._fetch)

    def _fetched(self, fetch: CopyFetch) -> Found:
        try:
            copy = fetch.go_on()
        except NotFound:
            self._fetch, self._copies_at = None, self._clock.now() + COPIES_AGAIN_S
            return Behind(f"{_MISSING}, and no copy has them whole")
        if copy is None:
            return GoingOn()
        self._fetch = None
        return copy

    def _opening(self, head: LogHead, present: int) -> Found:  # 5
        last, of_epoch = Checkpoint(log_origin(self._url, present - 1), 0, EMPTY_ROOT), 0
        for epoch in range(present - 1, max(0, present - 1 - EPOCHS_ASKED), -1):
            held = self._held(epoch)
            if held is None:
                return Behind(_WAITS)
            if held:
                last, of_epoch = _last(held), epoch
                break
        return Opening(present, last, self._carried_from(head.epoch, of_epoch, last))

    def _carried_from(self, own: int, of_epoch: int, last: Checkpoint) -> int:
        """Give where the entries of our newest epoch begin that nobody else holds, too early rather than too late."""
        if of_epoch < own:
            return 0
        if of_epoch == own and self._has(own, last):
            return last.size
        signed = self._log.last_checkpoint(own, at_most=last.size if of_epoch == own else MAX_SIZE)
        return 0 if signed is None else signed.size


def _last(held: Sequence[Checkpoint]) -> Checkpoint:
    """Give the largest; of two histories of one size the one that more hold, and be it an arbitrary one."""
    roots = [(one.size, one.root) for one in held]
    return max(held, key=lambda one: (one.size, roots.count((one.size, one.root)), one.root, one.origin))
