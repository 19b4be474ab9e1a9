"""Keep the processes of a sandbox running: start in order, watch, restart within a budget, stop in order.

Order of starting: chain, then (once, when the folder is made) the genesis, then each member's API and worker.
Order of stopping: workers, so that nothing new is sent; APIs, which finish their requests; the chain, which writes
its state last. A process that ends by itself is started again and said so; one that keeps ending is given up.
"""

import contextlib
import functools
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout
from rich.console import Console

from cli.console import CommandFailed
from cli.programs import module
from cli.sandbox.children import Child, ChildPlan, RestartBudget, chain_outlived, end_left_overs, end_outlived_chain
from cli.sandbox.genesis import Founding
from cli.sandbox.layout import MEMBERS, MemberPlan, Sandbox, write_whole
from cli.sandbox.probes import api_missing, chain_missing, require_free_ports

_START_TIMEOUT_S = 120.0
_POLL_S = 0.1


class Interrupted(Exception):
    """The person asked to stop while something was being waited for."""


class Supervisor:
    """Run one sandbox. Everything happens in the main thread; signals only set a flag."""

    def __init__(self, sandbox: Sandbox, console: Console) -> None:
        """Prepare the processes; nothing is started yet."""
        self._sandbox = sandbox
        self._console = console
        self._stop = threading.Event()
        self._children: list[Child] = []
        self._budgets: dict[str, RestartBudget] = {}
        self._given_up: set[str] = set()

    @property
    def stopping(self) -> bool:
        """Tell whether a stop was asked for."""
        return self._stop.is_set()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Hold the sandbox's lock and run it for the length of a `with` block; always stop it cleanly.

        Raises:
            CommandFailed: another supervisor runs it, a port is busy, or a process does not become ready.
            Interrupted: a stop was asked for before everything was up.
        """
        with _locked(self._sandbox), self._signals():
            left = end_left_overs(self._sandbox.root, self._sandbox.run_dir)
            if left:
                self._say(f"Ended what an earlier run had left behind: {', '.join(left)}")
            # An Anvil that outlived its keeper still has the chain's port; the chain process takes it over.
            kept = () if chain_outlived(self._sandbox.chain_dir) else (self._sandbox.chain_port,)
            require_free_ports((*kept, *self._sandbox.member_ports))
            try:
                try:
                    self._start_all()
                except CommandFailed:
                    # Ctrl-C at a terminal reaches what is being started as well, whose end is no failure then.
                    if self.stopping:
                        raise Interrupted from None
                    raise
                yield
            finally:
                self._stop_all()

    def watch(self, until: Callable[[], bool] = lambda: False) -> None:
        """Restart what ends, until a stop is asked for or `until` says so."""
        while not self._stop.wait(_POLL_S) and not until():
            for child in self._children:
                if child.exit_status() is not None and child.plan.name not in self._given_up:
                    self._restart(child)

    @property
    def given_up(self) -> Sequence[str]:
        """Name the processes that kept ending and are not started any more."""
        return sorted(self._given_up)

    def _start_all(self) -> None:
        sandbox = self._sandbox
        chain = ChildPlan(
            "chain",
            module("node.chain.embedded", "--dir", str(sandbox.chain_dir), "--port", str(sandbox.chain_port)),
            lambda: chain_missing(sandbox.rpc_url),
            stop_timeout_s=20.0,
        )
        founding = Founding(sandbox, say=self._say, pause=self._stop.wait)
        try:
            founding.begin()
            self._wait(self._start([chain]))
            self._say(f"[green]✓[/] chain        {sandbox.rpc_url}")
            founding.finish_nodes()
            # An API needs its database only, and takes a while to load: it does so beside the deployment.
            apis = self._start([self._api(member) for member in MEMBERS])
            founding.finish_contracts()
        finally:
            founding.abandon()
        self._wait([*apis, *self._start([self._worker(member) for member in MEMBERS])])
        for member in MEMBERS:
            self._say(f"[green]✓[/] {member.name:<12} {sandbox.base_url(member)}")

    def _api(self, member: MemberPlan) -> ChildPlan:
        argv = module("api.gunicorn", "--node-dir", str(self._sandbox.node_dir(member)))
        # The server gives requests in flight ten seconds.
        return ChildPlan(f"{member.name}-api", argv, self._ready(member), stop_timeout_s=15.0)

    def _worker(self, member: MemberPlan) -> ChildPlan:
        argv = module("node", "worker", "--node-dir", str(self._sandbox.node_dir(member)))
        return ChildPlan(f"{member.name}-worker", argv, self._ready(member))

    def _ready(self, member: MemberPlan) -> Callable[[], str | None]:
        return functools.partial(api_missing, self._sandbox.base_url(member))

    def _start(self, plans: Sequence[ChildPlan]) -> list[Child]:
        """Start processes together."""
        started = [Child(plan, logs_dir=self._sandbox.logs_dir, run_dir=self._sandbox.run_dir) for plan in plans]
        for child in started:
            self._budgets[child.plan.name] = RestartBudget()
            self._children.append(child)
            child.start()
        return started

    def _wait(self, children: Sequence[Child]) -> None:
        """Wait until each of some processes does its work.

        Raises:
            CommandFailed: one ended, or was not ready in time.
            Interrupted: a stop was asked for.
        """
        deadline = time.monotonic() + _START_TIMEOUT_S
        waiting = {child.plan.name: child for child in children}
        with self._console.status("") as status:
            while waiting:
                missing = {}
                for name, child in list(waiting.items()):
                    if child.exit_status() is not None:
                        raise CommandFailed(f"{name} ended while starting: {child.last_words(1)} (see {child.log})")
                    lack = child.plan.ready()
                    if lack is None:
                        del waiting[name]
                    else:
                        missing[name] = lack
                lacks = ", ".join(f"{name} ({lack})" for name, lack in missing.items())
                status.update(f"Waiting for {lacks}")
                if waiting and time.monotonic() > deadline:
                    raise CommandFailed(
                        f"not ready after {_START_TIMEOUT_S:.0f} s: {lacks}; see {self._sandbox.logs_dir}"
                    )
                if self._stop.wait(_POLL_S):
                    raise Interrupted

    def _restart(self, child: Child) -> None:
        name, status = child.plan.name, child.exit_status()
        how = f"killed by signal {-status}" if status is not None and status < 0 else f"exit status {status}"
        child.clear()
        pause = self._budgets[name].pause()
        if pause is None:
            self._given_up.add(name)
            self._say(f"[red]✗[/] {name} keeps ending ({how}) and is not started again; see {child.log}")
            return
        self._say(f"[yellow]![/] {name} ended ({how}); starting it again")
        if not self._stop.wait(pause):
            child.start()

    def _stop_all(self) -> None:
        if not self._children:
            return
        self._say("Stopping …")
        for suffix in ("-worker", "-api", "chain"):
            group = [child for child in self._children if child.plan.name.endswith(suffix)]
            for child in group:
                child.ask_to_stop()
            for child in group:
                if not child.wait():
                    self._say(f"[yellow]![/] {child.plan.name} did not stop in time and was killed")
        if end_outlived_chain(self._sandbox.chain_dir):
            self._say("[yellow]![/] the chain was killed with it: its last blocks may be lost")
        self._say("Stopped. The next start finds everything as it is now.")

    @contextlib.contextmanager
    def _signals(self) -> Iterator[None]:
        def ask(_number: int, _frame: FrameType | None) -> None:
            self._stop.set()

        kept = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    def _say(self, text: str) -> None:
        self._console.print(text)


@contextlib.contextmanager
def stopped(sandbox: Sandbox) -> Iterator[None]:
    """Make sure that nothing of a sandbox runs for the length of a `with` block.

    Raises:
        CommandFailed: a supervisor runs it.
    """
    with _locked(sandbox):
        end_left_overs(sandbox.root, sandbox.run_dir)
        yield


@contextlib.contextmanager
def _locked(sandbox: Sandbox) -> Iterator[None]:
    """Hold the folder's lock. The kernel gives it back when its holder dies, so a stale one cannot exist."""
    sandbox.run_dir.mkdir(mode=0o700, exist_ok=True)
    holder = sandbox.run_dir / "supervisor.pid"
    lock = FileLock(sandbox.run_dir / "supervisor.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise CommandFailed(_already_running(sandbox.root, holder)) from None
    try:
        write_whole(holder, f"{os.getpid()}\n")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _already_running(root: Path, holder: Path) -> str:
    try:
        who = f" (process {int(holder.read_text('ascii'))})"
    except (OSError, ValueError):
        who = ""
    return f"the sandbox in {root} is running already{who}. Stop that one with Ctrl-C, or use another --data folder"
