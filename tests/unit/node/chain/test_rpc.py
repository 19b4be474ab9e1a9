"""The JSON-RPC client against servers that are rubbish, slow, huge or gone."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from node.chain.errors import RpcError, RpcGarbled, RpcRefused, RpcUnreachable
from node.chain.rpc import Rpc, RpcLimits

Answer = Callable[[Any, BaseHTTPRequestHandler], bytes]


class Server:
    """Answer with whatever a test says, and remember what was asked."""

    def __init__(self, answer: Answer, status: int = 200) -> None:
        self.asked: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.answer = answer
        self.status = status
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                question = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.asked.append(question)
                outer.headers.append(dict(self.headers))
                body = outer.answer(question, self)
                self.send_response(outer.status)
                if outer.status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> "Server":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


def encoded(value: Any) -> bytes:  # noqa: ANN401 - any JSON
    return json.dumps(value).encode()


def result(question: Any, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"jsonrpc": "2.0", "id": question["id"], "result": value}


def refusal(question: Any, code: int, message: str, data: object = None) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"jsonrpc": "2.0", "id": question["id"], "error": {"code": code, "message": message, "data": data}}


def good(question: Any, _: object = None) -> bytes:  # noqa: ANN401 - any JSON
    if isinstance(question, list):
        return encoded([result(each, each["params"]) for each in question])
    return encoded(result(question, "0x1"))


QUICK = RpcLimits(timeout_s=2, rounds=2, max_response_bytes=10_000)


@contextmanager
def asking(*urls: str, limits: RpcLimits = QUICK) -> Iterator[Rpc]:
    client = Rpc(urls, limits, pause=lambda seconds: None)
    try:
        yield client
    finally:
        client.close()


def test_result_comes_back() -> None:
    with Server(good) as server, asking(server.url) as rpc:
        assert rpc.call("eth_chainId") == "0x1"
        assert rpc.batch([("a", [1]), ("b", [2])]) == [[1], [2]]
        assert rpc.batch([]) == []
    assert len(server.asked) == 2


def test_batch_comes_back_in_the_order_asked() -> None:
    def reversed_order(question: Any, _: object) -> bytes:  # noqa: ANN401
        return encoded([result(each, each["params"]) for each in reversed(question)])

    with Server(reversed_order) as server, asking(server.url) as rpc:
        assert rpc.batch([("a", [1]), ("b", [2]), ("c", [3])]) == [[1], [2], [3]]


@pytest.mark.parametrize(
    "rubbish",
    [
        b"",
        b"<html>502</html>",
        b'{"jsonrpc":"2.0","id":',
        b"[]",
        b"7",
        b"null",
        b'{"jsonrpc":"2.0","id":1}',
        b'{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1}}',
        b'{"jsonrpc":"2.0","id":1,"error":"no"}',
        b'{"jsonrpc":"2.0","id":1,"error":{"message":"no code"}}',
        b'{"jsonrpc":"2.0","id":99,"result":"0x1"}',
        b'{"jsonrpc":"2.0","id":"1","result":"0x1"}',
        b'{"jsonrpc":"2.0","id":true,"result":"0x1"}',
        b'{"jsonrpc":"1.0","id":1,"result":"0x1"}',
        b"[" * 100_000,
    ],
)
def test_rubbish_is_refused(rubbish: bytes) -> None:
    with (
        Server(lambda *_: rubbish) as server,
        asking(server.url, limits=RpcLimits(rounds=1)) as rpc,
        pytest.raises(RpcGarbled),
    ):
        rpc.call("eth_chainId")


@pytest.mark.parametrize(
    "mangle",
    [
        lambda answers: answers[:1],
        lambda answers: [answers[0], answers[0]],
        lambda answers: [*answers, result({"id": 9999}, 1)],
        lambda answers: answers[0],
        lambda answers: [answers[0], None],
    ],
)
def test_batch_with_missing_repeated_or_foreign_answers_is_refused(mangle: Callable[[list[Any]], Any]) -> None:
    def answer(question: Any, _: object) -> bytes:  # noqa: ANN401
        return encoded(mangle([result(each, 1) for each in question]))

    with Server(answer) as server, asking(server.url) as rpc, pytest.raises(RpcGarbled):
        rpc.batch([("a", []), ("b", [])])


def test_answer_of_another_question_is_not_taken_for_this_one() -> None:
    """A proxy that answers from an earlier request of the same connection."""
    first: list[bytes] = []

    def stale(question: Any, _: object) -> bytes:  # noqa: ANN401
        first.append(good(question))
        return first[0]

    with Server(stale) as server, asking(server.url) as rpc:
        assert rpc.call("eth_blockNumber") == "0x1"
        with pytest.raises(RpcGarbled):
            rpc.call("eth_gasPrice")


def test_too_large_an_answer_is_cut_off() -> None:
    with (
        Server(lambda *_: b'"' + b"x" * 20_000 + b'"') as server,
        asking(server.url) as rpc,
        pytest.raises(RpcGarbled, match="10000 bytes"),
    ):
        rpc.call("eth_getLogs")


def test_truncated_answer_is_an_unreachable_endpoint() -> None:
    def cut(question: Any, handler: BaseHTTPRequestHandler) -> bytes:  # noqa: ANN401
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")
        handler.wfile.flush()
        handler.close_connection = True
        raise ConnectionAbortedError

    server = Server(cut)
    server.http.handle_error = lambda *_: None  # type: ignore[method-assign]
    with server, asking(server.url) as rpc, pytest.raises(RpcError):
        rpc.call("eth_chainId")


def test_trickling_server_is_given_up_at_the_deadline() -> None:
    """Each byte comes in time, the answer never does."""
    stop = threading.Event()

    def trickle(question: Any, handler: BaseHTTPRequestHandler) -> bytes:  # noqa: ANN401
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not stop.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()
        raise ConnectionAbortedError

    server = Server(trickle)
    server.http.handle_error = lambda *_: None  # type: ignore[method-assign]
    began = time.monotonic()
    with server, asking(server.url, limits=RpcLimits(timeout_s=0.3, rounds=1)) as rpc:
        with pytest.raises(RpcUnreachable, match=r"did not finish|did not answer"):
            rpc.call("eth_chainId")
        stop.set()
    assert time.monotonic() - began < 20


def test_silent_server_is_given_up() -> None:
    stop = threading.Event()

    def silent(question: Any, _: object) -> bytes:  # noqa: ANN401
        stop.wait(20)
        return good(question)

    with Server(silent) as server, asking(server.url, limits=RpcLimits(timeout_s=0.2, rounds=2)) as rpc:
        try:
            with pytest.raises(RpcUnreachable, match="ReadTimeout"):
                rpc.call("eth_chainId")
        finally:
            stop.set()
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [302, 401, 403, 429, 500, 503])
def test_http_failure_is_no_answer_and_no_redirect_is_followed(status: int) -> None:
    with (
        Server(good, status) as server,
        asking(server.url) as rpc,
        pytest.raises(RpcUnreachable, match=str(status)),
    ):
        rpc.call("eth_chainId")
    assert len(server.asked) == 2


def test_next_endpoint_is_asked_when_one_fails_and_kept() -> None:
    with Server(lambda *_: b"rubbish") as broken, Server(good) as sound, asking(broken.url, sound.url) as rpc:
        assert rpc.call("eth_chainId") == "0x1"
        assert rpc.endpoint == sound.url
        assert rpc.call("eth_chainId") == "0x1"
        assert (len(broken.asked), len(sound.asked)) == (1, 2)
        sound.answer = lambda *_: b"rubbish too"
        broken.answer = good
        assert rpc.call("eth_chainId") == "0x1"
        assert rpc.endpoint == broken.url


def test_budget_of_retries_is_kept_with_growing_pauses() -> None:
    pauses: list[float] = []
    limits = RpcLimits(timeout_s=1, rounds=4, first_pause_s=1.0, longest_pause_s=3.0)
    with Server(lambda *_: b"no") as server:
        rpc = Rpc([server.url, server.url], limits, pause=pauses.append)
        with pytest.raises(RpcGarbled):
            rpc.call("eth_chainId")
        rpc.close()
    assert len(server.asked) == 8
    assert len(pauses) == 3
    for pause, whole in zip(pauses, (1.0, 2.0, 3.0), strict=True):
        assert whole / 2 <= pause <= whole


def test_refusal_is_raised_at_once_with_its_revert_data() -> None:
    def refuse(question: Any, _: object) -> bytes:  # noqa: ANN401
        return encoded(refusal(question, 3, "execution reverted", "0x01020304"))

    with (
        Server(refuse) as server,
        asking(server.url) as rpc,
        pytest.raises(RpcRefused) as caught,
    ):
        rpc.call("eth_call")
    assert (caught.value.rpc_code, caught.value.revert_data) == (3, b"\x01\x02\x03\x04")
    assert len(server.asked) == 1


def test_refusal_in_a_batch_stands_in_its_place() -> None:
    def mixed(question: Any, _: object) -> bytes:  # noqa: ANN401
        return encoded([refusal(question[0], -32000, "no", {"data": "0xff"}), result(question[1], 5)])

    with Server(mixed) as server, asking(server.url) as rpc:
        first, second = rpc.batch([("a", []), ("b", [])])
        assert isinstance(first, RpcRefused)
        assert (first.revert_data, second) == (b"\xff", 5)
        with pytest.raises(RpcRefused):
            rpc.batch_all([("a", []), ("b", [])])


@pytest.mark.parametrize("data", ["0xzz", "ff", 7, ["0x00"], {"data": 7}, None])
def test_revert_data_of_another_shape_is_none(data: object) -> None:
    def refuse(question: Any, _: object) -> bytes:  # noqa: ANN401
        return encoded(refusal(question, 3, "reverted", data))

    with Server(refuse) as server, asking(server.url) as rpc, pytest.raises(RpcRefused) as caught:
        rpc.call("eth_call")
    assert caught.value.revert_data is None


def test_block_that_is_not_stored_yet_is_asked_for_again() -> None:
    answers = [lambda question: refusal(question, -32000, "header not found"), lambda question: result(question, 7)]
    with Server(lambda question, _: encoded(answers.pop(0)(question))) as server, asking(server.url) as rpc:
        assert rpc.call("eth_getBlockByNumber") == 7


def test_block_that_never_comes_is_refused_after_the_budget() -> None:
    def refuse(question: Any, _: object) -> bytes:  # noqa: ANN401
        return encoded(refusal(question, -32000, "header not found"))

    with Server(refuse) as server, asking(server.url) as rpc, pytest.raises(RpcRefused):
        rpc.call("eth_getBlockByNumber")
    assert len(server.asked) == 2


def test_credentials_are_sent_and_never_shown() -> None:
    with Server(lambda *_: b"rubbish") as server:
        address = server.url.replace("http://", "http://me:s3cret@") + "/t0ken?key=s3cret"
        with asking(address, limits=RpcLimits(rounds=1)) as rpc:
            with pytest.raises(RpcError) as caught:
                rpc.call("eth_chainId")
            shown = f"{caught.value} {caught.value!r} {rpc.endpoint} {rpc._endpoints!r}"
    assert "s3cret" not in shown
    assert "t0ken" not in shown
    assert server.headers[0]["Authorization"] == "Basic bWU6czNjcmV0"


def test_credentials_are_not_shown_when_nobody_listens() -> None:
    with (
        asking("http://me:s3cret@127.0.0.1:1/t0ken", limits=RpcLimits(rounds=1)) as rpc,
        pytest.raises(RpcUnreachable) as caught,
    ):
        rpc.call("eth_chainId")
    assert "s3cret" not in str(caught.value)
    assert "t0ken" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with Server(good) as server, asking(server.url) as rpc:
        assert rpc.call("eth_chainId") == "0x1"


@pytest.mark.parametrize("urls", [[], ["ftp://x"], ["localhost:8545"], ["http://"], [""]])
def test_addresses_that_are_no_endpoints_are_refused(urls: list[str]) -> None:
    with pytest.raises(ValueError, match="JSON-RPC endpoint"):
        Rpc(urls)


def test_unprintable_words_of_an_endpoint_are_not_passed_on() -> None:
    def refuse(question: Any, _: object) -> bytes:  # noqa: ANN401
        return encoded(refusal(question, 1, "\x1b[2Jbell\x07" + "x" * 1000))

    with Server(refuse) as server, asking(server.url) as rpc, pytest.raises(RpcRefused) as caught:
        rpc.call("eth_call")
    assert "\x1b" not in str(caught.value)
    assert len(caught.value.said) == 200
