"""Follow a log back through its epochs: each begins with the last checkpoint that others hold of those before.

1. The first entry of an epoch names a checkpoint of a closed one: its opening.
2. It is the largest that witnesses and chain know of the epochs before. A larger one may be named where the closed
   epoch still shows it: whoever saw it then may be gone.
3. A closed epoch is judged as the present one is, up to the checkpoint that was named, and what it does not show any
   more of that is told. Nobody must have cosigned what it publishes last: what was named is what others saw.
4. What stood on the chain before the vote that closed it has its entry there, or in an epoch after it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from audit.log.acts import early_acts
from audit.log.entries import Read
from audit.log.heads import Witnesses, anchored
from audit.log.signing import origins_of
from audit.state import State
from jeung.crypto import base64url
from jeung.crypto.hashing import DIGEST_LENGTH
from jeung.crypto.tlog.tree import EMPTY_ROOT
from jeung.domain.transparency import EntryKind, parse_entry
from jeung.errors import MalformedInput, MalformedTile

_EPOCHS_ASKED: Final = 16


@dataclass(frozen=True, slots=True)
class Opening:
    """Hold the checkpoint that the first entry of an epoch names; `epoch` is the closed one it is of."""

    epoch: int
    size: int
    root: bytes

    def as_json(self) -> list[Any]:
        """Give it as JSON values."""
        return [self.epoch, self.size, self.root.hex()]


@dataclass(frozen=True, slots=True)
class Closed:
    """Say how an epoch ended: by the vote in `block`, with the checkpoint `named`, and what is told of it later."""

    block: int
    named: Opening | None
    later: Read = field(default_factory=Read)


@dataclass(frozen=True, slots=True)
class Last:
    """Hold the largest checkpoints that are known of the epochs before one; epoch 0 where nothing is."""

    epoch: int
    size: int
    roots: frozenset[bytes]

    def allows(self, opening: Opening | None, shown: Mapping[int, bytes]) -> bool:
        """Tell whether an epoch may begin so; `shown` are roots of the epoch that is named, by its own entries."""
        if opening is None:
            return False
        if (opening.epoch, opening.size) > (self.epoch, self.size) and opening.size:
            return shown.get(opening.size) == opening.root
        return opening.size == self.size and opening.root in self.roots and self.epoch in (0, opening.epoch)


def read_opening(state: State, member: str, epoch: int, entry: bytes | None) -> Opening | None:
    """Read the first entry of an epoch; None where it names no checkpoint of an earlier epoch of the same log."""
    try:
        read = parse_entry(entry or b"")
        facts = dict(read.facts or {})
        origin, size, root = facts.pop("origin"), facts.pop("size"), base64url.decode(facts.pop("root"))
    except (MalformedTile, MalformedInput, KeyError, TypeError):
        return None
    if facts or read.kind is not EntryKind.EPOCH_OPENED or type(size) is not int or len(root) != DIGEST_LENGTH:
        return None
    closed = next((one for one in range(epoch - 1, 0, -1) if origin in origins_of(state, member, one)), None)
    return None if closed is None or size < 0 else Opening(closed, size, root)


def remembered_opening(document: Sequence[Any]) -> Opening | None:
    """Read what `Opening.as_json` gave, None where nothing was remembered.

    Raises:
        TypeError, ValueError: it is something else.
    """
    if not document:
        return None
    epoch, size, root = document
    return Opening(int(epoch), int(size), bytes.fromhex(root))


def last_before(witnesses: Witnesses, state: State, member: str, epoch: int) -> Last:
    """Give what is known last of the epochs before one: a closed epoch takes nothing more, so that stays."""
    for before in range(epoch - 1, max(0, epoch - 1 - _EPOCHS_ASKED), -1):
        known = witnesses.heads(member, before) + anchored(state, member, before)
        size = max((one.size for one in known), default=0)
        if size:
            return Last(before, size, frozenset(one.root for one in known if one.size == size))
    return Last(0, 0, frozenset({EMPTY_ROOT}))


def told_later(opened: int, read: Read, closed: Closed | None) -> Read:
    """Gather what an epoch and those after it tell of acts that stood on the chain before the vote for it."""
    told = Read()
    for one in (read, *([] if closed is None else [closed.later])):
        early_acts(one, opened, told)
    return told
