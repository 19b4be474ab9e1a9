"""What wallets hear when they are refused: the names of their standards, no echo, a way to go on."""

import re
from html import unescape
from typing import Any

import pytest
from werkzeug.test import TestResponse

from api.consent_texts import TEXTS
from tests.common.dpop import DpopKey
from tests.unit.api.parts import URL
from tests.unit.api.test_wallet_flows import (
    PRE_AUTHORIZED,
    REDIRECT,
    fields,
    nonce,
    offered,
    proof,
    pushed,
    token_form,
)
from tests.unit.api.world import World

TOKEN, PAR, AUTHORIZE = "/oid4vci/token", "/oid4vci/par", "/oid4vci/authorize"
MARKER = "Zx9MARKERq7"
SHOWN = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": "x", "tx_code": "1"}
ORIGIN = {"Origin": "https://some.wallet.example"}


@pytest.fixture(scope="module")
def world() -> World:
    return World(wallets={"attestation": "optional"})


def refused(answer: TestResponse, error: str, status: int = 400) -> dict[str, Any]:
    assert (answer.status_code, answer.get_json()["error"]) == (status, error), answer.text
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert set(answer.get_json()) <= {"error", "error_description"}
    assert MARKER not in answer.text
    return dict(answer.get_json())


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"code": MARKER}, "invalid_request"),
        ({"grant_type": MARKER}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": MARKER}, "unsupported_grant_type"),
        ({"grant_type": PRE_AUTHORIZED}, "invalid_request"),
        ({"grant_type": PRE_AUTHORIZED, "pre-authorized_code": MARKER}, "invalid_request"),
        ({"grant_type": PRE_AUTHORIZED, "pre-authorized_code": MARKER, "tx_code": "1"}, "invalid_grant"),
        ({"grant_type": PRE_AUTHORIZED, "pre-authorized_code": "A" * 257, "tx_code": "1"}, "invalid_request"),
        (
            {
                "grant_type": PRE_AUTHORIZED,
                "pre-authorized_code": "x",
                "tx_code": "1",
                "authorization_details": MARKER,
            },
            "invalid_authorization_details",
        ),
        (
            {
                "grant_type": PRE_AUTHORIZED,
                "pre-authorized_code": "x",
                "tx_code": "1",
                "resource": "https://x.example",
            },
            "invalid_target",
        ),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": MARKER}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": MARKER, "code_verifier": "v" * 43}, "invalid_dpop_proof"),
    ],
    ids=str,
)
def test_token_endpoint_names_what_is_wrong(world: World, form: dict[str, str], error: str) -> None:
    answer = world.http.post(TOKEN, data=form, headers=ORIGIN)
    refused(answer, error)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    exposed = answer.headers["Access-Control-Expose-Headers"]
    for name in ("DPoP-Nonce", "OAuth-Client-Attestation-Challenge"):
        assert len(answer.headers[name]) > 40
        assert name in exposed


def test_wallet_without_any_name_is_no_client(world: World) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "code_verifier": "v" * 43}
    answer = world.http.post(TOKEN, data=form, headers=proof(world, DpopKey(), TOKEN))
    refused(answer, "invalid_client", 401)
    assert "WWW-Authenticate" not in answer.headers


def test_attestation_is_demanded_unless_the_settings_let_anyone_in() -> None:
    world = World()
    refused(pushed(world, DpopKey()), "invalid_client", 401)
    metadata = world.http.get("/.well-known/oauth-authorization-server").get_json()
    assert "none" not in metadata["token_endpoint_auth_methods_supported"]


@pytest.mark.parametrize("names", [("",), ("-PoP",), ("", "-PoP")])
def test_attestation_that_is_none_is_refused_anyway(world: World, names: tuple[str, ...]) -> None:
    headers = {f"OAuth-Client-Attestation{name}": MARKER for name in names}
    refused(world.http.post(PAR, data={"client_id": "x"}, headers=headers), "invalid_client_attestation")
    form = {"grant_type": PRE_AUTHORIZED, "pre-authorized_code": "x", "tx_code": "1"}
    refused(world.http.post(TOKEN, data=form, headers=headers), "invalid_client_attestation")


def test_proof_without_our_nonce_is_told_to_use_one_and_then_goes_through(world: World) -> None:
    offer, key = offered(world), DpopKey()
    bare = key.proof("POST", URL + TOKEN, at=world.clock.now())
    answer = world.http.post(TOKEN, data=token_form(offer), headers={"DPoP": bare})
    refused(answer, "use_dpop_nonce")
    again = key.proof("POST", URL + TOKEN, at=world.clock.now(), nonce=answer.headers["DPoP-Nonce"])
    answer = world.http.post(TOKEN, data=token_form(offer), headers={"DPoP": again})
    assert answer.get_json()["token_type"] == "DPoP"


