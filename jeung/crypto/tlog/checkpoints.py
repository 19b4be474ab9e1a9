"""Read and write the checkpoints of a log (C2SP tlog-checkpoint): a note that names origin, size and root."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Final

from jeung.crypto.hashing import DIGEST_LENGTH
from jeung.crypto.tlog.notes import MAX_NAME_LENGTH
from jeung.crypto.tlog.tree import MAX_SIZE
from jeung.errors import MalformedNote

_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_LINES: Final = 3
_ROOT_LENGTH: Final = 44


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Say what a log of this origin held: how many entries, and the root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """Write the text of the note."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note as a checkpoint without extension lines, which our logs never have.

    The text may be believed only after the note was verified (`jeung.crypto.tlog.notes.verify_note`).

    Raises:
        MalformedNote: it is none.
    """
    lines = text.split("\n")
    if len(lines) != _LINES + 1 or lines[_LINES]:
        raise MalformedNote("a checkpoint is origin, size and root")
    origin, size, root = lines[:_LINES]
    if not 0 < len(origin) <= MAX_NAME_LENGTH or not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
        raise MalformedNote("a checkpoint is origin, size and root")
    return Checkpoint(origin, int(size), parse_hash(root))


def parse_hash(text: str) -> bytes:
    """Read a 32-byte hash in padded base64, as checkpoints and lines of proofs write it.

    Raises:
        MalformedNote: it is none.
    """
    try:
        data = base64.b64decode(text, validate=True) if len(text) == _ROOT_LENGTH else b""
    except (binascii.Error, ValueError):
        data = b""
    if len(data) != DIGEST_LENGTH or base64.b64encode(data).decode() != text:
        raise MalformedNote("a hash is 32 bytes in base64")
    return data
