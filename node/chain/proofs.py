"""Ask the chain for proofs: headers as they are hashed, and the trie nodes of accounts and slots (EIP-1186)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import rlp

from jeung.crypto.hashing import keccak256
from node.chain.deployment import DIRECTORY, Deployment
from node.chain.errors import RpcGarbled, RpcRefused
from node.chain.hexes import Json, address_bytes, bytes_of, hex_of, int_of
from node.chain.rpc import Rpc

# In the order in which they are hashed (Yellow Paper, section 4.3.2; EIP-1559, 4895, 4844, 4788, 7685); the later
# ones are only in headers of chains that have come so far.
_HEADER: Final = (
    *(("parentHash", bytes_of), ("sha3Uncles", bytes_of), ("miner", bytes_of), ("stateRoot", bytes_of)),
    *(("transactionsRoot", bytes_of), ("receiptsRoot", bytes_of), ("logsBloom", bytes_of), ("difficulty", int_of)),
    *(("number", int_of), ("gasLimit", int_of), ("gasUsed", int_of), ("timestamp", int_of)),
    *(("extraData", bytes_of), ("mixHash", bytes_of), ("nonce", bytes_of)),
)
_LATER: Final = (
    *(("baseFeePerGas", int_of), ("withdrawalsRoot", bytes_of), ("blobGasUsed", int_of)),
    *(("excessBlobGas", int_of), ("parentBeaconBlockRoot", bytes_of), ("requestsHash", bytes_of)),
)
_MAX_SLOTS_AT_ONCE: Final = 256


class RpcProofs:
    """Prove what a chain holds (jeung.ports.chain.ChainProofs)."""

    def __init__(self, rpc: Rpc, deployment: Deployment) -> None:
        self._rpc = rpc
        self._deployment = deployment

    @property
    def deployment(self) -> tuple[int, bytes, bytes]:
        """Give chain id, the Directory's address and the hash of the block that deployed it."""
        deployment = self._deployment
        return deployment.chain_id, address_bytes(deployment.addresses[DIRECTORY]), deployment.block_hash

    def headers(self, first: int, last: int) -> Sequence[bytes] | None:
        """Give the RLP of some headers; None where one is not there, or its bytes do not give its hash.

        A chain whose blocks are hashed otherwise, as QBFT's are without their seals, offers none.

        Raises:
            RpcUnreachable, RpcGarbled: the chain does not answer.
        """
        found = self._rpc.batch([("eth_getBlockByNumber", [hex(n), False]) for n in range(first, last + 1)])
        headers = []
        for block in found:
            if block is None or isinstance(block, RpcRefused):
                return None
            raw, name = _header(block)
            if keccak256(raw) != name:
                return None
            headers.append(raw)
        return headers

    def nodes(self, number: int, slots: Iterable[tuple[bytes, int]]) -> Sequence[bytes] | None:
        """Give the trie nodes that lead to slots, by contract (20 bytes), in a block's state; None where not offered.

        Raises:
            RpcUnreachable, RpcGarbled: the chain does not answer.
        """
        by_contract: dict[bytes, list[str]] = defaultdict(list)
        for contract, slot in slots:
            by_contract[contract].append(hex_of(slot.to_bytes(32)))
        calls = [
            ("eth_getProof", [hex_of(contract), keys[at : at + _MAX_SLOTS_AT_ONCE], hex(number)])
            for contract, keys in by_contract.items()
            for at in range(0, len(keys), _MAX_SLOTS_AT_ONCE)
        ]
        nodes: set[bytes] = set()
        for found in self._rpc.batch(calls):
            if isinstance(found, RpcRefused):
                return None
            nodes.update(_nodes(found))
        return sorted(nodes)


def _header(block: Json) -> tuple[bytes, bytes]:
    try:
        fields: list[Any] = [read(block[name]) for name, read in _HEADER]
        fields += [read(block[name]) for name, read in _LATER if block.get(name) is not None]
        return bytes(rlp.encode(fields)), bytes_of(block["hash"], 32)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RpcGarbled("the endpoint's answer is not a block") from None


def _nodes(found: Json) -> Iterable[bytes]:
    try:
        parts = [found["accountProof"], *(slot["proof"] for slot in found["storageProof"])]
        return [bytes_of(node) for part in parts for node in part]
    except (KeyError, TypeError, ValueError):
        raise RpcGarbled("the endpoint's answer is not a proof") from None
