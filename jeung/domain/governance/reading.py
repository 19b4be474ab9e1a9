"""Read what a person writes into a proposal: times, shares, accounts, numbers, documents; at a terminal or in a form.

Every reader refuses with a sentence about what it expected, and never repeats what was written.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.crypto.hashing import keccak256
from jeung.crypto.jwk import parse_jwk
from jeung.domain.identifiers import Address, MemberId, parse_canonical_url, to_hex
from jeung.domain.network import Endpoint, parse_enode
from jeung.domain.profiles import parse_profile, service_id
from jeung.errors import JeungError, MalformedInput

MAX_INDEXES: Final = 8_192
"""Statuses of one proposal: as many as the StatusRegistry changes at once."""
_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SECONDS = re.compile("[0-9]{1,12}")
_SPAN = re.compile("(?P<sign>[+-]?)(?P<count>[0-9]{1,9})(?P<unit>[smhd])")
_SHARE = re.compile("([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")
_RUN = re.compile("([0-9]{1,7})(?:-([0-9]{1,7}))?")
_ACCOUNT = re.compile("0x[0-9a-fA-F]{40}")


def read_time(text: str, now: int) -> int:
    """Read a time: seconds UTC, a date or date and time (UTC), or a span from `now` such as +365d or -1h.

    Raises:
        MalformedInput: another form, or before 1970.
    """
    if _SECONDS.fullmatch(text):
        return int(text)
    span = _SPAN.fullmatch(text)
    if span is not None and span["sign"]:
        seconds = int(span["count"]) * _UNITS[span["unit"]]
        found = now + (seconds if span["sign"] == "+" else -seconds)
    else:
        try:
            at = datetime.fromisoformat(text)
            found = int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp())
        except (ValueError, OverflowError):
            found = -1
    if found < 0:
        raise MalformedInput("a time is a date (2027-12-31), seconds UTC, or a span from now (+365d, -1h)")
    return found


def read_duration(text: str) -> int:
    """Read a length of time in seconds: seconds, or 30m, 12h, 2d.

    Raises:
        MalformedInput: another form.
    """
    if _SECONDS.fullmatch(text):
        return int(text)
    span = _SPAN.fullmatch(text)
    if span is None or span["sign"]:
        raise MalformedInput("a length of time is seconds, or 30m, 12h, 2d")
    return int(span["count"]) * _UNITS[span["unit"]]


def read_share(text: str) -> tuple[int, int]:
    """Read a share of the members such as 2/3.

    Raises:
        MalformedInput: another form, or more than the whole.
    """
    match = _SHARE.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        raise MalformedInput("a share is two numbers, for example 2/3")
    return int(match[1]), int(match[2])


def read_account(text: str) -> Address:
    """Read an account; letters of both cases must be the right checksum (EIP-55): a mistyped one is lost for good.

    Raises:
        MalformedInput: not 0x and 40 hexadecimal digits, or the checksum is wrong.
    """
    if _ACCOUNT.fullmatch(text) is None:
        raise MalformedInput("an account is 0x and 40 hexadecimal digits")
    digits = text[2:]
    marks = keccak256(digits.lower().encode()).hex()
    right = "".join(c.upper() if mark >= "8" else c for c, mark in zip(digits.lower(), marks, strict=False))
    if digits not in (digits.lower(), digits.upper(), right):
        raise MalformedInput("the account is mistyped: its upper and lower case letters are no checksum (EIP-55)")
    return Address("0x" + right)


def read_hex(text: str, length: int) -> str:
    """Read so many bytes in hexadecimal.

    Raises:
        MalformedInput: another form.
    """
    if re.fullmatch(f"0x[0-9a-fA-F]{{{2 * length}}}", text) is None:
        raise MalformedInput(f"expected 0x and {2 * length} hexadecimal digits")
    return text.lower()


def read_url(text: str) -> str:
    """Read a member's URL.

    Raises:
        MalformedInput: it is not spelled in the one way the Consortium takes.
    """
    try:
        return parse_canonical_url(text)
    except ValueError:
        raise MalformedInput("the address is not a canonical URL") from None


def read_number(text: str) -> int:
    """Read a whole number of at most nine digits.

    Raises:
        MalformedInput: another form.
    """
    if re.fullmatch("[0-9]{1,9}", text) is None:
        raise MalformedInput("expected a whole number")
    return int(text)


def read_indexes(text: str) -> list[int]:
    """Read places in a status list, for example `3, 7-9`; gives them ascending, none twice.

    Raises:
        MalformedInput: another form, none, or more than the StatusRegistry changes at once.
    """
    found: set[int] = set()
    for part in text.replace("–", "-").replace(",", " ").split():
        match = _RUN.fullmatch(part)
        first, last = (1, 0) if match is None else (int(match[1]), int(match[2] or match[1]))
        if last < first or last - first >= MAX_INDEXES or len(found) > MAX_INDEXES:
            raise MalformedInput("places in a status list are numbers and runs of them, for example 3, 7-9")
        found.update(range(first, last + 1))
    if not 0 < len(found) <= MAX_INDEXES:
        raise MalformedInput(f"name 1 to {MAX_INDEXES} places in the status list")
    return sorted(found)


def read_name(text: str) -> str:
    """Read a contract's name into the 32 bytes it has in the Directory.

    Raises:
        MalformedInput: not 1 to 32 printable ASCII characters without spaces.
    """
    if re.fullmatch("[!-~]{1,32}", text) is None:
        raise MalformedInput("a contract's name has 1 to 32 ASCII characters")
    return to_hex(text.encode().ljust(32, b"\0"))


def read_enode(text: str) -> list[Any]:
    """Read an enode URL as the NetworkAllowlist's endpoint: key halves, IP or name, TCP and UDP port.

    Raises:
        MalformedInput: another form.
    """
    found = parse_enode(text)
    if found is None:
        raise MalformedInput("expected enode://KEY@HOST:PORT, the key 128 hexadecimal digits")
    return endpoint_of(found)


def endpoint_of(node: Endpoint) -> list[Any]:
    """Write where a chain node is reached as the NetworkAllowlist has it."""
    ip, domain = node.packed_host
    return [to_hex(node.key[:32]), to_hex(node.key[32:]), to_hex(ip), domain, node.port, node.discovery_port]


def read_metadata(content: bytes) -> Mapping[str, str]:
    """Read type metadata; these very bytes are registered, under the `vct` that stands in them.

    Raises:
        MalformedInput: no JSON object with a `vct`.
    """
    try:
        vct = canonical_json.parse_object(content)["vct"]
    except (JeungError, KeyError):
        vct = None
    if not isinstance(vct, str):
        raise MalformedInput("expected type metadata with a `vct`")
    return {"metadata": to_hex(content), "vct": vct}


def read_profile(content: bytes) -> Mapping[str, str]:
    """Read a request profile: its service, and the document in the form of RFC 8785.

    Raises:
        MalformedInput: it has another shape, and would permit nothing once it is registered.
    """
    document = canonical_json.parse_object(content)
    name = document.get("name")
    written = canonical_json.canonical(document)
    if not isinstance(name, str) or parse_profile(MemberId(b""), service_id(name), written, 0) is None:
        raise MalformedInput("this is no request profile; docs/reference/relying-parties.md shows its shape")
    return {"service": to_hex(service_id(name)), "profile": to_hex(written)}


def read_jwk(content: bytes) -> str:
    """Read a public JWK, in the form of RFC 8785.

    Raises:
        MalformedInput: no public key that credentials may be signed by, or a private one.
    """
    jwk = canonical_json.parse_object(content)
    if "d" in jwk:
        raise MalformedInput("this holds a private key; only the public part belongs on the chain")
    parse_jwk(jwk)
    return to_hex(canonical_json.canonical(jwk))


def salted_digest(salt: bytes, reason: str) -> str:
    """Give the digest of a reason that goes to the chain: SHA-256(salt, reason).

    Raises:
        MalformedInput: no reason, or too long a one.
    """
    if not 3 <= len(reason.strip()) <= 500:
        raise MalformedInput("a suspension needs its reason, at most 500 characters")
    return to_hex(hashlib.sha256(salt + reason.strip().encode()).digest())


def role_mask(bits: Sequence[int]) -> int:
    """Give the mask of roles.

    Raises:
        MalformedInput: none.
    """
    mask = 0
    for bit in bits:
        mask |= bit
    if not mask:
        raise MalformedInput("a member has at least one role")
    return mask
