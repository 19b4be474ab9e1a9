"""Headers and logs that do not belong together: races, lies and logs that come late."""

from collections.abc import Callable
from typing import Any, cast

import pytest

from jeung.crypto.hashing import keccak256
from jeung.domain.identifiers import Address
from node.chain.blocks import headers_at, linked_headers, logs_of, parse_header
from node.chain.errors import ChainMoved, RpcGarbled
from node.chain.hexes import address_bytes, address_of, hex_of
from node.chain.rpc import Rpc

OURS, OTHER = address_of(b"\x11" * 20), address_of(b"\x22" * 20)


def bloom_of(*addresses: Address) -> str:
    """Fill a bloom filter as Ethereum clients do."""
    bits = 0
    for address in addresses:
        digest = keccak256(address_bytes(address))
        for at in (0, 2, 4):
            bits |= 1 << (int.from_bytes(digest[at : at + 2]) & 2047)
    return hex_of(bits.to_bytes(256))


class FakeChain:
    """Answer from blocks and logs in memory, and let a test change them between two questions."""

    def __init__(self) -> None:
        self.blocks: dict[int, dict[str, Any]] = {}
        self.logs: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.before: Callable[[str], None] = lambda method: None
        self.late: set[str] = set()

    def block(self, number: int, fork: str = "a", *, bloom: str | None = None, parent: str = "") -> None:
        self.blocks[number] = {
            "number": hex(number),
            "hash": hash_of(number, fork),
            "parentHash": parent or hash_of(number - 1, fork),
            "timestamp": hex(1000 + number),
            "logsBloom": bloom or bloom_of(),
        }

    def log(self, number: int, index: int = 0, *, address: Address = OURS, fork: str = "a", **change: Any) -> None:  # noqa: ANN401
        self.logs.append(
            {
                "address": address.lower(),
                "topics": ["0x" + "07" * 32],
                "data": "0x",
                "blockNumber": hex(number),
                "blockHash": hash_of(number, fork),
                "logIndex": hex(index),
                "transactionHash": "0x" + "08" * 32,
                **change,
            }
        )

    def call(self, method: str, *params: Any) -> Any:  # noqa: ANN401
        self.asked.append(method)
        self.before(method)
        if method == "eth_getBlockByNumber":
            return self.blocks.get(int(params[0], 16))
        where = params[0]
        if "blockHash" in where:
            return [log for log in self.logs if log["blockHash"] == where["blockHash"]]
        return [log for log in self.logs if log["blockHash"] not in self.late]

    def batch_all(self, calls: list[tuple[str, list[Any]]]) -> list[Any]:
        return [self.call(method, *params) for method, params in calls]


def hash_of(number: int, fork: str = "a") -> str:
    return hex_of(keccak256(f"{fork}{number}".encode()))


@pytest.fixture
def chain() -> FakeChain:
    made = FakeChain()
    for number in range(1, 6):
        made.block(number)
    return made


def rpc(chain: FakeChain) -> Rpc:
    return cast(Rpc, chain)


def read(chain: FakeChain, first: int = 2, last: int = 5) -> list[tuple[int, int]]:
    headers = linked_headers(rpc(chain), first, last, None)
    return [(log.block_number, log.log_index) for log in logs_of(rpc(chain), headers, [OURS])]


def test_logs_come_in_the_order_of_the_chain(chain: FakeChain) -> None:
    for number, index in ((4, 1), (2, 0), (4, 0)):
        chain.log(number, index)
    assert read(chain) == [(2, 0), (4, 0), (4, 1)]


def test_header_of_another_parent_is_a_moved_chain(chain: FakeChain) -> None:
    assert len(linked_headers(rpc(chain), 2, 5, bytes.fromhex(hash_of(1)[2:]))) == 4
    with pytest.raises(ChainMoved):
        linked_headers(rpc(chain), 2, 5, bytes(32))
    chain.block(4, "b")
    with pytest.raises(ChainMoved):
        linked_headers(rpc(chain), 2, 5, None)


def test_header_of_another_number_is_a_moved_chain(chain: FakeChain) -> None:
    chain.blocks[3]["number"] = "0x4"
    with pytest.raises(ChainMoved):
        linked_headers(rpc(chain), 3, 3, None)


def test_header_that_is_not_there_is_a_moved_chain(chain: FakeChain) -> None:
    with pytest.raises(ChainMoved):
        linked_headers(rpc(chain), 4, 6, None)
    assert headers_at(rpc(chain), [6]) == [None]


@pytest.mark.parametrize("change", [{"hash": "0x"}, {"number": None}, {"timestamp": 5}, {"logsBloom": "0x00"}])
def test_block_of_another_shape_is_garbled(chain: FakeChain, change: dict[str, Any]) -> None:
    with pytest.raises(RpcGarbled):
        parse_header({**chain.blocks[1], **change})
    with pytest.raises(RpcGarbled):
        parse_header(7)


def test_log_of_another_fork_is_a_moved_chain(chain: FakeChain) -> None:
    chain.log(3, fork="b")
    with pytest.raises(ChainMoved):
        read(chain)


def test_fork_between_headers_and_logs_is_a_moved_chain(chain: FakeChain) -> None:
    """The logs of the old fork are gone, those of the new one hold nothing of ours: nothing else would tell."""
    chain.log(3)

    def fork(method: str) -> None:
        if method == "eth_getLogs":
            chain.logs.clear()
            for number in range(3, 6):
                chain.block(number, "b")

    chain.before = fork
    with pytest.raises(ChainMoved):
        read(chain)


def test_logs_that_were_not_asked_for_are_refused(chain: FakeChain) -> None:
    chain.log(3, address=OTHER)
    with pytest.raises(RpcGarbled):
        read(chain)


def test_logs_of_blocks_that_were_not_asked_for_are_refused(chain: FakeChain) -> None:
    chain.log(1)
    with pytest.raises(RpcGarbled):
        read(chain, first=2)


def test_log_given_twice_is_refused(chain: FakeChain) -> None:
    chain.log(3)
    chain.log(3)
    with pytest.raises(RpcGarbled):
        read(chain)


def test_what_is_no_list_of_logs_is_refused(chain: FakeChain) -> None:
    chain.logs = None  # type: ignore[assignment]
    chain.call = lambda method, *params: None if method == "eth_getLogs" else FakeChain.call(chain, method, *params)  # type: ignore[method-assign]
    with pytest.raises(RpcGarbled):
        read(chain)


def test_logs_that_are_not_indexed_yet_are_asked_for_by_their_block(chain: FakeChain) -> None:
    """Asked the moment a block was made, an endpoint may know the header and not yet its logs."""
    chain.block(5, bloom=bloom_of(OURS))
    chain.log(5)
    chain.late.add(hash_of(5))
    assert read(chain) == [(5, 0)]


def test_quiet_blocks_are_not_asked_for_one_by_one(chain: FakeChain) -> None:
    chain.block(4, bloom=bloom_of(OTHER))
    chain.log(3)
    assert read(chain) == [(3, 0)]
    assert chain.asked.count("eth_getLogs") == 1
