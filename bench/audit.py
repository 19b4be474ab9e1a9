"""Measure an audit's replay and reconciliation beside web3.py reading the same events of the same chain.

`python -m bench.audit [N]` (100,000 attestations unless given, a tenth as many changes of status) makes the chain
with batches of 8,192, has an exchange's follower index it, and lets processes of their own read it:

- web3.py's `get_logs`, which reads and decodes;
- the audit's reader, which reads and decodes the same events (the like of web3.py's work);
- `jeung audit`, part replay, which also hashes every digest into its tree, judges every event and asks the contracts;
- `jeung audit` of the node, parts replay and reconcile, which compares the node's index as well.

A rate is digests and changed indexes by the second. The audit of the node also runs when the chain has a tenth and
three tenths of its attestations: what it takes of memory then and at the end, all its processes together, says
whether memory grows with the chain. The four read in turns, three rounds, and the median of each counts.
"""

from __future__ import annotations

import json
import os
import resource
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import structlog
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from rich.console import Console
from rich.table import Table

from audit.catalogue import Part
from audit.comparisons import NodeUnderAudit
from audit.decoding import Event
from audit.deployment import read_deployment
from audit.events import EventReader
from audit.run import audit
from audit.source import ChainReader
from audit.state import State
from bench._anvil import Chain as Sender
from bench._anvil import Contract
from bench.machine import keep
from jeung.crypto.merkle import MAX_BATCH, order_digests
from jeung.domain.chain import ChainAccount
from node.artifacts import load
from tests.common.chain import EXCHANGE_URL, SCHEMA, Chain, Member, Prepared, anvil, prepare

COUNT = 100_000
FASTER_THAN_WEB3 = 10
MEMORY_GROWTH_MIB = 64
"""What the audit of ten times as many attestations may take more, all processes together."""
_INDEXES_AT_ONCE = 500
_AT_ONCE = 20 * MAX_BATCH
_LIST_SIZE = 1 << 20
_BLOCKS_AT_ONCE = 8
_LOOK_EVERY_S = 0.05
_ROUNDS = 3


