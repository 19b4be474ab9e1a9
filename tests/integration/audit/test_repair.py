"""What brings a node back to the chain is proposed, done only when its operator says so, and then is enough."""

import shutil
import sqlite3
import time
from pathlib import Path

import pytest

from audit.findings import Report
from audit.remedies import Kind, Remedy
from audit.repair import proposals
from cli.main import main
from node.runtime.creation import NodePlan, create_node
from node.store.repairs import Repair, apply_repairs
from tests.common.chain import Member
from tests.common.custody import SetClock
from tests.integration.audit.scene import REVOKED, SUSPENDED, Scene
from tests.unit.node.runtime.test_creation import settings_of

pytestmark = pytest.mark.chain

LIST = REVOKED % 4
EDITS = {
    "UPDATE attestations SET digest = zeroblob(32) WHERE position = 0": Remedy(Kind.REBUILD_INDEX),
    "INSERT INTO status_words VALUES (zeroblob(32), 9, 9, zeroblob(32))": None,
    "UPDATE status_words SET word = zeroblob(32)": Remedy(Kind.REBUILD_INDEX),
    "UPDATE status_tokens SET token = 'x.y.z' WHERE list_number = 2": Remedy(Kind.PUBLISH_LIST, "2"),
    "UPDATE credentials SET wanted_status = 0 WHERE credential_id = 'credential-2'": Remedy(
        Kind.TAKE_STATUS, "credential-2", 1
    ),
    "UPDATE credentials SET wanted_status = 1 WHERE credential_id = 'credential-3'": Remedy(
        Kind.CHANGE_AGAIN, "credential-3"
    ),
}


def proposed(scene: Scene, report: Report) -> list[Remedy]:
    return [
        Remedy(remedy.kind, remedy.target.rpartition("/")[2], remedy.status)
        for remedy in proposals(report, scene.bank.url)
    ]


@pytest.mark.parametrize("edit", EDITS)
def test_each_edit_has_its_remedy(scene: Scene, tmp_path: Path, edit: str) -> None:
    expected = EDITS[edit]
    found = proposed(scene, scene.audit(scene.copy(tmp_path, edit)))
    assert found == ([] if expected is None else [expected])


def test_a_node_repaired_is_a_node_that_is_clean_again(scene: Scene, tmp_path: Path) -> None:
    edits = [edit for edit, remedy in EDITS.items() if remedy is not None and "credential-3" not in edit]
    copied = scene.copy(tmp_path, *edits)
    found = proposed(scene, scene.audit(copied))
    assert [remedy.kind for remedy in found] == [Kind.REBUILD_INDEX, Kind.PUBLISH_LIST, Kind.TAKE_STATUS]
    bank = Member(tmp_path, scene.chain, scene.founded, scene.bank)
    try:
        with bank.kept.store.write() as tx:
            repairs = [Repair(remedy.kind.value, remedy.target, remedy.status) for remedy in found]
            assert apply_repairs(tx.connection, repairs, scene.now) == len(found)
        # The audit judges by the scene's time, which a slow machine's own has long passed by now.
        bank.clock.time = scene.now
        bank.follow()
    finally:
        bank.close()
    left = scene.audit(copied).findings
    assert [(finding.rule.rule_id, finding.subject.rpartition("/")[2]) for finding in left] == [
        ("status-list-missing", str(LIST))
    ], "the publisher, which this member does not run, signs the list anew"


def test_another_members_lists_are_its_own_matter(scene: Scene) -> None:
    scene.serve(LIST, None)
    report = scene.audit()
    assert report.exit_code == 1
    assert proposals(report, "http://elsewhere.example") == []


def node_of(scene: Scene, folder: Path, *edits: str) -> Path:
    """Make the folder of a node around a copy of the bank's database, with lists signed just now."""
    node = folder / "bank"
    create_node(NodePlan(node, "Hanbit Bank", settings_of(base_url=scene.bank.url)), SetClock(scene.now))
    shutil.copy(scene.folder / "deployment.json", node / "deployment.json")
    copied = scene.copy(folder, "UPDATE worker_lease SET holder = NULL")
    connection = sqlite3.connect(copied)
    for number in range(4):
        fresh = scene.token(number, issued_at=int(time.time()))
        connection.execute("UPDATE status_tokens SET token = ? WHERE list_number = ?", (fresh, number))
    # The scene's clock runs ahead of the machine's, which is the only one the command knows.
    connection.execute("UPDATE follower_state SET polled_at = 1, head_time = 1")
    for edit in edits:
        assert connection.execute(edit).rowcount
    connection.commit()
    connection.close()
    shutil.copy(copied, node / "node.db")
    return node


def log_kinds(node: Path) -> list[str]:
    connection = sqlite3.connect(node / "node.db")
    kinds = [kind for (kind,) in connection.execute("SELECT kind FROM log_events ORDER BY number")]
    connection.close()
    return kinds


def test_the_command_proposes_and_does_nothing_until_it_is_told_to(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    node = node_of(scene, tmp_path, *list(EDITS)[2:5])
    before = (node / "node.db").read_bytes()
    command = ["audit", "repair", "--node-dir", str(node), "--rpc", scene.rpc_url]
    assert main(command) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].split(" ")[0] for line in lines] == ["rebuild-index", "publish-list", "take-status"]
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert main([*command, "--apply"]) == 1
    assert (node / "node.db").read_bytes() == before
    monkeypatch.setattr("typer.confirm", lambda *_, **__: True)
    assert main([*command, "--apply"]) == 0
    assert "3 of 3 repairs done" in capsys.readouterr().out
    assert log_kinds(node)[-1] == "projection_repaired"


def test_the_command_says_when_there_is_nothing_to_repair(
    scene: Scene, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = node_of(scene, tmp_path)
    assert main(["audit", "repair", "--node-dir", str(node), "--rpc", scene.rpc_url]) == 0
    assert capsys.readouterr().out == "nothing to repair\n"


def test_a_node_must_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "repair"]) == 2
    assert "which node" in capsys.readouterr().err


def test_a_suspended_credential_stays_suspended_whatever_was_wanted(scene: Scene, tmp_path: Path) -> None:
    """The looser decision is not sent: the operator reinstates by an act of its own."""
    edit = "UPDATE credentials SET wanted_status = 0 WHERE credential_id = ?"
    copied = scene.copy(tmp_path, edit, arguments=(f"credential-{SUSPENDED}",))
    found = proposed(scene, scene.audit(copied))
    assert found == [Remedy(Kind.TAKE_STATUS, f"credential-{SUSPENDED}", 2)]
