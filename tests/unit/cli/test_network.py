"""`jeung network` reports and repairs: exit 0 where all agree, 1 where one does not, 2 where it could not run."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.main import main
from jeung.domain.members import Role
from node.runtime.adapters import SystemClock
from node.runtime.database import open_node_store
from node.settings import load_settings
from tests.common.besu import BesuPermissions, BesuServer, serving
from tests.common.consortium import Consortium, member_id
from tests.common.memory.world import SetClock
from tests.common.network import endpoint, enode_of, list_node

BANK, EXCHANGE = "http://localhost:8101", "http://localhost:8102"
SETTINGS = f"""
name = "bank"
environment = "sandbox"
base_url = "{BANK}"
listen_port = 8101
rpc_urls = ["http://127.0.0.1:8100"]

[ledger]
max_poll_age_s = 3600
max_head_age_s = 3600
"""
TOKEN = "header.payload.signature"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server() -> Iterator[BesuServer]:
    with serving(BesuServer(BesuPermissions(nodes=[enode_of(1)]), token=TOKEN)) as served:
        yield served


@pytest.fixture
def folder(tmp_path: Path, server: BesuServer) -> Path:
    named = f'[[network.chain_nodes]]\nname = "validator"\nrpc_url = "{server.url}"\ntoken_file = "besu.token"\n'
    (tmp_path / "node.toml").write_text(SETTINGS + named)
    (tmp_path / "besu.token").write_text(TOKEN + "\n")
    (tmp_path / "besu.token").chmod(0o600)
    kept = open_node_store(load_settings(tmp_path), SystemClock())
    try:
        clock = SetClock(SystemClock().now())
        fence = kept.lease.acquire("worker", now=clock.now(), ttl_s=60) or 0
        chain = Consortium(kept.index, clock, fence=fence)
        chain.admit(BANK, Role.ISSUER)
        chain.admit(EXCHANGE, Role.RELYING_PARTY)
        for number in (1, 2):
            list_node(chain, member_id(EXCHANGE), endpoint(number))
    finally:
        kept.dispose()
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        exit_code = main(["network", *arguments, "--node-dir", str(folder)])
        caught = capsys.readouterr()
        return exit_code, caught.out, caught.err

    return run


def test_show_and_dry_run_report_and_change_nothing(run: Run, server: BesuServer) -> None:
    for arguments in (["show"], ["reconcile", "--dry-run"]):
        exit_code, said, _ = run(*arguments)
        assert exit_code == 1
        assert "missing" in said
        assert enode_of(2) in said
    assert server.permissions.requests == []


def test_reconcile_repairs_and_then_agrees(run: Run, server: BesuServer) -> None:
    exit_code, said, _ = run("reconcile")
    assert (exit_code, "added" in said) == (0, True)
    assert sorted(server.permissions.nodes or ()) == sorted([enode_of(1), enode_of(2)])
    assert len(server.permissions.accounts or ()) == 6
    exit_code, said, _ = run("reconcile")
    assert (exit_code, "added" in said, "agrees" in said) == (0, False, True)


def test_report_as_json_is_whole(run: Run) -> None:
    exit_code, said, _ = run("reconcile", "--json")
    report = json.loads(said)
    assert (exit_code, report["agrees"]) == (0, True)
    assert report["permitted_nodes"] == sorted([enode_of(1), enode_of(2)])
    (found,) = report["chain_nodes"]
    assert found["name"] == "validator"
    assert found["nodes"]["added"] == [enode_of(2)]


def test_what_is_withheld_is_said_with_its_reason(run: Run, server: BesuServer) -> None:
    server.permissions.nodes = [enode_of(number) for number in (5, 6, 7, 8)]
    exit_code, said, _ = run("reconcile")
    assert (exit_code, "withheld: mass_removal" in said) == (1, True)
    assert run("reconcile", "--mass-removal")[0] == 0
    assert sorted(server.permissions.nodes) == sorted([enode_of(1), enode_of(2)])


def test_refused_token_is_a_problem_of_the_chain_node(run: Run, server: BesuServer) -> None:
    server.token = "another"
    exit_code, said, complained = run("show")
    assert (exit_code, "chain_node_unavailable" in said) == (1, True)
    assert TOKEN not in said + complained


def test_one_chain_node_may_be_named(run: Run) -> None:
    assert run("reconcile", "--chain-node", "validator")[0] == 0
    exit_code, _, complained = run("show", "--chain-node", "another")
    assert (exit_code, "no such chain node" in complained) == (2, True)


def test_settings_without_chain_nodes_say_how_to_name_one(run: Run, folder: Path) -> None:
    (folder / "node.toml").write_text(SETTINGS)
    exit_code, _, complained = run("show")
    assert (exit_code, "[[network.chain_nodes]]" in complained) == (2, True)


def test_stale_ledger_could_not_run(run: Run, folder: Path) -> None:
    text = (folder / "node.toml").read_text().replace("3600", "1")
    (folder / "node.toml").write_text(text)
    kept = open_node_store(load_settings(folder), SystemClock())
    try:
        clock = SetClock(SystemClock().now() - 30)
        fence = kept.lease.acquire("other", now=clock.now() + 3_600, ttl_s=60) or 0
        Consortium(kept.index, clock, fence=fence).idle()
    finally:
        kept.dispose()
    exit_code, said, complained = run("reconcile")
    assert (exit_code, said) == (2, "")
    assert "jeung: " in complained


@pytest.mark.parametrize(
    "content", ["", "two words\n", "노드", "line\nbreak\n"], ids=["none", "two", "hangul", "lines"]
)
def test_file_without_a_token_is_refused(run: Run, folder: Path, content: str) -> None:
    (folder / "besu.token").write_text(content)
    exit_code, _, complained = run("show")
    assert (exit_code, "holds no token" in complained) == (2, True)


def test_token_that_others_may_read_or_that_is_missing_is_refused(run: Run, folder: Path) -> None:
    (folder / "besu.token").chmod(0o644)
    assert run("show")[0] == 2
    (folder / "besu.token").unlink()
    exit_code, _, complained = run("show")
    assert (exit_code, "is missing" in complained) == (2, True)


def test_address_that_is_none_is_refused(run: Run, folder: Path, server: BesuServer) -> None:
    text = (folder / "node.toml").read_text().replace(server.url, "http://:8545")
    (folder / "node.toml").write_text(text)
    exit_code, _, complained = run("show")
    assert (exit_code, "address" in complained) == (2, True)
