"""A node's interface as it really runs: gunicorn with two workers over the node's own keystore and database."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.gunicorn import METRICS_FOLDER
from node.runtime.adapters import SystemClock
from node.runtime.creation import NodePlan, create_node
from tests.common.chain import free_port

DEADLINE_S = 60
MARKER = "Zx9MARKERq7"
PUBLIC_LIMIT = 5


@dataclass
class Server:
    """Hold a running server; `log` is what it printed so far."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    log_path: Path

    @property
    def log(self) -> str:
        return self.log_path.read_text()

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        """Ask over a connection of its own, so that any worker may answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def send(self, raw: bytes) -> str:
        """Send bytes as they are and give everything that comes back."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S) as connection:
            connection.sendall(raw)
            connection.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: connection.recv(65_536), b"")).decode("latin-1")

    def count_of(self, sample: str) -> int:
        """Give one number of the metrics page, 0 where it has none."""
        match = re.search(rf"^{re.escape(sample)} ([0-9.]+)$", self.get("/metrics")[1], flags=re.M)
        return 0 if match is None else int(float(match[1]))


def wait_for(true: Callable[[], bool]) -> None:
    """Wait until something is so.

    Raises:
        AssertionError: it was not within the deadline.
    """
    end = time.monotonic() + DEADLINE_S
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.05)


def answers(server: Server) -> bool:
    try:
        return server.get("/healthz")[0] == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder, port = tmp_path_factory.mktemp("node") / "bank", free_port()
    settings = {
        "name": "bank",
        "environment": "sandbox",
        "base_url": f"http://localhost:{port}",
        "listen_port": port,
        "rpc_urls": ["http://127.0.0.1:9"],
        "api": {"workers": 2, "rate_public": f"{PUBLIC_LIMIT}/hour"},
    }
    create_node(NodePlan(folder, "Bank", settings), SystemClock())
    log_path = folder.parent / "log"
    with log_path.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.gunicorn", "--node-dir", str(folder)], stdout=log, stderr=log
        )
    server = Server(port, folder, process, log_path)
    try:
        wait_for(lambda: process.poll() is not None or answers(server))
        assert process.poll() is None, server.log
        yield server
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0, server.log
    finally:
        process.kill()
        process.wait()


def workers(server: Server) -> set[int]:
    """Give the workers that have counted an answer."""
    found = (server.folder / METRICS_FOLDER).glob("counter_*.db")
    return {int(path.stem.removeprefix("counter_")) for path in found}


def test_numbers_are_those_of_all_workers(server: Server) -> None:
    sample = 'jeung_http_responses_total{method="GET",route="/openapi.json",status="200"}'
    asked = 0

    def ask_until_both_answered() -> bool:
        nonlocal asked
        asked += 1
        assert server.get("/openapi.json")[0] == 200
        return len(workers(server)) == 2

    wait_for(ask_until_both_answered)
    assert [server.count_of(sample) for _ in range(6)] == [asked] * 6


def test_a_limit_is_one_for_all_workers(server: Server) -> None:
    statuses = [server.get("/v1/members")[0] for _ in range(4 * PUBLIC_LIMIT)]
    # This node has no worker, so its ledger is stale: what is let through is answered 503.
    assert statuses == [503] * PUBLIC_LIMIT + [429] * (3 * PUBLIC_LIMIT)
    assert server.get("/v1/schemas", {"X-Forwarded-For": "203.0.113.9"})[0] == 429


def test_a_worker_that_dies_is_replaced_and_its_numbers_stay(server: Server) -> None:
    sample = 'jeung_http_responses_total{method="GET",route="/docs",status="200"}'
    for _ in range(10):
        assert server.get("/docs")[0] == 200
    victim, *_ = workers(server)
    os.kill(victim, signal.SIGKILL)
    wait_for(lambda: answers(server) and server.log.count("Booting worker") >= 3)
    assert server.count_of(sample) == 10
    assert server.get("/readyz")[0] == 503


REQUESTS = {
    "a long address": (b"GET /" + MARKER.encode() * 500 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "a huge header": (b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + MARKER.encode() * 1000 + b"\r\n\r\n", 431),
    "many headers": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-A: %b\r\n" % MARKER.encode() * 100 + b"\r\n", 431),
    "no HTTP": (b"\x16\x03\x01" + MARKER.encode() + b"\r\n\r\n", 400),
    "a method of another alphabet": (b"G(" + MARKER.encode() + b" / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "another version": (b"GET / HTTP/9.9" + MARKER.encode() + b"\r\nHost: a\r\n\r\n", 400),
    "a folded header": (b"GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n " + MARKER.encode() + b"\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", 400),
    "length and chunks": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "another coding": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: " + MARKER.encode() + b"\r\n\r\n0\r\n\r\n",
        400,
    ),
    "a header name with a space": (b"GET / HTTP/1.1\r\nHost: a\r\n" + MARKER.encode() + b" : 1\r\n\r\n", 400),
}


@pytest.mark.parametrize("kind", REQUESTS)
def test_what_is_no_acceptable_http_is_refused_without_repeating_it(server: Server, kind: str) -> None:
    raw, status = REQUESTS[kind]
    answer = server.send(raw)
    assert answer.startswith(f"HTTP/1.1 {status} "), answer
    assert "Content-Type: application/problem+json" in answer
    assert MARKER not in answer
    assert MARKER not in server.log


def test_chunks_beyond_the_bound_are_refused(server: Server) -> None:
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    head = b"POST /oauth/token HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
    head += b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    answer = server.send(head + chunk * 4 + b"0\r\n\r\n")
    assert answer.startswith("HTTP/1.1 413 "), answer


@pytest.mark.parametrize(("length", "ends"), [(1_000_000, True), (20_000, False)], ids=["long", "short"])
def test_refused_body_too_long_to_be_read_past_ends_the_connection_and_says_so(
    server: Server, length: int, ends: bool
) -> None:
    head = b"POST /oauth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    answer = server.send(head + b"Content-Length: %d\r\n\r\n" % length + b"a" * 1_000)
    assert answer.startswith("HTTP/1.1 413 "), answer
    assert ("\r\nConnection: close\r\n" in answer) is ends


@pytest.mark.parametrize("size", [b"ZZ", b"-1", b"0x10", b""])
@pytest.mark.parametrize("path", ["/v1/verifications", "/oauth/token"])
def test_chunks_that_are_no_chunks_are_the_callers_mistake(server: Server, path: str, size: bytes) -> None:
    media = b"application/x-www-form-urlencoded" if path == "/oauth/token" else b"application/json"
    head = b"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: %s\r\n" % (path.encode(), media)
    before = server.log.count("internal_error")
    answer = server.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\nab\r\n0\r\n\r\n")
    assert " 500 " not in answer
    assert answer.startswith("HTTP/1.1 4")
    assert server.log.count("internal_error") == before


def test_silent_clients_keep_nobody_waiting_for_ever(server: Server) -> None:
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(24)]
    try:
        for connection in silent[::2]:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nX-")
        assert server.get("/healthz")[0] == 200
    finally:
        for connection in silent:
            connection.close()


def test_the_log_tells_no_secret_and_no_address(server: Server) -> None:
    assert (server.folder / "passphrase").read_text().strip() not in server.log
    assert "127.0.0.1:" not in server.log.replace(f"127.0.0.1:{server.port}", "")
