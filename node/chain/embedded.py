"""Run the embedded chain: start Anvil, watch it, and keep its state where a kill at any moment cannot hurt it.

`python -m node.chain.embedded --dir DIR --port P` runs until SIGTERM or SIGINT and dumps the state once more at the
end. Files of DIR: those of `state_files`, `durable.json` among them; `chain.lock`; `anvil.json` (which process is
ours); `chain.log` (what this process tells) and `anvil.log` (what Anvil tells).

Anvil's own dump writes in place, and a kill during it leaves a chain that cannot boot; so the state is fetched over
JSON-RPC and written here. Only the present state and the blocks are kept: with the state after every block a dump of
5,000 blocks weighs 1.8 GB instead of 9 MB. A chain loaded from a dump therefore answers `eth_call` and
`eth_getProof` from the loaded block on; logs, blocks and receipts it answers for its whole past.
"""

from __future__ import annotations

import argparse
import gzip
import logging
import logging.handlers
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import psutil
import structlog
from filelock import FileLock, Timeout

from node.chain.anvil import (
    AnvilOptions,
    command_line,
    find_anvil,
    local_rpc,
    port_must_be_free,
    wait_until_ready,
)
from node.chain.errors import (
    AnvilKeepsFailing,
    AnvilStopped,
    ChainError,
    EmbeddedChainError,
    FolderBusy,
    PortBusy,
    StateUnusable,
)
from node.chain.hexes import bytes_of, int_of
from node.chain.state_files import DurableBlock, StateFiles

_LOG = structlog.get_logger(__name__)
MARK_FILE = "anvil.json"
"""Says which process is ours; it stands in the folder before the chain answers for the first time."""
_BEST_BLOCK = re.compile(rb'"best_block_number":\s*(?:"0x(?P<hex>[0-9a-f]{1,16})"|(?P<decimal>[0-9]{1,20}))')
_TICK_S = 0.1
_SHORTEST_INTERVAL_S = 2.0
_LONGEST_INTERVAL_S = 60.0
# A dump stops the chain for as long as it takes, and it grows with the chain (1.8 KB a block), so that it may take
# 1/20 of the time and no more.
_REST_PER_DUMP = 20
_RESTARTS = 5
_RESTART_WINDOW_S = 60.0
_STOP_S = 10.0


