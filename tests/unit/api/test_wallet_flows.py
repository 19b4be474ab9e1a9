"""A wallet receives its access token over HTTP: by the offer's code, and by the customer's consent."""

import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from werkzeug.test import TestResponse

from tests.common.dpop import DpopKey
from tests.unit.api.parts import URL
from tests.unit.api.world import World
from tests.unit.jeung.services.wallets.stage import challenge_of

PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
REDIRECT = "wallet-app://cb"


@pytest.fixture
def world() -> World:
    return World(wallets={"attestation": "optional"})


def offered(world: World) -> dict[str, Any]:
    body = {"proofing_id": world.proofed()}
    made = world.post("/v1/credential-offers", body, key=world.node.entropy.token(8).hex(), status=201)
    assert isinstance(made, dict)
    return made


def nonce(world: World) -> str:
    return world.http.post("/oid4vci/token").headers["DPoP-Nonce"]


def proof(world: World, key: DpopKey, path: str) -> dict[str, str]:
    return {"DPoP": key.proof("POST", f"{URL}{path}", at=world.clock.now(), nonce=nonce(world))}


def token_form(offer: dict[str, Any], **changes: str) -> dict[str, str]:
    code = offer["credential_offer"]["grants"][PRE_AUTHORIZED]["pre-authorized_code"]
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": code, "tx_code": offer["transaction_code"]}
    return {**form, **changes}


def pushed(world: World, key: DpopKey, **changes: str) -> TestResponse:
    form = {
        "response_type": "code",
        "client_id": "wallet-1",
        "redirect_uri": REDIRECT,
        "scope": "real-name-1",
        "state": "s t/1",
        "code_challenge": challenge_of(),
        "code_challenge_method": "S256",
        "resource": URL,
        **changes,
    }
    return world.http.post("/oid4vci/par", data=form, headers=proof(world, key, "/oid4vci/par"))


def fields(page: str) -> dict[str, str]:
    """Give the hidden fields of the page's form."""
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def test_offer_is_made_with_everything_the_customer_needs(world: World) -> None:
    offer = offered(world)
    assert offer["credential_offer"]["credential_issuer"] == URL
    assert offer["credential_offer"]["credential_configuration_ids"] == ["real-name-1"]
    assert offer["transaction_code_delivery"] == "simulated"
    assert re.fullmatch("[0-9]{6}", offer["transaction_code"])
    assert offer["credential_offer_uri"].startswith(f"{URL}/oid4vci/offers/")
    by_value = parse_qs(urlsplit(offer["deep_link_by_value"]).query)["credential_offer"][0]
    assert world.app.json.loads(by_value) == offer["credential_offer"]
    assert parse_qs(urlsplit(offer["deep_link"]).query) == {"credential_offer_uri": [offer["credential_offer_uri"]]}
    assert offer["qr_svg"].startswith("<svg")
    assert "style=" not in offer["qr_svg"]
    assert offer["deep_link"].startswith("openid-credential-offer://?")


def test_a_caller_that_shows_no_qr_code_is_drawn_none(world: World) -> None:
    body = {"proofing_id": world.proofed(), "qr_code": False}
    assert world.post("/v1/credential-offers", body, key="no-picture", status=201)["qr_svg"] is None


def test_offer_is_fetched_by_reference_from_any_origin_while_it_is_open(world: World) -> None:
    offer = offered(world)
    path = urlsplit(offer["credential_offer_uri"]).path
    answer = world.http.get(path, headers={"Origin": "https://some.wallet.example"})
    assert answer.get_json() == offer["credential_offer"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"] == "no-store"
    world.post(f"/v1/credential-offers/{offer['offer_id']}/cancellation", status=200)
    assert world.http.get(path).status_code == 404


def test_wallet_gets_a_bearer_token_for_the_pre_authorized_code(world: World) -> None:
    offer = offered(world)
    answer = world.http.post("/oid4vci/token", data=token_form(offer))
    assert answer.status_code == 200, answer.text
    body = answer.get_json()
    assert (body["token_type"], body["scope"]) == ("Bearer", "real-name-1")
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert answer.headers["Cache-Control"] == "no-store"
    grant = world.node.wallet_access.authorize_wallet(
        [f"Bearer {body['access_token']}"], [], method="POST", url=f"{URL}/oid4vci/credential"
    )
    assert grant.configuration_ids == ("real-name-1",)
    assert world.get(f"/v1/credential-offers/{offer['offer_id']}")["state"] == "redeemed"


def test_wallet_gets_a_bound_token_after_the_customers_consent(world: World) -> None:
    offer, key = offered(world), DpopKey()
    state = offer["credential_offer"]["grants"]["authorization_code"]["issuer_state"]
    answer = pushed(world, key, issuer_state=state)
    assert answer.status_code == 201, answer.text
    reference = answer.get_json()["request_uri"]
    page = world.http.get("/oid4vci/authorize", query_string={"client_id": "wallet-1", "request_uri": reference})
    assert page.status_code == 200, page.text
    form = {**fields(page.text), "decision": "approve", "tx_code": offer["transaction_code"]}
    sent = world.http.post("/oid4vci/authorize", data=form)
    assert sent.status_code == 303, sent.text
    assert sent.headers["Location"].startswith(f"{REDIRECT}?")
    redirected = dict(parse_qsl(urlsplit(sent.headers["Location"]).query))
    assert (redirected["state"], redirected["iss"]) == ("s t/1", URL)
    code = {
        "grant_type": "authorization_code",
        "client_id": "wallet-1",
        "code": redirected["code"],
        "code_verifier": "v" * 43,
        "redirect_uri": REDIRECT,
    }
    token = world.http.post("/oid4vci/token", data=code, headers=proof(world, key, "/oid4vci/token"))
    assert token.status_code == 200, token.text
    assert token.get_json()["token_type"] == "DPoP"
    again = world.http.post("/oid4vci/token", data=code, headers=proof(world, key, "/oid4vci/token"))
    assert (again.status_code, again.get_json()["error"]) == (400, "invalid_grant")
    assert world.get(f"/v1/credential-offers/{offer['offer_id']}")["replayed"] is True


def test_server_metadata_name_every_endpoint(world: World) -> None:
    answer = world.http.get("/.well-known/oauth-authorization-server")
    document = answer.get_json()
    assert document["issuer"] == URL
    served = {rule.rule for rule in world.app.url_map.iter_rules()}
    for name, value in document.items():
        if name.endswith("_endpoint"):
            assert value.removeprefix(URL) in served
    assert document["require_pushed_authorization_requests"] is True
    assert document["authorization_response_iss_parameter_supported"] is True
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert "none" in document["token_endpoint_auth_methods_supported"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
