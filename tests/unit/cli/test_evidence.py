"""A file of evidence is exported by the node's API, verified without it, and the verdict is readable."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from audit.evidence import Trust, parse_trust
from audit.findings import AuditImpossible
from cli.commands import audit, evidence
from cli.main import main
from tests.common.proofs import Witnessed
from tests.unit.jeung.services.presenting import bound, crafted


class Files:
    """A good package and the facts, in a folder."""

    def __init__(self, folder: Path) -> None:
        stage = Witnessed()
        presentation = bound(stage, crafted(stage))
        stage.seal_block()
        evidence_id = stage.verification.verify(presentation).evidence_id
        self.stage, self.content = stage, stage.exported(evidence_id)
        self.package, self.genesis = folder / "evidence.json", folder / "genesis.json"
        self.package.write_bytes(self.content)
        self.genesis.write_bytes(facts(stage.trust()))


def facts(trust: Trust) -> bytes:
    body = {
        "chain_id": trust.chain_id,
        "directory": "0x" + trust.directory.hex(),
        "block_hash": "0x" + trust.block_hash.hex(),
        "deployment_id": "0x" + trust.deployment_id.hex(),
        "code": {name: "0x" + digest.hex() for name, digest in trust.code.items()},
        "witnesses": sorted(trust.witnesses),
        "quorum": trust.quorum,
    }
    return json.dumps(body).encode()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return Files(tmp_path_factory.mktemp("evidence"))


def verify(files: Files, package: Path, *options: str) -> int:
    return main(["evidence", "verify", str(package), "--genesis", str(files.genesis), *options])


def test_good_file_is_proved_fact_by_fact(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(files, files.package) == 0
    said = capsys.readouterr().out
    assert said.startswith("PROVED: evd_")
    assert "result" in said
    assert "on trust  nonce" in said
    assert "reason" not in said


def test_block_known_beforehand_is_given_by_number_and_hash(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(files, files.package) == 0
    said = capsys.readouterr().out
    assert "on trust: block, nonce" in said
    found = re.search(r"That block (\d+), (0x[0-9a-f]{64}),", said)
    assert found
    assert verify(files, files.package, "--block", f"{found[1]}:{found[2]}") == 0
    assert "on trust: nonce" in capsys.readouterr().out
    assert verify(files, files.package, "--block", f"{found[1]}:0x{'00' * 32}") == 1
    assert "reason: block" in capsys.readouterr().out


@pytest.mark.parametrize(
    "block", ["7", "7:", "x:0x" + "00" * 32, "7:0x00", "٧:0x" + "00" * 32, "7:0x" + "zz" * 32], ids=range(6)
)
def test_block_that_is_none_is_refused(files: Files, block: str) -> None:
    assert verify(files, files.package, "--block", block) == 2


def test_verdict_as_json_names_every_fact(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(files, files.package, "--json") == 0
    verdict = json.loads(capsys.readouterr().out)
    assert (verdict["outcome"], verdict["result"], verdict["reason"]) == ("proved", "verified", None)
    assert {"form", "consortium", "logged", "block", "state", "code", "result"} <= {
        f["name"] for f in verdict["facts"]
    }


def test_altered_file_is_refuted_with_the_reason(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    altered = tmp_path / "altered.json"
    altered.write_bytes(files.content.replace(b"account-opening", b"account-closing"))
    assert verify(files, altered) == 1
    said = capsys.readouterr().out
    assert said.startswith("REFUTED")
    assert "reason: logged" in said


def test_refusal_is_told_with_its_code(files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stage = files.stage
    presentation = bound(stage, crafted(stage, claims=lambda claims: claims.pop("exp")))
    stage.seal_block()
    package = tmp_path / "refused.json"
    package.write_bytes(stage.exported(stage.verification.verify(presentation).evidence_id))
    assert verify(files, package) == 0
    assert "refused (missing_exp)" in capsys.readouterr().out


def test_file_that_is_no_evidence_is_told_in_a_sentence(
    files: Files, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    other.write_bytes(b"{}")
    assert verify(files, other) == 1
    assert "no judgement could be read" in capsys.readouterr().out


def test_file_that_is_not_there_could_not_be_verified(files: Files, tmp_path: Path) -> None:
    assert verify(files, tmp_path / "missing.json") == 2


def test_facts_that_are_none_verify_nothing(files: Files, tmp_path: Path) -> None:
    bad = tmp_path / "facts.json"
    bad.write_bytes(b"[]")
    assert main(["evidence", "verify", str(files.package), "--genesis", str(bad)]) == 2


# Whatever opens a socket, or asks for a name, ends the process.
GUARDED = """
import socket, sys
def refuse(*_, **__):
    raise SystemExit("the network was asked")
