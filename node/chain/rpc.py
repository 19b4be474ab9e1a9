"""Speak JSON-RPC 2.0 over HTTP to one of several endpoints, within bounds on size, time and retries.

One `Rpc` belongs to one thread. It stays with the endpoint that answered last and turns to the next when one fails.
Everything it is used for may be asked twice: reads, and raw transactions, which the chain itself takes only once.
"""

from __future__ import annotations

import secrets
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

import orjson
import requests
from urllib3.exceptions import HTTPError

from node.chain.errors import RpcError, RpcGarbled, RpcRefused, RpcUnreachable
from node.chain.hexes import Json, bytes_of

Call = tuple[str, list[Any]]
"""A method and its parameters."""

_SAID_LENGTH = 200
# What a node answers for a block it knows but has not stored yet, for seconds after its start.
_PASSING = ("header not found", "missing trie node", "block not found", "unknown block")
_NO_METHOD = -32601


@dataclass(frozen=True, slots=True)
class RpcLimits:
    """Bound one question: seconds per answer, bytes per answer, rounds over the endpoints, seconds between rounds."""

    timeout_s: float = 5.0
    max_response_bytes: int = 32 * 1024 * 1024
    rounds: int = 4
    first_pause_s: float = 0.1
    longest_pause_s: float = 2.0


