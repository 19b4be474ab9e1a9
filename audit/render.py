"""Write a report as text, JSON, SARIF 2.1.0 or CSV."""

import csv
import io
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from audit import rules
from audit.findings import Finding, Report, Severity

_COLOUR = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_PLACES = {rule.rule_id: place for place, rule in enumerate(rules.ALL)}


def as_json(report: Report) -> str:
    """Write the report as indented JSON."""
    return orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2).decode()


def as_sarif(report: Report) -> str:
    """Write the findings as SARIF 2.1.0; a finding's place is the block of the chain it was found at."""
    driver = {
        "name": "jeung-audit",
        "rules": [
            {
                "id": rule.rule_id,
                "shortDescription": {"text": f"{rule.title}."},
                "fullDescription": {"text": f"Its absence proves: {rule.proves}."},
                "defaultConfiguration": {"level": rule.severity.value},
            }
            for rule in rules.ALL
        ],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "results": [_sarif_result(finding) for finding in report.findings],
        "properties": {
            "deploymentId": report.deployment_id,
            "chainId": report.chain_id,
            "fromBlock": report.from_block,
            "toBlock": report.to_block,
            "toBlockHash": report.to_block_hash,
            "reportedFromBlock": report.first_reported,
            "member": report.member,
            "lookedAt": report.counts,
        },
    }
    document = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2).decode()


def _sarif_result(finding: Finding) -> dict[str, Any]:
    place = finding.subject if finding.block is None else f"block/{finding.block}/{finding.subject}"
    return {
        "ruleId": finding.rule.rule_id,
        "ruleIndex": _PLACES[finding.rule.rule_id],
        "level": finding.rule.severity.value,
        "message": {"text": f"{finding.subject}: {finding.message}"},
        "locations": [{"logicalLocations": [{"fullyQualifiedName": place}]}],
    }


def as_csv(report: Report) -> str:
    """Write the findings as CSV (RFC 4180), one row each; no cell is taken for a formula by a spreadsheet."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(("severity", "rule", "subject", "message", "block", "member"))
    for finding in report.findings:
        block = "" if finding.block is None else str(finding.block)
        texts = (finding.subject, finding.message, block, finding.member or "")
        writer.writerow((finding.rule.severity.value, finding.rule.rule_id, *map(_cell, texts)))
    return buffer.getvalue()


def _cell(text: str) -> str:
    shown = _plain(text).plain
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@")) else shown


def as_text(report: Report, *, colour: bool = False, width: int = 110) -> str:
    """Write the report for a person: what was looked at, then the findings, then the verdict."""
    buffer = io.StringIO()
    console = Console(file=buffer, force_terminal=colour, width=width, no_color=not colour, highlight=False)
    console.print(f"Audit of deployment {report.deployment_id}")
    console.print(f"blocks {report.from_block}-{report.to_block}, head {report.to_block_hash}")
    if report.first_reported or report.member:
        whose = "" if report.member is None else f", of member {report.member} and of the consortium"
        console.print(f"reported from block {report.first_reported}{whose}")
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
            found.add_row(*map(_plain, row), style=_COLOUR[severity])
        console.print(found)
    serious = sum(finding.rule.severity is not Severity.NOTE for finding in report.findings)
    notes = len(report.findings) - serious
    verdict = "clean" if report.exit_code == 0 else _counted(serious, "finding")
    console.print(f"Result: {verdict}" + (f", {_counted(notes, 'note')}" if notes else ""))
    return buffer.getvalue()


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _plain(text: str) -> Text:
    """Take text of chains and databases for what it is: no markup, no control characters of a terminal."""
    return Text("".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text))
