"""Compute the roots of batches, several at once where the machine has several processors.

A second writing of the tree (OpenZeppelin's `standard-v1`, see jeung.crypto.merkle) for digests that already stand in
the order the contract demands, as one run of bytes: three hashes a digest and next to nothing beside them.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import IO, Final, cast

from sha3 import keccak_256

from audit.digests import LENGTH
from audit.findings import AuditImpossible

_MAX_BATCH: Final = 8_192
_WORTH_A_PROCESS: Final = 1_024
_MOST_WAITING: Final = 16
_MOST_PROCESSES: Final = 4
_LENGTH_BYTES: Final = 4
_LINE_BYTES: Final = 128


def root_of(run: bytes) -> str | None:
    """Compute the root over digests of 32 bytes as 0x-hex; None where no batch can have these, in this order."""
    count, rest = divmod(len(run), LENGTH)
    if rest or not 0 < count <= _MAX_BATCH:
        return None
    hashed = keccak_256
    leaves = [hashed(hashed(run[begin : begin + LENGTH]).digest()).digest() for begin in range(0, len(run), LENGTH)]
    if any(map(bytes.__ge__, leaves, leaves[1:])):
        return None
    # Node i has the children 2i+1 and 2i+2; the leaves fill the end backwards.
    nodes = [b""] * (count - 1) + leaves[::-1]
    for node in range(count - 2, -1, -1):
        left, right = nodes[2 * node + 1], nodes[2 * node + 2]
        nodes[node] = hashed(left + right if left < right else right + left).digest()
    return f"0x{nodes[0].hex()}"


class _Worker:
    """Compute roots in a process of its own: runs go in with their lengths, roots come out as lines."""

    def __init__(self) -> None:
        # A small process of our own making instead of multiprocessing: that one would import whatever program the
        # audit runs in once more, which takes longer than the roots of a hundred batches.
        command = [sys.executable, "-P", "-m", "audit.roots"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - ours
        self._input = cast("IO[bytes]", self._process.stdin)
        self._output = cast("IO[bytes]", self._process.stdout)

    def put(self, run: bytes) -> None:
        """Hand over a run; the answer is to be got in the same order."""
        try:
            self._input.write(len(run).to_bytes(_LENGTH_BYTES) + run)
            self._input.flush()
        except OSError as error:
            raise AuditImpossible("a process that computes roots has ended") from error

    def get(self) -> str | None:
        """Wait for the next answer.

        Raises:
            AuditImpossible: the process has ended.
        """
        line = self._output.readline(_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise AuditImpossible("a process that computes roots has ended")
        return line.decode().strip() or None

    def close(self) -> None:
        """End the process, whatever it is at."""
        self._process.kill()
        for pipe in (self._input, self._output):
            with suppress(OSError):
                pipe.close()
        self._process.wait()


class Roots:
    """Compute roots beside the replay; answers come in the order of the questions."""

    def __init__(self) -> None:
        self._workers: list[_Worker] = []
        self._turn = 0
        self._waiting: deque[tuple[_Worker | None, str | None, Callable[[str | None], None]]] = deque()

    def ask(self, run: bytes, then: Callable[[str | None], None]) -> None:
        """Have a root computed and call `then` with it, at once or at a later `ask` or `settle`.

        Raises:
            AuditImpossible: a process that computes them has ended.
        """
        if len(run) < _WORTH_A_PROCESS * LENGTH:
            if self._waiting:
                self._waiting.append((None, root_of(run), then))
            else:
                then(root_of(run))
        else:
            worker = self._next_worker()
            worker.put(run)
            self._waiting.append((worker, None, then))
        while len(self._waiting) > _MOST_WAITING:
            self._next()

    def settle(self) -> None:
        """Wait for every answer that is still out.

        Raises:
            AuditImpossible: a process that computes them has ended.
        """
        while self._waiting:
            self._next()

    def close(self) -> None:
        """End the processes; what is still out is never answered."""
        self._waiting.clear()
        while self._workers:
            self._workers.pop().close()

    def _next(self) -> None:
        worker, root, then = self._waiting.popleft()
        then(root if worker is None else worker.get())

    def _next_worker(self) -> _Worker:
        if not self._workers:
            self._workers = [_Worker() for _ in range(min(os.cpu_count() or 1, _MOST_PROCESSES))]
        self._turn += 1
        return self._workers[self._turn % len(self._workers)]


def serve(given: IO[bytes], taken: IO[bytes]) -> None:
    """Answer runs with roots until the input ends; an empty line where there is no root."""
    while len(head := given.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
        root = root_of(given.read(int.from_bytes(head)))
        taken.write((root or "").encode() + b"\n")
        taken.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
