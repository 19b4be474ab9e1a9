"""What wallets of other makers send within the standards is not refused, however they spell it."""

import json
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey

from tests.common.dpop import DpopKey
from tests.common.key_proofs import Device
from tests.unit.api.parts import URL
from tests.unit.api.phone import CONFIGURATION, Phone
from tests.unit.api.test_issuing import CREDENTIAL, METADATA, NOTIFICATION, refused
from tests.unit.api.test_wallet_flows import offered, pushed, token_form
from tests.unit.api.world import World

TOKEN, PAR = "/oid4vci/token", "/oid4vci/par"


@pytest.fixture
def world() -> World:
    return World(wallets={"attestation": "optional"})


@pytest.fixture
def phone(world: World) -> Phone:
    return Phone(world)


# ---- forms: what is empty was not sent (RFC 6749 section 3.1)


@pytest.mark.parametrize(
    "name", ["client_id", "authorization_details", "resource", "redirect_uri", "code", "code_verifier", "scope"]
)
def test_empty_parameter_of_a_token_request_was_not_sent(world: World, name: str) -> None:
    assert world.http.post(TOKEN, data=token_form(offered(world), **{name: ""})).status_code == 200


@pytest.mark.parametrize(
    "name", ["state", "issuer_state", "authorization_details", "resource", "request", "request_uri", "response_mode"]
)
def test_empty_parameter_of_a_pushed_request_was_not_sent(world: World, name: str) -> None:
    assert pushed(world, DpopKey(), **{name: ""}).status_code == 201


@pytest.mark.parametrize("name", ["grant_type", "tx_code", "pre-authorized_code"])
def test_required_parameter_that_is_empty_is_missing(world: World, name: str) -> None:
    refused(world.http.post(TOKEN, data=token_form(offered(world), **{name: ""})), 400, "invalid_request")


@pytest.mark.parametrize("name", ["response_type", "redirect_uri", "code_challenge", "code_challenge_method"])
def test_pushed_request_with_an_empty_required_parameter_is_refused(world: World, name: str) -> None:
    refused(pushed(world, DpopKey(), **{name: ""}), 400, "invalid_request")


@pytest.mark.parametrize("mode", ["fragment", "form_post", "query.jwt", "direct_post"])
def test_wallet_that_waits_for_another_kind_of_answer_hears_so_at_once(world: World, mode: str) -> None:
    refused(pushed(world, DpopKey(), response_mode=mode), 400, "invalid_request")
    assert pushed(world, DpopKey(), response_mode="query").status_code == 201


# ---- tokens


def test_only_a_token_bound_to_a_key_lives_longer_than_five_minutes(world: World) -> None:
    bearer = world.http.post(TOKEN, data=token_form(offered(world))).get_json()
    assert (bearer["token_type"], bearer["expires_in"]) == ("Bearer", 300)
    nonce = world.http.post(TOKEN).headers["DPoP-Nonce"]
    proof = DpopKey().proof("POST", URL + TOKEN, at=world.clock.now(), nonce=nonce)
    bound = world.http.post(TOKEN, data=token_form(offered(world)), headers={"DPoP": proof}).get_json()
    assert (bound["token_type"], bound["expires_in"]) == ("DPoP", 3_600)


# ---- credential requests


@pytest.mark.parametrize(
    "members",
    [
        {"format": "dc+sd-jwt"},
        {"format": "dc+sd-jwt", "vct": "x"},
        {"proof": {"proof_type": "jwt", "jwt": "x"}},
        {"credential_definition": {}, "x": [1]},
    ],
    ids=str,
)
def test_parameters_of_drafts_beside_the_present_ones_are_ignored(phone: Phone, members: dict[str, Any]) -> None:
    assert phone.post(CREDENTIAL, phone.request(**members)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"format": "dc+sd-jwt", "proofs": {"jwt": ["x"]}},
        {"credential_configuration_id": CONFIGURATION, "proof": {"proof_type": "jwt", "jwt": "x"}},
    ],
    ids=str,
)
def test_parameters_of_drafts_in_the_place_of_the_present_ones_are_named(phone: Phone, body: dict[str, Any]) -> None:
    answer = phone.post(CREDENTIAL, body)
    refused(answer, 400, "invalid_credential_request")
    assert "draft" in answer.get_json()["error_description"]


