"""Speak to the person at the terminal: one console for results, one for what went wrong, three exit codes.

Exit codes of every command: 0 done, 1 the answer is no (findings, a refusal, a demo that failed), 2 it could not
run (wrong usage, missing tool, busy port, nobody answers). An interrupt ends with 130, as shells expect.
"""

import enum
import json
import sys

from rich.console import Console
from rich.table import Table

# Where nobody looks, width costs nothing, and a table that is cut cannot be read by the next program.
_PIPED_WIDTH = 400


def _console(*, stderr: bool = False) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else _PIPED_WIDTH)


out = _console()
err = _console(stderr=True)


def table(*headings: str) -> Table:
    """Make a table whose cells are broken over lines rather than cut: what it shows is meant to be copied."""
    made = Table()
    for heading in headings:
        made.add_column(heading, overflow="fold")
    return made


def as_json(value: object) -> str:
    """Write JSON that others had a say in, to be read: letters as they are, what a terminal obeys as an escape.

    `json` escapes only the controls that its standard forbids; U+009B begins a terminal's command as well.
    """
    written = json.dumps(value, indent=2, ensure_ascii=False)
    return "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in written)


class Exit(enum.IntEnum):
    """Name the exit codes."""

    DONE = 0
    NO = 1
    COULD_NOT_RUN = 2
    INTERRUPTED = 130


class CommandFailed(Exception):
    """A command ends with a message for the person and an exit code."""

    def __init__(self, message: str, exit_code: Exit = Exit.COULD_NOT_RUN) -> None:
        """Keep the message and the exit code."""
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def complain(message: str) -> None:
    """Print what went wrong as one line; markup and a terminal's commands in it are shown, not obeyed."""
    line = " ".join(message.split())
    shown = "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in line)
    err.print(f"jeung: {shown}", markup=False, soft_wrap=True)