def main(arguments: list[str]) -> int:
    """Measure, print and keep the figures; give 0 when every target is met."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    if arguments[:1] == ["--reader"]:
        print(json.dumps(_READERS[arguments[1]](json.loads(arguments[2]))))
        return 0
    count = int(arguments[0]) if arguments else COUNT
    with TemporaryDirectory() as name:
        folder = Path(name)
        with anvil(folder) as chain:
            figures = _measure(folder, chain, prepare(folder, chain), count)
    faster = dict.fromkeys(("replay of web3.py", "replay and reconcile of web3.py"), FASTER_THAN_WEB3)
    targets = {**faster, "memory growth MiB": MEMORY_GROWTH_MIB}
    table = Table("figure", "value", "target")
    for what, value in figures.items():
        shown = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        table.add_row(what, shown, str(targets.get(what, "")))
    Console().print(table)
    keep("audit", figures)
    missed = any(figures[what] < least for what, least in faster.items())
    return int(missed or figures["memory growth MiB"] > MEMORY_GROWTH_MIB or figures["findings"] != 0)


def _measure(folder: Path, chain: Chain, prepared: Prepared, count: int) -> dict[str, Any]:
    plan = {
        "rpc": f"http://127.0.0.1:{chain.port}",
        "deployment": str(folder / "deployment.json"),
        "database": f"sqlite:///{folder / 'exchange' / 'node.db'}",
        "addresses": dict(prepared.deployment.addresses),
        "first": chain.height,
    }
    writer = _Writer(Sender(f"http://127.0.0.1:{chain.port}"), prepared)
    written, indexing, before, runs = 0, 0.0, 0, []
    for size in (count // 10, 3 * count // 10, count):
        for begin in range(before, size, _AT_ONCE):
            written += writer.write(min(_AT_ONCE, size - begin))
            # Not all at the end: a follower refuses more than 32 MiB for an answer to hundreds of blocks.
            begun = time.perf_counter()
            with _following(folder, chain, prepared):
                pass
            indexing += time.perf_counter() - begun
        before = size
        runs.append(_read("audit", {**plan, "parts": [Part.REPLAY, Part.RECONCILE]}))
    span = {**plan, "last": chain.height}
    asked: dict[str, tuple[str, dict[str, Any]]] = {
        "whole": ("audit", {**plan, "parts": [Part.REPLAY, Part.RECONCILE]}),
        "web3": ("web3", span),
        "replay": ("audit", {**plan, "parts": [Part.REPLAY]}),
        "reading": ("reading", span),
    }
    # In turns, and the median of each: what else the machine does changes meanwhile.
    rounds = [{name: _read(*question) for name, question in asked.items()} for _ in range(_ROUNDS)]
    runs += [one["whole"] for one in rounds]
    whole, web3, replay, reading = (
        sorted((one[name] for one in rounds), key=itemgetter("seconds"))[_ROUNDS // 2] for name in asked
    )
    rates = {
        "web3.py": web3["events"] / web3["seconds"],
        "reading alone": reading["events"] / reading["seconds"],
        "replay": written / replay["seconds"],
        "replay and reconcile": written / whole["seconds"],
    }
    return {
        "attestations": count,
        "changes of status": written - count,
        "follower seconds": round(indexing, 1),
        "replay seconds": round(replay["seconds"], 2),
        "replay and reconcile seconds": round(whole["seconds"], 2),
        **{f"of these: {name}": value for name, value in whole["stages"].items()},
        "replay processor seconds": replay["processor"],
        "replay and reconcile processor seconds": whole["processor"],
        "web3.py seconds": round(web3["seconds"], 2),
        "web3.py processor seconds": web3["processor"],
        **{f"{name} per second": round(rate) for name, rate in rates.items()},
        **{f"{name} of web3.py": round(rate / rates["web3.py"], 1) for name, rate in list(rates.items())[1:]},
        "audit MiB at a tenth": runs[0]["mib"],
        "audit MiB at three tenths": runs[1]["mib"],
        "audit MiB": runs[2]["mib"],
        "memory growth MiB": runs[2]["mib"] - runs[0]["mib"],
        "web3.py MiB": web3["mib"],
        "findings": sum(run["findings"] for run in (*runs, *(one["replay"] for one in rounds))),
    }


class _Writer:
    """Write attestations and changes of status as fast as one account each can."""

    def __init__(self, sender: Sender, prepared: Prepared) -> None:
        self._sender = sender
        seeds = prepared.bank.signer.seeds
        self._attester = self._account(seeds[ChainAccount.ATTEST])
        # The governance account is bound by no cap.
        self._governor = self._account(seeds[ChainAccount.GOVERNANCE])
        addresses = prepared.deployment.addresses
        self._attestations = Contract(addresses["AttestationRegistry"], load("AttestationRegistry").abi)
        self._statuses = Contract(addresses["StatusRegistry"], load("StatusRegistry").abi)
        self._places = iter(_places())

    def _account(self, seed: str) -> LocalAccount:
        account: LocalAccount = Account.from_key(seed)
        used = int(self._sender.request("eth_getTransactionCount", account.address, "latest"), 16)
        self._sender._nonces[account.address] = used
        return account

    def write(self, count: int) -> int:
        """Attest so many digests and revoke a tenth as many; give how many that is together."""
        for begin in range(0, count, MAX_BATCH):
            digests = order_digests(secrets.token_bytes(32) for _ in range(min(MAX_BATCH, count - begin)))
            self._sender.call(self._attester, self._attestations, "attest", SCHEMA, digests)
        revoked = count // 10
        for begin in range(0, revoked, _INDEXES_AT_ONCE):
            indexes = sorted(next(self._places) for _ in range(min(_INDEXES_AT_ONCE, revoked - begin)))
            packed = b"".join(index.to_bytes(3) for index in indexes)
            self._sender.call(self._governor, self._statuses, "setStatuses", 0, 1, packed)
        return count + revoked


def _places() -> Iterator[int]:
    """Give places of a list in no order, none twice: an odd step visits all of a power of two."""
    begin, step = secrets.randbelow(_LIST_SIZE), 2 * secrets.randbelow(_LIST_SIZE // 2) + 1
    return ((begin + number * step) % _LIST_SIZE for number in range(_LIST_SIZE))


@contextmanager
def _following(folder: Path, chain: Chain, prepared: Prepared) -> Iterator[Member]:
    """Have the exchange's follower read what is new."""
    member = Member(folder / "exchange", chain, prepared.deployment, prepared.exchange)
    try:
        member.follow()
        yield member
    finally:
        member.close()


