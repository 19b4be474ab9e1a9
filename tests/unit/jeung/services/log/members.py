"""Three members that keep logs and witness each other's, each with its own keys, over one played chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from jeung.crypto.tlog.tiles import bundles_of
from jeung.domain.identifiers import to_hex
from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import LogEntry
from jeung.errors import JeungError, NotFound, WitnessedOtherSize
from jeung.ports.log import WitnessAnswer
from jeung.services.log import (
    AnchorService,
    CheckpointService,
    CosigningService,
    HeadReader,
    LogReader,
    LogWork,
    RecoveryService,
    WitnessService,
)
from tests.common.consortium import Consortium
from tests.common.memory.log import MemoryTransparencyLog, MemoryWitnessMemory
from tests.common.memory.world import SetClock
from tests.common.parties import Node

URLS = ("https://bank.example", "https://exchange.example", "https://supervisor.example")
OF_LOGS = (KeyPurpose.LOG_CHECKPOINT_SIGNING, KeyPurpose.WITNESS_COSIGNING)
INTERVAL_S = 5
ANCHOR_INTERVAL_S = 60


@dataclass(frozen=True)
class Backup:
    """What a backup of a node's database holds."""

    events: Sequence[LogEntry]
    log: MemoryTransparencyLog


class Member:
    """One member: its node, its log, its witness."""

    def __init__(self, url: str, members: Members) -> None:
        self.url = url
        self.node = Node(url, members.clock, *OF_LOGS)
        self.log = MemoryTransparencyLog(self.node.database)
        self.memory = MemoryWitnessMemory()
        self.fence = self.node.fence
        self.copies: tuple[str, ...] = ()
        self._members = members

    def wire(self) -> None:
        """Build the services, once the chain is there."""
        members, signer, clock = self._members, self.node.signer, self._members.clock
        self.anchors = AnchorService(
            log=self.log,
            store=self.node.store,
            ledger=members.ledger,
            clock=clock,
            entropy=self.node.entropy,
            own=self.node.member,
        )
        self.checkpoints = CheckpointService(
            log=self.log,
            signer=signer,
            clock=clock,
            url=self.url,
            anchored=self.anchors.anchored,
            opened=self.anchors.present_epoch,
        )
        self.cosigning = CosigningService(
            checkpoints=self.checkpoints, ledger=members.ledger, calls=members, clock=clock, url=self.url
        )
        self.witness = WitnessService(
            memory=self.memory, ledger=members.ledger, signer=signer, clock=clock, url=self.url
        )
        self.recovery = RecoveryService(
            heads=HeadReader(witnesses=self.cosigning.witnesses, ledger=members.ledger, calls=members, url=self.url),
            checkpoints=self.checkpoints,
            anchors=self.anchors,
            log=self.log,
            ledger=members.ledger,
            clock=clock,
            copies=self.copies,
            calls=members,
            url=self.url,
        )
        self.work = LogWork(
            checkpoints=self.checkpoints,
            cosigning=self.cosigning,
            anchors=self.anchors,
            recovery=self.recovery,
            log=self.log,
            clock=clock,
            submit=members.submit,
            interval_s=INTERVAL_S,
            anchor_interval_s=ANCHOR_INTERVAL_S,
        )
        self.reader = LogReader(log=self.log, url=self.url)

    def act(self, count: int = 1) -> None:
        with self.node.database.write() as tables:
            tables.events.extend(LogEntry("credential_issued", b"{}", 1) for _ in range(count))

    def backup(self) -> Backup:
        return Backup(list(self.node.database.read().events), self.log.brought_back(self.node.database))

    def restored(self, backup: Backup) -> Member:
        """Be lost, and come back from a backup, which is an act of its own."""
        with self.node.database.write() as tables:
            tables.events[:] = [*backup.events, LogEntry("node_restored", b"{}", 1)]
        again = Member(self.url, self._members)
        again.node, again.fence, again.copies = self.node, self.fence, self.copies
        again.log = backup.log.brought_back(self.node.database)
        again.wire()
        self._members.all[self._members.all.index(self)] = again
        return again

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.step()

    def step(self) -> bool:
        """Do a step once the interval has passed."""
        self._members.clock.advance(INTERVAL_S)
        self._members.hear()
        return self.work.step(self.fence)

    def published(self, epoch: int = 1) -> tuple[int, int]:
        """Give the published size of an epoch and how many cosigned it."""
        found = self.log.published(epoch)
        return (0, 0) if found is None else (found[0].size, len(found[1]))


