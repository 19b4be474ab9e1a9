"""Know which consortium is audited: the one whose Directory stands in the block that the deployment id names."""

import re
from dataclasses import dataclass
from pathlib import Path

import orjson

from audit.findings import AuditImpossible
from audit.source import ChainReader
from jeung.crypto.hashing import keccak256

_MAX_BYTES = 4 << 20
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}\Z")


@dataclass(frozen=True, slots=True)
class Deployment:
    """Hold the genesis facts on which everything else rests; every other address is read from events."""

    chain_id: int
    deployment_id: str
    block: int
    directory: str


def read_deployment(path: Path) -> Deployment:
    """Read the facts from the file that the deployment wrote.

    Raises:
        AuditImpossible: missing or malformed.
    """
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError("larger than the bound")
        raw = orjson.loads(path.read_bytes())
        directory = str(raw["addresses"]["Directory"])
        facts = Deployment(int(raw["chain_id"]), str(raw["deployment_id"]).lower(), int(raw["block"]), directory)
        if _ADDRESS.match(directory) is None or facts.block < 0 or facts.chain_id < 0:
            raise ValueError("not an address or not a block")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise AuditImpossible("the deployment file cannot be read") from error
    return facts


def require_same_deployment(reader: ChainReader, deployment: Deployment) -> None:
    """Make sure that the chain is the deployment's: chain id, Directory and the block that made it give its id.

    Raises:
        AuditImpossible: it is another chain, or does not answer.
    """
    chain_id, block = reader.chain_id(), reader.block(deployment.block)
    directory = bytes.fromhex(deployment.directory[2:])
    facts = chain_id.to_bytes(32) + directory.rjust(32, b"\0") + bytes.fromhex(block.hash[2:])
    if chain_id != deployment.chain_id or "0x" + keccak256(facts).hex() != deployment.deployment_id:
        raise AuditImpossible("the chain is not the one of the deployment file")
