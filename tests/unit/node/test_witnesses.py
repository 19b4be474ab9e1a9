"""Calls to other members' nodes: bounded, with the key beside the checkpoint, and nothing believed of an answer."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from jeung.ports.log import WitnessAnswer
from node.runtime.log_work import LogThreads
from node.witnesses import MAX_BUNDLE_BYTES, HttpLogCopies, HttpWitnessCalls


class Heard(BaseHTTPRequestHandler):
    """Answer with what the test wants, and keep what came."""

    requests: list[tuple[str, str, dict[str, str], bytes]]
    answer: bytes
    key: str | None
    status: int

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.requests.append((self.command, self.path, dict(self.headers), body))
        self.send_response(self.status)
        if self.key is not None:
            self.send_header("jeung-verifier-key", self.key)
        self.send_header("Content-Length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def server(
    answer: bytes = b"line\n", key: str | None = "a+b+c", status: int = 200
) -> Iterator[tuple[str, type[Heard]]]:
    handler = type("Answering", (Heard,), {"requests": [], "answer": answer, "key": key, "status": status})
    listening = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    try:
        yield f"http://localhost:{listening.server_port}", handler
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()


def calls(*, allow_private: bool = True) -> HttpWitnessCalls:
    return HttpWitnessCalls(timeout_s=5, allow_private=allow_private)


def test_a_checkpoint_is_brought_with_its_key() -> None:
    with server() as (url, heard):
        answer = calls().call("POST", f"{url}/witness/add-checkpoint", b"old 0\n", "key")
    assert answer == WitnessAnswer(200, b"line\n", "a+b+c")
    ((method, path, headers, body),) = heard.requests
    assert (method, path, body) == ("POST", "/witness/add-checkpoint", b"old 0\n")
    assert headers["Jeung-Verifier-Key"] == "key"
    assert headers["Content-Type"].startswith("text/plain")


def test_a_head_is_asked_for_without_a_key() -> None:
    with server(key=None) as (url, heard):
        answer = calls().call("GET", f"{url}/witness/heads/o", b"", "")
    assert answer == WitnessAnswer(200, b"line\n", "")
    assert "Jeung-Verifier-Key" not in heard.requests[0][2]


def test_of_an_answer_only_so_much_is_read() -> None:
    with server(answer=b"x" * 100_000, key="k" * 5_000) as (url, _):
        answer = calls().call("GET", f"{url}/", b"", "")
    assert answer is not None
    assert (len(answer.body), len(answer.key)) == (16_384, 1_024)


def test_of_a_bundle_of_entries_as_much_is_read_as_one_may_have() -> None:
    patient = HttpWitnessCalls(timeout_s=5, allow_private=True, max_answer_bytes=MAX_BUNDLE_BYTES)
    with server(answer=b"x" * 300_000) as (url, _):
        answer = patient.call("GET", f"{url}/", b"", "")
    assert answer is not None
    assert len(answer.body) == MAX_BUNDLE_BYTES == 256 * 1_026 + 1


@pytest.mark.parametrize("url", ["http://localhost:1/", "http://[/"], ids=["nobody", "no-address"])
def test_where_nobody_answers_there_is_no_answer(url: str) -> None:
    assert calls().call("GET", url, b"", "") is None


def test_outside_of_a_sandbox_no_private_address_is_called() -> None:
    with server() as (url, heard):
        assert calls(allow_private=False).call("GET", f"{url}/", b"", "") is None
    assert heard.requests == []


def test_work_beside_the_loop_is_waited_for_at_the_end() -> None:
    threads = LogThreads()
    future = threads.submit(pow, 2, 10)
    threads.close()
    assert future.result() == 1_024


def test_a_bundle_is_fetched_from_a_copy_wherever_it_lies() -> None:
    with server(b"bundle") as (url, heard):
        assert HttpLogCopies().get(f"{url}/bank/log/1/tile/entries/000") == b"bundle"
    assert [request[:2] for request in heard.requests] == [("GET", "/bank/log/1/tile/entries/000")]


@pytest.mark.parametrize("status", [204, 302, 404, 500])
def test_whatever_is_not_there_is_no_bundle(status: int) -> None:
    with server(b"", status=status) as (url, _):
        assert HttpLogCopies().get(f"{url}/log/1/tile/entries/000") is None
    assert HttpLogCopies().get("http://localhost:1/") is None


def test_of_a_bundle_no_more_is_read_than_the_longest_has() -> None:
    longest = 256 * (2 + 1_024)
    with server(b"x" * (longest + 99)) as (url, _):
        found = HttpLogCopies().get(f"{url}/log/1/tile/entries/000")
    assert found is not None
    assert len(found) == longest + 1
