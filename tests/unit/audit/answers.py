"""Stand in for every server an audit asks: requests get canned answers, and no network is touched."""

import io
from collections.abc import Callable, Mapping
from typing import Any

import orjson
import pytest
import requests
import urllib3

BLOCK_HASH = "0x" + "bb" * 32


class Refusal(Exception):
    """Makes the server answer a call with a JSON-RPC error."""


def response(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> requests.Response:
    """Give an answer whose body is read as from a socket."""
    made = requests.Response()
    made.status_code = status
    made.headers.update(headers or {})
    made.raw = urllib3.HTTPResponse(io.BytesIO(body), headers=dict(headers or {}), preload_content=False)
    return made


def answer_with(patch: pytest.MonkeyPatch, answer: Callable[[requests.PreparedRequest], requests.Response]) -> None:
    """Let every request be answered by a function."""
    patch.setattr(requests.Session, "send", lambda session, request, **options: answer(request))


def block(number: int, **changed: object) -> dict[str, object]:
    """Give a block as a chain would."""
    header = {"number": hex(number), "hash": BLOCK_HASH, "parentHash": BLOCK_HASH, "timestamp": hex(1_000 + number)}
    return {**header, "transactions": [], **changed}


def log(number: int, place: int = 0, **changed: object) -> dict[str, object]:
    """Give a log as a chain would."""
    raw: dict[str, object] = {
        "address": "0x" + "11" * 20,
        "topics": ["0x" + "22" * 32],
        "data": "0x",
        "blockNumber": hex(number),
        "blockHash": BLOCK_HASH,
        "logIndex": hex(place),
        "transactionHash": "0x" + "33" * 32,
        "removed": False,
    }
    return {**raw, **changed}


class FakeChain:
    """Answer JSON-RPC batches from a table: method -> function of its parameters."""

    def __init__(self, **methods: Callable[..., Any]) -> None:
        self.methods = methods
        self.asked: list[tuple[str, list[Any]]] = []

    def __call__(self, request: requests.PreparedRequest) -> requests.Response:
        calls = orjson.loads(request.body or b"")
        return response(orjson.dumps([self._answer(call) for call in reversed(calls)]))

    def _answer(self, call: dict[str, Any]) -> dict[str, Any]:
        self.asked.append((call["method"], call["params"]))
        try:
            return {"jsonrpc": "2.0", "id": call["id"], "result": self.methods[call["method"]](*call["params"])}
        except Refusal:
            return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": 3, "message": "execution reverted"}}
