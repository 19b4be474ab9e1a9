"""Posting to webhooks: the judged address and no other, no redirect, bounded in time and size."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from node.webhooks import HttpWebhookPost

Answer = Callable[[socket.socket], None]


@contextmanager
def server(answer: Answer) -> Iterator[tuple[str, list[bytes]]]:
    """Listen on the loop-back, read one request and answer it."""
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)

    def serve() -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            connection.settimeout(10)
            request = b""
            while not request.endswith((b"x", b"c")):
                request += connection.recv(65_536) or b"x"
            heard.append(request)
            try:
                answer(connection)
            except OSError:
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://localhost:{listener.getsockname()[1]}/hooks/x", heard
    finally:
        listener.close()
        thread.join()


@pytest.fixture
def post(monkeypatch: pytest.MonkeyPatch) -> HttpWebhookPost:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    return HttpWebhookPost(timeout_s=1, allow_private=True)


def saying(text: bytes) -> Answer:
    return lambda connection: connection.sendall(text)


def test_a_message_is_posted_as_it_is(post: HttpWebhookPost) -> None:
    with server(saying(b"HTTP/1.1 204 No Content\r\n\r\n")) as (url, heard):
        assert post.post(url, b"a.b.c", "application/jwt") == 204
    head, _, body = heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /hooks/x HTTP/1.1\r\n")
    assert b"Content-Type: application/jwt" in head
    assert b"Host: localhost:" in head
    assert body == b"a.b.c"


def test_a_redirect_is_an_answer_and_not_followed(post: HttpWebhookPost) -> None:
    with server(saying(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")) as (
        url,
        _,
    ):
        assert post.post(url, b"x", "application/jwt") == 302


def test_an_endless_answer_is_not_read_to_its_end(post: HttpWebhookPost) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(100_000):
            connection.sendall(b"x" * 65_536)

    with server(endless) as (url, _):
        assert post.post(url, b"x", "application/jwt") == 200


@pytest.mark.parametrize("text", [b"nonsense\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1_000])
def test_what_is_no_answer_is_none(post: HttpWebhookPost, text: bytes) -> None:
    with server(saying(text)) as (url, _):
        assert post.post(url, b"x", "application/jwt") is None


def test_silence_ends_by_itself(post: HttpWebhookPost) -> None:
    def silent(connection: socket.socket) -> None:
        connection.recv(1)

    with server(silent) as (url, _):
        assert post.post(url, b"x", "application/jwt") is None


def test_trickling_ends_by_itself(post: HttpWebhookPost) -> None:
    pause = threading.Event()

    def trickle(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(200):
            connection.sendall(b"a")
            pause.wait(0.2)

    with server(trickle) as (url, _):
        assert post.post(url, b"x", "application/jwt") is None


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:1/x",
        "http://localhost:99999/x",
        "http://no-such-name.invalid/x",
        "http:///x",
        "http://[::1/x",
    ],
)
def test_nobody_there_is_no_answer(post: HttpWebhookPost, url: str) -> None:
    assert post.post(url, b"x", "application/jwt") is None


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address that must not be called
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:10.0.0.1",
        "2002:0a00:0001::1",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::10.0.0.1",
        "::10.0.0.1",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",
        "ff02::1",
    ],
)
def test_in_production_no_private_network_is_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    called = []
    resolved = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (public, 443)) for public in ("93.184.215.14", address)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: resolved)
    monkeypatch.setattr(socket, "create_connection", lambda *arguments, **_: called.append(arguments))
    strict = HttpWebhookPost(timeout_s=1, allow_private=False)
    assert strict.post("https://backend.example/x", b"x", "application/jwt") is None
    assert called == []


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07::1", "64:ff9b::93.184.215.14"])
def test_in_production_a_public_address_is_called(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    called = []

    def connect(target: tuple[str, int], timeout: float) -> socket.socket:
        called.append(target)
        raise ConnectionRefusedError

    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    )
    monkeypatch.setattr(socket, "create_connection", connect)
    assert HttpWebhookPost(timeout_s=1, allow_private=False).post("https://backend.example/x", b"x", "y") is None
    assert called == [(address, 443)]


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    called = []
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda *_, **__: [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.215.14", 80))]
    )

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    assert HttpWebhookPost(timeout_s=1, allow_private=False).post("http://backend.example/x", b"x", "y") is None
    assert called == [("93.184.215.14", 80)]


def test_https_checks_the_certificate(post: HttpWebhookPost) -> None:
    with server(saying(b"HTTP/1.1 200 OK\r\n\r\n")) as (url, _):
        assert post.post(url.replace("http:", "https:"), b"x", "application/jwt") is None
