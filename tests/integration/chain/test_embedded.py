"""The embedded chain under `kill -9`: of Anvil, of its supervisor, during dumps, with damaged files."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil
import pytest

from node.chain.anvil import AnvilOptions, find_anvil
from node.chain.embedded import EmbeddedChain
from node.chain.errors import AnvilKeepsFailing, AnvilMissing, FolderBusy, PortBusy, StateUnusable
from node.chain.rpc import Rpc
from node.chain.state_files import DurableBlock, read_durable
from tests.common.chain import free_port, local_rpc, wait_for

pytestmark = pytest.mark.chain


@contextlib.contextmanager
def supervisor(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run the supervisor as the product does; end it, and whatever it left, afterwards."""
    command = [sys.executable, "-m", "node.chain.embedded", "--dir", str(folder), "--port", str(port)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()
        end_orphan(folder)


def end_orphan(folder: Path) -> None:
    with contextlib.suppress(OSError, psutil.NoSuchProcess):
        mark = orjson.loads((folder / "anvil.json").read_bytes())
        process = psutil.Process(mark["pid"])
        if process.create_time() == mark["started"]:
            process.kill()


def height(rpc: Rpc) -> int:
    return int(rpc.call("eth_blockNumber"), 16)


def hash_at(rpc: Rpc, number: int) -> str | None:
    block = rpc.call("eth_getBlockByNumber", hex(number), False)
    return None if block is None else str(block["hash"])


def answers(rpc: Rpc) -> bool:
    with contextlib.suppress(Exception):
        return height(rpc) >= 0
    return False


def durable(folder: Path) -> DurableBlock | None:
    return read_durable(folder / "durable.json")


def test_state_survives_a_normal_stop_whole(tmp_path: Path) -> None:
    port = free_port()
    rpc = local_rpc(port)
    with supervisor(tmp_path, port) as process:
        wait_for(lambda: answers(rpc))
        rpc.call("anvil_mine", "0x7")
        last = height(rpc)
        kept = hash_at(rpc, last)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert not answers(rpc), "anvil must not outlive its supervisor's clean stop"
    with supervisor(tmp_path, port):
        wait_for(lambda: answers(rpc))
        assert hash_at(rpc, last) == kept


def test_killed_anvil_is_started_again_and_loses_at_most_what_was_not_durable(tmp_path: Path) -> None:
    port = free_port()
    rpc = local_rpc(port)
    with supervisor(tmp_path, port):
        wait_for(lambda: answers(rpc))
        rpc.call("anvil_mine", "0x5")
        wait_for(lambda: (kept := durable(tmp_path)) is not None and kept.number >= 5)
        kept = durable(tmp_path)
        assert kept is not None
        pid = orjson.loads((tmp_path / "anvil.json").read_bytes())["pid"]
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: orjson.loads((tmp_path / "anvil.json").read_bytes())["pid"] != pid)
        wait_for(lambda: answers(rpc))
        assert hash_at(rpc, kept.number) == "0x" + kept.hash.hex()


def test_anvil_that_outlived_its_supervisor_is_replaced_without_loss(tmp_path: Path) -> None:
    port = free_port()
    rpc = local_rpc(port)
    with supervisor(tmp_path, port) as process:
        wait_for(lambda: answers(rpc))
        process.kill()
        process.wait()
        assert answers(rpc)
        rpc.call("anvil_mine", "0x9")
        last = height(rpc)
        kept = hash_at(rpc, last)
        orphan = orjson.loads((tmp_path / "anvil.json").read_bytes())["pid"]
        with supervisor(tmp_path, port):
            wait_for(lambda: "anvil_orphan_found" in (tmp_path / "chain.log").read_text())
            # The orphan answers until it has ended.
            wait_for(lambda: orjson.loads((tmp_path / "anvil.json").read_bytes())["pid"] != orphan)
            wait_for(lambda: answers(rpc))
            assert hash_at(rpc, last) == kept


def test_whole_machine_killed_at_any_moment_leaves_a_state_that_loads(tmp_path: Path) -> None:
    """Both processes die at once, again and again, at moments that fall before, in and after dumps."""
    port = free_port()
    rpc = local_rpc(port)
    for attempt in range(6):
        promised = durable(tmp_path)
        with supervisor(tmp_path, port) as process:
            wait_for(lambda: answers(rpc))
            if promised is not None:
                assert hash_at(rpc, promised.number) == "0x" + promised.hash.hex(), "a durable block was lost"
            rpc.call("anvil_mine", "0x20")
            deadline = time.monotonic() + 0.35 * attempt
            wait_for(lambda limit=deadline: time.monotonic() >= limit)  # type: ignore[misc]
            process.kill()
            end_orphan(tmp_path)
            process.wait()
        wait_for(lambda: not answers(rpc))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[EmbeddedChain]:
    chain = EmbeddedChain(tmp_path, AnvilOptions(free_port()))
    chain.start()
    yield chain
    chain.stop()


def states(folder: Path) -> list[Path]:
    return sorted(folder.glob("state-*.json"))