def test_proof_counts_for_our_address_whatever_the_host_header_says(world: World) -> None:
    offer, key = offered(world), DpopKey()
    made = key.proof("POST", f"http://evil.example{TOKEN}", at=world.clock.now(), nonce=nonce(world))
    answer = world.http.post(TOKEN, data=token_form(offer), headers={"DPoP": made, "Host": "evil.example"})
    refused(answer, "invalid_dpop_proof")


@pytest.mark.parametrize("sent", [[("DPoP", "a"), ("DPoP", "b")], [("DPoP", "")], [("DPoP", "a, b")]])
def test_more_or_less_than_one_proof_is_refused(world: World, sent: list[tuple[str, str]]) -> None:
    refused(world.http.post(TOKEN, data=token_form(offered(world)), headers=sent), "invalid_dpop_proof")


def test_wrong_transaction_code_is_an_invalid_grant_and_then_a_lock(world: World) -> None:
    offer = offered(world)
    wrong = f"{(int(offer['transaction_code']) + 1) % 1_000_000:06}"
    for _ in range(5):
        refused(world.http.post(TOKEN, data=token_form(offer, tx_code=wrong)), "invalid_grant")
    refused(world.http.post(TOKEN, data=token_form(offer)), "invalid_grant")
    shown = world.get(f"/v1/credential-offers/{offer['offer_id']}")
    assert (shown["state"], shown["wrong_transaction_codes"]) == ("locked", 5)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": MARKER}, "unsupported_response_type"),
        ({"request_uri": MARKER}, "invalid_request"),
        ({"redirect_uri": f"javascript:{MARKER}"}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"scope": MARKER}, "invalid_scope"),
        ({"authorization_details": MARKER}, "invalid_authorization_details"),
        ({"resource": f"https://{MARKER}.example"}, "invalid_target"),
        ({"issuer_state": MARKER}, "invalid_request"),
        ({"dpop_jkt": "A" * 43}, "invalid_dpop_proof"),
        ({"state": "x" * 2_049}, "invalid_request"),
        ({"client_id": ""}, "invalid_client"),
    ],
    ids=str,
)
def test_pushing_names_what_is_wrong(world: World, changes: dict[str, str], error: str) -> None:
    refused(pushed(world, DpopKey(), **changes), error, 401 if error == "invalid_client" else 400)


def test_parameters_nobody_knows_are_passed_over_and_repeated_ones_refused(world: World) -> None:
    assert pushed(world, DpopKey(), prompt="login", unknown="x").status_code == 201
    answer = world.http.post(PAR, data="scope=a&scope=b", content_type="application/x-www-form-urlencoded")
    refused(answer, "invalid_request")
    answer = world.http.post(TOKEN, data="code=a&code=b", content_type="application/x-www-form-urlencoded")
    refused(answer, "invalid_request")


@pytest.mark.parametrize(("path", "error", "status"), [(TOKEN, "invalid_request", 400), (PAR, "invalid_client", 401)])
def test_request_without_a_body_lacks_what_it_must_have(world: World, path: str, error: str, status: int) -> None:
    refused(world.http.post(path), error, status)


@pytest.mark.parametrize("path", [TOKEN, PAR])
def test_other_bodies_are_refused_as_oauth_does(world: World, path: str) -> None:
    refused(world.http.post(path, json={"grant_type": MARKER}), "invalid_request", 415)
    large = {"state": "x" * 20_000}
    refused(world.http.post(path, data=large), "invalid_request", 413)
    refused(world.http.post(f"{path}?code={MARKER}", data={"code": "x"}), "invalid_request")


def test_flood_is_told_to_wait_in_the_words_of_oauth() -> None:
    world = World(limits={"public": (1, 60)})
    world.http.post(TOKEN, data={})
    answer = world.http.post(TOKEN, data={})
    refused(answer, "invalid_request", 429)
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", [TOKEN, PAR, "/oid4vci/challenge"])
def test_wallets_of_every_origin_may_ask(world: World, path: str) -> None:
    asked = {**ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "dpop"}
    answer = world.http.options(path, headers=asked)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"
    allowed = answer.headers["Access-Control-Allow-Headers"]
    assert all(name in allowed for name in ("DPoP", "OAuth-Client-Attestation-PoP", "Content-Type", "Authorization"))
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert "DPoP-Nonce" not in answer.headers


