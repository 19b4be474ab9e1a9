"""Write a report as one HTML file: what was found first, then figures, limits, inputs and how to make it again.

The file runs no script and asks nobody for anything; its own content security policy forbids both. Every text goes
through `clean` and is escaped, whatever a chain, a database or a file put into it.
"""

import base64
import hashlib
import shlex
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.metadata import version
from typing import Any, Final

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from audit import rules
from audit.catalogue import CHECKS
from audit.charts import STYLE, clean
from audit.charts.times import duration, moment
from audit.findings import Finding, Report, Rule, Severity
from audit.report import pictures
from audit.report.inputs import artifacts_digest
from audit.report.previous import Earlier, compare
from audit.report.taken import Taken
from audit.report.words import Words
from audit.state import FOREVER

MOST_ROWS: Final = 200
"""Rows of a table; of more, the last line says how many were left out."""
MOST_FINDINGS: Final = 40
"""Findings of one rule that are shown."""
_MOST_OF_A_COMMAND: Final = 4_000
_SEVERITIES: Final = (Severity.ERROR, Severity.WARNING, Severity.NOTE)
_OF_A_NODE: Final = frozenset({"node index", "node records", "verifications"})
_OF_ITS_MEMBER: Final = frozenset({"key inventory", "key use", "node timing", "node log", "log entries"})
_OF_THE_PRESENT: Final = frozenset({"status lists", "logs"})
_PLACES: Final = {rule: place for place, rule in enumerate(rules.ALL)}


