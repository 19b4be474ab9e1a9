"""Remember what an audit saw of a log, so that the next one finds what was changed since and reads only what is new.

It stands in the audit's checkpoint file, one record for each log: the newest checkpoint with its signature, the rows
of the tree to grow it from, and which acts of the chain had no entry yet, or entries no block.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.findings import AuditImpossible
from audit.log.growing import Growing


@dataclass(slots=True)
class Remembered:
    """Hold what was seen of one log; `block` is the block up to which its acts were compared."""

    size: int
    root: bytes
    note: str
    key: str
    tiles: int = 0
    rows: list[list[bytes]] = field(default_factory=list)
    block: int = -1
    open: list[str] = field(default_factory=list)
    """Places of acts that were young and had no entry."""
    anchors: int = 0
    """How many anchors were compared."""
    ahead: list[list[Any]] = field(default_factory=list)
    """[kind, place, act] of entries about blocks that were not audited yet."""
    opening: list[Any] = field(default_factory=list)
    """The checkpoint of a closed epoch that the first entry names (audit.log.epochs), nothing in the first epoch."""
    early: list[list[Any]] = field(default_factory=list)
    """[kind, place, act] of entries about blocks from before the vote that opened the epoch."""

    def growing(self) -> Growing:
        """Give the tree to go on from."""
        return Growing(self.tiles, self.rows)

    def as_json(self) -> dict[str, Any]:
        """Give it as JSON values."""
        return {
            "size": self.size,
            "root": self.root.hex(),
            "note": self.note,
            "key": self.key,
            "tiles": self.tiles,
            "rows": [[hash_.hex() for hash_ in row] for row in self.rows],
            "block": self.block,
            "open": self.open,
            "anchors": self.anchors,
            "ahead": self.ahead,
            "opening": self.opening,
            "early": self.early,
        }


def seen_alone(document: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a record what was seen, and nothing of how far its comparison with a chain had come."""
    return {**document, "tiles": 0, "rows": [], "block": -1, "open": [], "anchors": 0, "ahead": [], "early": []}


def remembered(document: Mapping[str, Any] | None) -> Remembered | None:
    """Read what `as_json` gave.

    Raises:
        AuditImpossible: the checkpoint file holds something else.
    """
    if document is None:
        return None
    try:
        rows = [[bytes.fromhex(hash_) for hash_ in row] for row in document["rows"]]
        read = Remembered(**{**document, "root": bytes.fromhex(document["root"]), "rows": rows})
        read.growing()
    except (KeyError, TypeError, ValueError) as error:
        raise AuditImpossible("the checkpoint cannot be read; remove it to audit from the beginning") from error
    return read
