"""Speak to the person at the terminal: one console for results, one for what went wrong, three exit codes.

Exit codes of every command: 0 done, 1 the answer is no (findings, a refusal, a demo that failed), 2 it could not
run (wrong usage, missing tool, busy port, nobody answers). An interrupt ends with 130, as shells expect.
"""

import enum

from rich.console import Console

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


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
    """Print what went wrong as one line; markup in it is shown, not obeyed."""
    err.print(f"jeung: {' '.join(message.split())}", markup=False, soft_wrap=True)
