"""The wallet's connections are bounded: size, redirects, addresses; an error is told by its standard name."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from cli.wallet.errors import NotTrusted, ServerRefused, Unanswered
from cli.wallet.http import Answer, WalletHttp


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self._say(302, b"", Location="http://localhost:1/elsewhere")
        elif self.path == "/large":
            self._say(200, b"x" * 5000)
        elif self.path == "/refused":
            self._say(400, b'{"error":"invalid_grant","error_description":"no"}', Retry_After="3")
        elif self.path == "/problem":
            self._say(403, b'{"code":"forbidden","detail":"no"}')
        elif self.path == "/short":
            self._say(200, b"x", length=100)
        elif self.path == "/broken":
            self._say(500, b"<html>")
        else:
            self._say(200, b'{"a":1}', Content_Type="application/json; charset=utf-8")

    def _say(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def http() -> Iterator[WalletHttp]:
    http = WalletHttp(allow_loopback=True, max_bytes=1000)
    yield http
    http.close()


def test_json_is_read_whatever_the_parameters_of_its_type(http: WalletHttp, base: str) -> None:
    answer = http.get(f"{base}/")
    assert answer.json() == {"a": 1}
    assert answer.media_type == "application/json"


def test_a_redirect_is_an_answer_and_no_way_to_go(http: WalletHttp, base: str) -> None:
    answer = http.get(f"{base}/moved")
    assert answer.status == 302
    with pytest.raises(ServerRefused):
        answer.json()


def test_an_answer_larger_than_its_bound_is_none(http: WalletHttp, base: str) -> None:
    with pytest.raises(Unanswered):
        http.get(f"{base}/large")


def test_an_answer_that_breaks_off_is_none(http: WalletHttp, base: str) -> None:
    with pytest.raises(Unanswered):
        http.get(f"{base}/short")


def test_connections_are_kept_and_a_closed_one_is_not_used_again(base: str) -> None:
    http = WalletHttp(allow_loopback=True)
    for _ in range(3):
        assert http.get(f"{base}/").json() == {"a": 1}
    http.close()
    assert http.get(f"{base}/").json() == {"a": 1}
    http.close()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("9" * 9, 999_999_999),
        ("9" * 10, None),
        ("9" * 5_000, None),
        ("٣", None),
        ("-1", None),
        ("Fri, 31 Dec 1999 23:59:59 GMT", None),
    ],
    ids=["seconds", "most", "too many", "more digits than Python reads", "other digits", "negative", "a date"],
)
def test_time_to_wait_is_read_within_bounds(text: str, seconds: int | None) -> None:
    with pytest.raises(ServerRefused) as refused:
        Answer(503, {"retry-after": text}, b"{}").require_success()
    assert refused.value.retry_after_s == seconds


def test_an_error_keeps_its_standard_name(http: WalletHttp, base: str) -> None:
    with pytest.raises(ServerRefused) as refused:
        http.get(f"{base}/refused").json()
    assert (refused.value.status, refused.value.error, refused.value.retry_after_s) == (400, "invalid_grant", 3)
    with pytest.raises(ServerRefused) as refused:
        http.get(f"{base}/problem").json()
    assert refused.value.error == "forbidden"
    with pytest.raises(ServerRefused) as refused:
        http.get(f"{base}/broken").json()
    assert (refused.value.status, refused.value.error) == (500, "error")


def test_a_body_that_is_no_json_object_or_of_another_type_is_refused(http: WalletHttp, base: str) -> None:
    with pytest.raises(NotTrusted):
        http.get(f"{base}/").text("application/jwt")


def test_nobody_there_is_unanswered(http: WalletHttp) -> None:
    with pytest.raises(Unanswered):
        http.get("http://127.0.0.1:1/")


def test_outside_of_a_sandbox_plain_http_and_this_machine_are_out_of_reach(base: str) -> None:
    strict = WalletHttp()
    with pytest.raises(NotTrusted):
        strict.get(f"{base}/")
    with pytest.raises(Unanswered):
        strict.get(base.replace("http:", "https:"))
    strict.close()


def test_a_sandbox_wallet_speaks_plain_http_to_this_machine_only(http: WalletHttp) -> None:
    with pytest.raises(NotTrusted):
        http.get("http://192.0.2.1/")
