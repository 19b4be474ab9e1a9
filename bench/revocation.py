"""Measure a mass revocation: everything under a compromised key, killed in the middle and taken up again.

`python -m bench.revocation [N]` (100,000 unless given) runs a worker's parts (acts, sender, follower) in a process
of its own against an Anvil of its own and a real SQLite store. N credentials stand at places that the keyed
permutation gave out, all under one key. The process gets SIGKILL once half of them are on the chain; a second one
goes on. Kept are seconds, transactions, gas, how long the second process took until its first new transaction, and
that every index was set exactly once. Beside it: what the same places cost in the order they were handed out.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import structlog
from rich.console import Console
from rich.table import Table
from sqlalchemy import func, select

from bench.machine import keep
from jeung.crypto.permutation import KEY_LENGTH, permute
from jeung.domain.credentials import StatusReference
from jeung.domain.dual_control import Act, ActKind, ActState, Channel, PrincipalKind, Signatory
from jeung.domain.ledger import LIST_SIZE, CredentialStatus
from jeung.ports.chain import StatusWork
from jeung.services.dual_control import ActRegistry, ActWork
from jeung.services.mass_revocation import MassRevocation
from node.chain.anchorer import status_batches
from node.chain.deployment import load_deployment
from node.store.schema import status_changes
from tests.common import rows
from tests.common.chain import SCHEMA, Chain, KeyringSigner, Member, Party, Prepared, anvil, local_rpc, prepare

COUNT = 100_000
_KEY = "compromised-key"
_AT_ONCE = 10_000
_ACT = "act_bench"


def main(arguments: list[str]) -> int:
    """Measure, print and keep the figures; give 0 when everything was revoked exactly once."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    if arguments[:1] == ["--worker"]:
        return _work(json.loads(Path(arguments[1]).read_text()))
    count = int(arguments[0]) if arguments else COUNT
    with TemporaryDirectory() as name:
        folder = Path(name)
        with anvil(folder) as chain:
            figures = _measure(folder, chain, prepare(folder, chain), count)
    table = Table("figure", "value")
    for what, value in figures.items():
        table.add_row(what, f"{value:,.2f}" if isinstance(value, float) else f"{value:,}")
    Console().print(table)
    keep("revocation", figures)
    return int(figures["indexes set"] != count or figures["events' indexes"] != count)


def _measure(folder: Path, chain: Chain, prepared: Prepared, count: int) -> dict[str, Any]:
    home = folder / "revoking"
    home.mkdir()
    bank = Member(home, chain, prepared.deployment, prepared.bank)
    bank.follow()
    _issue(bank, count)
    _begin(bank)
    plan = folder / "plan.json"
    deployment = folder / "deployment.json"
    url, seeds = prepared.bank.url, prepared.bank.signer.seeds
    plan.write_text(
        json.dumps(
            {"folder": str(home), "port": chain.port, "deployment": str(deployment), "url": url, "seeds": seeds}
        )
    )
    spread = sum(len(status_batches(changes)) for changes in _scattered(count))
    height = chain.height
    first = _started(plan)
    began = time.perf_counter()
    while _on_chain(bank) < count // 2:
        assert first.poll() is None, "the worker ended by itself"
        time.sleep(0.05)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    before = time.perf_counter() - began
    standing = _on_chain(bank)
    began = time.perf_counter()
    second = _started(plan)
    while _on_chain(bank) == standing:
        assert second.poll() is None, "the worker ended by itself"
        time.sleep(0.02)
    resumed = time.perf_counter() - began
    assert second.wait() == 0
    after = time.perf_counter() - began
    gas, transactions, of_events = _spent(chain, height)
    set_ = _on_chain(bank)
    bank.close()
    return {
        "credentials": count,
        "seconds until killed": before,
        "on the chain when killed": standing,
        "seconds from restart to the first new change": resumed,
        "seconds from restart to the end": after,
        "transactions": transactions,
        "gas": gas,
        "gas per credential": gas / count,
        "indexes per transaction": count / transactions,
        "transactions in order of issue": spread,
        "indexes set": set_,
        "events' indexes": of_events,
    }


def _places(count: int) -> list[StatusReference]:
    key = bytes(KEY_LENGTH)
    return [StatusReference(*divmod(permute(key, counter), LIST_SIZE)) for counter in range(count)]


def _scattered(count: int) -> Iterator[list[StatusWork]]:
    """Give the changes as an outbox would that hands them out in the order of issue, 16,384 at a time."""
    places = _places(count)
    for begin in range(0, count, 16_384):
        yield [
            StatusWork(number, place.list_number, place.index, CredentialStatus.REVOKED, 0)
            for number, place in enumerate(places[begin : begin + 16_384])
        ]


def _issue(bank: Member, count: int) -> None:
    now, places = bank.clock.now(), _places(count)
    for begin in range(0, count, _AT_ONCE):
        made = [
            rows.credential(
                number,
                schema=SCHEMA,
                issued_at=now,
                status=places[number],
                signing_key_id=_KEY,
                subject_id=f"s-{number}",
            )
            for number in range(begin, min(count, begin + _AT_ONCE))
        ]
        with bank.kept.store.write() as tx:
            rows.keep_credentials(tx, made)
    with bank.kept.database.write() as connection:
        # Whether they are attested makes no difference to their revocation.
        connection.exec_driver_sql("DELETE FROM attest_works")


def _begin(bank: Member) -> None:
    by = Signatory(PrincipalKind.CLIENT, "bench", Channel.API)
    parameters = {"signing_key": _KEY}
    act = Act(_ACT, ActKind.MASS_REVOCATION, parameters, None, bytes(32), "bench", ActState.EXECUTING, by, 1, 2)
    with bank.kept.store.write() as tx:
        tx.acts.add(act)


def _started(plan: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "bench.revocation", "--worker", str(plan)])


def _work(plan: dict[str, Any]) -> int:
    """Be the worker: acts, follower and sender in turn, until the act is done."""
    rpc = local_rpc(plan["port"])
    # The chain is the other process's to end: this one only asks it.
    chain = Chain(cast("subprocess.Popen[bytes]", None), plan["port"], rpc)
    party = Party(plan["url"], KeyringSigner(plan["seeds"]))
    bank = Member(Path(plan["folder"]), chain, load_deployment(Path(plan["deployment"])), party)
    registry = ActRegistry([MassRevocation(bank.kept.store, bank.clock)])
    acts = ActWork(store=bank.kept.store, clock=bank.clock, registry=registry)
    while True:
        acts.step()
        bank.follow()
        bank.send()
        with bank.kept.store.read() as tx:
            act = tx.acts.get(_ACT)
        if act is not None and act.ended_at is not None:
            bank.follow()
            bank.close()
            return int(act.state is not ActState.DONE)


def _on_chain(bank: Member) -> int:
    with bank.kept.database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(status_changes)).scalar_one())


def _spent(chain: Chain, height: int) -> tuple[int, int, int]:
    """Give gas and number of transactions since a height, and how many indexes their events name."""
    gas = transactions = indexes = 0
    for number in range(height + 1, chain.height + 1):
        for receipt in chain.rpc.call("eth_getBlockReceipts", hex(number)):
            assert receipt["status"] == "0x1", "a transaction reverted"
            gas += int(receipt["gasUsed"], 16)
            transactions += 1
            for entry in receipt["logs"]:
                # One dynamic value: offset, length, bytes; three to an index.
                indexes += int(entry["data"][66:130], 16) // 3
    return gas, transactions, indexes


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
