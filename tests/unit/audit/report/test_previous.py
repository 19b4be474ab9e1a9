"""An earlier audit is compared with, or refused with the reason: damaged, altered, enormous, another consortium's."""

import json
from collections import Counter
from pathlib import Path

import pytest

from audit import rules
from audit.findings import AuditImpossible, Finding
from audit.render import as_json
from audit.report.previous import compare, read_earlier
from tests.unit.audit.history import founded
from tests.unit.audit.report.story import DEPLOYMENT, observed

BROKEN = Finding(rules.HISTORY_BROKEN, "log 1", "what was found", 3)
LATE = Finding(rules.STATUS_LATE, "change 7", "late", 4)
STRANGE = Finding(rules.VOTE_BY_STRANGER, "proposal 1", "vote", 5)


def kept(folder: Path, *findings: Finding) -> Path:
    path = folder / "earlier.json"
    path.write_text(as_json(observed(founded(), findings=findings).report))
    return path


def changed(folder: Path, **fields: object) -> Path:
    path = kept(folder, BROKEN)
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))
    return path


def test_findings_are_new_still_there_or_gone(tmp_path: Path) -> None:
    earlier = read_earlier(kept(tmp_path, BROKEN, LATE, LATE), DEPLOYMENT)
    moved = Finding(rules.HISTORY_BROKEN, "log 1", "what was found", 99)
    difference = compare(earlier, observed(founded(), findings=[moved, LATE, STRANGE]).report)
    assert difference.new == Counter({"vote-by-stranger": 1})
    assert difference.still == Counter({"history-broken": 1, "status-late": 1})
    assert difference.gone == Counter({"status-late": 1})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"findings": 7}',
        b"[" * 100_000,
        b"<!DOCTYPE html>",
    ],
    ids=["empty", "truncated", "no text", "list", "null", "other", "number", "deep", "html"],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "earlier.json").write_bytes(content)
    with pytest.raises(AuditImpossible, match="earlier audit"):
        read_earlier(tmp_path / "earlier.json", DEPLOYMENT)


@pytest.mark.parametrize(
    "fields",
    [
        {"to_block": "7"},
        {"to_block": -1},
        {"to_block": True},
        {"deployment_id": 7},
        {"findings": [{"rule": "x"}]},
        {"findings": [{"rule": "x", "subject": ["y"]}]},
        {"findings": ["x"]},
        {"findings": None},
    ],
    ids=["block text", "block negative", "block bool", "id number", "no subject", "subject list", "text", "null"],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, fields: dict[str, object]) -> None:
    with pytest.raises(AuditImpossible, match="cannot be read"):
        read_earlier(changed(tmp_path, **fields), DEPLOYMENT)


def test_a_file_cut_anywhere_is_refused(tmp_path: Path) -> None:
    path = kept(tmp_path, BROKEN)
    whole = path.read_bytes()
    for end in range(0, len(whole.rstrip()), 7):
        path.write_bytes(whole[:end])
        with pytest.raises(AuditImpossible):
            read_earlier(path, DEPLOYMENT)


def test_another_consortiums_audit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AuditImpossible, match="another consortium"):
        read_earlier(kept(tmp_path), "0x" + "00" * 32)


def test_a_missing_file_is_refused_without_its_name(tmp_path: Path) -> None:
    with pytest.raises(AuditImpossible, match="cannot be read") as caught:
        read_earlier(tmp_path / "nothing", DEPLOYMENT)
    assert "nothing" not in str(caught.value)


def test_an_enormous_file_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "earlier.json").open("wb") as opened:
        opened.truncate((64 << 20) + 1)
    with pytest.raises(AuditImpossible, match="64 MiB"):
        read_earlier(tmp_path / "earlier.json", DEPLOYMENT)
