"""Drive a sandbox as a person at a terminal would: start it, stop it with Ctrl-C, kill parts of it."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

from cli.programs import CODE_DIR, jeung
from cli.sandbox.probes import free_base_port

T = TypeVar("T")

START_S = 180.0


def eventually(ask: Callable[[], T | None], *, timeout_s: float = 60.0) -> T:
    deadline = time.monotonic() + timeout_s
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, "not within the deadline"
        time.sleep(0.1)


def run_jeung(*arguments: str, timeout_s: float = START_S) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        jeung(*arguments),
        cwd=CODE_DIR,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


class SandboxDriver:
    """Own one sandbox folder and, while it runs, its supervisor process."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.base_port = free_base_port()
        self.output = data.parent / f"{data.name}.out"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        new = not self.data.exists()
        ports = ("--base-port", str(self.base_port)) if new else ()
        with self.output.open("wb") as output:
            self._process = subprocess.Popen(
                jeung("up", "--data", str(self.data), *ports),
                cwd=CODE_DIR,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        eventually(self._is_up, timeout_s=START_S)

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.said()
        return "The sandbox is up" in self.said()

    def said(self) -> str:
        return self.output.read_text("utf-8", "replace")

    def stop(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop, and wait until it has."""
        assert self._process is not None
        self._process.send_signal(number)
        status = self._process.wait(60)
        self._process = None
        return status

    def kill_supervisor(self) -> None:
        """Kill it as hard as possible."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def running(self) -> list[str]:
        """Give the command lines of the processes that work in the folder."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                line = " ".join(process.cmdline())
                if str(self.data) in line and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(line)
        return found

    def pid_of(self, name: str) -> int | None:
        try:
            return int(json.loads((self.data / "run" / f"{name}.json").read_text())["pid"])
        except (OSError, ValueError):
            return None

    def kill(self, name: str) -> None:
        """Kill a part as hard as possible and wait until another process has taken its place."""
        before = self.pid_of(name)
        assert before is not None
        os.kill(before, signal.SIGKILL)
        eventually(lambda: self.pid_of(name) not in (None, before))

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
