"""How a back office talks to a node: proved by its key, nothing repeated by accident, no redirect believed."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from cli.console import CommandFailed, Exit
from cli.http import ASSERTION_TYPE, NodeClient, Problem
from cli.p256 import P256Key
from cli.sandbox.probes import api_missing, chain_missing, port_is_free
from jeung.crypto.canonical_json import parse_object
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws

KEY = P256Key.generate()


class Node(ThreadingHTTPServer):
    """Answer as told and remember what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.answer("/oauth/token", 200, {"access_token": "the-token", "expires_in": 300, "token_type": "Bearer"})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, path: str, status: int, body: object, **headers: str) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers[path] = (status, headers, raw)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Node

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        status, headers, raw = self.server.answers[self.path.partition("?")[0]]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = _handle

    def log_message(self, format: str, *args: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def node() -> Iterator[Node]:
    node = Node()
    thread = threading.Thread(target=node.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield node
    node.shutdown()
    thread.join()
    node.server_close()


@pytest.fixture
def client(node: Node) -> Iterator[NodeClient]:
    client = NodeClient(node.url, "back-office", KEY, ("issue", "verify"))
    yield client
    client.close()


def test_a_token_is_asked_for_with_a_signed_short_lived_assertion(node: Node, client: NodeClient) -> None:
    assert client.fresh_token().value == "the-token"
    form = {name: values[0] for name, values in parse_qs(node.asked[0][3].decode()).items()}
    assert form["grant_type"] == "client_credentials"
    assert form["client_assertion_type"] == ASSERTION_TYPE
    assert form["scope"] == "issue verify"
    assertion = parse_jws(form["client_assertion"], typ="JWT")
    claims = parse_object(verify_jws(assertion, parse_jwk(KEY.jwk)))
    assert claims["iss"] == claims["sub"] == "back-office"
    assert claims["aud"] == f"{node.url}/oauth/token"
    assert 0 < claims["exp"] - claims["iat"] <= 60


def test_every_assertion_is_another_one(node: Node, client: NodeClient) -> None:
    client.fresh_token()
    client.fresh_token()
    assert node.asked[0][3] != node.asked[1][3]


def test_one_token_serves_until_it_is_due(node: Node, client: NodeClient) -> None:
    node.answer("/v1/members", 200, {"items": [], "next_cursor": None})
    client.get("/v1/members", {"limit": "1"})
    client.get("/v1/members")
    assert [path for _, path, _, _ in node.asked] == ["/oauth/token", "/v1/members?limit=1", "/v1/members"]
    assert node.asked[1][2]["Authorization"] == "Bearer the-token"


def test_a_token_about_to_end_is_not_used(node: Node, client: NodeClient) -> None:
    node.answer("/oauth/token", 200, {"access_token": "short", "expires_in": 20})
    node.answer("/v1/members", 200, {})
    client.get("/v1/members")
    client.get("/v1/members")
    assert [path for _, path, _, _ in node.asked].count("/oauth/token") == 2


def test_every_post_has_a_key_of_its_own_unless_one_is_given(node: Node, client: NodeClient) -> None:
    node.answer("/v1/proofings", 201, {"proofing_id": "p"})
    client.post("/v1/proofings", {"a": 1})
    client.post("/v1/proofings", {"a": 1})
    client.post("/v1/proofings", {"a": 1}, key="mine")
    keys = [headers["Idempotency-Key"] for method, path, headers, _ in node.asked if path == "/v1/proofings"]
    assert len(set(keys)) == 3
    assert keys[2] == "mine"


def test_an_act_without_a_body_sends_none(node: Node, client: NodeClient) -> None:
    node.answer("/v1/enrolment", 202, {"items": []})
    client.post("/v1/enrolment")
    assert node.asked[-1][3] == b""


def test_a_problem_document_is_a_refusal_with_its_code(node: Node, client: NodeClient) -> None:
    body = {"status": 409, "code": "not_accredited", "detail": "We are not accredited.", "title": "Conflict"}
    node.answer("/v1/credentials", 409, body)
    with pytest.raises(Problem) as refusal:
        client.post("/v1/credentials", {})
    assert (refusal.value.status, refusal.value.code, refusal.value.retry_after_s) == (409, "not_accredited", None)
    assert refusal.value.exit_code is Exit.NO


def test_what_is_unavailable_says_when_to_ask_again(node: Node, client: NodeClient) -> None:
    node.answer("/v1/verifications", 503, {"code": "ledger_stale", "detail": "stale"}, Retry_After="2")
    with pytest.raises(Problem) as refusal:
        client.post("/v1/verifications", {})
    assert refusal.value.retry_after_s == 2


def test_an_oauth_error_keeps_its_own_code(node: Node, client: NodeClient) -> None:
    node.answer("/oauth/token", 401, {"error": "invalid_client", "error_description": "unknown"})
    with pytest.raises(Problem) as refusal:
        client.fresh_token()
    assert refusal.value.code == "invalid_client"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]"])
def test_an_answer_that_is_no_problem_document_is_a_refusal(node: Node, client: NodeClient, body: bytes) -> None:
    node.answer("/v1/members", 500, body)
    with pytest.raises(Problem) as refusal:
        client.get("/v1/members")
    assert (refusal.value.status, refusal.value.code) == (500, "error")


def test_a_redirect_is_not_followed(node: Node, client: NodeClient) -> None:
    node.answer("/v1/members", 307, b"", Location=f"{node.url}/elsewhere")
    with pytest.raises(Problem):
        client.get("/v1/members")
    assert all(path != "/elsewhere" for _, path, _, _ in node.asked)


def test_a_proxy_for_the_outside_is_not_asked(
    node: Node, client: NodeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    node.answer("/readyz", 200, {"status": "ready", "checks": {"database": True}})
    assert client.fresh_token().value == "the-token"
    assert api_missing(node.url) is None


def test_when_nobody_answers_the_person_hears_what_to_start(node: Node) -> None:
    node_url = node.url
    port = node.server_port
    client = NodeClient(node_url.replace(str(port), "1"), "back-office", KEY, ())
    with pytest.raises(CommandFailed, match="jeung up") as failure:
        client.fresh_token()
    assert failure.value.exit_code is Exit.COULD_NOT_RUN


def test_readiness_names_what_is_missing(node: Node) -> None:
    node.answer(
        "/readyz", 503, {"status": "not_ready", "checks": {"database": True, "worker": False, "ledger": False}}
    )
    assert api_missing(node.url) == "worker, ledger"
    node.answer("/readyz", 500, b"<html>")
    assert api_missing(node.url) == "answer"
    assert api_missing("http://127.0.0.1:1") == "no answer yet"


def test_a_chain_is_ready_once_it_answers(node: Node) -> None:
    node.answer("/", 200, {"jsonrpc": "2.0", "id": 1, "result": "0x1"})
    assert chain_missing(node.url + "/") is None
    node.answer("/", 200, {"jsonrpc": "2.0", "id": 1, "error": {"code": -32000, "message": "not yet"}})
    assert chain_missing(node.url + "/") == "no answer yet"
    assert chain_missing("http://127.0.0.1:1") == "no answer yet"


def test_a_port_somebody_listens_on_is_not_free(node: Node) -> None:
    assert not port_is_free(node.server_port)