class Members:
    """The consortium, and the network between its members (jeung.ports.log.WitnessCalls)."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.all = [Member(url, self) for url in URLS]
        self.bank, self.exchange, self.supervisor = self.all
        # Nobody's own: in the index of a member's own database each new block would be an entry of its log.
        self.follower = follower = Node("https://follower.example", self.clock)
        self.chain = Consortium(follower.index, self.clock, fence=follower.fence)
        self.ledger = follower.ledger
        for member in self.all:
            self.chain.admit(member.url, Role.ISSUER)
            for purpose in OF_LOGS:
                self.chain.register_key(member.node.member, member.node.signer.keys[purpose].key.thumbprint, purpose)
        for member in self.all:
            member.wire()
        self.down: set[str] = set()
        self.instead: dict[str, Callable[[str, bytes], WitnessAnswer | None]] = {}
        self.waiting: list[Callable[[], None]] | None = None
        self.calls: list[tuple[str, str]] = []
        self.files: dict[str, bytes] = {}
        self.fetched: list[str] = []

    def hear(self, behind: int = 0) -> None:
        """Let every follower hear of the chain's newest block, which it indexed unless it is `behind`."""
        with self.ledger.view() as view:
            known = view.freshness
        self.follower.index.heard(
            head_number=known.indexed_number + behind,
            head_time=known.head_time,
            polled_at=self.clock.now(),
            fence=self.follower.fence,
        )

    def get(self, url: str) -> bytes | None:
        """Fetch from a copy (jeung.ports.log.LogCopies)."""
        self.fetched.append(url)
        return self.files.get(url)

    def open_epoch(self, member: Member, epoch: int) -> None:
        """Let the consortium vote a new epoch for a member's log."""
        self.chain.emit("LogAnchor", "LogEpochOpened", {"member": to_hex(member.node.member), "epoch": epoch})

    def anchored(self, member: Member, epoch: int, size: int, root: bytes) -> None:
        args = {"member": to_hex(member.node.member), "epoch": epoch, "size": size, "root": to_hex(root)}
        self.chain.emit("LogAnchor", "LogAnchored", args)

    def keep_copy(self, address: str, log: MemoryTransparencyLog, epoch: int, size: int) -> None:
        """Let somebody copy the entries of a log as it stands at some size."""
        for tile in bundles_of(size):
            data = log.tile(epoch, tile)
            assert data is not None
            self.files[f"{address}/log/{epoch}/{tile.path}"] = data

    def call(self, method: str, url: str, body: bytes, key: str) -> WitnessAnswer | None:
        self.calls.append((method, url))
        member = next(member for member in self.all if url.startswith(member.url))
        if member.url in self.down:
            return None
        if member.url in self.instead:
            return self.instead[member.url](url, body)
        try:
            if method == "GET":
                head = member.witness.head(url.partition("/witness/heads/")[2])
                return WitnessAnswer(200, head.note, head.key)
            said = member.witness.add_checkpoint(body, key)
            return WitnessAnswer(200, said.line.encode(), said.key)
        except WitnessedOtherSize as refusal:
            return WitnessAnswer(409, f"{refusal.size}\n".encode(), "")
        except NotFound:
            return WitnessAnswer(404, b"", "")
        except JeungError:
            return WitnessAnswer(422, b"", "")

    def submit(self, work: Callable[..., Any], *arguments: object) -> Future[Any]:
        """Run at once, or when `waiting` is let go."""
        future: Future[Any] = Future()

        def run() -> None:
            future.set_result(work(*arguments))

        if self.waiting is None:
            run()
        else:
            self.waiting.append(run)
        return future
