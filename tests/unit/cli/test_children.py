"""The sandbox's processes: started, watched, ended with everything they started, found again after a kill."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli.sandbox.children import Child, ChildPlan, RestartBudget, end_left_overs, end_outlived_chain
from cli.sandbox.layout import MEMBERS, open_sandbox
from node.settings import SETTINGS_FILE

# Starts a grandchild in the same session, says so in the log, and sleeps.
PARENT = """
import subprocess, sys, time
grandchild = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", sys.argv[1]])
print("grandchild", grandchild.pid, flush=True)
time.sleep(600)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


def eventually(condition: Callable[[], object], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "not within the deadline"
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., Child]]:
    children: list[Child] = []

    def start(code: str, *arguments: str, stop_timeout_s: float = 10.0) -> Child:
        plan = ChildPlan("part", (sys.executable, "-c", code, *arguments), lambda: None, stop_timeout_s)
        child = Child(plan, logs_dir=tmp_path, run_dir=tmp_path)
        children.append(child)
        child.start()
        return child

    yield start
    for child in children:
        child.clear()


def grandchild_of(child: Child) -> int:
    eventually(lambda: "grandchild" in child.last_words())
    return int(child.last_words().split()[-1])


def test_a_stopped_process_leaves_no_note_and_no_descendants(started: Callable[..., Child], tmp_path: Path) -> None:
    child = started(PARENT, str(tmp_path))
    grandchild = grandchild_of(child)
    assert json.loads((tmp_path / "part.json").read_text())["pid"] == child.pid
    child.ask_to_stop()
    assert child.wait()
    eventually(lambda: not is_alive(grandchild))
    assert not (tmp_path / "part.json").exists()


def test_a_process_that_ignores_the_request_is_killed(started: Callable[..., Child]) -> None:
    child = started(STUBBORN, stop_timeout_s=0.2)
    eventually(lambda: "ready" in child.last_words())
    pid = child.pid
    child.ask_to_stop()
    assert not child.wait()
    assert pid is not None
    assert not is_alive(pid)


def test_a_killed_process_is_noticed(started: Callable[..., Child]) -> None:
    child = started("import time; time.sleep(600)")
    assert child.exit_status() is None
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    eventually(lambda: child.exit_status() == -signal.SIGKILL)


def test_the_end_of_a_long_log_is_its_last_words(started: Callable[..., Child]) -> None:
    child = started("print('first\\n' * 3000 + 'the reason')")
    eventually(lambda: child.exit_status() == 0)
    assert child.last_words(lines=2) == "first\nthe reason"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_a_process_dies_with_the_one_that_started_it(tmp_path: Path) -> None:
    starter = f"""
import sys, time
from pathlib import Path
from cli.sandbox.children import Child, ChildPlan
plan = ChildPlan("part", (sys.executable, "-c", "import time; time.sleep(600)"), lambda: None)
child = Child(plan, logs_dir=Path({str(tmp_path)!r}), run_dir=Path({str(tmp_path)!r}))
child.start()
print(child.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    eventually(lambda: not is_alive(pid))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_what_founds_a_consortium_dies_with_the_one_that_started_it(tmp_path: Path) -> None:
    starter = f"""
