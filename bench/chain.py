"""Measure how fast digests reach the chain and how fast an index is rebuilt from it.

`python -m bench.chain` runs on an Anvil of its own and a real SQLite store, prints rates, and has no targets: the
figures say where a deployment's limits lie. For batches of 1,000 and of 8,192 digests:
 - attested: from the outbox to settled receipts and the sender's own index, digests a second;
 - rebuilt: another member's follower from the deployment's first block into a fresh database;
 - read: the same without a database, that is headers, logs and decoding alone.
Then: followed empty blocks a second, and what a dump of the embedded chain weighs and takes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from rich.console import Console
from rich.table import Table

from bench.machine import keep
from jeung.domain.chain import BlockHeader, BlockRange, TransactionState
from node.chain.addresses import AddressBook
from node.chain.follower import Follower
from node.settings import AnchoringSettings
from tests.common.chain import Chain, Member, Prepared, anvil, prepare

_BATCHES = {1_000: 20_000, 8_192: 32_768}
_EMPTY_BLOCKS, _AT_ONCE = 2_000, 100


class _NoIndex:
    """Stand in for the index where only reading is measured."""

    def __init__(self) -> None:
        self._head: BlockHeader | None = None

    def head(self) -> BlockHeader | None:
        return self._head

    def apply(self, found: BlockRange, *, fence: int, polled_at: int) -> None:
        self._head = found.headers[-1]


def main() -> int:
    """Measure, print and keep the figures; give 0."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    figures: dict[str, float] = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        with anvil(folder) as chain:
            prepared = prepare(folder, chain)
        for size, count in _BATCHES.items():
            with anvil(folder, state=prepared.state) as chain:
                figures |= _attesting(folder / f"of-{size}", chain, prepared, size, count)
        with anvil(folder, state=prepared.state) as chain:
            figures |= _idling(folder / "idle", chain, prepared)
    table = Table("figure", "value")
    for what, value in figures.items():
        table.add_row(what, f"{value:,.2f}" if value < 100 else f"{value:,.0f}")
    Console().print(table)
    keep("chain", figures)
    return 0


def _attesting(folder: Path, chain: Chain, prepared: Prepared, size: int, count: int) -> dict[str, float]:
    folder.mkdir()
    (folder / "other").mkdir()
    anchoring = AnchoringSettings(max_batch=size, max_age_ms=0)
    bank = Member(folder, chain, prepared.deployment, prepared.bank, anchoring=anchoring)
    bank.follow()
    bank.issue(1, count)
    attested = _seconds(lambda: _send_everything(bank))
    other = Member(folder / "other", chain, prepared.deployment, prepared.exchange)
    rebuilt = _seconds(other.follow)
    reader = Follower(chain.rpc, _NoIndex(), prepared.deployment, AddressBook(prepared.deployment), bank.clock)  # type: ignore[arg-type]
    read = _seconds(lambda: _read_everything(reader))
    bank.close()
    other.close()
    rates = {"attested": attested, "rebuilt": rebuilt, "read": read}
    return {f"{what} per second, batches of {size}": count / seconds for what, seconds in rates.items()}


def _idling(folder: Path, chain: Chain, prepared: Prepared) -> dict[str, float]:
    folder.mkdir()
    for _ in range(0, _EMPTY_BLOCKS, _AT_ONCE):
        chain.mine(_AT_ONCE)
    member = Member(folder, chain, prepared.deployment, prepared.exchange)
    followed = _seconds(member.follow)
    member.close()
    began = time.perf_counter()
    weight = len(chain.dump())
    return {
        "empty blocks followed per second": _EMPTY_BLOCKS / followed,
        f"dump of {_EMPTY_BLOCKS} blocks, seconds": time.perf_counter() - began,
        f"dump of {_EMPTY_BLOCKS} blocks, MiB": weight / 2**20,
    }


def _send_everything(member: Member) -> None:
    while True:
        sent = member.send()
        member.follow()
        on_their_way = member.kept.outbox.in_state(TransactionState.SIGNED, 1)
        if not (sent.signed or sent.settled or on_their_way):
            return


def _read_everything(follower: Follower) -> None:
    while follower.step(1).behind:
        pass


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main())
