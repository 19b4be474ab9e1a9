"""Read headers and logs of a range of blocks that surely belong together.

An endpoint answers each question from whatever chain it holds at that moment. So every header must name its
predecessor's hash, every log the hash of its header, and the last header must still stand after the logs came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jeung.crypto.hashing import keccak256
from jeung.domain.chain import BlockHeader
from jeung.domain.identifiers import Address
from node.chain.decode import RawLog, parse_log
from node.chain.errors import ChainMoved, RpcGarbled
from node.chain.hexes import Json, address_bytes, bytes_of, hex_of, int_of
from node.chain.rpc import Rpc

_BLOOM_LENGTH = 256


@dataclass(frozen=True, slots=True)
class ReadHeader:
    """Hold a header as read, with the bloom filter of its logs' addresses and topics."""

    header: BlockHeader
    bloom: bytes


def parse_header(found: Json) -> ReadHeader:
    """Read a block as `eth_getBlockByNumber` gives it.

    Raises:
        ChainMoved: there is no such block.
        RpcGarbled: it is not a block.
    """
    if found is None:
        raise ChainMoved
    try:
        header = BlockHeader(
            number=int_of(found["number"]),
            hash=bytes_of(found["hash"], 32),
            parent_hash=bytes_of(found["parentHash"], 32),
            time=int_of(found["timestamp"]),
        )
        return ReadHeader(header, bytes_of(found["logsBloom"], _BLOOM_LENGTH))
    except (KeyError, TypeError, ValueError):
        raise RpcGarbled("the endpoint's answer is not a block") from None


def headers_at(rpc: Rpc, numbers: Sequence[int]) -> list[BlockHeader | None]:
    """Read the headers of some blocks; None where the chain has no such block."""
    found = rpc.batch_all([("eth_getBlockByNumber", [hex(number), False]) for number in numbers])
    return [None if block is None else parse_header(block).header for block in found]


def linked_headers(rpc: Rpc, first: int, last: int, parent_hash: bytes | None) -> list[ReadHeader]:
    """Read the headers `first` to `last`, each the child of the one before, the first of `parent_hash` if given.

    Raises:
        ChainMoved: they are not one chain, or not all there.
    """
    found = rpc.batch_all([("eth_getBlockByNumber", [hex(number), False]) for number in range(first, last + 1)])
    headers = [parse_header(block) for block in found]
    expected = parent_hash
    for number, read in zip(range(first, last + 1), headers, strict=True):
        if read.header.number != number or (expected is not None and read.header.parent_hash != expected):
            raise ChainMoved
        expected = read.header.hash
    return headers


def logs_of(rpc: Rpc, headers: Sequence[ReadHeader], addresses: Sequence[Address]) -> list[RawLog]:
    """Read every log of our addresses in the blocks of the headers, in the order of the chain.

    Raises:
        ChainMoved: a log is of another block than the header's, or the last header does not stand any more.
        RpcGarbled: the endpoint answers what was not asked.
        LogNotDecodable: an entry is not a log.
    """
    by_number = {read.header.number: read.header for read in headers}
    first, last = headers[0].header, headers[-1].header
    found = _logs(rpc, {"fromBlock": hex(first.number), "toBlock": hex(last.number)}, addresses)
    quiet = set(by_number) - {log.block_number for log in found}
    for read in headers:
        # Asked right after a block was made, a node may not have indexed its logs yet. The header's bloom filter
        # tells that there should be some (or, rarely, seems to): then the block itself is asked, by its hash.
        if read.header.number in quiet and any(_may_hold(read.bloom, address) for address in addresses):
            found += _logs(rpc, {"blockHash": hex_of(read.header.hash)}, addresses)
    expected = {address_bytes(address) for address in addresses}
    for log in found:
        if log.block_number not in by_number or log.address not in expected:
            raise RpcGarbled("the endpoint gave logs that were not asked for")
        if log.block_hash != by_number[log.block_number].hash:
            raise ChainMoved
    if headers_at(rpc, [last.number]) != [last]:
        raise ChainMoved
    found.sort(key=lambda log: (log.block_number, log.log_index))
    if len({(log.block_number, log.log_index) for log in found}) != len(found):
        raise RpcGarbled("the endpoint gave a log twice")
    return found


def _logs(rpc: Rpc, where: dict[str, str], addresses: Sequence[Address]) -> list[RawLog]:
    found = rpc.call("eth_getLogs", {**where, "address": list(addresses)})
    if not isinstance(found, list):
        raise RpcGarbled("the endpoint's answer is not a list of logs")
    return [parse_log(entry) for entry in found]


def _may_hold(bloom: bytes, address: Address) -> bool:
    """Test the three bits that an address sets in a block's bloom filter (Yellow Paper, section 4.3.1)."""
    digest = keccak256(address_bytes(address))
    bits = (int.from_bytes(digest[at : at + 2]) % 2048 for at in (0, 2, 4))
    return all(bloom[_BLOOM_LENGTH - 1 - bit // 8] >> (bit % 8) & 1 for bit in bits)
