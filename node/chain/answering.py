"""Answer what the API asks of the chain: how calls would fare on its present state, and an account's next nonce.

A trial sends nothing. Where the endpoint knows `eth_simulateV1` (execution-apis), each step is simulated in a block
of its own at its own time, and the events that the last one would emit come back; where it does not, each step is an
`eth_call` on the newest block, without events and at that block's time.
Each step is tried on the present state and not after the one before it: an execution that works has done what the
call does, and the call cannot be done twice.
The consortium's own calls are tried as coming from its contract: `execute` calls its target in no other way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from jeung.domain.chain import ChainCall, RegistryEvent
from jeung.domain.questions import LedgerQuestion, QuestionKind
from jeung.ports.store import Store
from jeung.ports.world import Clock
from node.chain.abi import Revert, decode_result, decode_revert, encode_call
from node.chain.addresses import AddressBook
from node.chain.decode import RawLog, decode_log
from node.chain.errors import CallNotEncodable, LogNotDecodable, RpcRefused
from node.chain.hexes import ADDRESS_LENGTH, WORD_LENGTH, Json, bytes_of, hex_of, int_of
from node.chain.rpc import Rpc

_LOG = structlog.get_logger(__name__)
_AT_ONCE = 8
_MAX_LOGS = 64
# What endpoints say of a method they do not have; -32601 is JSON-RPC's own, Hardhat and proxies use others.
_NO_METHOD = (-32601, -32004, -32000)
_GAS = hex(16_000_000)


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    sender: str
    to: str
    data: bytes
    time: int


class Answerer:
    """Answer waiting questions."""

    def __init__(self, rpc: Rpc, store: Store, book: AddressBook, clock: Clock) -> None:
        """Read from one endpoint; nothing is asked yet."""
        self._rpc = rpc
        self._store = store
        self._book = book
        self._clock = clock

    def step(self) -> bool:
        """Answer what waits, a few at once; tell whether more may wait.

        Raises:
            RpcError: the chain does not answer; the questions wait on.
        """
        with self._store.read() as tx:
            waiting = tx.questions.waiting(self._clock.now(), _AT_ONCE)
        for question in waiting:
            answer = self._answer(question)
            with self._store.write() as tx:
                tx.questions.answer(question.question_id, answer, self._clock.now())
        return len(waiting) == _AT_ONCE

    def _answer(self, question: LedgerQuestion) -> Mapping[str, Any]:
        if question.kind is QuestionKind.APPROVAL_NONCE:
            account = question.asked["account"]
            return {"nonce": self._nonce(account), "contract_account": self._is_contract(account)}
        return self._simulation(question.asked["steps"])

    def _nonce(self, account: str) -> int:
        data = encode_call(ChainCall("Consortium", "nonces", (account,)), {})
        to = self._book.current()["Consortium"]
        answer = self._rpc.call("eth_call", {"to": to, "data": hex_of(data)}, "latest")
        nonce: int = decode_result("Consortium", "nonces", bytes_of(answer))[0]
        return nonce

    def _is_contract(self, account: str) -> bool:
        """Tell whether an account has code, as the contract asks before it judges a signature; also by EIP-7702."""
        return bool(bytes_of(self._rpc.call("eth_getCode", account, "latest")))

    def _simulation(self, asked: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        head = self._rpc.call("eth_getBlockByNumber", "latest", False)
        number, time = int_of(head["number"]), int_of(head["timestamp"])
        steps: list[_Step] = []
        for step in asked:
            try:
                data = bytes_of(step["data"]) if "data" in step else self._encoded(step["call"])
            except CallNotEncodable:
                unfit = [_outcome(earlier.name, None) for earlier in steps]
                unfit.append(_outcome(step["name"], Revert(CallNotEncodable.code, {})))
                return {"block": number, "time": time, "steps": unfit, "events": None}
            steps.append(_Step(step["name"], step["from"], step["to"], data, step["time"]))
        outcomes, events, last = self._simulated(steps, hex(number), time)
        return {"block": number, "time": last, "steps": outcomes, "events": events}

    def _encoded(self, call: Mapping[str, Any]) -> bytes:
        return encode_call(ChainCall(call["contract"], call["function"], tuple(call["args"])), self._book.current())

    def _simulated(
        self, steps: Sequence[_Step], block: str, time: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]] | None, int]:
        outcomes: list[dict[str, Any]] = []
        events: list[dict[str, Any]] = []
        at = time
        try:
            for step in steps:
                at = max(at + 1, step.time)
                call = {"from": step.sender, "to": step.to, "data": hex_of(step.data), "gas": _GAS}
                tried = {"blockOverrides": {"time": hex(at)}, "calls": [call]}
                asked = {"blockStateCalls": [tried], "validation": False, "traceTransfers": False}
                outcome, events = self._read(step, self._rpc.call("eth_simulateV1", asked, block))
                outcomes.append(outcome)
        except RpcRefused as refusal:
            if refusal.rpc_code not in _NO_METHOD:
                _LOG.warning("simulation_refused", rpc_code=refusal.rpc_code, said=refusal.said)
            return [self._called(step, block) for step in steps], None, time
        except (LogNotDecodable, KeyError, TypeError, ValueError, IndexError):
            _LOG.warning("simulation_garbled")
            return [self._called(step, block) for step in steps], None, time
        return outcomes, events, at

    def _read(self, step: _Step, answer: Json) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        (block,) = answer
        (call,) = block["calls"]
        accepted = int_of(call["status"]) == 1
        revert = None if accepted else decode_revert(_revert_data(call))
        if len(call["logs"]) > _MAX_LOGS:
            raise LogNotDecodable
        events = [event for log in call["logs"] if (event := self._event(log)) is not None]
        return _outcome(step.name, revert), events

    def _event(self, log: Json) -> dict[str, Any] | None:
        """Read a simulated log; it has no real block, and only what stands in it counts."""
        address = bytes_of(log["address"], ADDRESS_LENGTH)
        topics = tuple(bytes_of(topic, WORD_LENGTH) for topic in log["topics"])
        raw = RawLog(address, topics, bytes_of(log["data"]), 0, bytes(WORD_LENGTH), 0, bytes(WORD_LENGTH))
        current = {bytes_of(place, ADDRESS_LENGTH): name for name, place in self._book.current().items()}
        name = current.get(address)
        event = None if name is None else decode_log(name, raw, 0)
        if not isinstance(event, RegistryEvent):
            return None
        return {"contract": event.contract, "name": event.name, "args": dict(event.args)}

    def _called(self, step: _Step, block: str) -> dict[str, Any]:
        call = {"from": step.sender, "to": step.to, "data": hex_of(step.data), "gas": _GAS}
        try:
            self._rpc.call("eth_call", call, block)
        except RpcRefused as refusal:
            return _outcome(step.name, decode_revert(refusal.revert_data))
        return _outcome(step.name, None)


def _revert_data(call: Mapping[str, Any]) -> bytes | None:
    """Give a failed call's revert data: endpoints put it into the error, as specified, or beside it."""
    error = call.get("error")
    data = error.get("data") if isinstance(error, Mapping) else None
    found = data if isinstance(data, str) else call.get("returnData")
    return bytes_of(found) if isinstance(found, str) else None


def _outcome(name: str, revert: Revert | None) -> dict[str, Any]:
    if revert is None:
        return {"name": name, "accepted": True, "error": None, "args": {}}
    return {"name": name, "accepted": False, "error": revert.name or "Reverted", "args": dict(revert.args)}