@dataclass(frozen=True, slots=True)
class Inputs:
    """Name what a report was made from: SHA-256 of files, and how the audit was asked for."""

    deployment_sha256: str
    fixed: bool
    scans: tuple[tuple[str, str], ...] = ()
    """(name, SHA-256) of each file that was searched."""
    known_values: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Hold the findings of one rule, the first of them to be shown."""

    rule: Rule
    count: int
    shown: Sequence[Finding]


def render(report: Report, taken: Taken, inputs: Inputs, words: Words, earlier: Earlier | None = None) -> str:
    """Write the report; the same arguments give the same text."""
    style = _template("report.css") + STYLE
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        _environment()
        .get_template("report.html")
        .render(
            words=words,
            page=words.page,
            report=report,
            taken=taken,
            facts=taken.facts,
            inputs=inputs,
            style=Markup(style),  # noqa: S704 - our own sheet
            policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
            version=version("jeung"),
            severities=_SEVERITIES,
            groups=_groups(report.findings),
            counts=Counter(finding.rule.severity for finding in report.findings),
            urls={one.member: one.url for one in taken.facts.members},
            left_out=_left_out(report, taken),
            difference=None if earlier is None else compare(earlier, report),
            rules_by_id={rule.rule_id: rule for rule in rules.ALL},
            earlier=earlier,
            named_inputs=_named(taken, inputs, words, earlier),
            recipe=escape(clean(_recipe(report, taken, inputs, words, earlier), _MOST_OF_A_COMMAND)),
            pictures=_Pictures(words, report, taken),
            step=duration(taken.facts.slots.step),
            forever=FOREVER,
            executed=sum(one.executed_at is not None for one in taken.facts.proposals),
            most=MOST_ROWS,
        )
    )


def _groups(findings: Iterable[Finding]) -> dict[Severity, list[Group]]:
    by_rule: dict[Rule, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    groups: dict[Severity, list[Group]] = {severity: [] for severity in _SEVERITIES}
    for rule in sorted(by_rule, key=lambda rule: _PLACES.get(rule, len(_PLACES))):
        found = sorted(by_rule[rule], key=lambda one: (one.block or 0, one.subject, one.message))
        groups[rule.severity].append(Group(rule, len(found), found[:MOST_FINDINGS]))
    return groups


def _left_out(report: Report, taken: Taken) -> list[tuple[str, str]]:
    """Name the checks that were not made, each with the reason."""
    return [(check.name, _why(check.name, taken)) for check in CHECKS if check.name not in report.checks]


def _why(name: str, taken: Taken) -> str:
    if name in _OF_A_NODE | _OF_ITS_MEMBER:
        return "node" if taken.member_url is None else "member"
    return "present" if name in _OF_THE_PRESENT else "sources"


def _named(taken: Taken, inputs: Inputs, words: Words, earlier: Earlier | None) -> list[tuple[str, str]]:
    """Name each input with its SHA-256."""
    named = [
        (words["input.deployment"], inputs.deployment_sha256),
        (words["input.block"], taken.head.hash.removeprefix("0x")),
        (words["input.artifacts"], artifacts_digest()),
    ]
    if taken.database_sha256 is not None:
        named.append((words["input.database"], taken.database_sha256))
    if earlier is not None:
        named.append((words["input.previous"], earlier.sha256))
    named += [(words["input.scan"].format(name=name), digest) for name, digest in inputs.scans]
    if inputs.known_values:
        named.append((words["input.values"], "–"))
    return named


def _recipe(report: Report, taken: Taken, inputs: Inputs, words: Words, earlier: Earlier | None) -> str:
    """Write the command that makes the same report again from a fixed block."""
    asked = ["jeung audit report", "--rpc URL", "--deployment FILE"]
    if taken.member_url is not None:
        asked.append("--node-dir FOLDER")
    if report.first_reported:
        asked.append(f"--from-block {report.first_reported}")
    asked.append(f"--at-block {taken.head.number}")
    if report.member is not None:
        asked.append(f"--member {shlex.quote(report.member)}")
    if earlier is not None:
        asked.append("--since FILE")
    if inputs.known_values:
        asked.append("--known-values FILE")
    # Files are searched in the order in which they are named above.
    asked += ["--scan FILE" for _ in inputs.scans]
    if "sources" in report.checks:
        asked.append("--sources FOLDER")
    return " ".join((*asked, f"--language {words.language.value}", "--out report.html"))


class _Pictures:
    """Draw on demand: the template knows where a chart stands and whether there is anything to draw."""

    def __init__(self, words: Words, report: Report, taken: Taken) -> None:
        self._words, self._report, self._taken = words, report, taken

    def __call__(self, name: str) -> Markup:
        words, facts = self._words, self._taken.facts
        times = self._taken.begin, self._taken.head
        drawn = {
            "issuance": lambda: pictures.issuance(words, facts),
            "changes": lambda: pictures.changes(words, facts),
            "outcomes": lambda: pictures.outcomes(words, facts.outcomes) if facts.outcomes else "",
            "delays": lambda: pictures.delay(words, self._report.figures),
            "standings": lambda: pictures.standings(words, facts.members, *times),
            "grants": lambda: pictures.grants(words, facts.grants, *times),
            "keys": lambda: pictures.keys(words, facts.keys, *times),
        }
        return Markup(drawn[name]())  # noqa: S704 - charts escape what they are given

    def measured(self) -> list[str]:
        return pictures.measured(self._report.figures)

    def distribution(self, name: str) -> Markup:
        drawn = pictures.distribution(self._words, name, self._report.gaps[name])
        return Markup(drawn)  # noqa: S704 - as above


def _shown(value: Any) -> Any:  # noqa: ANN401 - whatever an expression of the template gives
    return value if isinstance(value, Markup) else clean(str(value))


def _template(name: str) -> str:
    return (resources.files("audit.report") / "templates" / name).read_text("utf-8")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=DictLoader({name: _template(name) for name in ("report.html", "figures.html", "parts.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["number"] = lambda value: f"{value:,}"
    made.filters["moment"] = lambda time: "∞" if time >= FOREVER else moment(time, 1)
    made.filters["duration"] = duration
    # Already written so that no text in it passes for ours: cleaned once more it would lose the marks that see to it.
    made.filters["said"] = escape
    return made
