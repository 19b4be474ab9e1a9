"""`jeung keys create` makes one key where it is told to, and `keys list` says where each lies."""

from pathlib import Path

import pytest

from cli.console import Exit
from cli.main import main
from node.runtime.adapters import SystemClock
from node.runtime.creation import NodePlan, create_node
from node.settings import SettingsInvalid
from tests.common.softhsm import PIN, soft_token


def settings_with(**changes: object) -> dict[str, object]:
    return {
        "name": "bank",
        "environment": "sandbox",
        "base_url": "http://localhost:8101",
        "listen_port": 8101,
        "rpc_urls": ["http://127.0.0.1:8545"],
        "unsafe_fast_key_derivation": True,
        **changes,
    }


@pytest.fixture
def node_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    create_node(NodePlan(folder, "Bank", settings_with()), SystemClock())
    return folder


def with_token(tmp_path: Path, mode: int = 0o600) -> dict[str, object]:
    token, pin = soft_token(), tmp_path / "pin"
    pin.touch(mode=0o600)
    pin.write_text(PIN)
    pin.chmod(mode)
    return {"pkcs11": {"hsm": {"module": str(token.module), "token": token.label, "pin_file": str(pin)}}}


def test_key_is_made_in_software_pre_active(node_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "create", "--node-dir", str(node_dir), "--purpose", "attest"]) == Exit.DONE
    made = capsys.readouterr().out.strip()
    assert main(["keys", "list", "--node-dir", str(node_dir)]) == Exit.DONE
    shown = capsys.readouterr().out
    assert made.startswith("0x")
    assert "pre_active" in shown
    assert "software" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ["--purpose", "everything"],
        ["--purpose", "attest", "--backend", "hsm"],
        ["--purpose", "attest", "--algorithm", "ES256"],
        ["--purpose", "attest", "--adopt", "0x00"],
    ],
    ids=["no purpose", "no backend", "wrong algorithm", "nothing to adopt"],
)
def test_key_that_cannot_be_made_is_refused(node_dir: Path, arguments: list[str]) -> None:
    assert main(["keys", "create", "--node-dir", str(node_dir), *arguments]) == Exit.COULD_NOT_RUN


def test_node_is_made_with_its_governance_key_in_a_token(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = {**with_token(tmp_path), "placement": {"governance": "hsm"}}
    address = create_node(NodePlan(tmp_path / "bank", "Bank", settings_with(keys=keys)), SystemClock())
    assert main(["keys", "list", "--node-dir", str(tmp_path / "bank")]) == Exit.DONE
    shown = capsys.readouterr().out
    assert address[:10] in shown
    assert shown.count("hsm") == 1
    arguments = ["--purpose", "credential_signing", "--backend", "hsm"]
    assert main(["keys", "create", "--node-dir", str(tmp_path / "bank"), *arguments]) == Exit.DONE


def test_pin_file_that_others_can_read_stops_the_start(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = with_token(tmp_path)
    create_node(NodePlan(tmp_path / "bank", "Bank", settings_with(keys=keys)), SystemClock())
    (tmp_path / "pin").chmod(0o644)
    assert main(["keys", "list", "--node-dir", str(tmp_path / "bank")]) == Exit.COULD_NOT_RUN
    assert "0600" in capsys.readouterr().err


def test_placing_what_is_no_purpose_is_refused(tmp_path: Path) -> None:
    keys = {"placement": {"everything": "software"}}
    with pytest.raises(SettingsInvalid, match="everything"):
        create_node(NodePlan(tmp_path / "bank", "Bank", settings_with(keys=keys)), SystemClock())


def test_without_a_pin_file_a_person_is_asked(tmp_path: Path) -> None:
    from node.runtime.backends import backends_of
    from node.settings import check_settings

    token = soft_token()
    keys = {"pkcs11": {"hsm": {"module": str(token.module), "token": token.label}}}
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return PIN

    elsewhere = backends_of(check_settings(settings_with(keys=keys), tmp_path), ask=ask)
    elsewhere.close()
    assert asked == ["PIN of the token hsm: "]

    def nobody(prompt: str) -> str:
        raise EOFError

    from keys.errors import PinRefused

    with pytest.raises(PinRefused, match="terminal"):
        backends_of(check_settings(settings_with(keys=keys), tmp_path), ask=nobody)
