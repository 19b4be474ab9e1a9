"""Play a guide: take the commands out of its code blocks and run them, one after the other, as a reader would.

A guide's block is fenced as `console` or `sh`. Lines that begin with `$ ` are commands (a backslash at the end
continues on the next line); other lines of the block are pieces of what the reader sees, in that order, `…` standing
for anything. A second word after the language names the place the command is typed at: each place is one shell that
lives as long as the guide, so that variables, `cd` and what was put into the background stay.

What a reader fills in is written `<LIKE_THIS>`, and the guide's text must explain it outside the blocks.
"""

import os
import queue
import re
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

_FENCE = re.compile(r"^```(?:console|sh)(?:[ ]+(?P<place>[a-z][a-z0-9-]*))?[ ]*$")
_PLACEHOLDER = re.compile(r"<[A-Z][A-Z0-9_]*>")
_PROMPT = "$ "
_SHOWN = 4_000

Value = str | Callable[[], str]
"""What stands for a placeholder; a callable is asked each time, for what earlier commands brought about."""


class GuideFailed(AssertionError):
    """A guide does not do what it says; the message holds the line, the command and the end of its output."""


@dataclass(frozen=True, slots=True)
class Step:
    """Hold one command: the line it stands on, where it is typed, itself, and pieces of its output in order."""

    line: int
    place: str
    command: str
    expected: tuple[str, ...] = ()


def read_steps(text: str) -> list[Step]:
    """Read the commands of a guide in their order.

    Raises:
        GuideFailed: a block does not end, or has output before any command, or no command.
    """
    steps: list[Step] = []
    place: str | None = None
    first = 0
    continued = False
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line)
        if place is None:
            if fence is not None:
                place, first, continued = fence["place"] or "", len(steps), False
        elif line == "```":
            if continued or len(steps) == first:
                raise GuideFailed(f"line {number}: the block ends without a whole command")
            place = None
        elif continued or line.startswith(_PROMPT):
            part = line if continued else line.removeprefix(_PROMPT)
            whole = f"{steps.pop().command}\n{part}" if continued else part
            steps.append(Step(number, place, whole))
            continued = part.endswith("\\")
        elif line.strip():
            if len(steps) == first:
                raise GuideFailed(f"line {number}: output before any command")
            last = steps[-1]
            steps[-1] = Step(last.line, last.place, last.command, (*last.expected, line.strip()))
    if place is not None:
        raise GuideFailed("the last block does not end")
    return steps


def unexplained(text: str) -> set[str]:
    """Give the placeholders that commands use and the text around the blocks does not explain."""
    used = {name for step in read_steps(text) for name in _PLACEHOLDER.findall(step.command)}
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    return used - set(_PLACEHOLDER.findall(prose))


@dataclass(frozen=True, slots=True)
class Place:
    """Describe where commands are typed: the folder, and the whole environment of the shell."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)


class Shell:
    """Keep one shell open and give it one command at a time; leaving it ends what it put into the background."""

    def __init__(self, place: Place) -> None:
        """Start the shell in a session of its own, so that all of it can be ended."""
        self._process = subprocess.Popen(
            ["/bin/bash", "--noprofile", "--norc"],
            cwd=place.folder,
            env=dict(place.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def run(self, command: str, *, timeout_s: float) -> tuple[int, str]:
        """Run one command to its end; give its exit code and what it wrote.

        Raises:
            GuideFailed: it did not end in time, or it ended the shell.
        """
        mark = f"end-of-command-{secrets.token_hex(8)}"
        assert self._process.stdin is not None
        # The command reads nothing: what follows on the shell's input is not its own.
        typed = f"{{ {command}\n}} < /dev/null; printf '\\n%s %s\\n' {mark} $?\n"
        self._process.stdin.write(typed.encode())
        self._process.stdin.flush()
        until = time.monotonic() + timeout_s
        output: list[str] = []
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise GuideFailed(f"no end within {timeout_s:.0f} s:\n{_end(''.join(output))}") from None
            if line is None:
                raise GuideFailed(f"the shell ended:\n{_end(''.join(output))}")
            if line.startswith(mark):
                # The line feed before the mark is ours.
                return int(line.split()[1]), "".join(output).removesuffix("\n")
            output.append(line)

    def close(self) -> None:
        """End the shell with everything it started: politely, then by force."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, number)
            except ProcessLookupError:
                break
            self._wait(5.0)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
        self._reader.join(5.0)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _wait(self, seconds: float) -> None:
        """Wait until nobody of the session is left, for so long at most."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._process.poll()
            try:
                os.killpg(self._process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.05)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.decode("utf-8", "replace"))
        self._lines.put(None)


class Guide:
    """Play one guide; a context manager, because its shells must end."""

    def __init__(self, path: Path, places: Mapping[str, Place], placeholders: Mapping[str, Value]) -> None:
        """Read the guide.

        Args:
            path: the guide.
            places: by the word after the language; "" for a block without one.
            placeholders: by name, without the angle brackets.

        Raises:
            GuideFailed: the guide is malformed, leaves a placeholder unexplained, or names a place not given.

        """
        text = path.read_text("utf-8")
        self.steps: Sequence[Step] = read_steps(text)
        if missing := unexplained(text):
            raise GuideFailed(f"{path.name} does not explain {sorted(missing)}")
        if strange := {step.place for step in self.steps} - set(places):
            raise GuideFailed(f"{path.name} names places that nobody gave: {sorted(strange)}")
        self._name = path.name
        self._places = places
        self._placeholders = placeholders
        self._shells: dict[str, Shell] = {}
        self.outputs: list[str] = []

    def play(self, *, timeout_s: float = 120.0) -> None:
        """Run every command in order; each must end with 0 and show what the guide shows.

        Raises:
            GuideFailed: one did not; the message names its line.
        """
        for step in self.steps:
            self.play_step(step, timeout_s=timeout_s)

    def play_step(self, step: Step, *, timeout_s: float = 120.0) -> str:
        """Run one command; give what it wrote.

        Raises:
            GuideFailed: it failed, or showed something else.
        """
        where = f"{self._name}:{step.line}: {step.command}"
        command = self._filled(step.command)
        shell = self._shells.get(step.place)
        if shell is None:
            shell = self._shells[step.place] = Shell(self._places[step.place])
        try:
            code, output = shell.run(command, timeout_s=timeout_s)
        except GuideFailed as failed:
            raise GuideFailed(f"{where}\n{failed}") from None
        if code != 0:
            raise GuideFailed(f"{where}\nended with {code}:\n{_end(output)}")
        self._expect(step, output, where)
        self.outputs.append(output)
        return output

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every shell."""
        for shell in self._shells.values():
            shell.close()

    def _filled(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            given = self._placeholders.get(found[0][1:-1])
            if given is None:
                raise GuideFailed(f"nobody gave {found[0]}")
            return given if isinstance(given, str) else given()

        return _PLACEHOLDER.sub(value, text)

    def _expect(self, step: Step, output: str, where: str) -> None:
        flat, at = " ".join(output.split()), 0
        for piece in step.expected:
            for part in (" ".join(part.split()) for part in self._filled(piece).split("…")):
                found = flat.find(part, at)
                if found < 0:
                    raise GuideFailed(f"{where}\ndoes not show {part!r}:\n{_end(output)}")
                at = found + len(part)


def _end(output: str) -> str:
    return output if len(output) <= _SHOWN else "…" + output[-_SHOWN:]
