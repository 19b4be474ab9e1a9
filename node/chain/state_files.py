"""Keep the embedded chain's state on disk: two generations, each complete or absent, each checked when it is read.

Files of the folder: `state-<number>-<block>-<sha256>.json` (newer ones have higher numbers; the name states the last
block and the content's hash), `durable.json` (the block up to which nothing can be lost any more), `*.partial` (a
write that was cut off), `*.broken` (a state that could not be used).
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

import orjson
import structlog

_LOG = structlog.get_logger(__name__)
_NAME = re.compile(r"state-(?P<number>[0-9]{12})-(?P<block>[0-9]{12})-(?P<sha256>[0-9a-f]{64})\.json")
_GENERATIONS = 2
DURABLE_FILE = "durable.json"
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class DurableBlock:
    """Name the last block that a state on disk holds; `time` is its block time, seconds UTC."""

    number: int
    hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class StateFile:
    """Name one complete state and the last block it holds."""

    path: Path
    block_number: int


class StateFiles:
    """Write and find the states of one folder; one process at a time uses it."""

    def __init__(self, folder: Path) -> None:
        """Use a folder that exists; what an earlier process left half written is removed."""
        self._folder = folder
        for partial in folder.glob("*.partial"):
            partial.unlink()

    def newest_first(self) -> list[StateFile]:
        """List the states whose content is what was written, the newest first; others are set aside, not deleted."""
        sound = []
        for path in reversed(self._numbered()):
            match = _NAME.fullmatch(path.name)
            if match is not None and _sha256_of(path) == match["sha256"]:
                sound.append(StateFile(path, int(match["block"])))
            else:
                _LOG.error("chain_state_damaged", file=path.name)
                self.set_aside(path)
        return sound

    def set_aside(self, path: Path) -> None:
        """Rename a state that cannot be used, so that it does not count as a generation."""
        path.replace(path.with_suffix(".broken"))

    def save(self, state: bytes, block: DurableBlock) -> None:
        """Write a new generation, then say that its block is durable, then forget the third oldest.

        A kill at any point leaves the earlier generation and an earlier, still true, `durable.json`.
        """
        known = self._numbered()
        number = 1 + (int(known[-1].name[len("state-") :][:12]) if known else 0)
        digest = hashlib.sha256(state).hexdigest()
        self._write(f"state-{number:012d}-{block.number:012d}-{digest}.json", state)
        self.declare_durable(block)
        for old in self._numbered()[:-_GENERATIONS]:
            old.unlink()

    def declare_durable(self, block: DurableBlock) -> None:
        """Write `durable.json`; also needed when an older generation had to be loaded."""
        content = {"block": block.number, "hash": "0x" + block.hash.hex(), "time": block.time}
        self._write(DURABLE_FILE, orjson.dumps(content))

    def retract_durable(self) -> None:
        """Remove `durable.json` while it is not known which state will be loaded."""
        (self._folder / DURABLE_FILE).unlink(missing_ok=True)
        self._sync_folder()

    def _numbered(self) -> list[Path]:
        return sorted(path for path in self._folder.glob("state-*.json") if _NAME.fullmatch(path.name))

    def _write(self, name: str, content: bytes) -> None:
        partial = self._folder / f"{name}.partial"
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._folder / name)
        self._sync_folder()

    def _sync_folder(self) -> None:
        # The new name itself must reach the disk before anything relies on it.
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_durable(path: Path) -> DurableBlock | None:
    """Read a `durable.json`; None while there is none, or where it cannot be read."""
    try:
        content = orjson.loads(path.read_bytes())
        return DurableBlock(int(content["block"]), bytes.fromhex(content["hash"][2:]), int(content["time"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _sha256_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()
