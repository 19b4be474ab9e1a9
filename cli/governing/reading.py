"""Read what a person writes on the command line into what a proposal wants."""

import enum
import secrets
from collections.abc import Sequence
from pathlib import Path

from cli.console import CommandFailed
from jeung.domain.governance import reading
from jeung.domain.governance.reading import salted_digest
from jeung.domain.members import Role
from jeung.errors import MalformedInput
from node.runtime.adapters import SystemClock

_MAX_FILE_BYTES = 64 * 1024
_SALT = 32
KEEP = "keep the reason and its salt {reason_salt}: SHA-256(salt, reason) goes to the chain"


class Roles(enum.StrEnum):
    """Name a member's roles."""

    ISSUER = "issuer"
    RELYING_PARTY = "relying-party"
    SUPERVISOR = "supervisor"


_MASK = {Roles.ISSUER: Role.ISSUER, Roles.RELYING_PARTY: Role.RELYING_PARTY, Roles.SUPERVISOR: Role.SUPERVISOR}


def role_mask(roles: Sequence[Roles]) -> int:
    """Give the mask of roles."""
    return reading.role_mask([int(_MASK[role]) for role in roles])


def time_of(text: str) -> int:
    """Read a time, with spans from now; raises as `jeung.domain.governance.reading.read_time`."""
    return reading.read_time(text, SystemClock().now())


def file_of(path: Path) -> bytes:
    """Read a small file.

    Raises:
        CommandFailed: no such file, or it is too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise CommandFailed(f"cannot read {path}: {error.strerror}") from None
    if len(content) > _MAX_FILE_BYTES:
        raise CommandFailed(f"{path} is larger than {_MAX_FILE_BYTES} bytes")
    return content


def salt_of(reason: str) -> dict[str, str]:
    """Salt a reason freshly: what goes to the chain, and what its author must keep to show it one day.

    Raises:
        CommandFailed: there is no reason, or too long a one.
    """
    salt = secrets.token_bytes(_SALT)
    try:
        return {"reason_digest": salted_digest(salt, reason), "reason_salt": "0x" + salt.hex()}
    except MalformedInput as wrong:
        raise CommandFailed(wrong.detail) from None