def _read(reader: str, plan: dict[str, Any]) -> dict[str, Any]:
    """Run a reader in a process of its own, whose memory is its alone."""
    command = [sys.executable, "-m", "bench.audit", "--reader", reader, json.dumps(plan)]
    answer: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return answer


def _audit(plan: dict[str, Any]) -> dict[str, Any]:
    stages: dict[str, float] = {}
    begun = moment = time.perf_counter()
    before = "begin"

    def progress(what: str, done: int, total: int) -> None:
        nonlocal moment, before
        now = time.perf_counter()
        stages[before] = stages.get(before, 0.0) + now - moment
        moment, before = now, what

    parts = frozenset(map(Part, plan["parts"]))
    with _peak() as peak:
        report = audit(
            rpc_url=plan["rpc"],
            deployment=read_deployment(Path(plan["deployment"])),
            node=NodeUnderAudit(EXCHANGE_URL, plan["database"]) if Part.RECONCILE in parts else None,
            parts=parts,
            progress=progress,
        )
    seconds = time.perf_counter() - begun
    # Nobody serves the bank's list here.
    findings = [finding for finding in report.findings if finding.rule.rule_id != "status-list-missing"]
    for finding in findings[:5]:
        print(finding, file=sys.stderr)
    took = {name: round(value, 2) for name, value in stages.items()}
    return {"seconds": seconds, "findings": len(findings), "stages": took, **_taken(peak)}


def _reading(plan: dict[str, Any]) -> dict[str, Any]:
    begun, events = time.perf_counter(), 0
    deployment = read_deployment(Path(plan["deployment"]))
    state = State(directory=to_checksum_address(deployment.directory), genesis=deployment.block)
    with _peak() as peak, closing(ChainReader(plan["rpc"])) as reader, closing(EventReader(reader, state)) as read:
        for _, piece in read.ranges(plan["first"], plan["last"]):
            for event, _ in piece:
                if isinstance(event, Event) and event.name == "CredentialsAttested":
                    events += len(event.args["digests"]) // 32
                elif isinstance(event, Event) and event.name == "StatusesSet":
                    events += (len(event.args["indexes"]) - 2) // 6
    return {"seconds": time.perf_counter() - begun, "events": events, **_taken(peak)}


def _web3(plan: dict[str, Any]) -> dict[str, Any]:
    from web3 import HTTPProvider, Web3

    begun, events = time.perf_counter(), 0
    web3 = Web3(HTTPProvider(plan["rpc"], request_kwargs={"timeout": 120}))
    wanted = (
        ("AttestationRegistry", "CredentialsAttested", "digests", 1),
        ("StatusRegistry", "StatusesSet", "indexes", 3),
    )
    with _peak() as peak:
        for name, event, field, size in wanted:
            abi = [dict(item) for item in load(name).abi]
            contract = web3.eth.contract(address=plan["addresses"][name], abi=abi)
            for begin in range(plan["first"], plan["last"] + 1, _BLOCKS_AT_ONCE):
                end = min(begin + _BLOCKS_AT_ONCE - 1, plan["last"])
                for log in contract.events[event].get_logs(from_block=begin, to_block=end):
                    events += len(log["args"][field]) // size
    return {"seconds": time.perf_counter() - begun, "events": events, **_taken(peak)}


@contextmanager
def _peak() -> Iterator[list[int]]:
    """Look every few milliseconds at what this process and those it started take of memory together; KiB each time.

    The kernel's own figure of a child's most (`ru_maxrss`) counts what its parent had when it was started.
    """
    seen, ended = [0], threading.Event()

    def watch() -> None:
        while not ended.wait(_LOOK_EVERY_S):
            seen.append(sum(map(_resident_kib, [os.getpid(), *_children()])))

    watching = threading.Thread(target=watch, daemon=True)
    watching.start()
    try:
        yield seen
    finally:
        ended.set()
        watching.join()


def _children() -> list[int]:
    return [int(pid) for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]


def _resident_kib(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * resource.getpagesize() >> 10


def _taken(peak: list[int]) -> dict[str, Any]:
    """Give the most memory, MiB, and the processor's seconds, of this process and those it started."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"mib": max(peak) >> 10, "processor": round(sum(one.ru_utime + one.ru_stime for one in used), 2)}


_READERS = {"audit": _audit, "reading": _reading, "web3": _web3}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