socket.socket.connect = socket.socket.sendto = refuse
socket.getaddrinfo = socket.create_connection = refuse
from cli.main import main
sys.exit(main(sys.argv[1:]))
"""


def _without_network() -> list[str]:
    """Give what takes the network away from a process, where the system allows it."""
    command = ["unshare", "--net", "--map-root-user"]
    try:
        allowed = subprocess.run([*command, "true"], check=False, capture_output=True).returncode == 0
    except FileNotFoundError:
        allowed = False
    return command if allowed else []


def test_file_verifies_on_a_machine_without_a_network_or_anything_else_of_the_consortium(
    files: Files, tmp_path: Path
) -> None:
    command = [*_without_network(), sys.executable, "-c", GUARDED, "evidence", "verify"]
    names = [str(files.package), "--genesis", str(files.genesis)]
    root = str(Path(__file__).parents[3])
    clean = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": root}
    done = subprocess.run([*command, *names], check=False, capture_output=True, cwd=tmp_path, env=clean, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"PROVED")


# ---- what asks a node


class Node:
    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers

    def get(self, path: str, query: object = None) -> Any:  # noqa: ANN401 - JSON
        return self.answers[path]


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    def answering(answers: dict[str, Any]) -> None:
        monkeypatch.setattr(evidence, "any_client", lambda *_: Node(answers))

    return answering


def test_export_writes_the_very_bytes_that_were_put_together(
    files: Files, tmp_path: Path, node: Callable[[dict[str, Any]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    node({"/v1/evidence/evd_1/package": json.loads(files.content)})
    out = tmp_path / "out.json"
    assert main(["evidence", "export", "evd_1", "--out", str(out)]) == 0
    assert out.read_bytes() == files.content
    assert out.stat().st_mode & 0o777 == 0o600
    assert main(["evidence", "export", "evd_1", "--out", str(out)]) == 2
    assert main(["evidence", "export", "evd_1"]) == 0
    assert capsys.readouterr().out.strip().encode() == files.content


def test_export_says_what_is_missing_yet(
    files: Files, node: Callable[[dict[str, Any]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    node({"/v1/evidence/evd_1/package": {**json.loads(files.content), "log": {"missing": "not_logged"}}})
    assert main(["evidence", "export", "evd_1"]) == 1
    assert "log (not_logged)" in capsys.readouterr().err


def test_export_says_what_was_dropped_and_does_not_come_back(
    files: Files, node: Callable[[dict[str, Any]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    dropped = {**json.loads(files.content), "chain": {"missing": "presentation_dropped"}}
    node({"/v1/evidence/evd_1/package": dropped})
    assert main(["evidence", "export", "evd_1"]) == 1
    said = capsys.readouterr().err
    assert "missing for good: chain (presentation_dropped)" in said
    assert "some seconds" not in said


def _sandbox(monkeypatch: pytest.MonkeyPatch, files: Files, folder: Path) -> None:
    trust = files.stage.trust()
    deployment = folder / "deployment.json"
    record = {
        "chain_id": trust.chain_id,
        "block": 1,
        "block_hash": "0x" + trust.block_hash.hex(),
        "deployment_id": "0x" + trust.deployment_id.hex(),
        "addresses": {"Directory": "0x" + trust.directory.hex()},
    }
    deployment.write_text(json.dumps(record))
    sandbox = SimpleNamespace(rpc_url="http://127.0.0.1:1", deployment_file=deployment)
    monkeypatch.setattr(audit, "open_sandbox", lambda _: sandbox)


def test_genesis_facts_are_written_as_the_chain_of_the_deployment_says_them(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _sandbox(monkeypatch, files, tmp_path)
    monkeypatch.setattr("audit.deployment.require_same_deployment", lambda *_: None)
    monkeypatch.setattr("audit.evidence.genesis.read_facts", lambda _, record: {**record, "quorum": 0})
    assert main(["evidence", "genesis"]) == 0
    made = capsys.readouterr().out
    assert parse_trust(made.encode()).deployment_id == files.stage.trust().deployment_id
    out = tmp_path / "facts.json"
    deployment = str(tmp_path / "deployment.json")
    given = ["--rpc", "http://127.0.0.1:1", "--deployment", deployment, "--out", str(out)]
    assert main(["evidence", "genesis", *given]) == 0
    assert out.read_text().strip() == made.strip()


def test_genesis_facts_are_not_written_of_another_chain(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sandbox(monkeypatch, files, tmp_path)

    def other(*_: object) -> None:
        raise AuditImpossible("the chain is not the one of the deployment file")

    monkeypatch.setattr("audit.deployment.require_same_deployment", other)
    assert main(["evidence", "genesis"]) == 2
