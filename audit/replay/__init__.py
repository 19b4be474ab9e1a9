"""Rebuild the state from events alone, and judge each event by what stood before it.

What the replay proves: every attestation was made by an account that was then entitled to it, over the digests its
root names; no status ever left REVOKED; a suspended member only tightened; every governance act was executed with
its quorum of ripe approvals. What it cannot prove: that the chain itself was not replaced as a whole.
"""

from collections.abc import Iterable, Mapping
from contextlib import closing

from audit import rules
from audit.decoding import Event
from audit.findings import Finding
from audit.replay import attestations, logs, members, network, proposals, registries
from audit.replay.course import Course, Handler, event_digest
from audit.source import Log
from audit.state import State

__all__ = ["Replay", "event_digest", "replay"]

# Attestations and status changes are kept in tables of their own.
_LARGE = (("AttestationRegistry", "CredentialsAttested"), ("StatusRegistry", "StatusesSet"))
# Whom an event is about; it must leave an entry in that member's log.
_NAMES_A_MEMBER = ("member", "proposer", "supervisor")

_HANDLERS: Mapping[tuple[str, str], Handler] = {
    **{("Consortium", name): handler for name, handler in (members.HANDLERS | proposals.HANDLERS).items()},
    **registries.HANDLERS,
    **attestations.HANDLERS,
    **network.HANDLERS,
    **logs.HANDLERS,
}


class Replay:
    """Apply events in the order of the chain to a state, gathering findings."""

    def __init__(self, state: State) -> None:
        """Go on from a state (an empty one, or a checkpoint's)."""
        self._course = Course(state)

    @property
    def state(self) -> State:
        """Give the state as the events so far made it."""
        return self._course.state

    def settle(self) -> None:
        """Wait for what is still being computed, the roots of the last batches: only then everything is found.

        Raises:
            AuditImpossible: a process that computes them has ended.
        """
        self._course.roots.settle()

    def take_findings(self) -> list[Finding]:
        """Give what was found since the last time."""
        found, self._course.findings = self._course.findings, []
        return found

    def close(self) -> None:
        """End what computes beside the replay."""
        self._course.roots.close()

    def apply(self, event: Event, time: int) -> None:
        """Apply one event of a block whose time is given, seconds UTC."""
        if (event.contract, event.name) not in _LARGE:
            place = f"{event.block_number}/{event.log_index}"
            self.state.registry_events[place] = event_digest(
                event.contract, event.name, event.args, time, event.transaction
            )
            members = sorted({event.args[name] for name in _NAMES_A_MEMBER if name in event.args})
            if members:
                self.state.acts[place] = [event.contract, event.name, event.transaction, time, members]
        handler = _HANDLERS.get((event.contract, event.name))
        if handler is None:
            return
        proposals.judge_quorum(self._course, event)
        try:
            handler(self._course, event, time)
        except KeyError:
            self._course.report(rules.HISTORY_BROKEN, event, f"{event.name} refers to something no event made")

    def reject(self, log: Log) -> None:
        """Report a log that no contract of these sources can have written."""
        subject = f"{log.transaction} log {log.log_index}"
        message = "a log of our contracts does not have its event's shape"
        self._course.findings.append(Finding(rules.HISTORY_BROKEN, subject, message, log.block_number))


def replay(state: State, events: Iterable[tuple[Event, int]]) -> list[Finding]:
    """Apply events with their block times to a state; give the findings."""
    with closing(Replay(state)) as run:
        for event, time in events:
            run.apply(event, time)
        run.settle()
        return run.take_findings()
