"""Act on a node's store as a process of its own, so that tests can run several at once and kill them.

Run as `python -m tests.common.store_process ACT DATABASE [ARGUMENT]`. Each act prints what it achieved, a line each,
as soon as it is committed.
"""

import itertools
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from sqlalchemy import event
from sqlalchemy.pool import Pool

from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.tiles import Tile, parse_bundle
from jeung.domain.chain import TransactionState
from jeung.domain.ledger import CredentialStatus
from jeung.domain.verification import LogEntry
from jeung.errors import LoginLimited, LoginRefused
from jeung.ports.log import LogCopy, Opening
from jeung.services.staff import SessionRules, StaffSessionService
from node.runtime.passwords import Argon2Hasher
from node.store.open import NodeStore, open_store
from tests.common import naive_log, rows
from tests.common.memory.world import SetClock, SystemEntropy
from tests.common.stores import OWN
from tests.common.wallet_process import prove, redeem, try_codes

HOLDER = "the worker that dies"
NONCES = 100


def opened(path: str) -> NodeStore:
    """Open the store with the wait of a real node, since these processes compete on purpose."""
    return open_store(f"sqlite:///{path}", own=OWN, clock=SetClock(), limits={"token": "50/minute"})


def reserve(kept: NodeStore, _argument: str) -> None:
    """Reserve counters in a hundred transactions and print each range."""
    for count in itertools.islice(itertools.cycle((1, 2, 3)), 100):
        with kept.store.write() as tx:
            taken = tx.status_indexes.reserve(count)
        print(json.dumps(list(taken)), flush=True)


def consume(kept: NodeStore, _argument: str) -> None:
    """Try to consume every nonce and print those that were won."""
    for number in range(NONCES):
        with kept.store.write() as tx:
            won = tx.nonces.consume(f"nonce-{number}", rows.NOW, "evidence-1")
        if won:
            print(number, flush=True)


def hit(kept: NodeStore, _argument: str) -> None:
    """Knock a hundred times and print each time the limit let it pass."""
    for _ in range(100):
        if kept.limiter.hit("token", "caller") is None:
            print("passed", flush=True)


def guess(kept: NodeStore, _argument: str) -> None:
    """Guess a password fifty times and print each time it was looked at."""
    hasher = Argon2Hasher(SystemEntropy(), unsafe_fast=True)
    staff = StaffSessionService(
        store=kept.store, hasher=hasher, clock=SetClock(), entropy=SystemEntropy(), rules=SessionRules()
    )
    for _ in range(50):
        try:
            staff.log_in("minji", "wrong wrong wrong", address="192.0.2.1")
        except LoginRefused:
            print("looked at", flush=True)
        except LoginLimited:
            continue


def open_only(_kept: NodeStore, _argument: str) -> None:
    """Open the store, which makes or upgrades it, and nothing else."""
    print("opened", flush=True)


def issue_for_ever(kept: NodeStore, argument: str) -> None:
    """Issue credentials until killed; every transaction writes into six tables."""
    for number in itertools.count(int(argument)):
        issue(kept, number)
        print(number, flush=True)


def issue(kept: NodeStore, number: int) -> None:
    """Write one of everything that belongs to an issued credential, in one transaction."""
    owner = f"subject-{number}"
    with kept.store.write() as tx:
        tx.data_keys.add(owner, b"wrapped", rows.NOW)
        record = rows.credential(number, subject_id=owner, proofing_id=f"proofing-{number}")
        rows.keep_credentials(tx, [record])
        tx.credentials.want_status([record.credential_id], CredentialStatus.SUSPENDED, rows.NOW)
        tx.intents.add(rows.intent(number))
        tx.events.append(LogEntry("issued", b"{}", rows.NOW))


def take_fence(kept: NodeStore) -> int:
    """Take the lease, or renew it, and give its token."""
    token = kept.lease.acquire(HOLDER, now=0, ttl_s=10**9)
    assert token is not None
    return token


def _apply(kept: NodeStore, fence: int) -> None:
    found = rows.blocks(
        2,
        3,
        events=[rows.admission(3, "https://b.example")],
        batches=[rows.batch(3, [rows.digest_of(1), rows.digest_of(77)])],
        changes=[rows.status_change(3, 1, CredentialStatus.REVOKED, [1, 300])],
    )
    kept.index.apply(found, fence=fence, polled_at=rows.NOW)


