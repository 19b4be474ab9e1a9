"""Read the entries of a log: hold each against its form, and keep what stands in clear.

Nearly all entries are a commitment, which tells nothing by itself: one look at their form is all they get.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.domain.transparency import EntryKind, parse_entry
from jeung.errors import MalformedTile

_IN_CLEAR: Final = (EntryKind.ATTESTED, EntryKind.STATUS_CHANGED, EntryKind.BLOCK, EntryKind.EPOCH_OPENED)
_COMMITTED: Final = "|".join(kind.value for kind in EntryKind if kind not in _IN_CLEAR)
# The last of 43 characters of base64url carries four bits of the 32 bytes and two that are zero.
_PLAIN: Final = re.compile(
    rb'\{"commitment":"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]","kind":"(?:%s)","time":(?:0|[1-9][0-9]{0,15}),"v":1\}'
    % _COMMITTED.encode()
)
_BATCH: Final = ("batch", "count")
_CHANGE: Final = ("count", "list", "status")
_PLACE: Final = ("block", "index", "transaction")
_MOST_NAMED: Final = 5

Act = tuple[Any, ...]


@dataclass(slots=True)
class Read:
    """Gather what a log says in clear; places are "block/log index" of the chain."""

    batches: dict[str, list[Act]] = field(default_factory=dict)
    """place -> (batch, count, transaction), each that was stated."""
    changes: dict[str, list[Act]] = field(default_factory=dict)
    """place -> (count, list, status, transaction)."""
    blocks: list[tuple[int, str]] = field(default_factory=list)
    """(number, hash) in the order of the log."""
    first: bytes | None = None
    """The entry at the beginning, where it was read."""
    malformed: list[int] = field(default_factory=list)
    """The first positions of entries that are none."""
    malformed_count: int = 0

    def take(self, begin: int, entries: Sequence[bytes]) -> None:
        """Take entries from a position on."""
        if begin == 0 and entries:
            self.first = entries[0]
        for position, entry in enumerate(entries, start=begin):
            if _PLAIN.fullmatch(entry) is None and not self._states(entry):
                self.malformed_count += 1
                if len(self.malformed) < _MOST_NAMED:
                    self.malformed.append(position)

    def _states(self, entry: bytes) -> bool:
        """Take an entry whose facts stand in clear; tell whether it is one."""
        try:
            read = parse_entry(entry)
        except MalformedTile:
            return False
        facts = read.facts
        if facts is None or read.kind not in _IN_CLEAR:
            return False
        if read.kind is EntryKind.ATTESTED:
            return _keep(self.batches, facts, _BATCH)
        if read.kind is EntryKind.STATUS_CHANGED:
            return _keep(self.changes, facts, _CHANGE)
        if read.kind is EntryKind.BLOCK:
            is_one = set(facts) == {"hash", "number"} and _number(facts["number"]) and isinstance(facts["hash"], str)
            if is_one:
                self.blocks.append((facts["number"], facts["hash"]))
            return is_one
        return True


def _keep(acts: dict[str, list[Act]], facts: Any, names: tuple[str, ...]) -> bool:  # noqa: ANN401 - JSON
    stated = set(facts) == {*names, *_PLACE} and all(isinstance(value, int | str) for value in facts.values())
    if not stated or not _number(facts["block"]) or not _number(facts["index"]):
        return False
    act = (*(facts[name] for name in names), facts["transaction"])
    acts.setdefault(f"{facts['block']}/{facts['index']}", []).append(act)
    return True


def _number(value: object) -> bool:
    return type(value) is int and value >= 0
