"""An audit that cannot run says so, and never that all is clean."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from audit.deployment import read_deployment
from audit.findings import AuditImpossible
from audit.source import ChainReader
from cli.main import main
from tests.common.chain import anvil, free_port
from tests.integration.audit.scene import REVOKED, Scene

pytestmark = pytest.mark.chain


def altered(scene: Scene, folder: Path, **changed: Any) -> Path:  # noqa: ANN401 - JSON
    record = json.loads((scene.folder / "deployment.json").read_text())
    path = folder / "deployment.json"
    path.write_text(json.dumps({**record, **changed}))
    return path


def run(scene: Scene, *options: str, deployment: Path | None = None, rpc: str | None = None) -> int:
    """Run the command as from a terminal; give its exit code."""
    file = deployment or scene.folder / "deployment.json"
    return main(["audit", "--rpc", rpc or scene.rpc_url, "--deployment", str(file), *options])


def test_exit_0_means_clean(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(4):
        # The command has no other clock than the machine's.
        scene.serve(number, scene.token(number, issued_at=int(time.time())))
    assert run(scene, "--format", "json") == 0
    assert json.loads(capsys.readouterr().out)["clean"] is True


def test_exit_1_means_findings(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    scene.serve(REVOKED % 4, scene.token(REVOKED % 4, words={}, issued_at=scene.now - 900))
    assert run(scene, "--format", "sarif") == 1
    (result, *_) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert result["ruleId"] == "status-list-unfit"


def test_exit_2_means_a_dead_chain(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(scene, rpc=f"http://127.0.0.1:{free_port()}") == 2
    captured = capsys.readouterr()
    assert "could not run" in captured.err
    assert captured.out == ""


def test_another_chain_is_refused(scene: Scene, tmp_path: Path) -> None:
    with anvil(tmp_path) as other:
        other.mine(scene.deployment.block + 1)
        with pytest.raises(AuditImpossible, match="not the one"):
            scene.audit(rpc_url=f"http://127.0.0.1:{other.port}")


def test_a_shorter_chain_is_refused(scene: Scene, tmp_path: Path) -> None:
    with anvil(tmp_path) as other, pytest.raises(AuditImpossible, match="lacks a block"):
        scene.audit(rpc_url=f"http://127.0.0.1:{other.port}")


@pytest.mark.parametrize(
    "changed",
    [
        {"block": 1},
        {"chain_id": 1},
        {"deployment_id": "0x" + "00" * 32},
        {"addresses": {"Directory": "0x" + "11" * 20}},
    ],
)
def test_a_deployment_file_of_another_consortium_is_refused(
    scene: Scene, tmp_path: Path, changed: dict[str, Any]
) -> None:
    with pytest.raises(AuditImpossible, match="not the one"):
        scene.audit(deployment=read_deployment(altered(scene, tmp_path, **changed)))


@pytest.mark.parametrize(
    "changed",
    [
        {"block": -1},
        {"block": "many"},
        {"chain_id": -5},
        {"addresses": {}},
        {"addresses": []},
        {"addresses": {"Directory": "0x12"}},
    ],
)
def test_a_malformed_deployment_file_is_refused(scene: Scene, tmp_path: Path, changed: dict[str, Any]) -> None:
    assert run(scene, deployment=altered(scene, tmp_path, **changed)) == 2


def test_other_addresses_of_the_deployment_file_are_not_believed(scene: Scene, tmp_path: Path) -> None:
    directory = json.loads((scene.folder / "deployment.json").read_text())["addresses"]["Directory"]
    addresses = {"Directory": directory, "Consortium": "0x" + "11" * 20}
    report = scene.audit(deployment=read_deployment(altered(scene, tmp_path, addresses=addresses)))
    assert report.findings == []


def test_a_chain_reorganised_during_the_audit_is_refused(scene: Scene) -> None:
    with scene.later_chain():
        before = scene.chain.rpc.call("evm_snapshot")
        scene.chain.mine(5)

        def reorganise(what: str, done: int, total: int) -> None:
            if what == "status lists":
                scene.chain.rpc.call("evm_revert", before)
                scene.chain.pass_time(50)
                scene.chain.mine(5)

        with pytest.raises(AuditImpossible, match="reorganised"):
            scene.audit(progress=reorganise)


@pytest.mark.parametrize("method", ["eth_sendRawTransaction", "eth_sendTransaction", "anvil_setCode", "evm_mine"])
def test_the_chain_client_refuses_whatever_is_no_reading(scene: Scene, method: str) -> None:
    before = scene.chain.height
    with pytest.raises(ValueError, match="only reads"):
        ChainReader(scene.rpc_url).batch([("eth_chainId", []), (method, [])])
    assert scene.chain.height == before
