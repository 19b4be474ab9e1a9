"""Show staff what the latest audit found, as its report says, told by what each rule means."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from flask import Response, request

from api.console.texts import language
from api.context import runtime
from api.explorer.cursors import begin_of
from api.explorer.pages import show, view
from audit import words
from audit.catalogue import NAMES
from audit.words import RULES, Language
from jeung.domain.audits import AuditUnreadable, KeptFinding

PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class Told:
    """Hold findings of one rule that stand together; of a rule that this release does not know, its code alone."""

    rule: str
    severity: str
    title: str | None
    proves: str | None
    advice: str | None
    findings: Sequence[KeptFinding]


@view("/findings", query=True, staff_only=True)
def explore_findings() -> Response:
    """Show the kept report; this page runs no audit."""
    begin = begin_of(request.args.get("after"))
    report = runtime().last_audit()
    unreadable = isinstance(report, AuditUnreadable)
    known = None if isinstance(report, AuditUnreadable) else report
    findings = () if known is None else known.findings
    end, said = begin + PAGE_SIZE, Language(language())
    return show(
        "findings.html",
        report=known,
        unreadable=unreadable,
        checks=[(_check(name, said), count) for name, count in (() if known is None else known.checks)],
        groups=list(_told(findings[begin:end], said)),
        total=len(findings),
        next_cursor=str(end) if end < len(findings) else None,
    )


def _told(findings: Iterable[KeptFinding], said: Language) -> Iterable[Told]:
    for (name, severity), found in groupby(findings, key=lambda one: (one.rule, one.severity)):
        rule = RULES.get(name)
        title, proves, advice = (
            (None, None, None)
            if rule is None
            else (words.title_of(rule, said), words.proof_of(rule, said), words.advice_on(rule, said))
        )
        yield Told(name, severity, title, proves, advice, tuple(found))


def _check(name: str, said: Language) -> str:
    return words.check_of(name, said)[0] if name in NAMES else name
