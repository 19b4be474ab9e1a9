"""Start, watch and end one process of the sandbox, and find what an earlier supervisor left behind.

Each process leads a session of its own: a Ctrl-C in the terminal reaches only the supervisor, which then stops the
others in order; and everything a process started can be ended with it. A note in `run/` names the process by its id
and its time of creation, because ids are used again.
"""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from cli.programs import CODE_DIR
from cli.sandbox import leash
from cli.sandbox.layout import write_whole

_MAX_LOG_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ChildPlan:
    """Describe a process: `ready` gives None when it does its work, else what is still missing."""

    name: str
    argv: tuple[str, ...]
    ready: Callable[[], str | None]
    stop_timeout_s: float = 10.0


class Child:
    """Hold one running process of the sandbox. Use from the main thread only: see `leash`."""

    def __init__(self, plan: ChildPlan, *, logs_dir: Path, run_dir: Path) -> None:
        """Prepare; nothing is started yet."""
        self.plan = plan
        self.log = logs_dir / f"{plan.name}.log"
        self._note = run_dir / f"{plan.name}.json"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Give the process id while there is a process."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start the process with its output appended to its log file."""
        if self.log.exists() and self.log.stat().st_size > _MAX_LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the program and its arguments are ours
                leash.tied(*self.plan.argv),
                cwd=CODE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        with contextlib.suppress(psutil.NoSuchProcess):
            created = psutil.Process(self._process.pid).create_time()
            write_whole(self._note, json.dumps({"pid": self._process.pid, "created": created}) + "\n", 0o600)

    def exit_status(self) -> int | None:
        """Give how the process ended (negative: the signal), or None while it runs."""
        return None if self._process is None else self._process.poll()

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()

    def wait(self) -> bool:
        """Wait for the end within the plan's bound, then kill; tell whether it ended by itself."""
        if self._process is None:
            return True
        try:
            self._process.wait(self.plan.stop_timeout_s)
            graceful = True
        except subprocess.TimeoutExpired:
            graceful = False
        self.clear()
        return graceful

    def clear(self) -> None:
        """Kill whatever is left of the process and of what it started, and take its note away."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
        self._note.unlink(missing_ok=True)

    def last_words(self, lines: int = 5) -> str:
        """Give the end of the log, for a message about a process that would not start."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, self.log.stat().st_size - 4_096))
                text = log.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])


def end_left_overs(root: Path, run_dir: Path, *, timeout_s: float = 10.0) -> list[str]:
    """End the processes that a killed supervisor left in a sandbox; give their names.

    Only processes are touched whose note, time of creation and command line say that they belong to this folder.
    The caller holds the sandbox's lock, so nobody else is starting any.
    """
    ended: list[str] = []
    for note in sorted(run_dir.glob("*.json")):
        try:
            content = json.loads(note.read_text("utf-8"))
            pid, created = int(content["pid"]), float(content["created"])
        except (OSError, ValueError, KeyError, TypeError):
            note.unlink(missing_ok=True)
            continue
        remaining = _session_of(pid, created, root)
        if remaining:
            ended.append(note.stem)
            _end(remaining, timeout_s)
        note.unlink(missing_ok=True)
    return ended


def _session_of(pid: int, created: float, root: Path) -> list[psutil.Process]:
    """Find the noted process and what it started, or nothing when the id belongs to somebody else by now."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if abs(psutil.Process(pid).create_time() - created) > 0.05:
            return []
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError, PermissionError):
            if os.getsid(process.pid) != pid or process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.create_time() >= created - 0.05 and (
                process.pid == pid or str(root) in str(process.cmdline())
            ):
                found.append(process)
    return found


def _end(processes: list[psutil.Process], timeout_s: float) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=timeout_s)
    for process in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=timeout_s)


def chain_outlived(chain_dir: Path) -> psutil.Process | None:
    """Find an Anvil of this folder that runs on although the process that kept it is gone."""
    try:
        mark = json.loads((chain_dir / "anvil.json").read_text("utf-8"))
        process = psutil.Process(int(mark["pid"]))
        ours = process.create_time() == mark["started"] and process.status() != psutil.STATUS_ZOMBIE
        return process if ours else None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None


def end_outlived_chain(chain_dir: Path, *, timeout_s: float = 10.0) -> bool:
    """Kill an Anvil whose keeper had to be killed, and tell whether there was one; blocks it had not kept are lost.

    A keeper that ends while the sandbox runs is started again and takes such an Anvil's state over; at the end nobody
    would, and it would run for ever.
    """
    process = chain_outlived(chain_dir)
    if process is None:
        return False
    with contextlib.suppress(psutil.NoSuchProcess):
        process.kill()
    psutil.wait_procs([process], timeout=timeout_s)
    return True


class RestartBudget:
    """Allow a number of restarts within a time, each after a longer pause than the one before."""

    def __init__(self, *, restarts: int = 5, within_s: float = 60.0, first_pause_s: float = 0.25) -> None:
        """Begin with the whole budget."""
        self._restarts = restarts
        self._within_s = within_s
        self._first_pause_s = first_pause_s
        self._used: list[float] = []

    def pause(self) -> float | None:
        """Take one restart from the budget; give the seconds to wait before it, or None when it is used up."""
        now = time.monotonic()
        self._used = [moment for moment in self._used if now - moment < self._within_s]
        if len(self._used) >= self._restarts:
            return None
        self._used.append(now)
        return self._first_pause_s * 2.0 ** (len(self._used) - 1)
