"""An erasure is asked for under one's own name, and its certificate is printed once there is one."""

from dataclasses import replace
from pathlib import Path

import pytest

from cli.main import main
from jeung.domain.erasure import ErasureState
from jeung.domain.staff import StaffRole
from node.runtime.acts import open_acts
from node.runtime.adapters import SystemClock
from node.runtime.creation import NodePlan, create_node
from node.runtime.staff import NewStaff
from node.settings import load_settings
from tests.common import rows
from tests.unit.cli.test_staff import PASSWORD, SETTINGS, typed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    people = [
        NewStaff("areum", frozenset({StaffRole.ISSUER_OFFICER}), PASSWORD),
        NewStaff("bora", frozenset({StaffRole.APPROVER}), PASSWORD),
    ]
    create_node(NodePlan(folder, "Hanbit Bank", SETTINGS, (), people), SystemClock())
    with open_acts(load_settings(folder), SystemClock()) as operator, operator.store.write() as tx:
        tx.data_keys.add("sub_1", b"wrapped", rows.NOW)
    return folder


def erase(folder: Path, *options: str, name: str = "areum") -> int:
    given = ["sub_1", "--ground", "ordered", "--as", name, *options]
    return main(["subjects", "erase", *given, "--node-dir", str(folder)])


def test_one_asks_and_another_approves_and_the_certificate_follows(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    assert erase(folder, "--relationship-ended-at", "1000") == 0
    act_id = capsys.readouterr().out.strip()
    certificate = ["subjects", "certificate", act_id, "--node-dir", str(folder)]
    assert main(certificate) == 1
    with open_acts(load_settings(folder), SystemClock()) as operator:
        act = operator.acts.get(act_id)
        assert (act.parameters or {})["relationship_ended_at"] == 1000
        digest = "0x" + act.digest.hex()
    typed(monkeypatch, PASSWORD + "\n")
    approve = ["acts", "approve", act_id, "--as", "bora", "--digest", digest, "--node-dir", str(folder)]
    assert main(approve) == 0
    assert main(certificate) == 1
    assert "revoking" in capsys.readouterr().out
    with open_acts(load_settings(folder), SystemClock()) as operator, operator.store.write() as tx:
        erasure = tx.erasures.of_subject("sub_1")
        assert erasure is not None
        tx.erasures.replace(replace(erasure, state=ErasureState.ERASED, certificate="a.b.c"))
    assert main(certificate) == 0
    assert capsys.readouterr().out.strip() == "a.b.c"


def test_who_may_not_issue_asks_for_no_erasure(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    assert erase(folder, name="bora") == 2
    assert "may not ask" in capsys.readouterr().err