class EmbeddedChain:
    """Own one folder's chain. Use `start`, then `tick` again and again, then `stop`."""

    def __init__(
        self,
        folder: Path,
        options: AnvilOptions,
        *,
        anvil: Path | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the folder if it is missing; nothing is started yet."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._options = options
        self._anvil = anvil
        self._monotonic = monotonic
        self._lock = FileLock(folder / "chain.lock", timeout=0)
        self._process: subprocess.Popen[bytes] | None = None
        self._rpc = local_rpc(options.port)
        self._dumped = -1
        self._due = 0.0
        self._starts: list[float] = []

    @property
    def pid(self) -> int | None:
        """Give Anvil's process id while it runs."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Take the folder, load the newest usable state and wait until the chain answers.

        Raises:
            FolderBusy: another process runs this folder's chain.
            PortBusy: another program listens on the port.
            AnvilMissing: Anvil is not installed.
            StateUnusable: there are states, and Anvil can load none of them.
        """
        try:
            # The operating system gives the lock back when its holder dies, so it is never stale.
            self._lock.acquire()
        except Timeout:
            raise FolderBusy(f"another process runs the chain of {self._folder.name}") from None
        try:
            self._anvil = self._anvil or find_anvil((self._folder,))
            self._files = StateFiles(self._folder)
            self._adopt_orphan()
            port_must_be_free(self._options.port)
            self._boot()
        except BaseException:
            self._kill()
            self._lock.release()
            raise

    def tick(self) -> None:
        """Do what is due now: start Anvil again if it ended, dump the state if it changed.

        Raises:
            AnvilKeepsFailing: it ended too often in too short a time.
            StateUnusable: as `start`.
        """
        if self._process is None or self._process.poll() is not None:
            code = None if self._process is None else self._process.returncode
            _LOG.error("anvil_ended", exit_code=code)
            self._spend_restart()
            self._boot()
        if self._monotonic() >= self._due:
            self._dump_if_changed()

    def stop(self) -> None:
        """Dump the state, stop Anvil and give the folder back."""
        try:
            if self._process is not None and self._process.poll() is None:
                self._dump_if_changed()
        finally:
            self._kill()
            self._rpc.close()
            self._lock.release()

    def _boot(self) -> None:
        """Start Anvil with the newest state it accepts; without any state only in a folder that never had one."""
        states = self._files.newest_first()
        self._files.retract_durable()
        for state in states:
            try:
                self._launch(state.path)
            except AnvilStopped as problem:
                _LOG.error("chain_state_refused", file=state.path.name, problem=problem.detail)
                self._files.set_aside(state.path)
                continue
            self._dumped = state.block_number
            self._files.declare_durable(self._block(hex(state.block_number)))
            return
        if any(self._folder.glob("state-*.broken")):
            raise StateUnusable("no kept state of the chain can be loaded; the files are left as state-*.broken")
        self._launch(None)
        self._dumped = -1

    def _launch(self, state: Path | None) -> None:
        self._kill()
        cache = self._folder / "cache"
        shutil.rmtree(cache, ignore_errors=True)
        cache.mkdir()
        if self._anvil is None:
            raise AnvilStopped
        command = command_line(self._anvil, self._options, cache, state)
        with (self._folder / "anvil.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own program and arguments
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        started = psutil.Process(self._process.pid).create_time()
        mark = {"pid": self._process.pid, "started": started, "port": self._options.port}
        (self._folder / MARK_FILE).write_bytes(orjson.dumps(mark))
        wait_until_ready(self._process, self._rpc, self._options.chain_id)
        _LOG.info("anvil_started", pid=self._process.pid, port=self._options.port, state=state and state.name)

    def _spend_restart(self) -> None:
        now = self._monotonic()
        self._starts = [*(start for start in self._starts if start > now - _RESTART_WINDOW_S), now]
        if len(self._starts) > _RESTARTS:
            raise AnvilKeepsFailing(f"anvil ended {len(self._starts)} times within {_RESTART_WINDOW_S:.0f} s")

    def _dump_if_changed(self) -> None:
        """Fetch and write the state; a chain that cannot give it now is asked again later, and says so."""
        began = self._monotonic()
        try:
            head = int_of(self._rpc.call("eth_blockNumber"))
            if head != self._dumped:
                self._dumped = self._dump()
        except (ChainError, OSError, ValueError, KeyError, TypeError) as problem:
            _LOG.error("chain_dump_failed", problem=type(problem).__name__)
        ended = self._monotonic()
        rest = max(_SHORTEST_INTERVAL_S, min(_LONGEST_INTERVAL_S, _REST_PER_DUMP * (ended - began)))
        self._due = ended + rest

    def _dump(self) -> int:
        state = gzip.decompress(bytes_of(self._rpc.call("anvil_dumpState", False)))
        number = _BEST_BLOCK.search(state)
        if number is None:
            raise StateUnusable("anvil's dump does not say which block is its last")
        block = self._block(hex(int(number["hex"], 16) if number["hex"] else int(number["decimal"])))
        self._files.save(state, block)
        _LOG.debug("chain_dumped", block=block.number, bytes=len(state))
        return block.number

    def _block(self, tag: str) -> DurableBlock:
        found = self._rpc.call("eth_getBlockByNumber", tag, False)
        return DurableBlock(int_of(found["number"]), bytes_of(found["hash"], 32), int_of(found["timestamp"]))

    def _adopt_orphan(self) -> None:
        """Stop an Anvil that outlived a killed supervisor, after taking what it knows beyond the last dump."""
        orphan = self._orphan()
        if orphan is None:
            return
        process, port = orphan
        _LOG.warning("anvil_orphan_found", pid=process.pid)
        ours, self._rpc = self._rpc, local_rpc(port)
        self._dump_if_changed()
        self._rpc.close()
        self._rpc = ours
        process.kill()
        deadline = time.monotonic() + _STOP_S
        while self._is_ending(port) and time.monotonic() < deadline:
            time.sleep(_TICK_S / 10)

    def _is_ending(self, port: int) -> bool:
        """Tell whether a killed orphan still holds its port.

        Whoever inherited it may never reap it, so it may stay a zombie for ever, and while it dies it is one already.
        """
        try:
            port_must_be_free(port)
        except PortBusy:
            return True
        return self._orphan() is not None

    def _orphan(self) -> tuple[psutil.Process, int] | None:
        try:
            mark = orjson.loads((self._folder / MARK_FILE).read_bytes())
            process = psutil.Process(int(mark["pid"]))
            # A process id is given again sooner or later; its starting time tells ours from a stranger's.
            if process.create_time() == mark["started"] and process.status() != psutil.STATUS_ZOMBIE:
                return process, int(mark["port"])
        except (OSError, ValueError, KeyError, TypeError, psutil.Error):
            return None
        return None

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one folder's chain until a signal asks to stop; answer the exit code."""
    parser = argparse.ArgumentParser(prog="python -m node.chain.embedded", description="Run the embedded chain.")
    parser.add_argument("--dir", type=Path, required=True, help="the chain's folder")
    parser.add_argument("--port", type=int, required=True, help="where JSON-RPC listens on the loopback interface")
    parser.add_argument("--chain-id", type=int, default=31_337)
    parser.add_argument("--block-time", type=int, default=1, help="seconds between empty blocks")
    parser.add_argument("--gas-price", type=int, default=0, help="least price of gas in wei")
    given = parser.parse_args(arguments)
    given.dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    _log_to(given.dir / "chain.log")
    options = AnvilOptions(given.port, given.chain_id, given.block_time, given.gas_price)
    try:
        _run(EmbeddedChain(given.dir, options))
    except EmbeddedChainError as problem:
        _LOG.error("chain_stopped", code=problem.code, problem=problem.detail)
        sys.stderr.write(f"{problem.detail}\n")
        return 1
    return 0


def _run(chain: EmbeddedChain) -> None:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    chain.start()
    try:
        while not stopping.wait(_TICK_S):
            chain.tick()
    finally:
        chain.stop()


def _log_to(path: Path) -> None:
    handler = logging.handlers.RotatingFileHandler(path, maxBytes=4 << 20, backupCount=2, encoding="utf-8")
    logger = logging.getLogger()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
    )


if __name__ == "__main__":
    sys.exit(main())
