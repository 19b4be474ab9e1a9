"""Read a chain over JSON-RPC through a client that has no way to send anything."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
import requests

from audit.findings import AuditImpossible

_READING: Final = frozenset(
    {
        "eth_chainId",
        "eth_blockNumber",
        "eth_getBlockByNumber",
        "eth_getLogs",
        "eth_getCode",
        "eth_call",
        "eth_getTransactionReceipt",
    }
)
_MAX_RESPONSE_BYTES: Final = 256 * 1024 * 1024
_TIMEOUT_S: Final = 60
_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Log:
    """Hold one log as the chain gives it; `topics` and `data` are bytes."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: str
    log_index: int
    transaction: str


@dataclass(frozen=True, slots=True)
class Block:
    """Hold the header fields an audit needs."""

    number: int
    hash: str
    parent_hash: str
    time: int


class ChainReader:
    """Ask one JSON-RPC endpoint, with bounds on time and size; the only methods it knows are readings."""

    def __init__(self, url: str) -> None:
        """Keep the address; nothing is asked yet.

        Raises:
            AuditImpossible: the address is not http(s).
        """
        if not re.match(r"https?://", url):
            raise AuditImpossible("the chain's address must begin with http:// or https://")
        self._url = url
        self._session = requests.Session()

    def call(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON of the chain
        """Make one reading call.

        Raises:
            AuditImpossible: the chain does not answer, or answers with an error.
        """
        return self.batch([(method, list(params))])[0]

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Make many reading calls; results come in the order of the calls.

        Raises:
            AuditImpossible: as for `call`.
            ValueError: a method that is not a reading.
        """
        results: list[Any] = []
        for begin in range(0, len(calls), _BATCH):
            results.extend(self._ask(calls[begin : begin + _BATCH]))
        return results

    def _ask(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        for method, _ in calls:
            if method not in _READING:
                raise ValueError("an audit only reads")
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        try:
            with self._session.post(self._url, json=body, timeout=_TIMEOUT_S, stream=True) as response:
                raw = response.raw.read(_MAX_RESPONSE_BYTES + 1, decode_content=True)
            if len(raw) > _MAX_RESPONSE_BYTES:
                raise AuditImpossible("the chain's answer is larger than the bound")
            answers = orjson.loads(raw)
            by_id = {answer["id"]: answer for answer in answers}
            ordered = [by_id[number] for number in range(len(calls))]
        except (requests.RequestException, OSError, ValueError, TypeError, KeyError) as error:
            raise AuditImpossible("the chain does not answer as a JSON-RPC endpoint should") from error
        for (method, _), answer in zip(calls, ordered, strict=True):
            if "error" in answer or "result" not in answer:
                raise AuditImpossible(f"the chain refuses {method}")
        return [answer["result"] for answer in ordered]

    def chain_id(self) -> int:
        """Give the chain id."""
        return int(self.call("eth_chainId"), 16)

    def head(self) -> Block:
        """Give the newest block."""
        return self.block("latest")

    def block(self, number: int | str) -> Block:
        """Give a block's header fields.

        Raises:
            AuditImpossible: the chain has no such block.
        """
        return _block(self.call("eth_getBlockByNumber", _tag(number), False))

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """Give several headers at once."""
        return [_block(raw) for raw in self.batch([("eth_getBlockByNumber", [_tag(n), False]) for n in numbers])]

    def code(self, address: str, block: int) -> bytes:
        """Give the code at an address."""
        return _bytes(self.call("eth_getCode", address, _tag(block)))

    def logs(self, addresses: Sequence[str], begin: int, end: int) -> Iterator[Log]:
        """Give the logs of some contracts in blocks begin..end, in the order of the chain."""
        question = {"address": list(addresses), "fromBlock": _tag(begin), "toBlock": _tag(end)}
        answer = self.call("eth_getLogs", question)
        try:
            logs = [_log(raw) for raw in answer]
        except (KeyError, TypeError, ValueError) as error:
            raise AuditImpossible("the chain gives a malformed log") from error
        wanted = {address.lower() for address in addresses}
        for log in logs:
            if log.address.lower() not in wanted or not begin <= log.block_number <= end:
                raise AuditImpossible("the chain gives logs that were not asked for")
        yield from sorted(logs, key=lambda log: (log.block_number, log.log_index))

    def transactions_of(self, number: int) -> list[dict[str, Any]]:
        """Give the full transactions of a block."""
        return list(self.call("eth_getBlockByNumber", _tag(number), True)["transactions"])


def _tag(number: int | str) -> str:
    return number if isinstance(number, str) else hex(number)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _block(raw: dict[str, Any] | None) -> Block:
    if raw is None:
        raise AuditImpossible("the chain lacks a block it should have")
    try:
        return Block(int(raw["number"], 16), raw["hash"], raw["parentHash"], int(raw["timestamp"], 16))
    except (KeyError, TypeError, ValueError) as error:
        raise AuditImpossible("the chain gives a malformed block") from error


def _log(raw: dict[str, Any]) -> Log:
    return Log(
        address=raw["address"],
        topics=tuple(_bytes(topic) for topic in raw["topics"]),
        data=_bytes(raw["data"]),
        block_number=int(raw["blockNumber"], 16),
        block_hash=raw["blockHash"],
        log_index=int(raw["logIndex"], 16),
        transaction=raw["transactionHash"],
    )