def _record(kept: NodeStore, fence: int) -> None:
    kept.outbox.record_attestation(rows.signed(1), ["credential-2", "credential-3"], fence=fence)


def _settle(kept: NodeStore, fence: int) -> None:
    kept.outbox.settle(rows.signed(0).hash, state=TransactionState.MINED, block_number=1, fence=fence)


def _roll_back(kept: NodeStore, fence: int) -> None:
    kept.index.roll_back(0, fence=fence)


def _issue(kept: NodeStore, _fence: int) -> None:
    issue(kept, 9)


def _adopt(kept: NodeStore, fence: int) -> None:
    size = kept.log.head().size
    bundle = kept.log.tile(1, Tile(None, 0, size))
    assert bundle is not None
    entries = tuple(b"lost %d" % number for number in range(3))
    root = naive_log.mth([*parse_bundle(bundle, size), *entries])
    kept.log.adopt(LogCopy(1, size, entries, root), fence=fence)


def _begin_epoch(kept: NodeStore, fence: int) -> None:
    last = Checkpoint("a.example/log/1", 1, bytes(32))
    kept.log.begin_epoch(Opening(2, last, 1), now=rows.NOW, fence=fence)


STEPS: dict[str, Callable[[NodeStore, int], None]] = {
    "issue": _issue,
    "apply": _apply,
    "record": _record,
    "settle": _settle,
    "roll_back": _roll_back,
    "adopt": _adopt,
    "begin_epoch": _begin_epoch,
}


def prepare(kept: NodeStore, _argument: str) -> None:
    """Bring the store to where every step of `die` has something to do."""
    fence = take_fence(kept)
    for number in (1, 2, 3):
        issue(kept, number)
    kept.log.sequence(limit=2, now=rows.NOW, fence=fence)
    kept.outbox.record_attestation(rows.signed(0), ["credential-1"], fence=fence)
    first = rows.blocks(
        1,
        1,
        events=[rows.admission(1, "https://a.example")],
        batches=[rows.batch(1, [rows.digest_of(1)])],
        changes=[rows.status_change(1, 1, CredentialStatus.SUSPENDED, [1])],
    )
    kept.index.apply(first, fence=fence, polled_at=rows.NOW)


def die_everywhere(prepared: Path) -> None:
    """Take every step on copies of a prepared database, each copy killed as another statement of the step begins.

    Print for each copy the step, the statement (counted from BEGIN) and whether the process was killed; the last copy
    of a step is the one that came through.
    """
    for step in STEPS:
        for statement in itertools.count(1):
            copy = copy_of(prepared, step, statement)
            shutil.copyfile(prepared, copy)
            child = os.fork()
            if child == 0:
                _die(copy, step, statement)
            _, status = os.waitpid(child, 0)
            ended = os.waitstatus_to_exitcode(status)
            if ended not in (0, -signal.SIGKILL):
                sys.exit(f"the process of {step}:{statement} failed by itself")
            print(json.dumps([step, statement, ended != 0]), flush=True)
            if ended == 0:
                break


def copy_of(prepared: Path, step: str, statement: int) -> Path:
    """Give where the copy for a step and a statement lies."""
    return prepared.with_name(f"{step}-{statement}.db")


def _die(path: Path, step: str, statement: int) -> NoReturn:
    kept = opened(str(path))
    fence = take_fence(kept)
    seen = itertools.count(1)

    def trace(_statement: str) -> None:
        if next(seen) == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(Pool, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        connection.set_trace_callback(trace)

    # The connection that took the lease is not traced: the step gets a new one.
    kept.database.dispose()
    STEPS[step](kept, fence)
    os._exit(0)


ACTS: dict[str, Callable[[NodeStore, str], None]] = {
    act.__name__: act
    for act in (reserve, consume, hit, guess, open_only, issue_for_ever, prepare, prove, redeem, try_codes)
}


def contents(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Read every row of a database as it stands on the disk."""
    connection = sqlite3.connect(path)
    try:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}"), key=repr) for name in names}  # noqa: S608
    finally:
        connection.close()


def main(act: str, path: str, argument: str = "") -> None:
    """Act on the store at a path."""
    if act == "die_everywhere":
        # Each forked process opens its own.
        die_everywhere(Path(path))
        return
    kept = opened(path)
    ACTS[act](kept, argument)
    kept.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
