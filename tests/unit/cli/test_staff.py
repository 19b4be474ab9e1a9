"""Accounts are managed at the node's folder; a password comes from a prompt or a line, never from an argument."""

import io
import json
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from cli.commands.node import read_staff
from cli.console import CommandFailed
from cli.main import main
from cli.sandbox.layout import MEMBERS, make_sandbox
from cli.sandbox.staff import make_staff
from jeung.domain.staff import StaffRole, checked_password
from node.runtime.adapters import SystemClock
from node.runtime.creation import NodePlan, create_node
from node.runtime.staff import NewStaff, open_staff
from node.settings import load_settings

PASSWORD = "grey owls count nine stairs"
SETTINGS: dict[str, Any] = {
    "name": "bank",
    "environment": "sandbox",
    "base_url": "http://localhost:8101",
    "listen_port": 8101,
    "rpc_urls": ["http://127.0.0.1:8100"],
    "unsafe_fast_key_derivation": True,
}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("staff") / "bank"
    first = NewStaff("first", frozenset({StaffRole.AUDITOR}), PASSWORD)
    create_node(NodePlan(folder, "Hanbit Bank", SETTINGS, (), (first,)), SystemClock())
    return folder


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_account_is_added_listed_changed_and_disabled(
    node: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    roles = ["--role", "issuer_officer", "--role", "auditor"]
    assert main(["staff", "add", "minji", *roles, "--node-dir", str(node)]) == 0
    typed(monkeypatch, "seven brown kettles whistle\n")
    assert main(["staff", "password", "minji", "--node-dir", str(node)]) == 0
    assert main(["staff", "disable", "minji", "--node-dir", str(node)]) == 0
    with open_staff(load_settings(node), SystemClock()) as staff:
        found = {account.name: account for account in staff.all()}
    assert set(found) == {"first", "minji"}
    assert found["minji"].roles == {StaffRole.ISSUER_OFFICER, StaffRole.AUDITOR}
    assert found["minji"].disabled_at is not None
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["staff", "list", "--node-dir", str(node)]) == 0
    said = capsys.readouterr()
    assert found["minji"].staff_id[:8] in said.out
    assert "disabled" in said.out
    assert PASSWORD not in said.out + said.err


def test_disabled_account_is_enabled_under_a_new_password_only(
    node: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["staff", "disable", "first", "--node-dir", str(node)]) == 0
    typed(monkeypatch, "")
    assert main(["staff", "enable", "first", "--node-dir", str(node)]) != 0
    typed(monkeypatch, "seven brown kettles whistle\n")
    assert main(["staff", "enable", "first", "--node-dir", str(node)]) == 0
    with open_staff(load_settings(node), SystemClock()) as staff:
        assert {account.name: account.disabled_at for account in staff.all()}["first"] is None
    assert main(["staff", "enable", "first", "--node-dir", str(node)]) != 0
    said = capsys.readouterr()
    assert "kettles" not in said.out + said.err


def test_account_without_a_password_is_enrolled_with_a_code_and_gets_other_roles(
    node: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed(monkeypatch, "")
    monkeypatch.setenv("COLUMNS", "200")
    where = ["--node-dir", str(node)]
    assert main(["staff", "add", "areum", "--role", "auditor", "--no-password", *where]) == 0
    assert main(["staff", "roles", "areum", "--role", "approver", *where]) == 0
    capsys.readouterr()
    assert main(["staff", "enrol", "areum", "--forget", *where]) == 0
    said = capsys.readouterr()
    code = said.out.strip().splitlines()[-1]
    assert re.fullmatch(r"[a-z2-7]{5}(-[a-z2-7]{5}){3}", code)
    assert code not in said.err
    assert main(["staff", "end-sessions", "areum", *where]) == 0
    assert main(["staff", "passkeys", "areum", *where]) == 0
    assert main(["staff", "enrol", "nobody", *where]) != 0
    assert main(["staff", "link", "areum", "2482", *where]) != 0, "no issuer is named"
    monkeypatch.setenv("JEUNG_OIDC__ISSUER", "https://idp.example")
    monkeypatch.setenv("JEUNG_OIDC__CLIENT_ID", "jeung-bank")
    assert main(["staff", "link", "areum", "2482", *where]) == 0
    with open_staff(load_settings(node), SystemClock()) as staff:
        found = next(account for account in staff.all() if account.name == "areum")
    assert (found.has_password, set(found.roles)) == (False, {StaffRole.APPROVER})


@pytest.mark.parametrize(
    ("line", "says"),
    [("", "one line on the standard input"), ("short\n", "at least 15"), ("hanbit hanbit bank bank\n", "")],
)
def test_password_that_will_not_do_adds_nobody(
    node: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: str, says: str
) -> None:
    typed(monkeypatch, line)
    code = main(["staff", "add", "junho", "--role", "auditor", "--node-dir", str(node)])
    assert (code == 2) == bool(says)
    assert says in capsys.readouterr().err


def test_no_option_takes_a_password(node: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["staff", "password", "first", "--password", PASSWORD, "--node-dir", str(node)]) == 2
    assert main(["staff", "add", "x1", PASSWORD, "--role", "auditor", "--node-dir", str(node)]) == 2
    capsys.readouterr()


def test_person_at_a_terminal_types_it_twice(
    node: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    answers = iter([PASSWORD, PASSWORD, PASSWORD, "another one altogether"])
    monkeypatch.setattr("typer.prompt", lambda *_args, **_options: next(answers))
    assert main(["staff", "password", "first", "--node-dir", str(node)]) == 0
    assert main(["staff", "password", "first", "--node-dir", str(node)]) == 2
    assert "differ" in capsys.readouterr().err


def test_sandbox_gives_each_desk_its_people_with_passwords_that_will_do(tmp_path: Path) -> None:
    sandbox = make_sandbox(tmp_path / "sandbox", 18_900)
    files = [make_staff(sandbox, member) for member in MEMBERS]
    assert [stat.S_IMODE(file.stat().st_mode) for file in files] == [0o600] * 3
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700
    people = [read_staff(file) for file in files]
    assert [[person.name for person in desk] for desk in people] == [
        ["issuer", "verifier", "auditor", "approver", "governor", "custodian"],
        ["issuer", "verifier", "auditor", "approver", "governor", "custodian"],
        ["auditor", "approver", "governor", "custodian"],
    ]
    passwords = [person.password for desk in people for person in desk]
    assert len(set(passwords)) == 16
    for desk in people:
        for person in desk:
            assert checked_password(person.password, context=(person.name,))
            assert person.password not in repr(person)
    assert make_staff(sandbox, MEMBERS[0]) == files[0]
    assert read_staff(files[0]) == people[0], "made once"


def test_file_of_passwords_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "staff.json"
    file.write_text("[]")
    file.chmod(0o644)
    with pytest.raises(CommandFailed, match="chmod 600"):
        read_staff(file)


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '[{"name": "a"}]', '[{"name": "a", "roles": ["king"], "password": "x"}]']
)
def test_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "staff.json"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(CommandFailed, match="expected a list"):
        read_staff(file)
    with pytest.raises(CommandFailed, match="cannot read"):
        read_staff(tmp_path / "none.json")


def test_shape_of_the_file_is_json(tmp_path: Path) -> None:
    sandbox = make_sandbox(tmp_path / "sandbox", 18_900)
    people = json.loads(make_staff(sandbox, MEMBERS[2]).read_text())
    assert set(people[0]) == {"name", "roles", "password"}
