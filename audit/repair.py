"""Gather from a report what would bring a node's projections back to the chain. Nothing is changed here."""

from audit.findings import Report
from audit.remedies import Kind, Remedy


def proposals(report: Report, own_url: str) -> list[Remedy]:
    """Give the remedies of a node's findings, each once, the index first; another member's lists are its own matter.

    The index comes first because every other reading of the node rests on it.
    """
    own = {
        remedy
        for finding in report.findings
        if (remedy := finding.remedy) is not None
        and (remedy.kind is not Kind.PUBLISH_LIST or remedy.target.startswith(f"{own_url}/status-lists/"))
    }
    return sorted(own, key=lambda remedy: (list(Kind).index(remedy.kind), remedy.target))
