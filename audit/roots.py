"""Compute the roots of batches, several at once where the machine has several processors.

A second writing of the tree (OpenZeppelin's `standard-v1`, see jeung.crypto.merkle) for digests that already stand in
the order the contract demands, as one run of bytes: three hashes a digest and next to nothing beside them.
"""

import os
import queue
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Final, cast

from sha3 import keccak_256

from audit.digests import LENGTH
from audit.findings import AuditImpossible

_MAX_BATCH: Final = 8_192
_WORTH_A_PROCESS: Final = 1_024
_MOST_WAITING: Final = 64
"""Batches, of a quarter of a mebibyte at most: what is still to be hashed while other things are compared."""
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

    def compute(self, run: bytes) -> str | None:
        """Hand over a run and wait for its root.

        Raises:
            AuditImpossible: the process has ended.
        """
        line = b""
        with suppress(OSError):
            self._input.write(len(run).to_bytes(_LENGTH_BYTES) + run)
            self._input.flush()
            line = self._output.readline(_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise AuditImpossible("a process that computes roots has ended")
        return line.decode().strip() or None

    def end(self) -> None:
        """End the process, whatever it is at; whoever waits for it is told."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Close what is left of an ended process."""
        for pipe in (self._input, self._output):
            with suppress(OSError):
                pipe.close()


class Roots:
    """Compute roots beside the replay and beside what is compared after it; answers come in the order of asking."""

    def __init__(self) -> None:
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._workers: list[_Worker] = []
        self._threads: ThreadPoolExecutor | None = None
        self._waiting: deque[tuple[Future[str | None], Callable[[str | None], None]]] = deque()

    def ask(self, run: bytes, then: Callable[[str | None], None]) -> None:
        """Have a root computed and call `then` with it, at once or at a later `ask` or `settle`.

        Raises:
            AuditImpossible: a process that computes them has ended.
        """
        if len(run) >= _WORTH_A_PROCESS * LENGTH:
            self._waiting.append((self._start().submit(self._compute, run), then))
        elif self._waiting:
            answered: Future[str | None] = Future()
            answered.set_result(root_of(run))
            self._waiting.append((answered, then))
        else:
            then(root_of(run))
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
        for worker in self._workers:
            worker.end()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
        while self._workers:
            self._workers.pop().close()

    def _next(self) -> None:
        future, then = self._waiting.popleft()
        then(future.result())

    def _start(self) -> ThreadPoolExecutor:
        if self._threads is None:
            count = min(os.cpu_count() or 1, _MOST_PROCESSES)
            self._workers = [_Worker() for _ in range(count)]
            for worker in self._workers:
                self._idle.put(worker)
            self._threads = ThreadPoolExecutor(count, thread_name_prefix="audit-roots")
        return self._threads

    def _compute(self, run: bytes) -> str | None:
        """Have an idle process compute: there are as many threads as processes."""
        worker = self._idle.get()
        try:
            return worker.compute(run)
        finally:
            self._idle.put(worker)


def serve(given: IO[bytes], taken: IO[bytes]) -> None:
    """Answer runs with roots until the input ends; an empty line where there is no root."""
    while len(head := given.read(_LENGTH_BYTES)) == _LENGTH_BYTES:
        root = root_of(given.read(int.from_bytes(head)))
        taken.write((root or "").encode() + b"\n")
        taken.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
