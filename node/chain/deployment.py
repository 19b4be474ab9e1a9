"""Know on which chain and at which addresses a consortium's contracts stand, and refuse any other chain."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from jeung.crypto.hashing import keccak256
from jeung.domain.identifiers import Address
from node.artifacts import CONTRACT_NAMES
from node.chain.errors import DeploymentFailed, WrongChain
from node.chain.hexes import address_bytes, address_of, bytes_of, int_of
from node.chain.rpc import Rpc

VERSION = 1
DIRECTORY = "Directory"
_MAX_FILE_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Deployment:
    """Identify a deployed consortium.

    `block_number` and `block_hash` are of the block that deployed the Directory; `start_block` is the first block
    with a contract of ours; `addresses` are those at deployment, by contract name.
    """

    chain_id: int
    deployment_id: bytes
    block_number: int
    block_hash: bytes
    start_block: int
    addresses: Mapping[str, Address]


def deployment_id_of(chain_id: int, directory: Address, block_hash: bytes) -> bytes:
    """Compute keccak256(abi.encode(uint256 chainId, address directory, bytes32 blockHash)), 32 bytes."""
    return keccak256(chain_id.to_bytes(32) + bytes(12) + address_bytes(directory) + block_hash)


def load_deployment(path: Path) -> Deployment:
    """Read a deployment's file.

    Raises:
        DeploymentFailed: the file is missing or unreadable, or contradicts itself.
    """
    record = read_record(path)
    if record is None:
        raise DeploymentFailed("the contracts are not deployed yet: the deployment file is missing")
    missing = _missing(record)
    if missing:
        raise DeploymentFailed(
            f"this consortium was deployed by another version, without {', '.join(missing)}; a sandbox is made anew"
            " by `jeung reset`"
        )
    try:
        addresses = {name: address_of(address_bytes(record["addresses"][name])) for name in CONTRACT_NAMES}
        deployment = Deployment(
            chain_id=int(record["chain_id"]),
            deployment_id=bytes_of(record["deployment_id"], 32),
            block_number=int(record["block"]),
            block_hash=bytes_of(record["block_hash"], 32),
            start_block=int(record["start_block"]),
            addresses=MappingProxyType(addresses),
        )
    except (KeyError, TypeError, ValueError):
        raise DeploymentFailed("the deployment file does not have its form") from None
    expected = deployment_id_of(deployment.chain_id, addresses[DIRECTORY], deployment.block_hash)
    if deployment.deployment_id != expected:
        raise DeploymentFailed("the deployment file contradicts itself: its id does not follow from its contents")
    return deployment


def _missing(record: Mapping[str, Any]) -> list[str]:
    """Name the contracts of this version that a deployment lacks: it is older, not broken."""
    addresses = record.get("addresses")
    return [name for name in CONTRACT_NAMES if name not in addresses] if isinstance(addresses, dict) else []


def verify_deployment(rpc: Rpc, deployment: Deployment) -> None:
    """Make sure that the endpoint's chain is the one the deployment stands on.

    Chain id 31337 is everybody's, so the deploying block itself must be there, and code at every address.

    Raises:
        WrongChain: it is another chain.
        RpcError: the chain does not answer.
    """
    chain_id, block, *codes = rpc.batch_all(
        [
            ("eth_chainId", []),
            ("eth_getBlockByNumber", [hex(deployment.block_number), False]),
            *(("eth_getCode", [address, "latest"]) for address in deployment.addresses.values()),
        ]
    )
    try:
        same_id = int_of(chain_id) == deployment.chain_id
        same_block = block is not None and bytes_of(block["hash"], 32) == deployment.block_hash
        without_code = [name for name, code in zip(deployment.addresses, codes, strict=True) if not bytes_of(code)]
    except (KeyError, TypeError, ValueError):
        raise WrongChain("the endpoint's answers are not those of an Ethereum chain") from None
    if not same_id:
        raise WrongChain(f"the endpoint's chain has another id than {deployment.chain_id}")
    if not same_block:
        raise WrongChain(f"block {deployment.block_number} of the chain is not the one that deployed the contracts")
    if without_code:
        raise WrongChain(f"the chain has no code for {', '.join(without_code)}")


def read_record(path: Path) -> dict[str, Any] | None:
    """Read a deployment file as it is, None where there is none.

    Raises:
        DeploymentFailed: it cannot be read, or is of another version.
    """
    try:
        if path.stat().st_size > _MAX_FILE_BYTES:
            raise DeploymentFailed("the deployment file is too large")
        record = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        raise DeploymentFailed("the deployment file cannot be read") from None
    if not isinstance(record, dict) or record.get("version") != VERSION:
        raise DeploymentFailed("the deployment file is of another version")
    return record


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Replace a deployment file in one step, so that a kill leaves the old one or the new one."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        file.write(orjson.dumps(record, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
