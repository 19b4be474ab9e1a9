"""A run from a checkpoint finds what a whole run finds, and trusts no checkpoint that does not fit."""

from pathlib import Path

import pytest

from audit import checkpoint, rules
from audit.catalogue import EVERYTHING, Part
from audit.findings import AuditImpossible, Report
from audit.state import State
from tests.common.chain import Member
from tests.integration.audit.scene import REVOKED, Scene, act

pytestmark = pytest.mark.chain


def essence(report: Report) -> tuple[object, ...]:
    return report.to_block, report.to_block_hash, report.findings, report.checks


def test_a_run_from_a_checkpoint_equals_a_whole_run(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    whole = scene.audit(scene.database, checkpoint_path=path)
    assert (path.stat().st_mode & 0o777) == 0o600
    kept = path.read_bytes()
    again = scene.audit(scene.database, checkpoint_path=path)
    assert again.from_block == whole.to_block + 1
    assert again.counts["replay"] == 0
    assert essence(again) == essence(whole)
    assert path.read_bytes() == kept


def test_a_run_from_a_checkpoint_goes_on_as_a_whole_run_would(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    scene.audit(checkpoint_path=path)
    with scene.later_chain():
        member = Member(tmp_path, scene.chain, scene.founded, scene.bank)
        act(member, "KeyRegistry", "registerKey", "0x" + "0c" * 32, 1, 0, scene.now + 10**6)
        member.issue(100, 3)
        member.turn()
        member.close()
        # The node stands still: what was done reaches no log.
        whole = scene.audit(parts=EVERYTHING - {Part.LOG})
        resumed = scene.audit(checkpoint_path=path, parts=EVERYTHING - {Part.LOG})
        assert resumed.counts["replay"] == 2
        assert essence(resumed) == essence(whole)
        assert resumed.exit_code == 0
    # The chain is shorter again, so the checkpoint's block is not on it: everything is read anew.
    fresh = scene.audit(checkpoint_path=path)
    assert fresh.from_block == 0
    assert fresh.exit_code == 0


def test_tampering_after_a_checkpoint_is_found(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    scene.audit(scene.database, checkpoint_path=path)
    kept = path.read_bytes()
    copied = scene.copy(tmp_path, "UPDATE credentials SET wanted_status = 0 WHERE wanted_status = 1")
    report = scene.audit(copied, checkpoint_path=path)
    assert {finding.rule for finding in report.findings} == {rules.DATABASE_MISMATCH}
    assert path.read_bytes() == kept


def test_no_checkpoint_is_kept_when_there_are_findings(scene: Scene, tmp_path: Path) -> None:
    scene.serve(REVOKED % 4, None)
    assert scene.audit(checkpoint_path=tmp_path / "checkpoint").exit_code == 1
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_of_a_rewritten_chain_is_not_gone_on_from(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    state = State(block=5, block_hash="0x" + "00" * 32)
    checkpoint.save(path, scene.deployment.deployment_id, state)
    report = scene.audit(checkpoint_path=path)
    assert report.from_block == 0
    assert report.exit_code == 0


def test_a_checkpoint_beyond_the_nodes_index_is_not_gone_on_from(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    with scene.later_chain():
        scene.chain.mine(3)
        scene.audit(checkpoint_path=path, now=lambda: scene.now)
        report = scene.audit(scene.database, checkpoint_path=path)
    assert report.from_block == 0
    assert report.findings == []


def test_a_checkpoint_of_another_consortium_is_refused(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    checkpoint.save(path, "0x" + "11" * 32, State())
    with pytest.raises(AuditImpossible, match="another consortium"):
        scene.audit(checkpoint_path=path)


def test_an_altered_or_truncated_checkpoint_is_refused(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    scene.audit(checkpoint_path=path)
    kept = path.read_bytes()
    path.write_bytes(kept[: len(kept) // 2])
    with pytest.raises(AuditImpossible, match="cannot be read"):
        scene.audit(checkpoint_path=path)
    path.write_bytes(kept[:-40] + bytes([kept[-40] ^ 1]) + kept[-39:])
    with pytest.raises(AuditImpossible, match="altered"):
        scene.audit(checkpoint_path=path)
