"""Follow the chain: every event of our contracts goes into the index, in order, once, and a fork takes it back.

One step, numbered as the code does it:

1. At the first step: make sure that it is our chain, and read which addresses the Directory ever named.
2. Read the chain's head, and again the block that the index stands on. If that block is not there, or another one
   is in its place, find the last common block and roll the index back to it.
3. If there is nothing new, record that the chain was heard.
4. Read the next range of headers and its logs; see `blocks`. Where the Directory named a new address in it, read
   that address too.
5. Decode, and apply the range in one transaction.

A step that fails leaves the index as it was; the next one begins anew from what the index says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from jeung.domain.chain import AttestedBatch, BlockHeader, BlockRange, RegistryEvent, StatusChange
from jeung.ports.chain import IndexStore
from jeung.ports.world import Clock
from node.chain.addresses import AddressBook
from node.chain.blocks import ReadHeader, headers_at, linked_headers, logs_of, parse_header
from node.chain.decode import ChainEvent, RawLog, decode_log
from node.chain.deployment import DIRECTORY, Deployment, verify_deployment
from node.chain.errors import ChainMoved, RpcGarbled, RpcRefused
from node.chain.rpc import Rpc

_LOG = structlog.get_logger(__name__)
_ANCESTORS_AT_ONCE = 64
_FIRST_SPAN, _LONGEST_SPAN = 128, 1_000
LAG_PATIENCE_S = 10
# A header without events is kept this far below the chain's head: where a common ancestor will be looked for.
_RECENT = 512


@dataclass(frozen=True, slots=True)
class Followed:
    """Say what a step did: blocks and events applied, the block rolled back to, and blocks still to be read."""

    blocks: int = 0
    events: int = 0
    rolled_back_to: int | None = None
    behind: int = 0


class Follower:
    """Bring the chain's events into one node's index."""

    def __init__(
        self,
        rpc: Rpc,
        index: IndexStore,
        deployment: Deployment,
        book: AddressBook,
        clock: Clock,
        *,
        lag_patience_s: int = LAG_PATIENCE_S,
    ) -> None:
        """Follow one deployment.

        Where there are several endpoints, one may be some blocks behind another: for `lag_patience_s` seconds a
        shorter chain that agrees with ours is waited for instead of believed.
        """
        self._rpc = rpc
        self._index = index
        self._deployment = deployment
        self._book = book
        self._clock = clock
        self._patience_s = lag_patience_s if rpc.endpoint_count > 1 else 0
        self._lagging_since: int | None = None
        self._ready = False
        self._span = _FIRST_SPAN

    def step(self, fence: int) -> Followed:
        """Do one step; call again at once while `behind` is not 0.

        Raises:
            WrongChain: the chain is not the deployment's.
            ChainMoved: the chain changed meanwhile; the next step will see it.
            RpcError: the chain does not answer.
            LogNotDecodable: an event does not have our contracts' shape.
            FenceLost: another worker acts.
        """
        if not self._ready:  # 1
            verify_deployment(self._rpc, self._deployment)
            self._book.load(self._rpc)
            self._ready = True
        known = self._index.head()
        heard_at = self._clock.now()
        head, standing = self._look(known)  # 2
        if known is not None and standing != known:
            return self._disagree(known, head, fence)
        self._lagging_since = None
        if known is not None and head.number == known.number:  # 3
            self._index.heard(head_number=head.number, head_time=head.time, polled_at=heard_at, fence=fence)
            return Followed()
        return self._advance(known, head, heard_at, fence)

    def _look(self, known: BlockHeader | None) -> tuple[BlockHeader, BlockHeader | None]:
        tags = ["latest"] if known is None else ["latest", hex(known.number)]
        found = self._rpc.batch_all([("eth_getBlockByNumber", [tag, False]) for tag in tags])
        head = parse_header(found[0]).header
        standing = None if len(found) == 1 or found[1] is None else parse_header(found[1]).header
        return head, standing

    def _disagree(self, known: BlockHeader, head: BlockHeader, fence: int) -> Followed:
        """Roll back to the last block that both the index and the chain have."""
        ancestor = self._common_ancestor(min(known.number, head.number))
        if ancestor == head.number and self._patience_s:
            now = self._clock.now()
            self._lagging_since = now if self._lagging_since is None else self._lagging_since
            if now - self._lagging_since < self._patience_s:
                raise ChainMoved("the endpoint is behind the index")
        # Another consortium's chain has no block in common with ours either: never give the index up for it.
        verify_deployment(self._rpc, self._deployment)
        _LOG.error("chain_rolled_back", indexed=known.number, head=head.number, common=ancestor)
        self._index.roll_back(ancestor, fence=fence)
        self._book.forget_after(ancestor)
        self._lagging_since = None
        return Followed(rolled_back_to=ancestor, behind=max(1, head.number - ancestor))

    def _common_ancestor(self, top: int) -> int:
        number = top
        while kept := self._index.headers_down_from(number, _ANCESTORS_AT_ONCE):
            standing = headers_at(self._rpc, [header.number for header in kept])
            for ours, theirs in zip(kept, standing, strict=True):
                if ours == theirs:
                    return ours.number
            number = kept[-1].number - 1
        return self._deployment.start_block - 1

    def _advance(self, known: BlockHeader | None, head: BlockHeader, heard_at: int, fence: int) -> Followed:
        first = self._deployment.start_block if known is None else known.number + 1
        last = min(head.number, first + self._span - 1)
        try:
            found, events = self._read(first, last, known, head)
        except (RpcGarbled, RpcRefused):
            # The answer may be larger than what we or the endpoint allow: the next step asks for less.
            self._span = max(1, self._span // 4)
            raise
        self._index.apply(found, fence=fence, polled_at=heard_at)  # 5
        self._span = min(2 * self._span, _LONGEST_SPAN)
        return Followed(blocks=last - first + 1, events=events, behind=head.number - last)

    def _read(self, first: int, last: int, known: BlockHeader | None, head: BlockHeader) -> tuple[BlockRange, int]:
        headers = linked_headers(self._rpc, first, last, None if known is None else known.hash)  # 4
        logs = logs_of(self._rpc, headers, self._book.everything())
        events = self._decoded(headers, logs)
        while self._learn(events):
            events = self._decoded(headers, logs_of(self._rpc, headers, self._book.everything()))
        eventful = {event.block_number for event in events}
        kept = tuple(
            read.header
            for read in headers
            if read.header.number in eventful
            or read.header.number in (last, head.number)
            or last - _RECENT < read.header.number
        )
        found = BlockRange(
            headers=kept,
            registry_events=tuple(event for event in events if isinstance(event, RegistryEvent)),
            batches=tuple(event for event in events if isinstance(event, AttestedBatch)),
            status_changes=tuple(event for event in events if isinstance(event, StatusChange)),
            chain_head=head,
        )
        return found, len(events)

    def _learn(self, events: Sequence[ChainEvent]) -> bool:
        named = [
            event
            for event in events
            if isinstance(event, RegistryEvent) and (event.contract, event.name) == (DIRECTORY, "ContractNamed")
        ]
        return any([self._book.learn(event) for event in named])

    def _decoded(self, headers: Sequence[ReadHeader], logs: Sequence[RawLog]) -> list[ChainEvent]:
        times = {read.header.number: read.header.time for read in headers}
        events: list[ChainEvent] = []
        for log in logs:
            contract = self._book.contract_at(log.address, log.block_number)
            event = None if contract is None else decode_log(contract, log, times[log.block_number])
            if event is not None:
                events.append(event)
        return events
