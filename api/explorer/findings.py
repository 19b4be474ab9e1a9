"""Show staff what the latest audit found, as its report says."""

from typing import Final

from flask import Response, request

from api.context import runtime
from api.explorer.cursors import begin_of
from api.explorer.pages import show, view
from audit import rules
from jeung.domain.audits import AuditUnreadable

PAGE_SIZE: Final = 50
_TITLES: Final = {rule.rule_id: rule.title for rule in rules.ALL}


@view("/findings", query=True, staff_only=True)
def explore_findings() -> Response:
    """Show the kept report; this page runs no audit."""
    begin = begin_of(request.args.get("after"))
    report = runtime().last_audit()
    unreadable = isinstance(report, AuditUnreadable)
    findings = () if report is None or isinstance(report, AuditUnreadable) else report.findings
    end = begin + PAGE_SIZE
    return show(
        "findings.html",
        report=None if unreadable else report,
        unreadable=unreadable,
        titles=_TITLES,
        items=findings[begin:end],
        total=len(findings),
        next_cursor=str(end) if end < len(findings) else None,
    )
