"""Say which blocks and which member an audit reports on.

The range narrows what is reported and compared, never what is replayed: whether an act was rightful depends on
everything before it. A range that ends in the past audits the consortium as it stood then; databases and published
lists know only the present, and are left out of it.
"""

from dataclasses import dataclass

from audit.findings import AuditImpossible
from audit.source import Block, ChainReader


@dataclass(frozen=True, slots=True)
class Bounds:
    """Hold what was asked for: blocks and times, both inclusive, seconds UTC, and a member by URL or id."""

    from_block: int | None = None
    to_block: int | None = None
    from_time: int | None = None
    to_time: int | None = None
    member: str | None = None


def resolve(bounds: Bounds, reader: ChainReader, head: Block) -> tuple[int, Block]:
    """Give the first block to report on and the last, which is as far as the audit goes.

    Raises:
        AuditImpossible: no block lies in the range, or the chain does not answer.
    """
    last = head.number if bounds.to_block is None else min(bounds.to_block, head.number)
    if bounds.to_time is not None:
        last = min(last, _first_after(reader, head, bounds.to_time) - 1)
    first = max(bounds.from_block or 0, 0)
    if bounds.from_time is not None:
        first = max(first, _first_after(reader, head, bounds.from_time - 1))
    if not first <= last:
        raise AuditImpossible("no block of the chain lies in the range that was asked for")
    return first, head if last == head.number else reader.block(last)


def _first_after(reader: ChainReader, head: Block, time: int) -> int:
    """Find the first block later than a time; block times only grow. The head's successor where there is none."""
    low, high = 0, head.number + 1
    while low < high:
        middle = (low + high) // 2
        if reader.block(middle).time > time:
            high = middle
        else:
            low = middle + 1
    return low
