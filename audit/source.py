"""Read a chain over JSON-RPC through a client that has no way to send anything."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from audit.findings import AuditImpossible
from audit.transport import FAILURES, TooMuch, read_bounded, session

_READING: Final = frozenset(
    {
        "eth_chainId",
        "eth_getBlockByNumber",
        "eth_getLogs",
        "eth_getCode",
        "eth_call",
        "eth_getTransactionByHash",
        "eth_getTransactionReceipt",
    }
)
_MAX_RESPONSE_BYTES: Final = 64 * 1024 * 1024
_TIMEOUT_S: Final = 60
_BATCH: Final = 100
_MAX_TOPICS: Final = 4
_HASH: Final = re.compile(r"0x[0-9a-f]{64}\Z")
_ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}\Z")
_NUMBER: Final = re.compile(r"0x[0-9a-f]{1,16}\Z")


class ChainRefuses(AuditImpossible):
    """The endpoint answers with an error, or with more than the bound: it may answer a smaller question."""


@dataclass(frozen=True, slots=True)
class Log:
    """Hold one log as the chain gives it; `topics` and `data` are bytes, hexadecimal text is in lower case."""

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


@dataclass(frozen=True, slots=True)
class Transaction:
    """Hold what somebody sent; `to` is None where it creates a contract, addresses are in lower case."""

    hash: str
    sender: str
    to: str | None
    input: bytes
    block_number: int


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
        self._session = session()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def batch(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Make many reading calls; results come in the order of the calls.

        Raises:
            ChainRefuses: the chain answers a call with an error.
            AuditImpossible: the chain does not answer.
            ValueError: a method that is not a reading.
        """
        results: list[Any] = []
        for begin in range(0, len(calls), _BATCH):
            part = calls[begin : begin + _BATCH]
            for (method, _), answer in zip(part, self._ask(part), strict=True):
                if "result" not in answer or "error" in answer:
                    raise ChainRefuses(f"the chain refuses {method}")
                results.append(answer["result"])
        return results

    def views(
        self, calls: Sequence[tuple[str, str]], block: int, progress: Callable[[int], None] = lambda done: None
    ) -> list[bytes | None]:
        """Make view calls, given as (address, calldata), at a block; None where the contract refuses or reverts.

        Raises:
            AuditImpossible: the chain cannot answer for that block at all, or gives no bytes.
        """
        results: list[bytes | None] = []
        for begin in range(0, len(calls), _BATCH):
            asked = [
                ("eth_call", [{"to": to, "data": data}, hex(block)]) for to, data in calls[begin : begin + _BATCH]
            ]
            answers = self._ask(asked)
            results.extend(_bytes(answer["result"]) if "result" in answer else None for answer in answers)
            progress(len(results))
        if None in results:
            # A contract that reverts is a finding; an endpoint that lacks the block's state is not.
            self.code(calls[results.index(None)][0], block)
        return results

    def _ask(self, calls: Sequence[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        for method, _ in calls:
            if method not in _READING:
                raise ValueError("an audit only reads")
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        try:
            with self._session.post(
                self._url, json=body, timeout=_TIMEOUT_S, stream=True, allow_redirects=False
            ) as response:
                raw = read_bounded(response, max_bytes=_MAX_RESPONSE_BYTES, timeout_s=_TIMEOUT_S)
            by_id = {answer["id"]: answer for answer in orjson.loads(raw)}
            return [by_id[number] for number in range(len(calls))]
        except TooMuch as error:
            raise ChainRefuses("the chain's answer is larger or slower than the bound") from error
        except (*FAILURES, TypeError, KeyError) as error:
            raise AuditImpossible("the chain does not answer as a JSON-RPC endpoint should") from error

    def chain_id(self) -> int:
        """Give the chain id."""
        return _number(self.batch([("eth_chainId", [])])[0])

    def head(self) -> Block:
        """Give the newest block."""
        return _block(self.batch([("eth_getBlockByNumber", ["latest", False])])[0])

    def block(self, number: int) -> Block:
        """Give a block's header fields.

        Raises:
            AuditImpossible: the chain has no such block.
        """
        return self.blocks([number])[0]

    def blocks(self, numbers: Sequence[int]) -> list[Block]:
        """Give several headers at once.

        Raises:
            AuditImpossible: the chain lacks one of them.
        """
        found = [_block(raw) for raw in self.batch([("eth_getBlockByNumber", [hex(n), False]) for n in numbers])]
        if [block.number for block in found] != list(numbers):
            raise AuditImpossible("the chain gives blocks that were not asked for")
        return found

    def code(self, address: str, block: int) -> bytes:
        """Give the code at an address."""
        return _bytes(self.batch([("eth_getCode", [address, hex(block)])])[0])

    def made_by(self, address: str, creation: bytes, block: int) -> bytes | None:
        """Run creation code at an address as the chain's EVM does, on empty storage; None when it refuses."""
        override = {address: {"code": "0x" + creation.hex(), "state": {}}}
        (answer,) = self._ask([("eth_call", [{"to": address}, hex(block), override])])
        return _bytes(answer["result"]) if "result" in answer else None

    def logs(self, addresses: Sequence[str], begin: int, end: int) -> list[Log]:
        """Give the logs of some contracts in blocks begin..end, in the order of the chain.

        Raises:
            ChainRefuses: the range is too much for the endpoint.
            AuditImpossible: what comes are not the logs that were asked for.
        """
        wanted = {address.lower() for address in addresses}
        question = {"address": sorted(wanted), "fromBlock": hex(begin), "toBlock": hex(end)}
        answer = self.batch([("eth_getLogs", [question])])[0]
        try:
            logs = sorted((_log(raw) for raw in answer), key=_place)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise AuditImpossible("the chain gives a malformed log") from error
        strange = any(log.address not in wanted or not begin <= log.block_number <= end for log in logs)
        if strange or len({_place(log) for log in logs}) != len(logs):
            raise AuditImpossible("the chain gives logs that were not asked for, or one twice")
        return logs

    def transactions(self, hashes: Sequence[str]) -> list[Transaction]:
        """Give transactions by their hashes.

        Raises:
            AuditImpossible: the chain lacks one of them, or its answers are malformed.
        """
        found = [_transaction(raw) for raw in self.batch([("eth_getTransactionByHash", [name]) for name in hashes])]
        if [transaction.hash for transaction in found] != [name.lower() for name in hashes]:
            raise AuditImpossible("the chain gives transactions that were not asked for")
        return found

    def transactions_in(self, numbers: Sequence[int]) -> list[Transaction]:
        """Give all transactions of some blocks, in the order of the chain.

        Raises:
            AuditImpossible: the chain lacks a block, or its answers are malformed.
        """
        blocks = self.batch([("eth_getBlockByNumber", [hex(number), True]) for number in numbers])
        try:
            return [_transaction(raw) for block in blocks for raw in block["transactions"]]
        except (KeyError, TypeError) as error:
            raise AuditImpossible("the chain lacks a block it should have") from error

    def creations_in(self, numbers: Sequence[int]) -> dict[str, bytes]:
        """Give the creation code of each contract that a transaction of some blocks created, by lower-case address.

        Raises:
            AuditImpossible: the chain lacks a receipt, or its answers are malformed.
        """
        blocks = self.batch([("eth_getBlockByNumber", [hex(number), True]) for number in numbers])
        try:
            sent = [raw for block in blocks for raw in block["transactions"] if raw.get("to") is None]
            receipts = self.batch([("eth_getTransactionReceipt", [raw["hash"]]) for raw in sent])
            return {
                str(receipt["contractAddress"]).lower(): _bytes(raw["input"])
                for raw, receipt in zip(sent, receipts, strict=True)
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise AuditImpossible("the chain lacks a block or a receipt it should have") from error


def _place(log: Log) -> tuple[int, int]:
    return log.block_number, log.log_index


def _text(raw: object, form: re.Pattern[str]) -> str:
    text = raw.lower() if isinstance(raw, str) else ""
    if form.match(text) is None:
        raise AuditImpossible("the chain gives a value that has not its form")
    return text


def _number(raw: object) -> int:
    return int(_text(raw, _NUMBER), 16)


def _bytes(raw: object) -> bytes:
    try:
        given = bytes.fromhex(raw[2:]) if isinstance(raw, str) and raw[:2] in ("0x", "0X") else None
    except ValueError:
        given = None
    # Python reads over white space between digits.
    if given is None or len(raw) != 2 + 2 * len(given):  # type: ignore[arg-type]  # a str by now
        raise AuditImpossible("the chain gives a value that has not its form")
    return given


def _block(raw: Any) -> Block:  # noqa: ANN401 - JSON of the chain
    if raw is None:
        raise AuditImpossible("the chain lacks a block it should have")
    try:
        return Block(
            number=_number(raw["number"]),
            hash=_text(raw["hash"], _HASH),
            parent_hash=_text(raw["parentHash"], _HASH),
            time=_number(raw["timestamp"]),
        )
    except (KeyError, TypeError) as error:
        raise AuditImpossible("the chain gives a malformed block") from error


def _transaction(raw: Any) -> Transaction:  # noqa: ANN401 - JSON of the chain
    try:
        to = raw.get("to")
        return Transaction(
            hash=_text(raw["hash"], _HASH),
            sender=_text(raw["from"], _ADDRESS),
            to=None if to is None else _text(to, _ADDRESS),
            input=_bytes(raw["input"]),
            block_number=_number(raw["blockNumber"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise AuditImpossible("the chain lacks a transaction it should have") from error


def _log(raw: Any) -> Log:  # noqa: ANN401 - JSON of the chain
    topics = tuple(bytes.fromhex(_text(topic, _HASH)[2:]) for topic in raw["topics"])
    if raw.get("removed") or len(topics) > _MAX_TOPICS:
        raise ValueError("not a log of a mined block")
    return Log(
        address=_text(raw["address"], _ADDRESS),
        topics=topics,
        data=_bytes(raw["data"]),
        block_number=_number(raw["blockNumber"]),
        block_hash=_text(raw["blockHash"], _HASH),
        log_index=_number(raw["logIndex"]),
        transaction=_text(raw["transactionHash"], _HASH),
    )
