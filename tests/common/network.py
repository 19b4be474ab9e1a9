"""Give chain nodes to list: endpoints with genuine keys, as the NetworkAllowlist contract takes them."""

from typing import Any, Final

import coincurve
from eth_abi.abi import encode

from jeung.crypto.hashing import keccak256
from jeung.domain.identifiers import MemberId, to_hex
from tests.common.consortium import Consortium

RELAYER: Final = "0x52908400098527886E0F7030069857D2E4169EE8"
"""An account that serves no member."""
FAR_NODE: Final[dict[str, Any]] = {
    "keyX": "0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
    "keyY": "0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    "ip": "0x20010db8000000000000000000000007",
    "domain": "",
    "port": 30303,
    "discoveryPort": 0,
}
"""A node at an IPv6 address that runs no discovery; its key is the curve's generator, whose secret is 1."""


def node_id(listed: dict[str, Any]) -> str:
    """Compute a node's identifier, as the contract does."""
    raw = [bytes.fromhex(listed[name][2:]) for name in ("keyX", "keyY", "ip")]
    values = (*raw, listed["domain"], listed["port"], listed["discoveryPort"])
    return "0x" + keccak256(encode(["(bytes32,bytes32,bytes16,string,uint16,uint16)"], [values])).hex()


def node_key(number: int) -> bytes:
    """Give the public key of a secret number: 64 bytes."""
    return coincurve.PrivateKey.from_int(number).public_key.format(compressed=False)[1:]


def endpoint(number: int, *, domain: str = "", discovery_port: int = 30303) -> dict[str, Any]:
    """Give a node at 10.0.0.`number`, or at a domain name."""
    key = node_key(number)
    ip = bytes(16) if domain else bytes(10) + b"\xff\xff" + bytes([10, 0, 0, number])
    return {
        "keyX": "0x" + key[:32].hex(),
        "keyY": "0x" + key[32:].hex(),
        "ip": "0x" + ip.hex(),
        "domain": domain,
        "port": 30303,
        "discoveryPort": discovery_port,
    }


def enode_of(number: int, *, port: int = 30303) -> str:
    """Write the enode URL of a node at 10.0.0.`number`."""
    return f"enode://{node_key(number).hex()}@10.0.0.{number}:{port}"


def list_node(chain: Consortium, member: MemberId, listed: dict[str, Any]) -> str:
    """Let a node in on a played chain; give its identifier."""
    node = node_id(listed)
    chain.emit("NetworkAllowlist", "NodeAdded", {"node": node, "member": to_hex(member), **listed})
    return node


def about_entry(chain: Consortium, name: str, entry: str, member: MemberId, **args: object) -> None:
    """Append an event of the NetworkAllowlist contract about a node, or an account."""
    kind = "node" if name.startswith("Node") else "account"
    chain.emit("NetworkAllowlist", name, {kind: entry, "member": to_hex(member), **args})
