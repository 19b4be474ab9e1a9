"""Say what an audit found, in a form that people, programs and code scanners can read."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from audit.log.seen import SeenLog
from audit.remedies import Remedy


class Severity(enum.StrEnum):
    """Grade a finding; a note is worth knowing and leaves the exit code at 0."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """Describe one thing a check can find: `rule_id` is stable, `proves` says what its absence proves."""

    rule_id: str
    severity: Severity
    title: str
    proves: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Hold one finding; `subject` names what is wrong (an id, a table row, a URL), never a claim of a person.

    `member` is whose act or property it is; None where it concerns the consortium as a whole. `remedy` is what would
    bring a node's projection back to the chain.
    """

    rule: Rule
    subject: str
    message: str
    block: int | None = None
    member: str | None = None
    remedy: Remedy | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the finding as JSON values."""
        return {
            "rule": self.rule.rule_id,
            "severity": self.rule.severity.value,
            "subject": self.subject,
            "message": self.message,
            "block": self.block,
            "member": self.member,
            "remedy": None if self.remedy is None else self.remedy.as_json(),
        }


@dataclass(slots=True)
class Report:
    """Gather findings and what was looked at, in the order of the checks."""

    deployment_id: str
    chain_id: int
    from_block: int
    to_block: int
    to_block_hash: str
    first_reported: int = 0
    """Findings about earlier blocks are left out."""
    member: str | None = None
    """Findings about other members are left out."""
    hidden: int = 0
    """How many findings above a note were left out."""
    found: dict[str, list[Finding]] = field(default_factory=dict)
    """check -> its findings: a check may add to them when others have been made already."""
    counts: dict[str, int] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    figures: dict[str, dict[str, int]] = field(default_factory=dict)
    """What was measured, not judged: name -> {"count", "median_s", "p95_s", "longest_s"}."""
    logs: list[SeenLog] = field(default_factory=list)
    """What was read of the members' logs; empty where they were not."""
    gaps: dict[str, dict[int, int]] = field(default_factory=dict)
    """The same, whole: name -> seconds -> how many took so long."""

    def add(self, check: str, findings: Iterable[Finding], *, looked_at: int) -> None:
        """Add the findings of one check and how many things it looked at."""
        if check not in self.checks:
            self.checks.append(check)
        self.counts[check] = looked_at
        for finding in findings:
            if self.covers(finding.block, finding.member):
                self.found.setdefault(check, []).append(finding)
            else:
                self.hidden += finding.rule.severity is not Severity.NOTE

    def covers(self, block: int | None, member: str | None) -> bool:
        """Tell whether something of a block and a member is asked for; what is nobody's concerns everybody."""
        return (block is None or block >= self.first_reported) and (
            self.member is None or member is None or member == self.member
        )

    @property
    def findings(self) -> list[Finding]:
        """Give all findings in the order of the checks."""
        return [finding for check in self.checks for finding in self.found.get(check, [])]

    @property
    def exit_code(self) -> int:
        """Give 1 when anything above a note was found, else 0."""
        return int(any(finding.rule.severity is not Severity.NOTE for finding in self.findings))

    def as_json(self) -> dict[str, Any]:
        """Give the report as JSON values."""
        return {
            "deployment_id": self.deployment_id,
            "chain_id": self.chain_id,
            "from_block": self.from_block,
            "to_block": self.to_block,
            "to_block_hash": self.to_block_hash,
            "reported_from_block": self.first_reported,
            "member": self.member,
            "checks": [{"name": name, "looked_at": self.counts[name]} for name in self.checks],
            "figures": self.figures,
            "findings": [finding.as_json() for finding in self.findings],
            "clean": self.exit_code == 0,
        }


class AuditImpossible(Exception):
    """The audit could not run, or could not go on: an input is missing, unreadable or from another consortium."""
