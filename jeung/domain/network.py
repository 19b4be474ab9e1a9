"""Describe the network's allowlist: where chain nodes are reached, and the spells in which entries stood."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from jeung.crypto.hashing import keccak256
from jeung.crypto.typed_data import word
from jeung.domain.identifiers import MemberId, NodeId

KEY_LENGTH: Final = 64
"""Bytes of a node's public key: both coordinates of a point of secp256k1."""
_MAX_PORT: Final = 65_535
_IPV4_MAPPED: Final = bytes(10) + b"\xff\xff"
_IP_LENGTH: Final = 16
_ENODE: Final = re.compile(
    r"enode://(?P<key>[0-9a-fA-F]{128})@(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9.-]{1,253})"
    r":(?P<port>[0-9]{1,5})(?:\?discport=(?P<discovery>[0-9]{1,5}))?"
)


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """Say where a chain node is reached.

    `key` is its public key (64 bytes); `host` an IPv4 address, an IPv6 address as RFC 5952 writes it, or a lower-case
    domain name; `discovery_port` is 0 for a node that runs no discovery.
    """

    key: bytes
    host: str
    port: int
    discovery_port: int

    def __str__(self) -> str:
        """Write the enode URL as chain nodes do: `discport` only where it is not the TCP port."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        query = "" if self.discovery_port == self.port else f"?discport={self.discovery_port}"
        return f"enode://{self.key.hex()}@{host}:{self.port}{query}"

    @property
    def packed_host(self) -> tuple[bytes, str]:
        """Give the host as the chain has it: 16 bytes of an address (IPv4 as ::ffff:a.b.c.d) or zeros, and a name."""
        try:
            address = ipaddress.ip_address(self.host)
        except ValueError:
            return bytes(_IP_LENGTH), self.host
        return address.packed if address.version == 6 else _IPV4_MAPPED + address.packed, ""


@dataclass(frozen=True, slots=True)
class Listing:
    """Record one spell in which an entry stood in the allowlist; times are seconds UTC of blocks.

    `isolated_until` is the end of its last isolation, which ends before if the member's suspension does; 0 if none.
    """

    member: MemberId
    added_at: int
    removed_at: int | None = None
    isolated_until: int = 0


@dataclass(frozen=True, slots=True)
class ListedNode:
    """Hold a chain node that ever stood in the allowlist, with its spells, oldest first."""

    endpoint: Endpoint
    listings: tuple[Listing, ...]


def host_of(ip: bytes, domain: str) -> str:
    """Give a host as text: the domain name, or the address in `ip` (16 bytes; IPv4 as ::ffff:a.b.c.d).

    Raises:
        ValueError: no domain name, and not 16 bytes.
    """
    if domain:
        return domain
    if len(ip) != _IP_LENGTH:
        raise ValueError("expected 16 bytes of an IPv6 address")
    if ip.startswith(_IPV4_MAPPED):
        return str(ipaddress.IPv4Address(ip[len(_IPV4_MAPPED) :]))
    return str(ipaddress.IPv6Address(ip))


def node_id(endpoint: Endpoint) -> NodeId:
    """Compute the identifier of a chain node as the NetworkAllowlist does: keccak256(abi.encode(endpoint)).

    A struct with a text of its own length is encoded behind one offset, the text behind another.
    """
    ip, domain = endpoint.packed_host
    text = domain.encode()
    parts = (
        word(32),
        endpoint.key,
        ip.ljust(32, b"\0"),
        word(6 * 32),
        word(endpoint.port),
        word(endpoint.discovery_port),
        word(len(text)),
        text.ljust(-(-len(text) // 32) * 32, b"\0"),
    )
    return NodeId(keccak256(b"".join(parts)))


def parse_enode(text: str) -> Endpoint | None:
    """Read an enode URL into its one form; None where it is none, or leaves its port out."""
    match = _ENODE.fullmatch(text)
    if match is None:
        return None
    port = int(match["port"])
    discovery = port if match["discovery"] is None else int(match["discovery"])
    host = _host(match["host"])
    if host is None or not 0 < port <= _MAX_PORT or discovery > _MAX_PORT:
        return None
    return Endpoint(bytes.fromhex(match["key"]), host, port, discovery)


def _host(text: str) -> str | None:
    bare = text.removeprefix("[").removesuffix("]")
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None if bare != text else text.lower()
    # A bracketed address is of version 6 and the other is not: the expression lets nothing else through.
    return host_of(address.packed, "") if len(address.packed) == _IP_LENGTH else str(address)