def rpc_of(folder: Path) -> Rpc:
    return local_rpc(orjson.loads((folder / "anvil.json").read_bytes())["port"])


def test_only_two_generations_are_kept(tmp_path: Path) -> None:
    time_now = [0.0]
    chain = EmbeddedChain(tmp_path, AnvilOptions(free_port()), monotonic=lambda: time_now[0])
    chain.start()
    try:
        for number in range(5):
            rpc_of(tmp_path).call("anvil_mine", "0x1")
            time_now[0] += 100
            chain.tick()
            assert len(states(tmp_path)) == min(2, number + 1)
    finally:
        chain.stop()


def test_truncated_newest_state_gives_way_to_the_older_one(tmp_path: Path) -> None:
    port = free_port()
    chain = EmbeddedChain(tmp_path, AnvilOptions(port))
    chain.start()
    local_rpc(port).call("anvil_mine", "0x3")
    chain._dump()
    older = durable(tmp_path)
    local_rpc(port).call("anvil_mine", "0x3")
    chain._dump()
    chain._kill()
    chain.stop()
    newest = states(tmp_path)[-1]
    newest.write_bytes(newest.read_bytes()[:-100])
    again = EmbeddedChain(tmp_path, AnvilOptions(port))
    again.start()
    try:
        assert older is not None
        assert hash_at(local_rpc(port), older.number) == "0x" + older.hash.hex()
        assert durable(tmp_path) == older, "what is not on disk any more must not be called durable"
        assert newest.with_suffix(".broken").exists()
    finally:
        again.stop()


def test_state_that_anvil_refuses_gives_way_to_the_older_one(tmp_path: Path) -> None:
    port = free_port()
    chain = EmbeddedChain(tmp_path, AnvilOptions(port))
    chain.start()
    local_rpc(port).call("anvil_mine", "0x3")
    chain._dump()
    older = durable(tmp_path)
    chain._kill()
    chain._files.save(b'{"accounts": 7}', DurableBlock(9, bytes(32), 1))
    chain.stop()
    again = EmbeddedChain(tmp_path, AnvilOptions(port))
    again.start()
    try:
        assert durable(tmp_path) == older
        assert len(list(tmp_path.glob("*.broken"))) == 1, "it must not count as one of the two kept"
    finally:
        again.stop()


def test_chain_whose_every_state_is_damaged_does_not_begin_anew(tmp_path: Path) -> None:
    port = free_port()
    chain = EmbeddedChain(tmp_path, AnvilOptions(port))
    chain.start()
    chain.stop()
    for state in states(tmp_path):
        state.write_bytes(b"{}")
    with pytest.raises(StateUnusable):
        EmbeddedChain(tmp_path, AnvilOptions(port)).start()
    with pytest.raises(StateUnusable):
        EmbeddedChain(tmp_path, AnvilOptions(port)).start()


def test_folder_in_use_is_refused(tmp_path: Path, made: EmbeddedChain) -> None:
    with pytest.raises(FolderBusy):
        EmbeddedChain(tmp_path, AnvilOptions(free_port())).start()


def test_busy_port_is_refused_and_the_folder_given_back(tmp_path: Path, made: EmbeddedChain) -> None:
    port = orjson.loads((tmp_path / "anvil.json").read_bytes())["port"]
    other = tmp_path / "other"
    with pytest.raises(PortBusy):
        EmbeddedChain(other, AnvilOptions(port)).start()
    chain = EmbeddedChain(other, AnvilOptions(free_port()))
    chain.start()
    chain.stop()


def test_missing_anvil_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no-such-program"):
        EmbeddedChain(tmp_path, AnvilOptions(free_port()), anvil=tmp_path / "no-such-program").start()


def test_anvil_is_not_found_where_it_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("node.chain.anvil.platform.machine", lambda: "abacus")
    script = tmp_path / "anvil"
    script.write_text("#!/bin/sh\nexit 0\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AnvilMissing, match="npm install"):
        find_anvil()


def test_anvil_that_keeps_ending_is_given_up(tmp_path: Path, made: EmbeddedChain) -> None:
    def end_and_tick() -> None:
        assert made.pid is not None
        os.kill(made.pid, signal.SIGKILL)
        wait_for(lambda: made._process is None or made._process.poll() is not None)
        made.tick()

    for _ in range(5):
        end_and_tick()
    with pytest.raises(AnvilKeepsFailing):
        end_and_tick()


def test_nothing_of_the_machine_is_unlocked_or_open_to_web_pages(tmp_path: Path, made: EmbeddedChain) -> None:
    rpc = rpc_of(tmp_path)
    assert rpc.call("eth_accounts") == []
    assert psutil.Process(made.pid).net_connections()[0].laddr.ip == "127.0.0.1"
    import requests

    port = orjson.loads((tmp_path / "anvil.json").read_bytes())["port"]
    preflight = requests.options(
        f"http://127.0.0.1:{port}",
        headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
        timeout=5,
    )
    assert "access-control-allow-origin" not in preflight.headers
