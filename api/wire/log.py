"""Describe the transparency log on the wire; what is signed in it has forms of its own."""

from api.wire.base import Out


class LogIndex(Out):
    """Name a member's log: the origin of each epoch, the present one last, and verifier keys (C2SP signed-note)."""

    origins: list[str]
    keys: list[str]
