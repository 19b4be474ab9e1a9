"""Read events off the chain: of every address the Directory ever named, for the blocks in which it had its name."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from audit.decoding import CONTRACTS, Event, Undecodable, decode_log
from audit.findings import AuditImpossible
from audit.replay.registries import contract_name
from audit.source import Block, ChainReader, ChainRefuses, Log
from audit.state import State

_FIRST_SPAN, _LONGEST_SPAN, _SHRINK = 16, 2_000, 4
"""Blocks. How much lies in the first ones is not known, and a full block holds some hundred kilobytes of digests."""
_PIECE_BYTES = 2 << 20
"""How much event data one piece should hold; the next piece is chosen by the size of the last."""

Read = tuple[Event | Log, int]
"""An event with its block's time, or a log that is none of our events though our contract wrote it."""


_Answer = tuple[list[Log], list[Block]]
"""Logs of a range, and the headers of the blocks they stand in."""


@dataclass(frozen=True, slots=True)
class _Named:
    name: str
    address: str
    begin: int
    end: int | None


class EventReader:
    """Read one deployment's events range by range, asking for less where the endpoint refuses so much."""

    def __init__(self, reader: ChainReader, state: State) -> None:
        """Begin with the contracts that a state already knows; an empty one knows the Directory alone.

        Raises:
            AuditImpossible: the chain does not answer.
        """
        self._reader = reader
        self._directory = state.directory.lower()
        self._history = {
            name: [(address.lower(), block) for address, block in named] for name, named in state.contracts.items()
        }
        self._span = _FIRST_SPAN
        self._helper = ThreadPoolExecutor(1, thread_name_prefix="audit-reads-ahead")
        self._ahead: tuple[tuple[int, int, tuple[str, ...]], Future[_Answer]] | None = None
        if not self._history:
            # What the founding named speaks before it: constructors emit events, and the Directory is the last.
            self._learn(reader.logs([self._directory], state.genesis, state.genesis))

    def close(self) -> None:
        """End the reading ahead."""
        self._ahead = None
        self._helper.shutdown(cancel_futures=True)

    def ranges(self, first: int, last: int) -> Iterator[tuple[int, Sequence[Read]]]:
        """Give the events of blocks first..last in pieces, each with the last block it covers.

        While one piece is replayed the next is being read: at most two are in memory, each of about `_PIECE_BYTES`.

        Raises:
            AuditImpossible: the chain does not answer, or was reorganised meanwhile.
        """
        while first <= last:
            end = min(first + self._span - 1, last)
            try:
                logs, headers = self._logs(first, end)
            except ChainRefuses:
                if self._span == 1:
                    raise
                self._span = max(1, self._span // _SHRINK)
                continue
            size = sum(len(log.data) for log in logs)
            fitting = self._span * _PIECE_BYTES // max(size, 1)
            self._span = max(1, min(2 * self._span, fitting, _LONGEST_SPAN))
            if end < last:
                self._read_ahead(end + 1, min(end + self._span, last))
            yield end, self._decoded(logs, headers)
            first = end + 1

    def _read_ahead(self, first: int, last: int) -> None:
        addresses = [named.address for named in self._named()]
        question = (first, last, tuple(addresses))
        self._ahead = question, self._helper.submit(self._ask, *question)

    def _ask(self, first: int, last: int, addresses: Sequence[str]) -> _Answer:
        logs = self._reader.logs(addresses, first, last)
        return logs, self._reader.blocks(sorted({log.block_number for log in logs}))

    def _logs(self, first: int, last: int) -> _Answer:
        """Read a range again with more addresses, until it names no new one."""
        while True:
            question = (first, last, tuple(named.address for named in self._named()))
            ahead, self._ahead = self._ahead, None
            if ahead is not None and ahead[0] == question:
                logs, headers = ahead[1].result()
            else:
                logs, headers = self._ask(*question)
            if not self._learn([log for log in logs if log.address == self._directory]):
                return logs, headers

    def _learn(self, logs: Sequence[Log]) -> bool:
        news = False
        for log in logs:
            event = _decoded("Directory", log)
            if not isinstance(event, Event) or event.name != "ContractNamed":
                continue
            named = self._history.setdefault(contract_name(event.args["name"]), [])
            entry = (event.args["contractAddress"].lower(), log.block_number)
            if entry not in named:
                named.append(entry)
                news = True
        return news

    def _named(self) -> list[_Named]:
        """List every address; the first of a name counts from the beginning, a successor from its naming."""
        found = [_Named("Directory", self._directory, 0, None)]
        for name in CONTRACTS:
            history = self._history.get(name, [])
            for place, (address, block) in enumerate(history):
                end = history[place + 1][1] if place + 1 < len(history) else None
                found.append(_Named(name, address, block if place else 0, end))
        return found

    def _decoded(self, logs: Sequence[Log], blocks: Sequence[Block]) -> list[Read]:
        headers = {block.number: block for block in blocks}
        everything, found = self._named(), []
        for log in logs:
            header = headers[log.block_number]
            if header.hash != log.block_hash:
                raise AuditImpossible("the chain was reorganised while it was read; run the audit again")
            name = next((named.name for named in everything if _speaks(named, log)), None)
            event = None if name is None else _decoded(name, log)
            if event is not None:
                found.append((event, header.time))
        return found


def _speaks(named: _Named, log: Log) -> bool:
    return (
        named.address == log.address
        and named.begin <= log.block_number
        and (named.end is None or log.block_number < named.end)
    )


def _decoded(name: str, log: Log) -> Event | Log | None:
    try:
        return decode_log(name, log)
    except Undecodable:
        return log
