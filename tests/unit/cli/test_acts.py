"""Two people at the node's command line: each by name and password, neither twice."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.main import main
from jeung.domain.access import Scope
from jeung.domain.dual_control import Act, ActKind, ActState, Channel, Principal, PrincipalKind
from jeung.domain.identifiers import to_hex
from jeung.domain.staff import LoginMethod, StaffRole
from jeung.services.dual_control import ActHandler
from jeung.services.staff import StaffMember
from node.runtime import acts as wiring
from node.runtime.acts import open_acts
from node.runtime.adapters import SystemClock
from node.runtime.creation import NodePlan, create_node
from node.runtime.staff import NewStaff, open_staff
from node.settings import load_settings
from tests.common.acts import FetchedAct, NoteAct
from tests.unit.cli.test_staff import PASSWORD, SETTINGS, Terminal, typed


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("acts") / "bank"
    people = [
        NewStaff("areum", frozenset(StaffRole), PASSWORD),
        NewStaff("bora", frozenset({StaffRole.APPROVER}), PASSWORD),
    ]
    create_node(NodePlan(folder, "Hanbit Bank", SETTINGS, (), people), SystemClock())
    return folder


@pytest.fixture(autouse=True)
def _served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wiring, "act_handlers", lambda _context: [NoteAct(), FetchedAct()])


@pytest.fixture
def asked(folder: Path) -> Iterator[Act]:
    """What areum asked for; nothing of it waits for the next test."""
    settings = load_settings(folder)
    with open_staff(settings, SystemClock()) as staff:
        staff_id = next(account.staff_id for account in staff.all() if account.name == "areum")
    areum = Principal(PrincipalKind.STAFF, staff_id, Channel.CONSOLE, frozenset(Scope))
    with open_acts(settings, SystemClock()) as operator:
        act = operator.acts.ask(areum, ActKind.POLICY_CHANGE, {"note": "one"}, "a reason")
        yield act
        if operator.acts.get(act.act_id).state is ActState.REQUESTED:
            operator.acts.withdraw(areum, act.act_id)


def state(folder: Path, act: Act) -> ActState:
    with open_acts(load_settings(folder), SystemClock()) as operator:
        return operator.acts.get(act.act_id).state


def run(folder: Path, *arguments: str) -> int:
    return main(["acts", *arguments, "--node-dir", str(folder)])


def test_another_person_approves_by_digest_and_password(
    folder: Path, asked: Act, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(folder, "list") == 0
    assert run(folder, "show", asked.act_id) == 0
    shown = capsys.readouterr().out
    assert asked.act_id in shown
    assert "메모하기" in shown
    assert to_hex(asked.digest) in shown
    typed(monkeypatch, PASSWORD + "\n")
    assert run(folder, "approve", asked.act_id, "--as", "bora", "--digest", to_hex(asked.digest)) == 0
    assert state(folder, asked) is ActState.DONE
    said = capsys.readouterr()
    assert "approved and done" in said.out
    assert PASSWORD not in said.out + said.err
    assert run(folder, "list", "--all") == 0
    assert "done" in capsys.readouterr().out
    assert run(folder, "show", asked.act_id) == 0


def test_person_at_a_terminal_is_asked_whether_he_means_it(
    folder: Path, asked: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal())
    monkeypatch.setattr("typer.confirm", lambda *_args, **_options: True)
    monkeypatch.setattr("typer.prompt", lambda *_args, **_options: PASSWORD)
    assert run(folder, "approve", asked.act_id, "--as", "bora") == 0
    assert state(folder, asked) is ActState.DONE


@pytest.mark.parametrize(
    ("name", "line", "says"),
    [
        ("areum", PASSWORD, "does not decide it"),
        ("bora", "not the password at all", "password"),
        ("nobody", PASSWORD, "password"),
        ("bora", "", "one line on the standard input"),
        ("b" * 200, "p" * 300, "password"),
    ],
    ids=["asker", "password", "stranger", "silence", "long"],
)
def test_nobody_else_approves(
    folder: Path,
    asked: Act,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    line: str,
    says: str,
) -> None:
    typed(monkeypatch, f"{line}\n" if line else "")
    assert run(folder, "approve", asked.act_id, "--as", name, "--digest", to_hex(asked.digest)) == 2
    assert says in capsys.readouterr().err
    assert state(folder, asked) is ActState.REQUESTED


@pytest.mark.parametrize("digest", ["", "x", "0x" + "00" * 32], ids=["none", "no-hex", "another"])
def test_nothing_is_approved_unread(folder: Path, asked: Act, monkeypatch: pytest.MonkeyPatch, digest: str) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    option = ["--digest", digest] if digest else []
    assert run(folder, "approve", asked.act_id, "--as", "bora", *option) == 2
    assert state(folder, asked) is ActState.REQUESTED


def test_another_rejects_and_the_asker_withdraws(folder: Path, asked: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    assert run(folder, "withdraw", asked.act_id, "--as", "bora") == 2
    typed(monkeypatch, PASSWORD + "\n")
    assert run(folder, "reject", asked.act_id, "--as", "areum") == 2
    typed(monkeypatch, PASSWORD + "\n")
    assert run(folder, "reject", asked.act_id, "--as", "bora") == 0
    assert state(folder, asked) is ActState.REJECTED


def test_asker_withdraws(folder: Path, asked: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, PASSWORD + "\n")
    assert run(folder, "withdraw", asked.act_id, "--as", "areum") == 0
    assert state(folder, asked) is ActState.WITHDRAWN


def test_no_option_takes_a_password(folder: Path, asked: Act, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "approve", asked.act_id, "--as", "bora", "--password", PASSWORD) == 2
    capsys.readouterr()


def test_line_of_a_pipe_is_bounded(folder: Path, asked: Act, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("x" * 100_000))
    assert run(folder, "reject", asked.act_id, "--as", "bora") == 2


def test_keystore_opens_only_where_a_handler_needs_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[wiring.ActContext] = []

    def seen(context: wiring.ActContext) -> list[ActHandler]:
        opened.append(context)
        return []

    monkeypatch.setattr(wiring, "act_handlers", seen)
    with open_acts(load_settings(folder), SystemClock()):
        first, second = opened[0].keystore(), opened[0].keystore()
        assert first.list()
        assert first is second


def test_who_has_no_password_approves_once_the_console_vouches_for_him(
    folder: Path, asked: Act, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(folder)
    with open_staff(settings, SystemClock()) as staff:
        if not any(account.name == "chul" for account in staff.all()):
            staff.add("chul", {StaffRole.APPROVER}, None)
        chul = next(account for account in staff.all() if account.name == "chul")

    def typed_at_console(_seconds: float) -> None:
        said = capsys.readouterr().err
        assert "http://localhost:8101/console/terminal" in said
        code = said.rpartition("type ")[2].split()[0]
        member = StaffMember(chul.staff_id, "chul", chul.roles, chul.scopes, "ses_1", 1 << 40, 0, LoginMethod.PASSKEY)
        with open_acts(settings, SystemClock()) as operator:
            operator.terminals.confirm(member, code)

    monkeypatch.setattr("cli.commands.acts.time.sleep", typed_at_console)
    assert run(folder, "approve", asked.act_id, "--as", "chul", "--digest", to_hex(asked.digest)) == 0
    assert state(folder, asked) is ActState.DONE
