"""What a person at the terminal gets: one line about what went wrong and an exit code, never a traceback."""

import io
import socket
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from rich.console import Console

from cli.console import table
from cli.main import main
from cli.programs import CODE_DIR, jeung
from cli.sandbox.layout import make_sandbox, open_sandbox
from cli.sandbox.probes import free_base_port

GOVERNANCE = (
    *("list", "show", "approve", "withdraw", "execute", "cancel", "suspend", "enrol", "agenda"),
    *("export", "sign", "submit", "propose"),
)
COMMANDS = (
    ("up",),
    ("demo",),
    ("reset",),
    ("token",),
    ("audit",),
    ("members", "list"),
    ("keys", "list"),
    ("keys", "rotate"),
    ("credentials", "list"),
    ("credentials", "suspend"),
    ("credentials", "reinstate"),
    ("credentials", "revoke"),
    ("chain", "status"),
    ("chain", "deploy"),
    ("node", "init"),
    ("node", "check"),
    ("node", "api"),
    ("node", "worker"),
    *(("governance", name) for name in GOVERNANCE),
    ("node", "client"),
    ("staff", "add"),
    ("staff", "list"),
    ("staff", "disable"),
    ("staff", "password"),
    ("staff", "roles"),
    ("staff", "end-sessions"),
    ("staff", "enrol"),
    ("staff", "link"),
    ("staff", "passkeys"),
)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    said = capsys.readouterr().out
    assert "Usage" in said
    assert "--help" in said


