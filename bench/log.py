"""Measure the transparency log: acts logged one by one and in batches, and giving entries their places.

`python -m bench.log [N]` (4,000 unless given). Beside each figure stands what plain SQLite does in the same run, with
the same durability (WAL, `synchronous=FULL`): one INSERT of the same row a transaction, and N in one. The target is
half the rate of plain inserts where an act is a transaction, as acts are, also with sequencing counted in. Many acts
in one transaction are shown as well: there no disk hides what Python and the triggers cost.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.machine import keep
from jeung.domain.identifiers import MemberId
from jeung.services.acts import log
from node.store.open import NodeStore, open_store
from tests.common.memory.world import SetClock

COUNT = 4_000
TARGET = 0.5
_ROUNDS = 5
_SINGLE = "one act a transaction"
_COUNTED_IN = "one act a transaction, sequencing counted in"


def main(arguments: list[str]) -> int:
    """Measure, print and keep the figures; give 0 when every ratio meets its target."""
    count = int(arguments[0]) if arguments else COUNT
    with TemporaryDirectory() as name:
        figures = _measure(Path(name), count)
    table = Table("per second", "the log", "plain SQLite", "ratio")
    for what, (ours, plain) in figures.items():
        table.add_row(what, f"{ours:,.0f}", f"{plain:,.0f}", f"{ours / plain:.2f}")
    Console().print(table)
    ratios = {what: ours / plain for what, (ours, plain) in figures.items()}
    per_second = {what: {"log": round(ours), "plain": round(plain)} for what, (ours, plain) in figures.items()}
    keep("log", {"count": count, "per_second": per_second, "ratios": {k: round(v, 3) for k, v in ratios.items()}})
    return int(min(ratios[_SINGLE], ratios[_COUNTED_IN]) < TARGET)


def _measure(folder: Path, count: int) -> dict[str, tuple[float, float]]:
    kept = open_store(f"sqlite:///{folder / 'node.db'}", own=MemberId(b"\x0a" * 32), clock=SetClock(), limits={})
    plain = _plain(folder / "plain.db")
    fence = kept.lease.acquire("bench", now=0, ttl_s=10**9)
    assert fence is not None
    try:
        single = [(_singly(kept, count), _plain_singly(plain, count)) for _ in range(_ROUNDS)]
        bulk = [(_in_bulk(kept, count), _plain_in_bulk(plain, count)) for _ in range(_ROUNDS)]
        waiting = 2 * _ROUNDS * count
        sequenced = _rate(waiting, lambda: _sequence(kept, fence))
        # What one entry costs from the act to its place, against one plain commit.
        ours, theirs = (max(rate[at] for rate in single) for at in (0, 1))
        both = 1 / (1 / ours + 1 / sequenced)
        return {
            _SINGLE: (ours, theirs),
            _COUNTED_IN: (both, theirs),
            "many acts a transaction": (max(rate[0] for rate in bulk), max(rate[1] for rate in bulk)),
        }
    finally:
        kept.dispose()
        plain.close()


def _rate(count: int, work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)


def _singly(kept: NodeStore, count: int) -> float:
    def work() -> None:
        for _ in range(count):
            with kept.store.write() as tx:
                # What the services call; without an id to be named, as a judgement has none.
                log(tx, "staff_acted", {"staff": "stf_1"}, 1)

    return _rate(count, work)


def _in_bulk(kept: NodeStore, count: int) -> float:
    def work() -> None:
        with kept.store.write() as tx:
            for _ in range(count):
                log(tx, "staff_acted", {"staff": "stf_1"}, 1)

    return _rate(count, work)


def _sequence(kept: NodeStore, fence: int) -> None:
    while kept.log.sequence(limit=4_096, now=1, fence=fence):
        pass


def _plain(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(
        "CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, body BLOB NOT NULL,"
        " occurred_at BIGINT NOT NULL, salt BLOB NOT NULL)"
    )
    return connection


_INSERT = "INSERT INTO events (kind, body, occurred_at, salt) VALUES (?, ?, ?, ?)"
_ROW = ("staff_acted", b'{"staff":"stf_1"}', 1, bytes(32))


def _plain_singly(connection: sqlite3.Connection, count: int) -> float:
    def work() -> None:
        for _ in range(count):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(_INSERT, _ROW)
            connection.execute("COMMIT")

    return _rate(count, work)


def _plain_in_bulk(connection: sqlite3.Connection, count: int) -> float:
    def work() -> None:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(count):
            connection.execute(_INSERT, _ROW)
        connection.execute("COMMIT")

    return _rate(count, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
