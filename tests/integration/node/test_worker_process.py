"""The worker as a process of its own on a real chain: one acts, another takes over, another chain is refused."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.programs import CODE_DIR, module
from jeung.errors import DatabaseMissing
from node.chain.deploy import deploy
from node.runtime.adapters import SystemClock
from node.runtime.creation import NodePlan, create_node
from node.runtime.database import open_node_store
from node.runtime.parts import open_parts
from node.settings import FeeSettings, Settings, load_settings
from tests.common.chain import Chain, Party, anvil, plan_for, wait_for

pytestmark = pytest.mark.chain

CLOCK = SystemClock()
LEASE_S = 3


class Node:
    """Hold a node's folder that was joined to a deployment, and its worker processes."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.log = settings.node_dir / "worker.log"

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        with self.log.open("ab") as log:
            argv = module("node", "worker", "--node-dir", str(self.settings.node_dir))
            process = subprocess.Popen(argv, cwd=CODE_DIR, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def fences(self) -> list[str]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line["event"] for line in lines if "holding the lease" in line["event"]]

    def indexed(self) -> int:
        kept = open_node_store(self.settings, CLOCK)
        try:
            head = kept.index.head()
            return -1 if head is None else head.number
        finally:
            kept.dispose()


def make_node(folder: Path, rpc_port: int, **changes: Any) -> Settings:  # noqa: ANN401 - JSON values of settings
    settings = {
        "name": "bank",
        "environment": "sandbox",
        "base_url": "https://bank.example",
        "listen_port": 8101,
        "rpc_urls": [f"http://127.0.0.1:{rpc_port}"],
        "worker": {"lease_ttl_s": LEASE_S, "retry_max_s": 1, "poll_interval_ms": 50},
        **changes,
    }
    create_node(NodePlan(folder, "Bank", settings), CLOCK)
    return load_settings(folder)


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with anvil(tmp_path) as chain:
        yield chain


def join(settings: Settings, chain: Chain) -> None:
    plan = plan_for(Party(settings.base_url), Party("https://exchange.example"))
    deploy(chain.rpc, plan, settings.deployment_path, fees=FeeSettings(), now=CLOCK.now())


@pytest.fixture
def node(tmp_path: Path, chain: Chain) -> Node:
    settings = make_node(tmp_path / "bank", chain.port, unsafe_fast_key_derivation=True)
    join(settings, chain)
    return Node(settings)


def test_a_worker_follows_and_stops_cleanly(node: Node, chain: Chain) -> None:
    with node.worker() as process:
        wait_for(lambda: node.indexed() == chain.height)
        chain.mine(3)
        wait_for(lambda: node.indexed() == chain.height)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "Traceback" not in node.log.read_text()


def test_another_worker_takes_over_when_the_first_is_killed(node: Node, chain: Chain) -> None:
    with node.worker() as first:
        wait_for(lambda: node.indexed() == chain.height)
        with node.worker():
            wait_for(lambda: "standing by" in node.log.read_text())
            assert node.fences() == ["holding the lease, fence 1"]
            first.kill()
            wait_for(lambda: len(node.fences()) == 2)
            assert node.fences()[1] == "holding the lease, fence 2"
            chain.mine()
            wait_for(lambda: node.indexed() == chain.height)


def test_a_stopped_worker_gives_its_lease_back_at_once(node: Node, chain: Chain) -> None:
    with node.worker() as first:
        wait_for(lambda: len(node.fences()) == 1)
        first.send_signal(signal.SIGTERM)
        assert first.wait(20) == 0
    kept = open_node_store(node.settings, CLOCK)
    try:
        assert kept.lease.acquire("successor", now=CLOCK.now(), ttl_s=LEASE_S) == 2
    finally:
        kept.dispose()


def test_a_chain_that_is_down_is_said_once_and_found_again(node: Node, chain: Chain, tmp_path: Path) -> None:
    state = chain.dump()
    chain.kill()
    with node.worker():
        wait_for(lambda: "follower fails" in node.log.read_text())
        with anvil(tmp_path, state=state, port=chain.port) as again:
            wait_for(lambda: node.indexed() >= again.height)
            wait_for(lambda: "follower works again" in node.log.read_text())
    assert node.log.read_text().count("follower fails") == 1


def test_another_consortiums_chain_is_refused(node: Node, tmp_path: Path) -> None:
    with anvil(tmp_path) as other:
        path = node.settings.node_dir / "node.toml"
        path.write_text(path.read_text().replace(node.settings.rpc_urls[0], f"http://127.0.0.1:{other.port}"))
        with node.worker() as process:
            assert process.wait(60) == 2
    assert "This node does not work on this chain." in node.log.read_text()
    assert node.indexed() == -1


def test_a_production_node_refuses_a_consortium_that_leaves_no_time_to_object(tmp_path: Path, chain: Chain) -> None:
    settings = make_node(tmp_path / "bank", chain.port, environment="production")
    join(settings, chain)
    node = Node(settings)
    with node.worker() as process:
        assert process.wait(60) == 2
    assert "timelock of at least 86400 s" in node.log.read_text()


def test_a_node_that_joined_no_consortium_says_so(tmp_path: Path, chain: Chain) -> None:
    node = Node(make_node(tmp_path / "bank", chain.port, unsafe_fast_key_derivation=True))
    with node.worker() as process:
        assert process.wait(60) == 2
    assert "not deployed yet" in node.log.read_text()


def test_node_whose_database_is_gone_does_not_start_on_an_empty_one(tmp_path: Path) -> None:
    settings = make_node(tmp_path / "bank", 1)
    settings.database_path.unlink()
    with pytest.raises(DatabaseMissing):
        open_parts(settings)
    argv = module("api.gunicorn", "--node-dir", str(settings.node_dir))
    ended = subprocess.run(argv, cwd=CODE_DIR, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert f"{settings.database_path} is gone" in ended.stdout + ended.stderr
    assert not settings.database_path.exists()
