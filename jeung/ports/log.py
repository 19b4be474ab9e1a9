"""State what the core needs of the transparency log: its rows in order, its tiles, its checkpoints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from jeung.crypto.tlog.tiles import Tile


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


class TransparencyLog(Protocol):
    """Keep the log of a member; acts put their entries in by `Transaction.events` (jeung.ports.store)."""

    def sequence(self, *, limit: int, now: int, fence: int) -> int:
        """Give the oldest unsequenced entries their places, at most `limit`; give how many.

        Before them goes an entry that names the newest indexed block, where there is a newer one: so the
        cosigned log binds its member to the block.

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
        """Give where the entry with this leaf hash stands, None where it is unknown or not sequenced yet."""
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

    def last_checkpoint(self, epoch: int) -> SignedCheckpoint | None:
        """Give the newest checkpoint that was signed in an epoch, published or not."""
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
