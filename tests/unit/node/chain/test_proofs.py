"""What an endpoint gives as headers and proofs is believed only as far as its hashes go."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jeung.crypto.hashing import keccak256
from node.chain.deployment import Deployment
from node.chain.errors import RpcGarbled, RpcRefused
from node.chain.hexes import hex_of
from node.chain.proofs import RpcProofs
from node.chain.rpc import Rpc
from tests.common.tries import header

DEPLOYMENT = cast(
    Deployment, SimpleNamespace(chain_id=1, addresses={"Directory": "0x" + "11" * 20}, block_hash=bytes(32))
)
RAW = header(7, 1_000, bytes(32))
ZERO = "0x" + "00" * 32
BLOCK: dict[str, Any] = {
    **{"parentHash": ZERO, "sha3Uncles": ZERO, "miner": "0x" + "00" * 20, "stateRoot": ZERO},
    **{"transactionsRoot": ZERO, "receiptsRoot": ZERO, "logsBloom": "0x" + "00" * 256, "difficulty": "0x0"},
    **{"number": "0x7", "gasLimit": hex(30_000_000), "gasUsed": "0x0", "timestamp": hex(1_000), "extraData": "0x"},
    **{"mixHash": ZERO, "nonce": "0x" + "00" * 8, "baseFeePerGas": "0x0", "hash": hex_of(keccak256(RAW))},
}


class Endpoint:
    def __init__(self, *answers: Any) -> None:  # noqa: ANN401 - JSON
        self.answers, self.asked = list(answers), list[Any]()

    def batch(self, calls: Sequence[Any]) -> list[Any]:
        self.asked += calls
        return self.answers[: len(calls)]


def proofs(*answers: Any) -> RpcProofs:  # noqa: ANN401 - JSON
    return RpcProofs(cast(Rpc, Endpoint(*answers)), DEPLOYMENT)


def test_header_is_written_as_it_was_hashed() -> None:
    assert proofs(BLOCK).headers(7, 7) == [RAW]
    assert proofs().deployment == (1, b"\x11" * 20, bytes(32))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        RpcRefused("eth_getBlockByNumber", -32000, "", None),
        {**BLOCK, "gasUsed": "0x1"},
        {**BLOCK, "hash": ZERO},
    ],
    ids=["no block", "refused", "another field", "another hash"],
)
def test_header_that_does_not_give_its_hash_is_not_offered(answer: object) -> None:
    assert proofs(answer).headers(7, 7) is None


@pytest.mark.parametrize("answer", [7, {}, {**BLOCK, "number": 7}, {**BLOCK, "hash": "0x"}], ids=range(4))
def test_answer_that_is_no_block_is_garbled(answer: object) -> None:
    with pytest.raises(RpcGarbled):
        proofs(answer).headers(7, 7)


def test_slots_of_a_contract_are_asked_for_together_and_nodes_come_once() -> None:
    endpoint = Endpoint(*[{"accountProof": ["0x01", "0x02"], "storageProof": [{"proof": ["0x03", "0x01"]}]}] * 3)
    found = RpcProofs(cast(Rpc, endpoint), DEPLOYMENT).nodes(9, [(b"a" * 20, 1), (b"b" * 20, 2), (b"a" * 20, 3)])
    assert found == [b"\x01", b"\x02", b"\x03"]
    assert [(call[1][0], len(call[1][1]), call[1][2]) for call in endpoint.asked] == [
        (hex_of(b"a" * 20), 2, "0x9"),
        (hex_of(b"b" * 20), 1, "0x9"),
    ]


def test_more_slots_than_one_question_bears_are_asked_for_in_several() -> None:
    endpoint = Endpoint(*[{"accountProof": [], "storageProof": []}] * 3)
    RpcProofs(cast(Rpc, endpoint), DEPLOYMENT).nodes(9, [(b"a" * 20, slot) for slot in range(600)])
    assert [len(call[1][1]) for call in endpoint.asked] == [256, 256, 88]


def test_endpoint_without_proofs_offers_none() -> None:
    assert proofs(RpcRefused("eth_getProof", -32601, "no such method", None)).nodes(9, [(bytes(20), 1)]) is None


@pytest.mark.parametrize(
    "answer",
    [7, {}, {"accountProof": ["0x0"], "storageProof": []}, {"accountProof": [], "storageProof": [1]}],
    ids=range(4),
)
def test_answer_that_is_no_proof_is_garbled(answer: object) -> None:
    with pytest.raises(RpcGarbled):
        proofs(answer).nodes(9, [(bytes(20), 1)])
