"""Run a whole consortium for the wallets' bench: real chain, workers and gunicorn, and a bare handler beside."""

import contextlib
import io
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psutil
from rich.console import Console

from bench import _timed
from cli.demo.board import Board
from cli.demo.catalogue import Catalogue
from cli.demo.founding import accredit, admit_supervisor, enrol_founders
from cli.demo.issuing import Proofings
from cli.demo.parties import CLOCK, Party
from cli.demo.people import invent_customers
from cli.demo.provider import provider_of
from cli.http import NodeClient
from cli.programs import CODE_DIR, module
from cli.sandbox.children import ChildPlan
from cli.sandbox.layout import MEMBERS, MemberPlan, Sandbox, make_sandbox
from cli.sandbox.probes import free_base_port, port_is_free
from cli.sandbox.supervisor import Supervisor
from cli.target import sandbox_client
from cli.wallet.http import JSON, Answer, WalletHttp
from cli.wallet.register import RelyingPartyRegister
from cli.wallet.wallet import HeadlessWallet, World
from jeung.domain.access import Scope

BANK, EXCHANGE, _ = MEMBERS
_START_S = 60.0


class MeasuredHttp(WalletHttp):
    """Keep how long each request took, by endpoint, in seconds."""

    def __init__(self) -> None:
        super().__init__(allow_loopback=True)
        self.took_s: dict[str, list[float]] = defaultdict(list)
        self._taken = threading.Lock()

    def exchange(self, method: str, url: str, body: bytes | None = None, *, headers: Mapping[str, str]) -> Answer:
        """Send one request, and note its time."""
        began = time.perf_counter()
        answer = super().exchange(method, url, body, headers=headers)
        took = time.perf_counter() - began
        with self._taken:
            self.took_s[f"{method} {_endpoint(url)}"].append(took)
        return answer


class Desk:
    """Be a member's back office over the wallet's lean connections; its token is got as every back office gets it."""

    def __init__(self, sandbox: Sandbox, member: MemberPlan, http: WalletHttp) -> None:
        self._url = sandbox.base_url(member)
        self._client: NodeClient = sandbox_client(sandbox, member, *Scope)
        self._http = http
        self._lock = threading.Lock()
        self._token = self._client.fresh_token()
        self._count = 0

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create or act."""
        with self._lock:
            self._count += 1
            key = f"bench-{self._count}"
        headers = {**self._authorization(), "Idempotency-Key": key, "Content-Type": JSON}
        return self._http.exchange("POST", self._url + path, orjson.dumps(body), headers=headers).json()

    def get(self, path: str) -> dict[str, Any]:
        """Read."""
        return self._http.exchange("GET", self._url + path, headers=self._authorization()).json()

    def _authorization(self) -> dict[str, str]:
        with self._lock:
            if self._token.renew_at <= CLOCK.now():
                self._token = self._client.fresh_token()
            return {"Authorization": f"Bearer {self._token.value}"}


@dataclass
class Stage:
    """Hold what runs, and those who speak to it."""

    sandbox: Sandbox
    bare_url: str
    http: MeasuredHttp
    world: World
    register: RelyingPartyRegister
    bank: Desk
    exchange: Desk
    proofings: list[str] = field(default_factory=list)

    def wallet(self) -> HeadlessWallet:
        """Give an empty wallet that holds requests against the register."""
        return HeadlessWallet(self.world, registry=self.register)

    def crypto_s(self, member: MemberPlan) -> float:
        """Give the seconds a member's server has spent in cryptography."""
        return _timed.spent_s(self.sandbox.node_dir(member))

    def processor_s(self, member: MemberPlan) -> float:
        """Give the seconds of processor time a member's server has had, over all its processes."""
        note = orjson.loads((self.sandbox.run_dir / f"{member.name}-api.json").read_bytes())
        leader = psutil.Process(note["pid"])
        total = 0.0
        for process in (leader, *leader.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system
        return total


class _TimedSupervisor(Supervisor):
    """Run the sandbox with a stopwatch in each server."""

    def _api(self, member: MemberPlan) -> ChildPlan:
        argv = module("bench._timed", "--node-dir", str(self._sandbox.node_dir(member)))
        return ChildPlan(f"{member.name}-api", argv, self._ready(member), stop_timeout_s=15.0)


@contextlib.contextmanager
def running(folder: Path, customers: int) -> Iterator[Stage]:
    """Start everything, found the consortium, proof customers; stop everything in the end."""
    quiet = Console(file=io.StringIO())
    base_port = free_base_port(5)
    sandbox = make_sandbox(folder / "sandbox", base_port)
    with _TimedSupervisor(sandbox, quiet).running(), _bare(base_port + 4) as bare_url:
        http = MeasuredHttp()
        world = World.build(http, CLOCK)
        register = RelyingPartyRegister(http, CLOCK, sandbox.base_url(BANK))
        desks = Desk(sandbox, BANK, http), Desk(sandbox, EXCHANGE, http)
        stage = Stage(sandbox, bare_url, http, world, register, *desks)
        stage.proofings += _founded(sandbox, quiet, customers)
        yield stage
        http.close()


def _founded(sandbox: Sandbox, quiet: Console, customers: int) -> list[str]:
    """Vote the consortium into being as the demo does; give the proofings of invented customers."""
    bank, exchange, supervisor = (Party(sandbox, member) for member in MEMBERS)
    parties = bank, exchange, supervisor
    with ThreadPoolExecutor(4) as pool, Board(quiet) as board:
        people = list(invent_customers(customers, run="bench", now=CLOCK.now()))
        proofings = Proofings(pool, bank, people).each
        enrol_founders(board, bank, exchange)
        admit_supervisor(board, sandbox, parties)
        accredit(board, parties, Catalogue(bank.base_url), provider_of(sandbox))
        return [future.result() for future in proofings]


@contextlib.contextmanager
def _bare(port: int) -> Iterator[str]:
    """Serve the bare handler for the length of a `with` block."""
    argv = [sys.executable, "-m", "bench._bare", "--port", str(port)]
    with subprocess.Popen(argv, cwd=CODE_DIR, stdin=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + _START_S
            while port_is_free(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the bare handler did not start")
                time.sleep(0.1)
            yield f"http://localhost:{port}/"
        finally:
            process.terminate()


def _endpoint(url: str) -> str:
    """Give an address without what differs from request to request."""
    path = url.partition("?")[0].partition("//")[2].partition("/")[2]
    parts = path.split("/")
    if parts[0] == "v1" or parts[0].startswith("oid4v"):
        parts[2:3] = ["…"] if len(parts) > 2 else []
    return "/" + "/".join(parts)
