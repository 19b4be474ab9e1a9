"""Tie a process to the one that started it, then become the wanted program.

Started as a plain script, `python leash.py PARENT_PID PROGRAM ARGUMENT…`, and not through `preexec_fn`, which is
unsafe beside threads. On Linux the kernel then sends SIGTERM when the parent is gone, however it ended
(prctl(2), PR_SET_PDEATHSIG; it survives exec). Elsewhere the next start finds the left-over processes instead.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def tied(*argv: str) -> tuple[str, ...]:
    """Give the command line that runs a program tied to this process; start it from the main thread only.

    The kernel counts the thread that started a process as its parent: when that one ends, so does the program.
    """
    return (sys.executable, "-I", "-S", __file__, str(os.getpid()), *argv)


def main(arguments: list[str]) -> None:
    """Set the parent-death signal and replace this process by the program."""
    parent, program = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        # The parent may have died before the call; then nobody would ever send the signal.
        if os.getppid() != parent:
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 - no shell is wanted; the program is ours


if __name__ == "__main__":
    main(sys.argv[1:])
