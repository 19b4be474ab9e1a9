"""Measure the time between an act, its attestation and its effect.

Gaps are figures first: median, 95th percentile and the longest. What took too long is a finding by itself.
"""

from collections import Counter
from itertools import pairwise
from typing import Final

from audit import rules
from audit.database import NodeDatabase
from audit.findings import Finding, Report
from audit.state import State

_ATTESTED_LATE_S: Final = 3_600
_STATUS_LATE_S: Final = 300
_P95: Final = 0.95


class Gaps:
    """Count gaps by the second: as many numbers as there are different gaps, however many events there were."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, seconds: int) -> None:
        """Count one gap."""
        self._counts[seconds] += 1

    def figures(self) -> dict[str, int]:
        """Give count, median, 95th percentile and longest in seconds; only a count of 0 where nothing was added."""
        count = self._counts.total()
        if not count:
            return {"count": 0}
        return {
            "count": count,
            "median_s": self._at(count // 2),
            "p95_s": self._at(int(count * _P95)),
            "longest_s": max(self._counts),
        }

    def counts(self) -> Counter[int]:
        """Give how many gaps there were of each length."""
        return self._counts

    def _at(self, rank: int) -> int:
        seen = 0
        for seconds in sorted(self._counts):
            seen += self._counts[seconds]
            if seen > rank:
                break
        return seconds


def _measured(report: Report, **measured: Gaps) -> int:
    """Write figures and gaps into a report; give how many there were."""
    for name, gaps in measured.items():
        report.figures[name.replace("_", " ")], report.gaps[name.replace("_", " ")] = gaps.figures(), gaps.counts()
    return sum(gaps.counts().total() for gaps in measured.values())


def compare_timing(state: State, report: Report) -> tuple[list[Finding], int]:
    """Measure what the chain alone shows; write figures, give no findings, and a count of gaps."""
    decided, apart = Gaps(), Gaps()
    for proposal in state.proposals.values():
        if proposal["executed_at"] is not None:
            decided.add(proposal["executed_at"] - proposal["proposed_at"])
    for before, after in pairwise(batch["time"] for batch in state.batches.values()):
        apart.add(after - before)
    return [], _measured(report, proposed_to_executed=decided, attestation_to_attestation=apart)


def compare_node_timing(
    database: NodeDatabase, state: State, member: str, report: Report
) -> tuple[list[Finding], int]:
    """Measure a node's acts against the chain; write figures, give findings and a count of gaps.

    Raises:
        AuditImpossible: the database cannot be read.
    """
    findings: list[Finding] = []
    attested, effective = Gaps(), Gaps()
    for row in database.rows("SELECT credential_id, schema_id, digest, issued_at FROM credentials"):
        stood = state.digests.find(member, row["schema_id"], row["digest"])
        if stood is not None and isinstance(row["issued_at"], int):
            gap = stood.time - row["issued_at"]
            attested.add(gap)
            if gap > _ATTESTED_LATE_S:
                message = f"was attested {gap} s after its issue"
                findings.append(
                    Finding(rules.ATTESTED_LATE, f"credential {row['credential_id']}", message, stood.block)
                )
    for row in database.rows(
        "SELECT w.change_id, w.created_at, c.block_time, c.block_number FROM status_works w"
        " JOIN status_changes c ON c.transaction_hash = w.transaction_hash AND c.list_number = w.list_number"
        " AND c.status_index = w.status_index AND c.status = w.status"
    ):
        if isinstance(row["created_at"], int) and isinstance(row["block_time"], int):
            gap = row["block_time"] - row["created_at"]
            effective.add(gap)
            if gap > _STATUS_LATE_S:
                message = f"stood on the chain {gap} s after it was decided"
                findings.append(
                    Finding(rules.STATUS_LATE, f"change {row['change_id']}", message, row["block_number"])
                )
    return findings, _measured(report, issued_to_attested=attested, decided_to_effective=effective)
