"""Give every suite about stored things the same two subjects: the store in memory and the store in SQLite."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from jeung.domain.identifiers import MemberId
from jeung.ports.chain import IndexStore, Lease, Outbox
from jeung.ports.history import History
from jeung.ports.ledger import Ledger
from jeung.ports.log import TransparencyLog, WitnessMemory
from jeung.ports.store import Store
from node.store.open import NodeStore, open_store
from tests.common.memory.chain import MemoryIndex, MemoryLease, MemoryLedger
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.history import MemoryHistory
from tests.common.memory.log import MemoryTransparencyLog, MemoryWitnessMemory
from tests.common.memory.outbox import MemoryOutbox
from tests.common.memory.store import MemoryStore
from tests.common.memory.world import SetClock

OWN = MemberId(b"\x0a" * 32)
OTHER = MemberId(b"\x0b" * 32)
BUSY_TIMEOUT_S = 0.2


@dataclass(frozen=True)
class Subject:
    """Hold everything a node keeps behind its ports; `fence` is a token that holds the lease."""

    store: Store
    ledger: Ledger
    index: IndexStore
    outbox: Outbox
    lease: Lease
    fence: int
    dispose: Callable[[], None]
    log: TransparencyLog
    witness: WitnessMemory
    history: History


def in_memory(_folder: Path) -> Subject:
    """Keep everything in memory."""
    database = MemoryDatabase(wait_s=BUSY_TIMEOUT_S)
    lease = MemoryLease(database)
    return Subject(
        store=MemoryStore(database, OWN),
        ledger=MemoryLedger(database),
        index=MemoryIndex(database, OWN),
        outbox=MemoryOutbox(database),
        lease=lease,
        fence=_taken(lease),
        dispose=lambda: None,
        log=MemoryTransparencyLog(database),
        witness=MemoryWitnessMemory(),
        history=MemoryHistory(database),
    )


def in_sqlite(folder: Path) -> Subject:
    """Keep everything in a SQLite file."""
    # The steps of the schema take longer than most tests, so they run once.
    (folder / "node.db").write_bytes(_empty_database())
    opened = sqlite_store(folder / "node.db")
    return Subject(
        store=opened.store,
        ledger=opened.ledger,
        index=opened.index,
        outbox=opened.outbox,
        lease=opened.lease,
        fence=_taken(opened.lease),
        dispose=opened.dispose,
        log=opened.log,
        witness=opened.witness,
        history=opened.history,
    )


def sqlite_store(path: Path, *, clock: SetClock | None = None, limits: dict[str, str] | None = None) -> NodeStore:
    """Open the store of a node as its processes do, with short waits."""
    return open_store(
        f"sqlite:///{path}",
        own=OWN,
        clock=clock or SetClock(),
        limits=limits or {},
        busy_timeout_s=BUSY_TIMEOUT_S,
    )


@cache
def _empty_database() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "node.db"
        sqlite_store(path).dispose()
        return path.read_bytes()


def _taken(lease: Lease) -> int:
    token = lease.acquire("the worker of this test", now=0, ttl_s=10**9)
    assert token is not None
    return token
