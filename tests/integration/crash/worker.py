"""Run a follower and sender, or a gatherer of proofs, in a process, and kill it at a named point: `python -m … PLAN`.

A kill is SIGKILL by the process to itself, the moment before or after one call: no `finally`, no flush, no rollback
runs. The points are put around the ports and the JSON-RPC client from here; the product knows nothing of them.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jeung.domain.chain import TransactionState
from jeung.domain.identifiers import MemberId
from jeung.errors import JeungError
from jeung.ports.store import Transaction
from jeung.services.evidence.gathering import ProofGatherer
from node.chain.account import SenderRules
from node.chain.addresses import AddressBook
from node.chain.deployment import load_deployment
from node.chain.follower import Follower
from node.chain.proofs import RpcProofs
from node.chain.rpc import Rpc, RpcLimits
from node.chain.sender import Sender, SenderSettings
from node.runtime.adapters import SystemClock
from node.settings import AnchoringSettings, FeeSettings
from node.store.open import open_store
from node.store.transactions import SqlStore
from tests.common.chain import KeyringSigner
from tests.common.memory.custody import MemoryVault

IDLE_TURNS = 3
DEADLINE_S = 60


class Deadly:
    """Stand in for an object; die before or after its `countdown`th call of one method."""

    def __init__(
        self, target: object, method: str, when: str, countdown: int, condition: Callable[..., bool]
    ) -> None:
        self._target = target
        self._method = method
        self._when = when
        self._countdown = countdown
        self._condition = condition

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the target has
        attribute = getattr(self._target, name)
        return self._watched(attribute) if name == self._method else attribute

    def _watched(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
            deadly = self._condition(*args, **kwargs)
            self._countdown -= deadly
            deadly = deadly and self._countdown == 0
            if deadly and self._when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            result = call(*args, **kwargs)
            if deadly:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return act


class DeadlyStore:
    """Stand in for a store; die before or after the commit of its `countdown`th writing transaction."""

    def __init__(self, store: SqlStore, when: str, countdown: int) -> None:
        self.read = store.read
        self._store, self._when, self._countdown = store, when, countdown

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        self._countdown -= 1
        with self._store.write() as tx:
            yield tx
            if self._countdown == 0 and self._when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if self._countdown == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def gather(plan: dict[str, Any]) -> int:
    """Gather proofs of evidence until nothing waits, or die on the way."""
    clock = SystemClock()
    kept = open_store(
        f"sqlite:///{plan['database']}", own=MemberId(bytes.fromhex(plan["member"])), clock=clock, limits={}
    )
    rpc = Rpc([plan["rpc"]], RpcLimits(timeout_s=10, rounds=1))
    parts: dict[str, Any] = {
        "store": kept.store,
        "vault": MemoryVault(bytes.fromhex(plan["vault"])),
        "chain": RpcProofs(rpc, load_deployment(Path(plan["deployment"]))),
    }
    if plan["kill"]:
        place, method, when, countdown, only = plan["kill"]
        target = parts[place]
        if method == "write":
            parts[place] = DeadlyStore(target, when, countdown)
        else:
            parts[place] = Deadly(target, method, when, countdown, _condition(only))
    gatherer = ProofGatherer(**parts, ledger=kept.ledger, log=kept.log, clock=clock)
    while gatherer.step(0):
        pass
    return 0


def main(plan: dict[str, Any]) -> int:
    """Work until nothing is left to do for some turns, or die on the way."""
    if plan.get("part") == "evidence":
        return gather(plan)
    rpc: Any = Rpc([plan["rpc"]], RpcLimits(timeout_s=10, rounds=1))
    own = MemberId(bytes.fromhex(plan["member"]))
    clock = SystemClock()
    kept = open_store(f"sqlite:///{plan['database']}", own=own, clock=clock, limits={})
    parts: dict[str, Any] = {"rpc": rpc, "index": kept.index, "outbox": kept.outbox}
    if plan["kill"]:
        place, method, when, countdown, only = plan["kill"]
        parts[place] = Deadly(parts[place], method, when, countdown, _condition(only))
    # Another process each time, so another holder; the lease of a killed one is waited for as in the product.
    holder = f"{os.getpid()}-{time.monotonic_ns()}"
    fence = _leased(kept.lease.acquire, holder, clock)
    deployment = load_deployment(Path(plan["deployment"]))
    book = AddressBook(deployment)
    settings = SenderSettings(
        own, deployment.chain_id, FeeSettings(), AnchoringSettings(max_age_ms=0), SenderRules(rebroadcast_s=0.2)
    )
    follower = Follower(parts["rpc"], parts["index"], deployment, book, clock)
    signer = KeyringSigner(plan["seeds"])
    sender = Sender(parts["rpc"], parts["outbox"], parts["index"], signer, book, clock, settings)
    deadline, idle = time.monotonic() + DEADLINE_S, 0
    while idle < IDLE_TURNS and time.monotonic() < deadline:
        try:
            followed, sent = follower.step(fence), sender.step(fence)
        except JeungError:
            time.sleep(0.05)
            continue
        waits = kept.outbox.in_state(TransactionState.SIGNED, 1) or kept.outbox.waiting_intents(1, 1 << 60)
        idle = 0 if followed.blocks or followed.behind or sent.signed or sent.settled or waits else idle + 1
        time.sleep(0.02)
    return 0 if idle >= IDLE_TURNS else 3


def _condition(only: str) -> Callable[..., bool]:
    return lambda *args, **kwargs: not only or only in [*map(str, args), *map(str, kwargs.values())]


def _leased(acquire: Callable[..., int | None], holder: str, clock: SystemClock) -> int:
    deadline = time.monotonic() + DEADLINE_S
    while (fence := acquire(holder, now=clock.now(), ttl_s=1)) is None:
        if time.monotonic() > deadline:
            raise SystemExit(4)
        time.sleep(0.05)
    return fence


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.stdin.read())))