def test_pages_of_other_origins_may_not_read_the_consent_page(world: World) -> None:
    asked = {**ORIGIN, "Access-Control-Request-Method": "POST"}
    assert "Access-Control-Allow-Origin" not in world.http.options(AUTHORIZE, headers=asked).headers
    assert "Access-Control-Allow-Origin" not in world.http.get(AUTHORIZE, headers=ORIGIN).headers


def test_challenge_is_given_to_anyone_and_kept_by_nobody(world: World) -> None:
    rows = len(world.database.read().data_keys)
    challenges = {world.http.post("/oid4vci/challenge").get_json()["attestation_challenge"] for _ in range(20)}
    assert len(challenges) == 20
    assert len(world.database.read().data_keys) <= rows + 1
    assert world.http.post("/oid4vci/challenge").headers["Cache-Control"] == "no-store"


# ---- the page


def opened(world: World, **changes: str) -> tuple[dict[str, Any], TestResponse]:
    offer = offered(world)
    state = offer["credential_offer"]["grants"]["authorization_code"]["issuer_state"]
    reference = pushed(world, DpopKey(), issuer_state=state, **changes).get_json()["request_uri"]
    query = {"client_id": "wallet-1", "request_uri": reference}
    return offer, world.http.get(AUTHORIZE, query_string=query)


def ended(answer: TestResponse) -> None:
    """It is a page for people, with nothing in it that could be followed or run."""
    assert answer.status_code == 400
    assert answer.content_type == "text/html; charset=utf-8"
    assert "Location" not in answer.headers
    assert MARKER not in answer.text
    assert "<form" not in answer.text
    assert "form-action 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"client_id": "wallet-1"},
        {"request_uri": MARKER},
        {"client_id": "wallet-1", "request_uri": f"urn:ietf:params:oauth:request_uri:{MARKER}"},
        {"client_id": "wallet-1", "request_uri": f"https://{MARKER}.example/request.jwt"},
        {"client_id": MARKER, "response_type": "code", "redirect_uri": f"https://{MARKER}.example", "scope": "x"},
        {"client_id": "x" * 3_000, "request_uri": "y"},
    ],
    ids=str,
)
def test_request_that_was_not_pushed_ends_on_a_page_and_leads_nowhere(world: World, query: dict[str, str]) -> None:
    ended(world.http.get(AUTHORIZE, query_string=query))


def test_repeated_parameters_end_on_a_page(world: World) -> None:
    ended(world.http.get(f"{AUTHORIZE}?client_id=a&client_id=b&request_uri=c"))


def test_page_runs_nothing_and_may_only_be_sent_to_us_and_back_to_the_wallet(world: World) -> None:
    _, page = opened(world)
    assert "<script" not in page.text
    assert "style=" not in page.text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert policy.endswith("form-action 'self' wallet-app:")
    assert "unsafe" not in policy
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"


def test_page_names_issuer_wallet_credential_and_where_it_leads(world: World) -> None:
    _, page = opened(world)
    for shown in (
        "localhost:8101",
        "wallet-1",
        "wallet-app:",
        "Real name",
        TEXTS["ko"]["unknown"],
        TEXTS["ko"]["unvouched"],
    ):
        assert shown in unescape(page.text)


def test_page_shows_what_a_wallet_calls_itself_as_text(world: World) -> None:
    name = '"><script>alert(1)</script>'
    reference = pushed(world, DpopKey(), client_id=name).get_json()["request_uri"]
    page = world.http.get(AUTHORIZE, query_string={"client_id": name, "request_uri": reference})
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert fields(page.text)["client_id"] == name


def test_cookie_is_for_this_page_alone(world: World) -> None:
    _, page = opened(world)
    (cookie,) = page.headers.getlist("Set-Cookie")
    assert cookie.startswith("jeung_bank_consent_")
    for part in ("HttpOnly", "SameSite=Lax", "Path=/oid4vci/authorize", "Max-Age=300"):
        assert part in cookie
    assert "Secure" not in cookie


def test_cookie_of_a_real_deployment_is_secure_and_bound_to_the_host() -> None:
    world = World(wallets={"attestation": "optional"})
    settings = world.node.settings.model_copy(update={"base_url": "https://bank.example"})
    object.__setattr__(world.node, "settings", settings)
    reference = pushed(world, DpopKey()).get_json()["request_uri"]
    page = world.http.get(AUTHORIZE, query_string={"client_id": "wallet-1", "request_uri": reference})
    (cookie,) = page.headers.getlist("Set-Cookie")
    assert cookie.startswith("__Host-jeung_bank_consent_")
    for part in ("HttpOnly", "SameSite=Lax", "Path=/;", "Secure"):
        assert part in f"{cookie};"
    assert "Domain" not in cookie


