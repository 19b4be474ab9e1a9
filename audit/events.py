"""Read events off the chain: of every address the Directory ever named, for the blocks in which it had its name."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from audit.decoding import CONTRACTS, Event, Undecodable, decode_log
from audit.findings import AuditImpossible
from audit.replay.registries import contract_name
from audit.source import Block, ChainReader, ChainRefuses, Log
from audit.state import State

_LONGEST_SPAN, _SHRINK = 2_000, 4

Read = tuple[Event | Log, int]
"""An event with its block's time, or a log that is none of our events though our contract wrote it."""


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
        self._span = _LONGEST_SPAN
        if not self._history:
            # What the founding named speaks before it: constructors emit events, and the Directory is the last.
            self._learn(reader.logs([self._directory], state.genesis, state.genesis))

    def ranges(self, first: int, last: int) -> Iterator[tuple[int, Sequence[Read]]]:
        """Give the events of blocks first..last in pieces, each with the last block it covers.

        Raises:
            AuditImpossible: the chain does not answer, or was reorganised meanwhile.
        """
        while first <= last:
            end = min(first + self._span - 1, last)
            try:
                logs = self._logs(first, end)
            except ChainRefuses:
                if self._span == 1:
                    raise
                self._span = max(1, self._span // _SHRINK)
                continue
            yield end, self._decoded(logs)
            first, self._span = end + 1, min(2 * self._span, _LONGEST_SPAN)

    def _logs(self, first: int, last: int) -> list[Log]:
        """Read a range again with more addresses, until it names no new one."""
        while True:
            logs = self._reader.logs([named.address for named in self._named()], first, last)
            if not self._learn([log for log in logs if log.address == self._directory]):
                return logs

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

    def _decoded(self, logs: Sequence[Log]) -> list[Read]:
        headers: dict[int, Block] = {
            block.number: block for block in self._reader.blocks(sorted({log.block_number for log in logs}))
        }
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
