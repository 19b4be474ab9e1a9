"""Judge the logs of all members: ask the witnesses first, then each log, as `trial` says."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from audit import rules
from audit.database import NodeDatabase, open_database
from audit.findings import Finding
from audit.log.epochs import Closed, last_before
from audit.log.heads import Witnesses, anchored, kept_checkpoints
from audit.log.seen import SeenLog
from audit.log.signing import LOG_SIGNING, keys_for, witnesses_of
from audit.log.site import Site
from audit.log.sources import CopiedLog, KeptLog, ServedLog, Source
from audit.log.trial import Court, Reach, Trial
from audit.source import ChainReader
from audit.state import State
from jeung.domain.transparency import log_origin

Told = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class OwnNode:
    """Name the audited node: the member's id, its URL, and its database, of which a fresh snapshot is read."""

    member: str
    url: str
    database_url: str


class LogJudge:
    """Judge logs against one state of the chain."""

    def __init__(
        self,
        reader: ChainReader,
        state: State,
        reach: Reach,
        *,
        now: int,
        own: OwnNode | None = None,
        told: Told = lambda what, done, total: None,
    ) -> None:
        self._reader, self._state, self._reach, self._now, self._own, self._told = (
            reader,
            state,
            reach,
            now,
            own,
            told,
        )

        self.seen: list[SeenLog] = []
        """What was read of each log, by member and epoch."""

    def judge(self, only: str | None = None) -> tuple[list[Finding], int]:
        """Judge the logs of all members, or of one; give findings and how many entries were read.

        Raises:
            AuditImpossible: the chain or the database cannot be read, or the audit's checkpoint file holds nonsense.
        """
        state = self._state
        findings: list[Finding] = []
        count = 0
        with ExitStack() as stack:
            sites = {member: self._site(record["urls"][-1], stack) for member, record in state.members.items()}
            able = witnesses_of(state, "", self._now)
            kept = None
            if self._own is not None:
                kept = self._own.member, stack.enter_context(open_database(self._own.database_url))
            witnesses = Witnesses(state, {member: sites[member] for member in able}, kept)
            for member in state.members if only is None else [only]:
                if not keys_for(state, member, LOG_SIGNING):
                    findings += self._keeps_none(member)
                    continue
                for trial in self._epochs(member, sites[member], witnesses):
                    findings += trial.findings
                    count += trial.looked_at
                    self.seen += [] if trial.seen is None else [trial.seen]
            findings += witnesses.findings
        return findings, count

    def _epochs(self, member: str, site: Site, witnesses: Witnesses) -> list[Trial]:
        """Judge the present epoch of a log, then those that it goes back to, as `audit.log.epochs` says."""
        trials = [self._judged(member, self._epoch(member), site, witnesses)]
        while trials[-1].epoch > 1:
            after = trials[-1]
            shown: Mapping[int, bytes] = {}
            opening, last = after.opening, last_before(witnesses, self._state, member, after.epoch)
            place = opening.epoch if opening is not None and opening.size else last.epoch
            if place:
                named = opening if opening is not None and opening.epoch == place else None
                opened = self._state.opened.get(f"{member}/{after.epoch}", self._state.block)
                trials.append(self._judged(member, place, site, witnesses, Closed(opened, named, after.told)))
                shown = trials[-1].shown
            if after.is_read and not last.allows(opening, shown):
                after.report(rules.LOG_OPENING_MISMATCH, "its first entry is not the last checkpoint known before it")
            if not place:
                break
        return trials

    def _judged(
        self, member: str, epoch: int, site: Site, witnesses: Witnesses, closed: Closed | None = None
    ) -> Trial:
        known = witnesses.heads(member, epoch) + anchored(self._state, member, epoch)
        with self._source(member, site) as (source, database):
            trial = self._trial(member, epoch, source, database)
            trial.known += known
            trial.closed = closed
            trial.run()
        return trial

    def _site(self, url: str, stack: ExitStack) -> Site:
        site = Site(url, timeout_s=self._reach.timeout_s, sleep=self._reach.sleep)
        stack.callback(site.close)
        return site

    def _trial(self, member: str, epoch: int, source: Source, database: NodeDatabase | None) -> Trial:
        state = self._state
        origin = log_origin(state.members[member]["urls"][-1], epoch)
        court = Court(
            self._reader,
            state,
            self._reach,
            self._now,
            lambda done, total: self._told(f"log of {origin}", done, total),
        )
        trial = Trial(court, member, epoch, f"log {origin}", source, [], state.block)
        if database is not None:
            indexed = database.one("SELECT indexed_number FROM follower_state")["indexed_number"]
            trial.until = indexed if isinstance(indexed, int) else -1
            trial.known, trial.findings = kept_checkpoints(database, state, member, epoch)
        return trial

    def _keeps_none(self, member: str) -> list[Finding]:
        if all(record["issuer"] != member for record in self._state.batches.values()):
            return []
        message = "the member attests and registered no key for the checkpoints of a log"
        subject = f"log {log_origin(self._state.members[member]['urls'][-1], 1)}"
        return [Finding(rules.LOG_MISSING, subject, message, member=member)]

    def _epoch(self, member: str) -> int:
        opened = self._state.log_epochs.items()
        return max((epoch for place, epoch in opened if place.startswith(f"{member}/")), default=1)

    @contextmanager
    def _source(self, member: str, site: Site) -> Iterator[tuple[Source, NodeDatabase | None]]:
        if self._own is not None and self._own.member == member:
            # A snapshot that is younger than what the witnesses said.
            with open_database(self._own.database_url) as database:
                yield KeptLog(database, self._own.url), database
        elif self._reach.copies is not None:
            yield CopiedLog(self._reach.copies, site.url), None
        else:
            yield ServedLog(site), None
