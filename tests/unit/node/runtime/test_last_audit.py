"""The kept report of an audit is read within bounds, and whatever else lies in its place is called unreadable."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audit import rules
from audit.findings import Finding, Report
from audit.render import as_json
from jeung.domain.audits import AuditUnreadable, LastAudit
from node.runtime.last_audit import MAX_BYTES, MAX_FINDINGS, read_last_audit
from node.settings import Environment, Settings
from tests.common.backups import deployment

OURS = deployment()["deployment_id"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "deployment.json").write_text(json.dumps(deployment()), "utf-8")
    return Settings(
        node_dir=tmp_path,
        name="bank",
        environment=Environment.SANDBOX,
        base_url="http://localhost:8101",
        listen_port=8101,
        rpc_urls=("http://localhost:8100",),
    )


def report(deployment_id: str = OURS) -> Report:
    made = Report(deployment_id, 31_337, 1, 9, "0x" + "ab" * 32)
    made.add("replay", [Finding(rules.INDEX_MISMATCH, "batch 0x01", "differs", 7, "0x" + "0a" * 32)], looked_at=12)
    return made


def kept(settings: Settings, text: str | bytes) -> LastAudit | AuditUnreadable | None:
    settings.last_audit_path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_last_audit(settings)


def test_no_file_is_no_report(settings: Settings) -> None:
    assert read_last_audit(settings) is None


def test_report_is_read_as_the_audit_wrote_it(settings: Settings) -> None:
    found = kept(settings, as_json(report()))
    assert isinstance(found, LastAudit)
    assert (found.is_ours, found.clean, found.to_block, found.checks) == (True, False, 9, [("replay", 12)])
    (finding,) = found.findings
    assert (finding.rule, finding.severity, finding.subject, finding.block) == (
        "index-mismatch",
        "error",
        "batch 0x01",
        7,
    )
    assert found.written_at == int(settings.last_audit_path.stat().st_mtime)


def test_report_about_another_consortium_is_told_apart(settings: Settings) -> None:
    found = kept(settings, as_json(report("0x" + "77" * 32)))
    assert isinstance(found, LastAudit)
    assert not found.is_ours


def _with(**changes: Any) -> str:  # noqa: ANN401 - JSON
    return json.dumps({**report().as_json(), **changes})


FINDING = report().as_json()["findings"][0]
BAD: dict[str, str | bytes] = {
    "empty": "",
    "no JSON": "{",
    "another document": "[]",
    "not UTF-8": b"\xff\xfe{}",
    "truncated": as_json(report())[:-20],
    "too large": " " * MAX_BYTES + as_json(report()),
    "too deep": "[" * 100_000,
    "no deployment": _with(deployment_id="0x12"),
    "number as text": _with(to_block="9"),
    "negative block": _with(to_block=-1),
    "absurd block": _with(to_block=1 << 70),
    "unknown severity": _with(findings=[{**FINDING, "severity": "fatal"}]),
    "huge text": _with(findings=[{**FINDING, "message": "x" * 4_001}]),
    "too many findings": _with(findings=[FINDING] * (MAX_FINDINGS + 1)),
    "too many checks": _with(checks=[{"name": "a", "looked_at": 1}] * 101),
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_is_no_report_is_unreadable(settings: Settings, text: str | bytes) -> None:
    assert kept(settings, text) == AuditUnreadable()


def _link(path: Path) -> None:
    (path.parent / "elsewhere.json").write_text(as_json(report()), "utf-8")
    path.symlink_to(path.parent / "elsewhere.json")


OTHERS: dict[str, Callable[[Path], None]] = {"a folder": Path.mkdir, "a pipe": os.mkfifo, "a link": _link}


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_what_is_no_regular_file_is_not_opened_as_one(settings: Settings, make: Callable[[Path], None]) -> None:
    make(settings.last_audit_path)
    assert read_last_audit(settings) == AuditUnreadable()
