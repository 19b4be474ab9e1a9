import json
import secrets
import subprocess

import pytest
from sha3 import keccak_256

from bench._anvil import Chain, Contract, throw_away_chain
from node.artifacts import load
from tests.integration.contracts.tools import ROOT, environment, forge

pytestmark = pytest.mark.node_tools

_SCRIPT = """
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { readFileSync } from "node:fs";
const batches = JSON.parse(readFileSync(0, "utf8"));
console.log(JSON.stringify(batches.map((digests) => {
  const tree = StandardMerkleTree.of(digests.map((digest) => [digest]), ["bytes32"]);
  return { format: tree.dump().format, root: tree.root };
})));
"""
_ADDRESS = "0x00000000000000000000000000000000000000aa"


@pytest.mark.chain
def test_root_on_chain_is_that_of_the_npm_package() -> None:
    forge()  # The package comes with the same installation.
    sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 32, 33, 64, 100, 255, 1_000, 8_192]
    batches = [sorted((secrets.token_bytes(32) for _ in range(size)), key=_leaf) for size in sizes]
    hexed = [["0x" + digest.hex() for digest in batch] for batch in batches]
    done = subprocess.run(
        ["node", "--input-type=module", "-e", _SCRIPT],
        input=json.dumps(hexed),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    theirs = json.loads(done.stdout)
    with throw_away_chain() as chain:
        for size, batch, expected in zip(sizes, batches, theirs, strict=True):
            assert expected["format"] == "standard-v1"
            assert _root(chain, batch) == expected["root"], size


def _root(chain: Chain, digests: list[bytes]) -> str:
    """Ask the shipped code, put at an address for the one call: a root needs no state."""
    artifact = load("AttestationRegistry")
    data = Contract(_ADDRESS, artifact.abi).calldata("rootOf", digests)
    code = {_ADDRESS: {"code": "0x" + artifact.deployed_bytecode.hex()}}
    answer: str = chain.request("eth_call", {"to": _ADDRESS, "data": "0x" + data.hex()}, "latest", code)
    return answer


def _leaf(digest: bytes) -> bytes:
    return bytes(keccak_256(keccak_256(digest).digest()).digest())
