"""Read what a person writes on the command line: times, shares, accounts, roles, enode URLs."""

import enum
import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from cli.console import CommandFailed
from jeung.domain.members import Role
from node.runtime.adapters import SystemClock

_MAX_FILE_BYTES = 64 * 1024
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SPAN = re.compile(r"(?P<sign>[+-]?)(?P<count>[0-9]{1,9})(?P<unit>[smhd])")
_KEY_DIGITS = 128


class Roles(enum.StrEnum):
    """Name a member's roles."""

    ISSUER = "issuer"
    RELYING_PARTY = "relying-party"
    SUPERVISOR = "supervisor"


_MASK = {Roles.ISSUER: Role.ISSUER, Roles.RELYING_PARTY: Role.RELYING_PARTY, Roles.SUPERVISOR: Role.SUPERVISOR}


@dataclass(frozen=True, slots=True)
class Share:
    """Hold a share of the members."""

    numerator: int
    denominator: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `2/3`.

        Raises:
            CommandFailed: another form.
        """
        match = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", text)
        if match is None:
            raise CommandFailed("a share is two numbers, for example 2/3")
        return cls(int(match[1]), int(match[2]))


def role_mask(roles: Sequence[Roles]) -> int:
    """Give the mask of roles."""
    return sum({int(_MASK[role]) for role in roles})


def time_of(text: str) -> int:
    """Read a time: seconds UTC, a date or date and time (UTC), or a span from now such as +365d or -1h.

    Raises:
        CommandFailed: another form.
    """
    if text.isdecimal():
        return int(text)
    span = _SPAN.fullmatch(text)
    if span is not None and span["sign"]:
        seconds = int(span["count"]) * _UNITS[span["unit"]]
        return SystemClock().now() + (seconds if span["sign"] == "+" else -seconds)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandFailed("a time is a date (2027-12-31), seconds UTC, or a span from now (+365d, -1h)") from None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())


def duration_of(text: str) -> int:
    """Read a length of time: seconds, or 30m, 12h, 2d.

    Raises:
        CommandFailed: another form.
    """
    if text.isdecimal():
        return int(text)
    span = _SPAN.fullmatch(text)
    if span is None or span["sign"]:
        raise CommandFailed("a length of time is seconds, or 30m, 12h, 2d")
    return int(span["count"]) * _UNITS[span["unit"]]


def account_of(text: str) -> str:
    """Read an account's address.

    Raises:
        CommandFailed: not 0x and 40 hexadecimal digits.
    """
    return number_of(text, 20)


def number_of(text: str, length: int) -> str:
    """Read so many bytes in hexadecimal.

    Raises:
        CommandFailed: another form.
    """
    if re.fullmatch(rf"0x[0-9a-fA-F]{{{2 * length}}}", text) is None:
        raise CommandFailed(f"expected 0x and {2 * length} hexadecimal digits")
    return text


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


def enode_of(text: str) -> list[Any]:
    """Read an enode URL as the NetworkAllowlist's endpoint: key halves, IP or name, TCP and UDP port.

    Raises:
        CommandFailed: another form.
    """
    try:
        parts = urlsplit(text)
        key, host, port = parts.username or "", parts.hostname or "", parts.port
        discovery = int(parse_qs(parts.query).get("discport", [str(port)])[0])
    except ValueError:
        key, host, port, discovery = "", "", None, 0
    if parts_wrong(text, key, host) or port is None:
        raise CommandFailed("expected enode://KEY@HOST:PORT, the key 128 hexadecimal digits")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ["0x" + key[:64], "0x" + key[64:], "0x" + "00" * 16, host.lower(), port, discovery]
    packed = address.packed if address.version == 6 else b"\0" * 10 + b"\xff\xff" + address.packed
    return ["0x" + key[:64], "0x" + key[64:], "0x" + packed.hex(), "", port, discovery]


def parts_wrong(text: str, key: str, host: str) -> bool:
    """Tell whether what was read of an enode URL cannot be one."""
    is_key = len(key) == _KEY_DIGITS and re.fullmatch("[0-9a-fA-F]+", key) is not None
    return not text.startswith("enode://") or not is_key or not host
