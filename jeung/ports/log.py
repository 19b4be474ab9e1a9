"""State what the core needs of the transparency log: its rows in order, its tiles, its checkpoints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.tiles import Tile
from jeung.crypto.tlog.tree import MAX_SIZE


@dataclass(frozen=True, slots=True)
class LogHead:
    """Say how far the log has come: the present epoch (from 1) and how many entries were given their place in it."""

    epoch: int
    size: int
    is_guarded: bool = False
    """Whether nothing may be signed before the log was compared with what others hold of it (after a restore)."""


@dataclass(frozen=True, slots=True)
class SignedCheckpoint:
    """Hold a checkpoint that this member signed: the note of its own signature, and the key's text (a vkey)."""

    epoch: int
    size: int
    root: bytes
    note: bytes = field(repr=False)
    key: str
    signed_at: int


@dataclass(frozen=True, slots=True)
class Cosignature:
    """Hold a witness's line under a checkpoint, and the text of its key (a vkey)."""

    key: str
    line: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class Place:
    """Say where an entry stands."""

    epoch: int
    index: int


@dataclass(frozen=True, slots=True)
class LogCopy:
    """Hold entries of this log that were lost here, from `begin` on, and the root of the log with all of them."""

    epoch: int
    begin: int
    entries: tuple[bytes, ...] = field(repr=False)
    root: bytes


@dataclass(frozen=True, slots=True)
class Opening:
    """Say how the epoch begins that the consortium opened.

    `last` is the last checkpoint that others hold of the epochs before; `carry_from` is where, in this node's newest
    epoch, the entries begin that it does not cover: they get places in the new one as well.
    """

    epoch: int
    last: Checkpoint
    carry_from: int


class TransparencyLog(Protocol):
    """Keep the log of a member; acts put their entries in by `Transaction.events` (jeung.ports.store)."""

    def sequence(self, *, limit: int, now: int, fence: int) -> int:
        """Give the oldest unsequenced entries their places, at most `limit`; give how many: none while it is guarded.

        Before them goes an entry that names the newest indexed block, where there is a newer one: so the
        cosigned log binds its member to the block. Where nothing waits, a block is named all the same when it is
        due (`jeung.domain.transparency.is_block_due`): other members' evidence may rest on it.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        ...

    def head(self) -> LogHead:
        """Give how far the log has come."""
        ...

    def epochs(self) -> Sequence[int]:
        """Give every epoch there is, the present one last."""
        ...

    def tile(self, epoch: int, tile: Tile) -> bytes | None:
        """Give the bytes of a tile or bundle, None where the log has not come so far."""
        ...

    def place_of(self, leaf: bytes) -> Place | None:
        """Give where the entry with this leaf hash stands, None where it is unknown or not sequenced yet.

        Of an entry that was carried over into a later epoch, its place there.
        """
        ...

    def block_before(self, place: Place) -> tuple[int, bytes] | None:
        """Give index and bytes of the entry that names a block nearest before a place; None where there is none."""
        ...

    def record_checkpoint(self, checkpoint: SignedCheckpoint, *, fence: int) -> None:
        """Keep a checkpoint before anybody sees it.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: one of this size or of a larger one was signed.
        """
        ...

    def last_checkpoint(self, epoch: int, *, at_most: int = MAX_SIZE) -> SignedCheckpoint | None:
        """Give the newest checkpoint of at most so many entries that was signed in an epoch, published or not."""
        ...

    def publish(self, epoch: int, size: int, cosignatures: Sequence[Cosignature], *, fence: int) -> None:
        """Publish a checkpoint with what its witnesses said.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        ...

    def published(self, epoch: int) -> tuple[SignedCheckpoint, Sequence[Cosignature]] | None:
        """Give the newest published checkpoint of an epoch with its cosignatures."""
        ...

    def checkpoints(self, epoch: int, *, since: int, limit: int) -> Sequence[SignedCheckpoint]:
        """Give checkpoints of more than `since` entries, smallest first."""
        ...

    def keys(self) -> Sequence[str]:
        """Give the text of every key that ever signed or cosigned a checkpoint here."""
        ...

    def guard(self, *, fence: int) -> None:
        """Let no checkpoint be signed before the log was compared with what others hold of it.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        ...

    def unguard(self, *, fence: int) -> None:
        """Let checkpoints be signed again: what others hold of the log is in it.

        Raises:
            FenceLost: another worker holds the lease now.
        """
        ...

    def adopt(self, copy: LogCopy, *, fence: int) -> None:
        """Take back entries that were lost here, all of them or none, and stay guarded.

        Acts whose entries are among them, and that wait here for a place, have it then. An epoch that is later than
        the present one begins with them.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: the log does not end where the copy begins.
            LogForked: with these entries its root is another.
        """
        ...

    def begin_epoch(self, opening: Opening, *, now: int, fence: int) -> None:
        """Begin an epoch, of which nothing is guarded; those before take no more entries.

        First an entry that names the last checkpoint, then the newest indexed block, then what is carried over.

        Raises:
            FenceLost: another worker holds the lease now.
            Conflict: it has begun, or a later one.
        """
        ...


@dataclass(frozen=True, slots=True)
class WitnessedHead:
    """Say what a witness cosigned last of a log: the note as it came, and the key that signed it (a vkey)."""

    origin: str
    size: int
    root: bytes
    note: bytes = field(repr=False)
    key: str
    cosigned_at: int


class WitnessMemory(Protocol):
    """Remember the newest checkpoint that was cosigned of each log."""

    def advance(self, head: WitnessedHead, judge: Callable[[WitnessedHead | None], None]) -> None:
        """Keep a new head in the transaction in which `judge` was shown the present one and did not raise.

        What `judge` refuses as a contradiction (CheckpointForked, CheckpointNotConsistent) is kept as proof: the
        oldest 64 of a log, once each.

        Raises:
            whatever `judge` raises.
        """
        ...

    def head(self, origin: str) -> WitnessedHead | None:
        """Give the newest head of a log, None where none was cosigned."""
        ...

    def forks(self, origin: str) -> Sequence[WitnessedHead]:
        """Give what contradicted the heads of a log, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """Hold what another member's node answered: at most a few KiB of it, and its `Jeung-Verifier-Key`."""

    status: int
    body: bytes
    key: str


class WitnessCalls(Protocol):
    """Call other members' nodes about logs, within bounds of time and size."""

    def call(self, method: str, url: str, body: bytes, key: str) -> WitnessAnswer | None:
        """Call once, follow no redirect, send the key's text along; None where nobody answers in time."""
        ...


class LogCopies(Protocol):
    """Fetch from copies of this member's log that others keep, within bounds of time and size."""

    def get(self, url: str) -> bytes | None:
        """Fetch once; None where there is nothing, or not in time."""
        ...
