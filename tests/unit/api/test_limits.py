"""Every caller has limits of its own, and a header a stranger sends changes nothing about them."""

import pytest
from structlog.testing import capture_logs

from api.limits import network
from jeung.domain.access import Scope
from tests.common.jose import P256Signer
from tests.unit.api.world import World


def statuses(world: World, path: str, count: int, **arguments: object) -> list[int]:
    return [world.http.get(path, **arguments).status_code for _ in range(count)]


def test_a_stranger_beyond_its_limit_is_told_when_to_come_back() -> None:
    world = World(limits={"public": (3, 60)})
    assert statuses(world, "/v1/members", 4) == [200, 200, 200, 429]
    answer = world.http.get("/v1/members")
    assert (answer.status_code, answer.get_json()["code"]) == (429, "rate_limited")
    world.clock.advance(int(answer.headers["Retry-After"]))
    assert statuses(world, "/v1/members", 1) == [200]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Client-IP", "True-Client-IP"])
def test_a_header_gives_nobody_another_address(header: str) -> None:
    world = World(limits={"public": (2, 60)})
    answers = [world.http.get("/v1/members", headers={header: f"203.0.113.{n}"}).status_code for n in range(3)]
    assert answers == [200, 200, 429]


def test_behind_our_own_proxy_its_last_word_is_the_address() -> None:
    world = World(api={"trusted_proxies": 1}, limits={"public": (1, 60)})

    def status(forwarded: str) -> int:
        return world.http.get("/v1/members", headers={"X-Forwarded-For": forwarded}).status_code

    assert status("198.51.100.1, 203.0.113.1") == 200
    assert status("198.51.100.2, 203.0.113.1") == 429
    assert status("198.51.100.2, 203.0.113.2") == 200


def test_addresses_of_one_ipv6network_count_as_one() -> None:
    world = World(limits={"public": (1, 60)})

    def status(address: str) -> int:
        return world.http.get("/v1/members", environ_base={"REMOTE_ADDR": address}).status_code

    assert [status("2001:db8::1"), status("2001:db8::2"), status("2001:db8:0:1::1")] == [200, 429, 200]


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unix:", "unknown"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_an_address_is_counted_as_what_one_subscriber_holds(address: str | None, counted: str) -> None:
    assert network(address) == counted


def test_clients_do_not_use_up_each_others_limits() -> None:
    world = World(limits={"default": (2, 60)})
    key = P256Signer()
    world.register("other-office", {Scope.STATUS}, key)
    mine = world.headers()
    other = world.ask_token(client_assertion=world.assertion("other-office", key)).get_json()["access_token"]
    assert statuses(world, "/v1/credentials", 3, headers=mine) == [200, 200, 429]
    assert statuses(world, "/v1/credentials", 1, headers={"Authorization": f"Bearer {other}"}) == [200]


def test_guessing_tokens_is_limited_by_address() -> None:
    world = World(limits={"public": (2, 60)})
    guesses = [
        world.http.get("/v1/credentials", headers={"Authorization": f"Bearer guess{n}"}).status_code for n in range(3)
    ]
    assert guesses == [401, 401, 429]
    assert world.http.get("/v1/credentials", headers=world.headers()).status_code == 200


def test_trying_what_ones_scopes_do_not_allow_is_limited_and_logged_by_client() -> None:
    world = World(limits={"default": (2, 60)})
    headers = world.headers(Scope.VERIFY)
    with capture_logs() as entries:
        assert statuses(world, "/v1/credentials", 3, headers=headers) == [403, 403, 429]
    assert {entry["client"] for entry in entries if entry["event"] == "request"} == {"back-office"}


def test_asking_for_tokens_is_limited() -> None:
    world = World(limits={"token": (1, 60)})
    assert world.ask_token().status_code == 200
    refused = world.ask_token()
    assert (refused.status_code, refused.get_json()["error"]) == (429, "invalid_request")
    assert int(refused.headers["Retry-After"]) > 0


def test_a_strangers_presentation_counts_against_its_address() -> None:
    world = World(limits={"public": (1, 60), "default": (2, 60)})
    nonce = world.node.nonces.issue("open-account", client_id="back-office").nonce
    body = {"presentation": "a.b.c~", "nonce": nonce}
    assert [world.http.post("/v1/verifications", json=body).status_code for _ in range(2)] == [400, 429]
    headers = world.headers()
    known = [world.http.post("/v1/verifications", json=body, headers=headers).status_code for _ in range(3)]
    assert known == [400, 400, 429]


def test_health_is_never_limited() -> None:
    world = World(limits={"public": (1, 60), "default": (1, 60)})
    assert statuses(world, "/healthz", 3) == [200, 200, 200]
