"""Write a report as text, JSON or SARIF 2.1.0."""

import io
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from audit import rules
from audit.findings import Report, Severity

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note"}
_COLOUR = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(report: Report) -> str:
    """Write the report as indented JSON."""
    return orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2).decode()


def as_sarif(report: Report) -> str:
    """Write the findings as SARIF 2.1.0; a finding's place is the block of the chain it was found at."""
    document: dict[str, Any] = {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "jeung audit",
                        "rules": [
                            {
                                "id": rule.rule_id,
                                "shortDescription": {"text": rule.title},
                                "fullDescription": {"text": f"Its absence proves: {rule.proves}."},
                                "defaultConfiguration": {"level": _LEVEL[rule.severity]},
                            }
                            for rule in rules.ALL
                        ],
                    }
                },
                "results": [
                    {
                        "ruleId": finding.rule.rule_id,
                        "level": _LEVEL[finding.rule.severity],
                        "message": {"text": f"{finding.subject}: {finding.message}"},
                        "locations": [
                            {"logicalLocations": [{"fullyQualifiedName": f"block/{finding.block}/{finding.subject}"}]}
                        ],
                    }
                    for finding in report.findings
                ],
                "properties": {"deploymentId": report.deployment_id, "toBlock": report.to_block},
            }
        ],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def as_text(report: Report, *, colour: bool = False, width: int = 110) -> str:
    """Write the report for a person: what was looked at, then the findings, then the verdict."""
    buffer = io.StringIO()
    console = Console(file=buffer, force_terminal=colour, width=width, no_color=not colour, highlight=False)
    console.print(f"Audit of deployment {report.deployment_id}")
    console.print(f"blocks {report.from_block}-{report.to_block}, head {report.to_block_hash}")
    looked = Table(box=None, show_header=False, padding=(0, 2))
    for name in report.checks:
        looked.add_row(name, f"{report.counts[name]:,} looked at")
    console.print(looked)
    if report.findings:
        found = Table(box=None, padding=(0, 2))
        for heading in ("severity", "rule", "subject", "what"):
            found.add_column(heading, overflow="fold")
        for finding in report.findings:
            severity = finding.rule.severity
            row = (severity.value, finding.rule.rule_id, finding.subject, finding.message)
            found.add_row(*row, style=_COLOUR[severity])
        console.print(found)
    serious = sum(finding.rule.severity is not Severity.NOTE for finding in report.findings)
    verdict = "clean" if report.exit_code == 0 else f"{serious} findings"
    notes = len(report.findings) - serious
    console.print(f"Result: {verdict}" + (f", {notes} notes" if notes else ""))
    return buffer.getvalue()
