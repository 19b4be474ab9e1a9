"""Describe the transparency log on the wire; what is signed in it has forms of its own."""

from api.wire.base import Out


class LogIndex(Out):
    """Name a member's log: the origin of each epoch, the present one last, and verifier keys (C2SP signed-note)."""

    origins: list[str]
    keys: list[str]


class RefusedCheckpoint(Out):
    """Show a checkpoint that was not cosigned: the signed note, and the text of the key that signed it."""

    note: str
    key: str


class RefusedCheckpoints(Out):
    """Name what a member's log signed and this member did not cosign, the oldest first."""

    items: list[RefusedCheckpoint]
