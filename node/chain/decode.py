"""Turn the logs of our contracts into the domain's events.

Attestations and statuses come by the thousand, so their data is cut by position; every other event goes through the
general decoder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jeung.crypto.hashing import keccak256
from jeung.domain.chain import AttestedBatch, RegistryEvent, StatusChange
from jeung.domain.identifiers import BatchId, CredentialDigest, MemberId, SchemaId
from jeung.domain.ledger import CredentialStatus
from node.chain.abi import contracts_abi, decode_event
from node.chain.errors import LogNotDecodable
from node.chain.hexes import ADDRESS_LENGTH, STATUS_INDEX_LENGTH, WORD_LENGTH, Json, address_of, bytes_of, int_of

ATTESTED_TOPIC = keccak256(b"CredentialsAttested(bytes32,bytes32,bytes32,address,bytes32,bytes32[])")
STATUSES_TOPIC = keccak256(b"StatusesSet(bytes32,uint32,uint8,bytes)")
_MAX_TOPICS = 4
_DIGESTS_AT = 4 * WORD_LENGTH
_INDEXES_AT = 2 * WORD_LENGTH

ChainEvent = AttestedBatch | StatusChange | RegistryEvent


@dataclass(frozen=True, slots=True)
class RawLog:
    """Hold one log as an endpoint gave it, each part checked for its form; `address` is 20 bytes."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    log_index: int
    transaction: bytes


def parse_log(entry: Json) -> RawLog:
    """Read one entry of an `eth_getLogs` answer.

    Raises:
        LogNotDecodable: it is not a log of a mined block.
    """
    try:
        if entry.get("removed"):
            raise LogNotDecodable("the log was removed by a reorganisation")
        topics = tuple(bytes_of(topic, WORD_LENGTH) for topic in entry["topics"])
        if len(topics) > _MAX_TOPICS:
            raise LogNotDecodable
        return RawLog(
            address=bytes_of(entry["address"], ADDRESS_LENGTH),
            topics=topics,
            data=bytes_of(entry["data"]),
            block_number=int_of(entry["blockNumber"]),
            block_hash=bytes_of(entry["blockHash"], WORD_LENGTH),
            log_index=int_of(entry["logIndex"]),
            transaction=bytes_of(entry["transactionHash"], WORD_LENGTH),
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        raise LogNotDecodable from None


def decode_log(contract: str, log: RawLog, block_time: int) -> ChainEvent | None:
    """Decode a log of one of our contracts; None for an event that its ABI does not have.

    Raises:
        LogNotDecodable: topics or data do not fit the event.
    """
    if not log.topics:
        return None
    fast = _FAST.get((contract, log.topics[0]))
    if fast is not None:
        return fast(log, block_time)
    shape = contracts_abi().events.get((contract, log.topics[0]))
    if shape is None:
        return None
    args: Mapping[str, Any] = decode_event(shape, log.topics[1:], log.data)
    return RegistryEvent(contract, shape.name, args, log.block_number, block_time, log.log_index, log.transaction)


def _attested(log: RawLog, block_time: int) -> AttestedBatch:
    """Cut operator, root, offset, count and digests; the head is three words, so the array begins at 0x60."""
    data = log.data
    count = int.from_bytes(data[3 * WORD_LENGTH : _DIGESTS_AT])
    well_formed = (
        len(log.topics) == _MAX_TOPICS
        and len(data) == _DIGESTS_AT + count * WORD_LENGTH
        and int.from_bytes(data[2 * WORD_LENGTH : 3 * WORD_LENGTH]) == 3 * WORD_LENGTH
        and not any(data[: WORD_LENGTH - ADDRESS_LENGTH])
    )
    if not well_formed:
        raise LogNotDecodable
    return AttestedBatch(
        batch=BatchId(log.topics[1]),
        issuer=MemberId(log.topics[2]),
        schema=SchemaId(log.topics[3]),
        operator=address_of(data[WORD_LENGTH - ADDRESS_LENGTH : WORD_LENGTH]),
        root=data[WORD_LENGTH : 2 * WORD_LENGTH],
        digests=tuple(
            CredentialDigest(data[at : at + WORD_LENGTH]) for at in range(_DIGESTS_AT, len(data), WORD_LENGTH)
        ),
        block_number=log.block_number,
        block_time=block_time,
        log_index=log.log_index,
        transaction=log.transaction,
    )


def _statuses(log: RawLog, block_time: int) -> StatusChange:
    """Cut offset, size and indexes, packed in three bytes each and padded with zeros to whole words."""
    data = log.data
    size = int.from_bytes(data[WORD_LENGTH:_INDEXES_AT])
    end = _INDEXES_AT + size
    if (
        len(log.topics) != _MAX_TOPICS
        or size % STATUS_INDEX_LENGTH
        or len(data) != end + -size % WORD_LENGTH
        or int.from_bytes(data[:WORD_LENGTH]) != WORD_LENGTH
    ):
        raise LogNotDecodable
    try:
        status = CredentialStatus(int.from_bytes(log.topics[3]))
    except ValueError:
        raise LogNotDecodable from None
    return StatusChange(
        issuer=MemberId(log.topics[1]),
        list_number=int.from_bytes(log.topics[2]),
        status=status,
        indexes=tuple(
            int.from_bytes(data[at : at + STATUS_INDEX_LENGTH]) for at in range(_INDEXES_AT, end, STATUS_INDEX_LENGTH)
        ),
        block_number=log.block_number,
        block_time=block_time,
        log_index=log.log_index,
        transaction=log.transaction,
    )


_FAST: dict[tuple[str, bytes], Callable[[RawLog, int], ChainEvent]] = {
    ("AttestationRegistry", ATTESTED_TOPIC): _attested,
    ("StatusRegistry", STATUSES_TOPIC): _statuses,
}