class _Endpoint:
    """Hold one endpoint's address apart from its credentials, so that its name can be shown."""

    def __init__(self, url: str, bearer: str | None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("expected an http(s) address of a JSON-RPC endpoint")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        place = host if parts.port is None else f"{host}:{parts.port}"
        self.name = f"{parts.scheme}://{place}"
        # The path and the query may hold an access token: they are sent, never shown.
        self.address = urlunsplit((parts.scheme, place, parts.path or "/", parts.query, ""))
        self.headers: dict[str, str] = {}
        if bearer is not None:
            self.headers["Authorization"] = f"Bearer {bearer}"
        elif parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self.headers["Authorization"] = "Basic " + b64encode(pair.encode()).decode()

    def __repr__(self) -> str:
        return f"_Endpoint({self.name})"


class Rpc:
    """Ask the chain."""

    def __init__(
        self,
        urls: Sequence[str],
        limits: RpcLimits | None = None,
        *,
        bearer: str | None = None,
        pause: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Keep the endpoints in order of preference; nothing is sent yet. `bearer` is a token that all of them take.

        Raises:
            ValueError: no endpoint, or one that is not an http(s) address; the message does not repeat it.
        """
        self._endpoints = [_Endpoint(url, bearer) for url in urls]
        if not self._endpoints:
            raise ValueError("expected at least one JSON-RPC endpoint")
        self._limits = limits or RpcLimits()
        self._pause = pause
        self._monotonic = monotonic
        self._preferred = 0
        self._next_id = 1
        self._session = requests.Session()
        # Neither a proxy nor a .netrc of the environment may see or change what we ask the chain.
        self._session.trust_env = False
        self._session.headers.update({"Content-Type": "application/json", "Accept-Encoding": "identity"})

    @property
    def endpoint(self) -> str:
        """Name the endpoint that is asked first, without credentials, path or query."""
        return self._endpoints[self._preferred].name

    @property
    def endpoint_count(self) -> int:
        """Count the endpoints; with several, one may lag behind another."""
        return len(self._endpoints)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def call(self, method: str, *params: Json) -> Json:
        """Ask one question and give its result.

        Raises:
            RpcRefused: the endpoint answered with an error.
            RpcUnreachable: no endpoint gave a usable answer within the retry budget.
            RpcGarbled: the last answer was not an answer to the question.
        """
        (result,) = self._ask([(method, list(params))], batched=False)
        if isinstance(result, RpcRefused):
            raise result
        return result

    def batch(self, calls: Sequence[Call]) -> list[Any]:
        """Ask many questions in one request and give their results in order; each may be an `RpcRefused`.

        Raises:
            RpcUnreachable: no endpoint gave a usable answer within the retry budget.
            RpcGarbled: the last answer was not an answer to the questions.
        """
        return self._ask(calls, batched=True) if calls else []

    def batch_all(self, calls: Sequence[Call]) -> list[Any]:
        """Ask many questions in one request and give their results in order.

        Raises:
            RpcRefused: one of the questions was refused.
            RpcUnreachable: as `batch`.
            RpcGarbled: as `batch`.
        """
        results = self.batch(calls)
        for result in results:
            if isinstance(result, RpcRefused):
                raise result
        return results

    def _ask(self, calls: Sequence[Call], *, batched: bool) -> list[Any]:
        pause_s = self._limits.first_pause_s
        last: RpcError | list[Any] = RpcUnreachable()
        for attempt in range(self._limits.rounds * len(self._endpoints)):
            if attempt and attempt % len(self._endpoints) == 0:
                self._pause(pause_s * (0.5 + secrets.randbelow(512) / 1024))
                pause_s = min(2 * pause_s, self._limits.longest_pause_s)
            position = (self._preferred + (1 if attempt else 0)) % len(self._endpoints)
            self._preferred = position
            try:
                last = self._ask_once(self._endpoints[position], calls, batched=batched)
            except RpcError as error:
                last = error
                continue
            if not any(_is_passing(result) for result in last):
                return last
        if isinstance(last, RpcError):
            raise last
        return last

    def _ask_once(self, endpoint: _Endpoint, calls: Sequence[Call], *, batched: bool) -> list[Any]:
        first = self._next_id
        self._next_id += len(calls)
        questions = [
            {"jsonrpc": "2.0", "id": first + place, "method": method, "params": params}
            for place, (method, params) in enumerate(calls)
        ]
        body = orjson.dumps(questions if batched else questions[0])
        answer = _parsed(self._exchange(endpoint, body), endpoint)
        answers = answer if batched and isinstance(answer, list) else [answer]
        return _in_order(answers, first, calls, endpoint)

    def _exchange(self, endpoint: _Endpoint, body: bytes) -> bytes:
        deadline = self._monotonic() + self._limits.timeout_s
        try:
            with self._session.post(
                endpoint.address,
                data=body,
                headers=endpoint.headers,
                timeout=self._limits.timeout_s,
                stream=True,
                allow_redirects=False,
            ) as response:
                if response.status_code != requests.codes.ok:
                    raise RpcUnreachable(f"{endpoint.name} answered with HTTP status {response.status_code}")
                return self._read(response, endpoint, deadline)
        except (requests.RequestException, HTTPError, OSError) as error:
            # The library's own message repeats the whole URL, so only the kind of failure is told.
            raise RpcUnreachable(f"{endpoint.name} did not answer ({type(error).__name__})") from None

    def _read(self, response: requests.Response, endpoint: _Endpoint, deadline: float) -> bytes:
        # Read piece by piece: neither a flood nor a trickle of bytes may hold the worker.
        pieces: list[bytes] = []
        size = 0
        while piece := response.raw.read1(1 << 18, decode_content=False):
            size += len(piece)
            if size > self._limits.max_response_bytes:
                raise RpcGarbled(f"{endpoint.name} answered with more than {self._limits.max_response_bytes} bytes")
            if self._monotonic() > deadline:
                raise RpcUnreachable(f"{endpoint.name} did not finish its answer in {self._limits.timeout_s} s")
            pieces.append(piece)
        return b"".join(pieces)


def _parsed(raw: bytes, endpoint: _Endpoint) -> Json:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise RpcGarbled(f"{endpoint.name} answered with something that is not JSON") from None


def _in_order(answers: list[Any], first: int, calls: Sequence[Call], endpoint: _Endpoint) -> list[Any]:
    """Put answers into the order of their questions (JSON-RPC 2.0, section 6: a batch's order is free)."""
    results: dict[int, Any] = {}
    for answer in answers:
        if not isinstance(answer, dict) or answer.get("jsonrpc") != "2.0":
            raise RpcGarbled(f"{endpoint.name} answered with something that is not JSON-RPC 2.0")
        identifier = answer.get("id")
        if type(identifier) is not int or not first <= identifier < first + len(calls) or identifier in results:
            raise RpcGarbled(f"{endpoint.name} answered a question that was not asked")
        if ("result" in answer) == ("error" in answer):
            raise RpcGarbled(f"{endpoint.name} answered with neither or both of a result and an error")
        method = calls[identifier - first][0]
        results[identifier] = answer["result"] if "result" in answer else refusal_from(method, answer["error"])
    if len(results) != len(calls):
        raise RpcGarbled(f"{endpoint.name} answered {len(results)} of {len(calls)} questions")
    return [results[first + place] for place in range(len(calls))]


def refusal_from(method: str, error: Json) -> RpcRefused:
    """Read a JSON-RPC error object; Anvil and Besu put revert data under `data`, Hardhat under `data.data`.

    Raises:
        RpcGarbled: not an error object.
    """
    if not isinstance(error, dict) or type(error.get("code")) is not int:
        raise RpcGarbled("an error without a code")
    text = error.get("message")
    said = "".join(char if char.isprintable() else "?" for char in (text if isinstance(text, str) else ""))
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("data")
    try:
        revert_data = bytes_of(data) if isinstance(data, str) else None
    except ValueError:
        revert_data = None
    return RpcRefused(method, error["code"], said[:_SAID_LENGTH], revert_data)


def _is_passing(result: Json) -> bool:
    return (
        isinstance(result, RpcRefused)
        and result.revert_data is None
        and result.rpc_code != _NO_METHOD
        and any(text in result.said.lower() for text in _PASSING)
    )