def test_times_may_have_fractions_of_a_second(phone: Phone) -> None:
    now = phone.clock.now()
    proof = Device().proof(URL, nonce=phone.nonce(), at=now, iat=now + 0.25)
    body = {"credential_configuration_id": CONFIGURATION, "proofs": {"jwt": [proof]}}
    answer = phone.http.post(CREDENTIAL, json=body, headers=phone.headers(CREDENTIAL, iat=now + 0.75))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("members", [{"iss": "wallet"}, {"iat": 1}, {"x": [1]}, {"cty": "json"}], ids=str)
def test_header_of_an_encrypted_request_may_hold_more_than_we_know(phone: Phone, members: dict[str, Any]) -> None:
    [key] = phone.http.get(METADATA).get_json()["credential_request_encryption"]["jwks"]["keys"]
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": key["kid"], **members}
    lenient = jwe.JWERegistry(algorithms=["ECDH-ES", "A256GCM"], strict_check_header=False)
    text = jwe.encrypt_compact(header, json.dumps(phone.request()).encode(), ECKey.import_key(key), registry=lenient)
    assert phone.post(CREDENTIAL, data=text, content_type="application/jwt").status_code == 200


def test_answer_without_a_body_names_no_type(phone: Phone) -> None:
    notification = {"notification_id": phone.receive(Device())["notification_id"], "event": "credential_accepted"}
    answer = phone.post(NOTIFICATION, notification)
    assert (answer.status_code, answer.data, answer.headers.get("Content-Type")) == (204, b"", None)


# ---- nonces and challenges


@pytest.mark.parametrize("path", ["/oid4vci/nonce", "/oid4vci/challenge"])
@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"{}", "application/json"), (b"{", "application/json"), (b"a=b", "text/plain"), (b"\xff", "")],
    ids=str,
)
def test_body_that_nobody_asked_for_is_passed_over(world: World, path: str, body: bytes, content_type: str) -> None:
    assert world.http.post(path, data=body, content_type=content_type).status_code == 200


@pytest.mark.parametrize("path", ["/oid4vci/nonce", "/oid4vci/challenge"])
def test_body_that_nobody_asked_for_is_bounded_all_the_same(world: World, path: str) -> None:
    refused(world.http.post(path, data=b"x" * 20_000, content_type="application/json"), 413, "invalid_request")


# ---- what may be accepted


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/json;charset=utf-8", "application/json"),
        ("application/json; charset=UTF-8, text/plain", "application/json"),
        ("application/jwt;q=0.5, application/json; charset=utf-8", "application/json"),
        ("application/jwt; profile=x", "application/jwt"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("", "application/json"),
    ],
)
def test_parameters_of_an_accepted_type_are_passed_over(world: World, accept: str, content_type: str) -> None:
    answer = world.http.get(METADATA, headers={"Accept": accept})
    assert (answer.status_code, answer.content_type) == (200, content_type)
    if content_type == "application/json":
        assert world.http.get("/.well-known/jwt-vc-issuer", headers={"Accept": accept}).status_code == 200


@pytest.mark.parametrize("accept", ["text/html", "application/xml; q=1", "application/json;q=0", ";;;"])
def test_whoever_accepts_nothing_that_there_is_gets_nothing(world: World, accept: str) -> None:
    for path in (METADATA, "/.well-known/jwt-vc-issuer", "/types/real-name-1", "/status-lists"):
        assert world.http.get(path, headers={"Accept": accept}).status_code == 406