import time
from pathlib import Path
from cli.sandbox.genesis import Founding
from cli.sandbox.layout import make_sandbox
founding = Founding(make_sandbox(Path({str(tmp_path)!r}) / "sandbox", None), say=print, pause=lambda _: False)
founding.begin()
print(*(work.process.pid for work in founding._makers), flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        makers = [int(pid) for pid in parent.stdout.readline().split()]
        parent.kill()
    assert len(makers) == len(MEMBERS)
    eventually(lambda: not any(is_alive(pid) for pid in makers))
    sandbox = open_sandbox(tmp_path / "sandbox")
    # They were ended; else each would have written its node's settings before it went.
    assert [one.name for one in MEMBERS if (sandbox.node_dir(one) / SETTINGS_FILE).exists()] == []


@pytest.fixture
def orphan(tmp_path: Path) -> Iterator[psutil.Process]:
    """Run a chain whose keeper is gone, with the mark by which it is known."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as chain:
        process = psutil.Process(chain.pid)
        mark = {"pid": chain.pid, "started": process.create_time(), "port": 1}
        (tmp_path / "anvil.json").write_text(json.dumps(mark))
        yield process
        chain.kill()


def test_a_chain_whose_keeper_was_killed_is_ended(orphan: psutil.Process, tmp_path: Path) -> None:
    assert end_outlived_chain(tmp_path)
    assert not is_alive(orphan.pid)
    assert not end_outlived_chain(tmp_path)


def test_a_stranger_with_the_chains_process_id_is_left_alone(orphan: psutil.Process, tmp_path: Path) -> None:
    (tmp_path / "anvil.json").write_text(json.dumps({"pid": orphan.pid, "started": orphan.create_time() - 100.0}))
    assert not end_outlived_chain(tmp_path)
    assert is_alive(orphan.pid)


@pytest.mark.parametrize("mark", [None, "{", "[]", '{"pid": 999999999, "started": 1.0}'], ids=str)
def test_no_chain_is_ended_where_none_is_marked(tmp_path: Path, mark: str | None) -> None:
    if mark is not None:
        (tmp_path / "anvil.json").write_text(mark)
    assert not end_outlived_chain(tmp_path)


def test_left_overs_of_a_killed_supervisor_are_ended(tmp_path: Path) -> None:
    # Not tied to us by a leash, as where the kernel does not offer one.
    process = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], start_new_session=True, stdout=-3)
    created = psutil.Process(process.pid).create_time()
    (tmp_path / "bank-api.json").write_text(json.dumps({"pid": process.pid, "created": created}))
    eventually(lambda: psutil.Process(process.pid).children())
    (grandchild,) = psutil.Process(process.pid).children()
    try:
        assert end_left_overs(tmp_path, tmp_path) == ["bank-api"]
        eventually(lambda: process.poll() is not None)
        eventually(lambda: not is_alive(grandchild.pid))
        assert not (tmp_path / "bank-api.json").exists()
    finally:
        process.kill()
        process.wait()


def test_descendants_are_ended_even_when_their_leader_is_gone(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], start_new_session=True, stdout=-3)
    created = psutil.Process(process.pid).create_time()
    (tmp_path / "part.json").write_text(json.dumps({"pid": process.pid, "created": created}))
    eventually(lambda: psutil.Process(process.pid).children())
    (grandchild,) = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    assert end_left_overs(tmp_path, tmp_path) == ["part"]
    eventually(lambda: not is_alive(grandchild.pid))


@pytest.mark.parametrize("note", ["{", '{"pid": "x"}', "[]", '{"pid": 999999999, "created": 1.0}'])
def test_a_note_that_means_nothing_is_cleared_away(tmp_path: Path, note: str) -> None:
    (tmp_path / "part.json").write_text(note)
    assert end_left_overs(tmp_path, tmp_path) == []
    assert not (tmp_path / "part.json").exists()


def test_a_stranger_with_a_reused_process_id_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True) as stranger:
        created = psutil.Process(stranger.pid).create_time() - 100.0
        (tmp_path / "part.json").write_text(json.dumps({"pid": stranger.pid, "created": created}))
        assert end_left_overs(tmp_path, tmp_path) == []
        assert stranger.poll() is None
        stranger.kill()


def test_restarts_come_slower_and_end() -> None:
    budget = RestartBudget(restarts=3, within_s=3600.0, first_pause_s=0.5)
    assert [budget.pause() for _ in range(4)] == [0.5, 1.0, 2.0, None]


def test_old_restarts_are_forgiven() -> None:
    budget = RestartBudget(restarts=1, within_s=0.0)
    assert budget.pause() is not None
    assert budget.pause() is not None
