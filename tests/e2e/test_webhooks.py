"""Webhooks from a running sandbox to a receiver beside it: allowed by the settings, signed, told again, stopped."""

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from cli.demo.catalogue import OPENING
from cli.demo.parties import Party
from cli.http import Problem
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from tests.e2e.founded import Founded

pytestmark = [pytest.mark.sandbox]

HEARD_S = 60.0


@dataclass(kw_only=True)
class Receiver:
    """Hear messages on the loop-back and answer as told, by path; 204 to what nothing is told of."""

    heard: queue.Queue[tuple[str, str, str]] = field(default_factory=queue.Queue)
    answers: dict[str, list[int]] = field(default_factory=dict)
    port: int

    def next(self) -> tuple[str, str]:
        """Give path and body of the next message."""
        path, media_type, body = self.heard.get(timeout=HEARD_S)
        assert media_type == "application/jwt"
        return path, body

    def url(self, path: str) -> str:
        return f"http://localhost:{self.port}{path}"


@pytest.fixture(scope="module")
def receiver(founded: Founded) -> Iterator[Receiver]:
    receiver = Receiver(port=founded.hooks_port)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.heard.put((self.path, self.headers["Content-Type"], body))
            planned = receiver.answers.get(self.path)
            status = planned.pop(0) if planned else 204
            self.send_response(status)
            if status == 302:
                self.send_header("Location", receiver.url("/hooks/elsewhere"))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", receiver.port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def exchange(founded: Founded, receiver: Receiver) -> Party:
    return founded.consortium().exchange


def registered(exchange: Party, url: str) -> str:
    return str(exchange.post("/v1/webhooks", {"url": url})["webhook_id"])


def removed(exchange: Party, webhook_id: str) -> None:
    token = exchange.client.fresh_token().value
    answer = requests.delete(
        f"{exchange.base_url}/v1/webhooks/{webhook_id}", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    assert answer.status_code == 200


def cancelled(exchange: Party) -> str:
    """End a request, of which the webhooks are told; give its id."""
    asked = exchange.post("/v1/presentation-requests", {"profile": OPENING, "qr_code": False})
    exchange.post(f"/v1/presentation-requests/{asked['request_id']}/cancellation")
    return str(asked["request_id"])


def read(exchange: Party, body: str) -> dict[str, Any]:
    """Verify a message as a receiver does: under the published key, whose thumbprint the ledger holds."""
    (jwk,) = exchange.get("/v1/webhooks")["signing_keys"]
    key, message = parse_jwk(jwk), parse_jws(body, typ="jeung-webhook+jwt")
    verify_jws(message, key)
    own = exchange.get("/v1/keys", {"member": exchange.member_id})["items"]
    assert "0x" + key.thumbprint.hex() in {
        entry["thumbprint"] for entry in own if entry["purpose"] == "webhook_signing"
    }
    claims: dict[str, Any] = message.claims()
    return claims


def test_message_of_what_became_of_a_request_verifies_under_the_members_key(
    exchange: Party, receiver: Receiver
) -> None:
    webhook = registered(exchange, receiver.url("/hooks/signed"))
    request = cancelled(exchange)
    path, body = receiver.next()
    claims = read(exchange, body)
    assert (path, claims["aud"]) == ("/hooks/signed", receiver.url("/hooks/signed"))
    assert (claims["iss"], claims["request_id"], claims["state"]) == (exchange.base_url, request, "cancelled")
    removed(exchange, webhook)


@pytest.mark.parametrize("status", [500, 302])
def test_message_that_was_not_taken_comes_again_under_the_same_id(
    exchange: Party, receiver: Receiver, status: int
) -> None:
    receiver.answers["/hooks/again"] = [status]
    webhook = registered(exchange, receiver.url("/hooks/again"))
    request = cancelled(exchange)
    messages = [receiver.next() for _ in range(2)]
    # A redirect is no other address to send to.
    assert [path for path, _ in messages] == ["/hooks/again", "/hooks/again"]
    first, second = (read(exchange, body) for _, body in messages)
    assert (first["jti"], first["request_id"]) == (second["jti"], request)
    removed(exchange, webhook)


def test_removed_webhook_hears_nothing_more(exchange: Party, receiver: Receiver) -> None:
    removed(exchange, registered(exchange, receiver.url("/hooks/gone")))
    kept = registered(exchange, receiver.url("/hooks/kept"))
    cancelled(exchange)
    assert receiver.next()[0] == "/hooks/kept"
    assert receiver.heard.empty()
    removed(exchange, kept)


@pytest.mark.parametrize("path", ["/other", "/hooks/../x", "/hooks/a?b=c"], ids=["beside", "dots", "query"])
def test_address_the_settings_do_not_list_is_refused(exchange: Party, receiver: Receiver, path: str) -> None:
    with pytest.raises(Problem) as refused:
        registered(exchange, receiver.url(path))
    assert refused.value.code == "webhook_url_not_allowed"
