"""Carry what every part of the replay needs: the state, the findings, and whose quorum acts at the moment."""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from audit import rules
from audit.decoding import Event
from audit.findings import Finding, Rule
from audit.roots import Roots
from audit.state import State

# Which argument of an event names the member it is about.
_WHOSE = ("issuer", "member", "proposer")


class Course:
    """Hold a replay in progress; `executing` is the transaction that last executed a proposal."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.findings: list[Finding] = []
        self.executing = ""
        self.roots = Roots()

    def report(self, rule: Rule, event: Event, message: str) -> None:
        """Add a finding about an event."""
        subject = f"{event.transaction} log {event.log_index}"
        whose = next((event.args[name] for name in _WHOSE if name in event.args), None)
        self.findings.append(Finding(rule, subject, message, event.block_number, whose))

    def by_quorum(self, event: Event) -> bool:
        """Tell whether an event belongs to the founding, or follows an executed proposal in its transaction."""
        return event.block_number <= self.state.genesis or event.transaction == self.executing

    def require_active(self, event: Event, member: str, time: int) -> None:
        """Report a member that acts while it is suspended, removed or unknown."""
        standing = self.state.status_at(member, time)
        if standing != "active":
            self.report(rules.ACT_WITHOUT_STANDING, event, f"{event.name} by a member that was {standing}")

    def require_present(self, event: Event, member: str, time: int) -> None:
        """Report a removed or unknown member that acts for itself; a suspended one may still tighten."""
        standing = self.state.status_at(member, time)
        if standing not in ("active", "suspended") and not self.by_quorum(event):
            self.report(rules.ACT_WITHOUT_STANDING, event, f"{event.name} by a member that was {standing}")

    def require_earlier(self, event: Event, before: int, since: int, time: int) -> None:
        """Report a declared time that lies in the future, or is not earlier than the one declared before it."""
        if since >= before or since > time:
            self.report(rules.HISTORY_REWRITTEN, event, f"{event.name} moved a declared time later")


Handler = Callable[[Course, Event, int], None]
"""Applies one event of a block with a time; raises KeyError where it refers to what no event made."""


def event_digest(contract: str, name: str, args: Mapping[str, Any], time: object, transaction: object) -> str:
    """Give one hash over everything a registry event says, to compare it with what a node has stored."""
    content = [contract, name, dict(args), time, transaction]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