@pytest.mark.parametrize(
    "arguments", [["dance"], ["up", "--port", "1"], ["up", "--base-port", "80"], ["token", "--scope", "all"]]
)
def test_wrong_usage_could_not_run(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["demo"],
        ["reset", "--yes"],
        ["token"],
        ["members", "list"],
        ["credentials", "list"],
        ["credentials", "revoke", "cred"],
        ["audit"],
        ["chain", "status"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_without_a_sandbox_a_command_says_how_to_make_one(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--data", str(tmp_path / "none")]) == 2
    said = capsys.readouterr()
    assert said.err.startswith("jeung: there is no sandbox in")
    assert said.err.count("\n") == 1
    assert "jeung up --data" in said.err


def test_a_folder_with_something_else_in_it_is_never_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["up", "--data", str(tmp_path)]) == 2
    assert "is not empty and is no sandbox" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


def test_a_busy_port_is_named_with_the_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["up", "--data", str(tmp_path / "new"), "--base-port", str(port)]) == 2
    said = capsys.readouterr().err
    assert f"port {port} is in use" in said
    assert "--base-port" in said


def test_ports_of_a_sandbox_are_fixed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        main(["up", "--data", str(tmp_path / "new"), "--base-port", str(port)])
        (tmp_path / "new" / "bank").mkdir()
        assert main(["up", "--data", str(tmp_path / "new"), "--base-port", str(port + 1)]) == 2
    assert f"has the ports from {port} on, for good" in capsys.readouterr().err


def test_ports_that_no_member_bears_yet_can_be_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "new"
    with socket.socket() as first, socket.socket() as second:
        ports = []
        for taken in (first, second):
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            ports.append(taken.getsockname()[1])
        for port in ports:
            assert main(["up", "--data", str(folder), "--base-port", str(port)]) == 2
            assert f"port {port} is in use" in capsys.readouterr().err
    assert open_sandbox(folder).base_port == ports[1]


def test_repository_around_a_sandbox_takes_nothing_of_it_up(tmp_path: Path) -> None:
    make_sandbox(tmp_path / "new", 18100)
    assert (tmp_path / "new" / ".gitignore").read_text() == "*\n"


@pytest.mark.parametrize("command", [["up"], ["demo"], ["audit"], ["token"]])
def test_file_in_the_place_of_a_sandbox_is_said_to_be_one(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("years of work")
    assert main([*command, "--data", str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err


@pytest.mark.parametrize("mark", ["{", "[]", '{"version": 99, "base_port": 8100}', '{"version": 1}'])
def test_a_sandbox_whose_mark_is_broken_says_how_to_wipe_it(
    tmp_path: Path, mark: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    (folder / "sandbox.json").write_text(mark)
    assert main(["up", "--data", str(folder)]) == 2
    assert "jeung reset" in capsys.readouterr().err
    assert main(["reset", "--yes", "--data", str(folder)]) == 0
    assert not folder.exists()


def test_reset_asks_and_takes_no_for_an_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "sandbox"
    folder.mkdir()
    (folder / "sandbox.json").write_text('{"version": 1, "base_port": 8100}')
    monkeypatch.setattr("typer.confirm", lambda _question: False)
    assert main(["reset", "--data", str(folder)]) == 1
    assert "nothing was wiped" in capsys.readouterr().err
    assert folder.exists()


def test_reset_wipes_nothing_but_a_sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["reset", "--yes", "--data", str(tmp_path)]) == 2
    assert "there is no sandbox" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


def test_reset_leaves_a_folder_that_holds_other_things_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sandbox.json").write_text("{}")
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["reset", "--yes", "--data", str(tmp_path)]) == 2
    assert "thesis.txt" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").exists()


def test_folder_in_a_message_is_written_as_a_shell_takes_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "--data", str(tmp_path / "my data")]) == 2
    assert f"--data '{tmp_path / 'my data'}'" in capsys.readouterr().err


def test_demo_without_a_running_sandbox_could_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_sandbox(tmp_path / "new", free_base_port())
    assert main(["demo", "--data", str(tmp_path / "new")]) == 2
    assert "Is the sandbox up?" in capsys.readouterr().err


def test_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"{version('jeung')}\n"


@pytest.mark.parametrize("address", ["bogus", "ftp://localhost"])
def test_address_that_is_no_json_rpc_endpoint_is_said_to_be_none(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_sandbox(tmp_path / "new", 18100)
    assert main(["chain", "status", "--rpc", address, "--data", str(tmp_path / "new")]) == 2
    assert "http(s) address" in capsys.readouterr().err


def test_folder_that_cannot_be_made_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    url, rpc = "https://bank.example", "https://chain.example"
    folder = tmp_path / "file" / "node"
    assert main(["node", "init", "--dir", str(folder), "--name", "bank", "--base-url", url, "--rpc", rpc]) == 2
    said = capsys.readouterr().err
    assert str(folder) in said
    assert "unexpected" not in said


def test_piped_table_is_never_cut() -> None:
    written = io.StringIO()
    rows = table("Id", "Other")
    rows.add_row("a" * 300, "b")
    Console(file=written, width=400).print(rows)
    assert "a" * 300 in written.getvalue()
    written = io.StringIO()
    Console(file=written, width=40).print(rows)
    assert written.getvalue().count("a") == 300


def test_a_node_needs_to_be_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("JEUNG_NODE_DIR", raising=False)
    assert main(["node", "check"]) == 2
    assert "JEUNG_NODE_DIR" in capsys.readouterr().err


def test_the_environment_names_the_node(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = """
        name = "bank"
        environment = "production"
        base_url = "https://bank.example"
        listen_port = 8101
        rpc_urls = ["https://chain.example"]
    """
    (tmp_path / "node.toml").write_text(settings)
    monkeypatch.setenv("JEUNG_NODE_DIR", str(tmp_path))
    assert main(["node", "check"]) == 0
    assert "production, https://bank.example" in capsys.readouterr().out


@pytest.mark.parametrize(
    "founder",
    ["", "http://bank.example", "http://bank.example,0x12,1", f"HTTP://bank.example,0x{'1' * 40},1"]
    + [f"http://bank.example,0x{'1' * 40},{roles}" for roles in ("0", "8", "x", "")]
    + [f"http://bank.example,0x{'g' * 40},1"],
)
def test_a_founder_of_another_form_is_refused(
    founder: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "deployment.json"
    arguments = ["chain", "deploy", "--rpc", "http://127.0.0.1:1", "--out", str(file), "--founder", founder]
    assert main(arguments) == 2
    assert "URL,ADDRESS,ROLES" in capsys.readouterr().err
    assert not file.exists()


def test_an_unexpected_error_is_one_line_and_its_details_need_debug(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("hunter2")

    monkeypatch.setattr("cli.commands.sandbox.any_sandbox", broken)
    assert main(["reset", "--yes", "--data", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said == "jeung: unexpected ZeroDivisionError; run `jeung --debug …` for the details\n"
    assert main(["--debug", "reset", "--yes", "--data", str(tmp_path)]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_an_interrupt_ends_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cli.commands.sandbox.any_sandbox", interrupted)
    assert main(["reset", "--yes"]) == 130


def test_the_command_is_installed_as_a_module() -> None:
    shown = subprocess.run(jeung("--help"), cwd=CODE_DIR, capture_output=True, text=True, check=True, timeout=60)
    assert "Exit codes" in shown.stdout
    assert sys.executable == jeung()[0]