def test_page_speaks_both_languages(world: World) -> None:
    offer = offered(world)
    state = offer["credential_offer"]["grants"]["authorization_code"]["issuer_state"]
    reference = pushed(world, DpopKey(), issuer_state=state).get_json()["request_uri"]
    query = {"client_id": "wallet-1", "request_uri": reference}
    for headers, asked, language in (
        ({"Accept-Language": "en-US,en;q=0.9"}, {}, "en"),
        ({"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.5"}, {}, "ko"),
        ({"Accept-Language": "fr"}, {}, "ko"),
        ({"Accept-Language": "ko"}, {"lang": "en"}, "en"),
        ({"Accept-Language": "en"}, {"lang": "xx"}, "en"),
        ({}, {}, "ko"),
    ):
        page = world.http.get(AUTHORIZE, query_string={**query, **asked}, headers=headers)
        assert f'<html lang="{language}">' in page.text
        assert TEXTS[language]["approve"] in page.text
    (link,) = re.findall(r'class="language" href="([^"]+)"', page.text)
    assert '<html lang="en">' in world.http.get(unescape(link)).text


def test_both_languages_say_the_same_things() -> None:
    assert set(TEXTS["ko"]) == set(TEXTS["en"])
    assert all(text.strip() for texts in TEXTS.values() for text in texts.values())


def test_wrong_code_is_said_on_the_page_without_repeating_it(world: World) -> None:
    offer, page = opened(world)
    form = {**fields(page.text), "decision": "approve", "tx_code": MARKER}
    again = world.http.post(AUTHORIZE, data=form)
    assert again.status_code == 200
    assert TEXTS["ko"]["mistaken"] in again.text
    assert MARKER not in again.text
    sent = world.http.post(
        AUTHORIZE, data={**fields(again.text), **form, "tx_code": f" {offer['transaction_code']} "}
    )
    assert sent.status_code == 303


def test_refusal_leads_back_to_the_wallet(world: World) -> None:
    _, page = opened(world)
    sent = world.http.post(AUTHORIZE, data={**fields(page.text), "decision": "deny"})
    assert sent.status_code == 303
    assert sent.headers["Location"].startswith(f"{REDIRECT}?error=access_denied&")
    assert "consent" in sent.headers["Set-Cookie"]
    assert "Max-Age=0" in sent.headers["Set-Cookie"]


def test_form_from_elsewhere_is_refused(world: World) -> None:
    """It has everything but the cookie, which no other site can send or read."""
    offer, page = opened(world)
    form = {**fields(page.text), "decision": "approve", "tx_code": offer["transaction_code"]}
    ended(world.app.test_client().post(AUTHORIZE, data=form))
    ended(world.http.post(AUTHORIZE, data={**form, "consent": MARKER}))
    ended(world.http.post(AUTHORIZE, data={**form, "client_id": MARKER}))
    ended(world.http.post(AUTHORIZE, data={**form, "request_uri": MARKER}))
    ended(world.http.post(AUTHORIZE, data={**form, "decision": MARKER}))
    ended(world.http.post(AUTHORIZE, data={"decision": "approve"}))
    assert world.http.post(AUTHORIZE, data=form).status_code == 303


def test_second_browser_does_not_see_the_page(world: World) -> None:
    offer = offered(world)
    state = offer["credential_offer"]["grants"]["authorization_code"]["issuer_state"]
    reference = pushed(world, DpopKey(), issuer_state=state).get_json()["request_uri"]
    query = {"client_id": "wallet-1", "request_uri": reference}
    assert world.http.get(AUTHORIZE, query_string=query).status_code == 200
    ended(world.app.test_client().get(AUTHORIZE, query_string=query))
    assert world.http.get(AUTHORIZE, query_string=query).status_code == 200


def test_stale_ledger_is_said_on_a_page_and_not_to_the_wallet() -> None:
    world = World(wallets={"attestation": "optional"})
    _, page = opened(world)
    assert page.status_code == 200
    world.database.read().freshness = None
    query = {"client_id": "wallet-1", "request_uri": fields(page.text)["request_uri"]}
    answer = world.http.get(AUTHORIZE, query_string=query)
    assert (answer.status_code, answer.content_type) == (503, "text/html; charset=utf-8")
    assert TEXTS["ko"]["busy_title"] in answer.text
    assert "Retry-After" in answer.headers
