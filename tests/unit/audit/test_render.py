"""A report reads the same as text, JSON and SARIF, whatever a chain or a database put into it."""

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import rules
from audit.findings import Finding, Report, Severity
from audit.render import as_csv, as_json, as_sarif, as_text

NASTY = "http://x/[bold red]\x1b[2J[/nonsense]\u202e\n"


def report(*findings: Finding) -> Report:
    made = Report("0x" + "ab" * 32, 31_337, 0, 12, "0x" + "cd" * 32)
    made.add("replay", findings, looked_at=1_234)
    return made


def findings_of_every_rule() -> list[Finding]:
    return [
        Finding(rule, f"subject {rule.rule_id}", "message", None if place else 7)
        for place, rule in enumerate(rules.ALL)
    ]


@pytest.mark.parametrize(
    ("severities", "code"),
    [((), 0), ((Severity.NOTE,), 0), ((Severity.WARNING,), 1), ((Severity.NOTE, Severity.ERROR), 1)],
)
def test_anything_above_a_note_gives_exit_code_1(severities: tuple[Severity, ...], code: int) -> None:
    by_severity = {rule.severity: rule for rule in rules.ALL}
    made = report(*(Finding(by_severity[severity], "x", "y") for severity in severities))
    assert made.exit_code == code
    assert json.loads(as_json(made))["clean"] is (code == 0)


def test_json_holds_every_finding() -> None:
    document = json.loads(as_json(report(*findings_of_every_rule())))
    assert [finding["rule"] for finding in document["findings"]] == [rule.rule_id for rule in rules.ALL]
    assert document["checks"] == [{"name": "replay", "looked_at": 1_234}]
    assert (document["from_block"], document["to_block"], document["chain_id"]) == (0, 12, 31_337)


def test_sarif_has_what_its_schema_requires() -> None:
    """SARIF 2.1.0: version and runs; tool.driver.name; a result's message; rules by unique id; indexes into them."""
    document = json.loads(as_sarif(report(*findings_of_every_rule())))
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-2.1.0.json")
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids) == len(rules.ALL)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["defaultConfiguration"]["level"] in ("error", "warning", "note")
    assert [result["ruleId"] for result in run["results"]] == ids
    for result in run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
        (location,) = result["locations"]
        (place,) = location["logicalLocations"]
        assert "None" not in place["fullyQualifiedName"]
    assert all(invocation["executionSuccessful"] is True for invocation in run["invocations"])


def test_sarif_of_a_clean_run_has_no_results() -> None:
    (run,) = json.loads(as_sarif(report()))["runs"]
    assert run["results"] == []


def test_text_says_clean_or_counts() -> None:
    assert "Result: clean" in as_text(report())
    error, note = Finding(rules.ROOT_MISMATCH, "x", "y"), Finding(rules.BLOCK_TIME_CHANGED, "x", "y")
    assert "Result: clean, 1 note" in as_text(report(note))
    assert "Result: 2 findings, 1 note" in as_text(report(error, note, error))
    assert "1,234 looked at" in as_text(report())


def test_text_cannot_be_steered_by_what_was_found() -> None:
    text = as_text(report(Finding(rules.ROOT_MISMATCH, NASTY, NASTY)), colour=True, width=400)
    assert "[bold red]" in text
    assert "[/nonsense]" in text
    assert "\x1b[2J" not in text
    assert "\u202e" not in text


@given(subject=st.text(), message=st.text())
def test_no_finding_breaks_a_renderer(subject: str, message: str) -> None:
    made = report(Finding(rules.ROOT_MISMATCH, subject, message))
    lines = as_text(made).splitlines()
    assert lines[-1] == "Result: 1 finding"
    assert all(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", line) is None for line in lines)
    if not any("\ud800" <= character <= "\udfff" for character in subject + message):
        assert json.loads(as_json(made))["findings"][0]["subject"] == subject
        assert json.loads(as_sarif(made))["runs"][0]["results"][0]["message"]["text"] == f"{subject}: {message}"


def test_csv_holds_every_finding_and_no_formula() -> None:
    made = report(*findings_of_every_rule(), Finding(rules.ROOT_MISMATCH, "=HYPERLINK()", NASTY, 3, "+1"))
    heading, *rows = csv.reader(io.StringIO(as_csv(made)))
    assert heading == ["severity", "rule", "subject", "message", "block", "member"]
    assert [row[1] for row in rows] == [*(rule.rule_id for rule in rules.ALL), "root-mismatch"]
    assert rows[-1][2] == "'=HYPERLINK()"
    assert rows[-1][4:] == ["3", "'+1"]
    assert not any(cell.startswith(("=", "+", "-", "@")) or "\x1b" in cell for row in rows for cell in row)


def test_a_narrowed_report_says_so() -> None:
    made = report()
    made.first_reported, made.member = 7, "0x" + "0a" * 32
    assert "reported from block 7, of member 0x0a" in as_text(made)
    made.member = None
    assert "reported from block 7\n" in as_text(made)
