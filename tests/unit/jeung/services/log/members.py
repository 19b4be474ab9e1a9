"""Three members that keep logs and witness each other's, each with its own keys, over one played chain."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import LogEntry
from jeung.errors import JeungError, NotFound, WitnessedOtherSize
from jeung.ports.log import WitnessAnswer
from jeung.services.log import AnchorService, CheckpointService, CosigningService, LogReader, LogWork, WitnessService
from tests.common.consortium import Consortium
from tests.common.memory.log import MemoryTransparencyLog, MemoryWitnessMemory
from tests.common.memory.world import SetClock
from tests.common.parties import Node

URLS = ("https://bank.example", "https://exchange.example", "https://supervisor.example")
OF_LOGS = (KeyPurpose.LOG_CHECKPOINT_SIGNING, KeyPurpose.WITNESS_COSIGNING)
INTERVAL_S = 5
ANCHOR_INTERVAL_S = 60


class Member:
    """One member: its node, its log, its witness."""

    def __init__(self, url: str, members: Members) -> None:
        self.url = url
        self.node = Node(url, members.clock, *OF_LOGS)
        self.log = MemoryTransparencyLog(self.node.database)
        self.memory = MemoryWitnessMemory()
        self.fence = self.node.fence
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
            log=self.log, signer=signer, clock=clock, url=self.url, anchored=self.anchors.anchored
        )
        self.cosigning = CosigningService(
            checkpoints=self.checkpoints, ledger=members.ledger, calls=members, clock=clock, url=self.url
        )
        self.witness = WitnessService(
            memory=self.memory, ledger=members.ledger, signer=signer, clock=clock, url=self.url
        )
        self.work = LogWork(
            checkpoints=self.checkpoints,
            cosigning=self.cosigning,
            anchors=self.anchors,
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

    def step(self) -> bool:
        """Do a step once the interval has passed."""
        self._members.clock.advance(INTERVAL_S)
        return self.work.step(self.fence)

    def published(self) -> tuple[int, int]:
        """Give the published size and how many cosigned it."""
        found = self.log.published(1)
        return (0, 0) if found is None else (found[0].size, len(found[1]))


class Members:
    """The consortium, and the network between its members (jeung.ports.log.WitnessCalls)."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.all = [Member(url, self) for url in URLS]
        self.bank, self.exchange, self.supervisor = self.all
        # Nobody's own: in the index of a member's own database each new block would be an entry of its log.
        follower = Node("https://follower.example", self.clock)
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
