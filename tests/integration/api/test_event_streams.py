"""Streams of events under gunicorn: each tells what happens, and together they starve nobody."""

import http.client
import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from jeung.crypto.jws import sign_jws
from jeung.domain.access import Client, Scope
from jeung.domain.presentations import RequestState
from node.runtime.adapters import SystemClock
from node.runtime.database import open_node_store
from node.settings import load_settings
from node.store.open import NodeStore
from tests.behaviors.test_store_presentations import REQUEST
from tests.common.jose import P256Signer
from tests.integration.api.test_gunicorn import DEADLINE_S, Server, server

__all__ = ["server"]

CLIENT = "back-office"
PLACES = 2 * 2
"""Two workers with two places each (the defaults), of eight threads."""


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[NodeStore]:
    opened = open_node_store(load_settings(server.folder), SystemClock())
    yield opened
    opened.dispose()


@pytest.fixture(scope="module")
def headers(server: Server, store: NodeStore) -> dict[str, str]:
    key, now, url = P256Signer(), SystemClock().now(), f"http://localhost:{server.port}"
    with store.store.write() as tx:
        tx.clients.put(Client(CLIENT, key.jwk, frozenset({Scope.VERIFY})))
        tx.presentation_requests.add(replace(REQUEST, created_at=now, expires_at=now + 600))
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": url, "iat": now, "exp": now + 60, "jti": "1"}
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": sign_jws({"alg": "ES256"}, claims, key.sign),
    }
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE_S)
    connection.request("POST", "/oauth/token", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"})
    token = json.loads(connection.getresponse().read())["access_token"]
    connection.close()
    return {"Authorization": f"Bearer {token}"}


def listen(server: Server, headers: dict[str, str], stack: ExitStack) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE_S)
    stack.callback(connection.close)
    connection.request("GET", "/v1/presentation-requests/prs_1/events", headers=headers)
    return connection.getresponse()


def next_event(stream: http.client.HTTPResponse) -> dict[str, Any]:
    """Read on to the data of the next event."""
    while True:
        line = stream.readline()
        assert line, "the stream ended"
        if line.startswith(b"data: "):
            found: dict[str, Any] = json.loads(line[6:])
            return found


def test_streams_take_no_more_than_their_places_and_the_rest_is_served(
    server: Server, store: NodeStore, headers: dict[str, str]
) -> None:
    with ExitStack() as stack:
        answers = [listen(server, headers, stack) for _ in range(3 * PLACES)]
        streams = [answer for answer in answers if answer.status == 200]
        refused = [json.loads(answer.read())["code"] for answer in answers if answer.status != 200]
        assert 1 <= len(streams) <= PLACES
        assert set(refused) == {"too_many_streams"}
        assert all(next_event(stream)["state"] == "waiting" for stream in streams)
        # All places are taken, and others are served as before.
        for _ in range(10):
            assert server.get("/healthz")[0] == 200
        with store.store.write() as tx:
            request = tx.presentation_requests.get("prs_1")
            assert request is not None
            tx.presentation_requests.replace(replace(request, outcome=RequestState.CANCELLED, ended_at=1))
        for stream in streams:
            assert next_event(stream)["state"] == "cancelled"
            assert stream.read() == b"\n"
    with ExitStack() as stack:
        again = listen(server, headers, stack)
        assert (again.status, next_event(again)["state"]) == (200, "cancelled")
