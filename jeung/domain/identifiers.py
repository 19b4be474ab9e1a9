"""Name the identifiers of the ledger and the one canonical form a member's URL has."""

import re
from typing import NewType

MemberId = NewType("MemberId", bytes)
"""32 bytes: keccak256 of the member's first canonical URL."""
SchemaId = NewType("SchemaId", bytes)
"""32 bytes: SHA-256 of the exact bytes of the type metadata."""
BatchId = NewType("BatchId", bytes)
"""32 bytes: keccak256(abi.encode(issuer, schema, root))."""
ProposalId = NewType("ProposalId", bytes)
"""32 bytes: computed by the Consortium contract from proposer, target, call and salt."""
ServiceId = NewType("ServiceId", bytes)
"""32 bytes: SHA-256 of the service's name, unique under its member."""
NodeId = NewType("NodeId", bytes)
"""32 bytes: keccak256(abi.encode(endpoint)) of a chain node, computed by the NetworkAllowlist contract."""
CredentialDigest = NewType("CredentialDigest", bytes)
"""32 bytes: SHA-256 over the ASCII bytes of the issuer-signed JWT."""
KeyThumbprint = NewType("KeyThumbprint", bytes)
"""32 bytes: RFC 7638 SHA-256 thumbprint of a public JWK."""
Address = NewType("Address", str)
"""An account of the chain in EIP-55 form, for example 0x52908400098527886E0F7030069857D2E4169EE7."""

ID_LENGTH = 32
MAX_URL_LENGTH = 256

# The same form the Consortium contract accepts: lower-case DNS labels, optional port, path without a trailing slash.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_CANONICAL_URL = re.compile(
    rf"(?P<scheme>https?)://(?P<host>{_LABEL}(?:\.{_LABEL})*)(?::(?P<port>[1-9][0-9]{{0,4}}))?"
    r"(?P<path>(?:/[A-Za-z0-9._~-]+)*)"
)
# Clients read a host whose last label is a number as an IPv4 address (WHATWG URL), which has one spelling here.
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_DEFAULT_PORTS = {"http": "80", "https": "443"}


def to_hex(identifier: bytes) -> str:
    """Write an identifier as 0x and lower-case hexadecimal digits, as the API and the logs show it."""
    return "0x" + identifier.hex()


def id_from_hex(text: str) -> bytes:
    """Read a 32-byte identifier from 0x and 64 hexadecimal digits.

    Raises:
        ValueError: the text has another form; the message does not repeat it.
    """
    if re.fullmatch(r"0x[0-9a-fA-F]{64}", text) is None:
        raise ValueError("expected 0x and 64 hexadecimal digits")
    return bytes.fromhex(text[2:])


def parse_canonical_url(text: str) -> str:
    """Return the URL when it already has the one form a member's URL may have.

    `iss` is compared byte for byte with the registered URL, so nothing is normalised here: another spelling of
    the same place is refused, not repaired.

    Raises:
        ValueError: not canonical (upper-case host, default port, trailing slash, query, too long, not http).
    """
    match = _CANONICAL_URL.fullmatch(text) if len(text) <= MAX_URL_LENGTH else None
    if match is None or match["port"] == _DEFAULT_PORTS[match["scheme"]] or int(match["port"] or 1) > 65535:
        raise ValueError("expected a canonical http(s) URL of at most 256 characters")
    if _ENDS_IN_NUMBER.fullmatch(match["host"]) and not _IPV4.fullmatch(match["host"]):
        raise ValueError("expected a canonical http(s) URL of at most 256 characters")
    if any(set(part) == {"."} for part in match["path"].split("/")):
        raise ValueError("expected a canonical http(s) URL of at most 256 characters")
    return text
