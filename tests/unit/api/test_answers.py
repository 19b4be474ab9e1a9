"""Answers carry the headers that protect people, say what may be kept, and never how something broke inside."""

import json
import re
from typing import Any, NoReturn

import pytest
from structlog.testing import capture_logs
from werkzeug.datastructures import Headers

from jeung.crypto import base64url
from jeung.domain.registrations import KeyPurpose
from jeung.errors import KeyUnavailable, SealBroken, StoreBusy
from tests.unit.api.parts import URL
from tests.unit.api.world import World

ORIGIN = "https://bank.example"
PATHS = ["/healthz", "/v1/members", "/v1/credentials", "/docs", "/openapi.json", "/nowhere", "/metrics"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_protects_whoever_reads_it(world: World, path: str) -> None:
    answer = world.http.get(path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert re.fullmatch("[0-9a-f]{24}", answer.headers["X-Request-Id"])
    assert "Strict-Transport-Security" not in answer.headers
    assert "Set-Cookie" not in answer.headers


def test_https_is_kept_to() -> None:
    answer = World(base_url="https://bank.example").http.get("/healthz")
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


# ---- other origins


def preflight(world: World, path: str, method: str, origin: str = ORIGIN) -> Headers:
    headers = {"Origin": origin, "Access-Control-Request-Method": method}
    return world.http.options(path, headers=headers).headers


def test_no_origin_is_let_in_unless_configured(world: World) -> None:
    assert "Access-Control-Allow-Origin" not in preflight(world, "/v1/verifications", "POST")
    answer = world.http.get("/v1/members", headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_configured_origin_reaches_verification_and_public_facts_only() -> None:
    world = World(api={"cors_origins": (ORIGIN,)})
    allowed = preflight(world, "/v1/verifications", "POST")
    assert allowed["Access-Control-Allow-Origin"] == ORIGIN
    assert allowed["Access-Control-Allow-Methods"] == "POST"
    assert "Access-Control-Allow-Credentials" not in allowed
    assert world.http.get("/v1/members", headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"] == ORIGIN
    refused = world.http.post("/v1/verifications", json={}, headers={"Origin": ORIGIN})
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (400, ORIGIN)
    for path, method in (
        ("/v1/credentials", "POST"),
        ("/v1/credentials", "GET"),
        ("/v1/proposals", "POST"),
        ("/oauth/token", "POST"),
        ("/v1/verifications", "DELETE"),
        ("/nowhere", "GET"),
    ):
        assert "Access-Control-Allow-Origin" not in preflight(world, path, method)


@pytest.mark.parametrize(
    "origin", ["null", "https://bank.example.evil", "http://bank.example", "https://BANK.example"]
)
def test_another_spelling_of_an_origin_is_another_origin(origin: str) -> None:
    world = World(api={"cors_origins": (ORIGIN,)})
    headers = preflight(world, "/v1/verifications", "POST", origin)
    assert "Access-Control-Allow-Origin" not in headers
    assert "Origin" in headers["Vary"]


# ---- what broke inside


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (KeyError("Kim Minji"), 500, "internal_error"),
        (RuntimeError("Kim Minji"), 500, "internal_error"),
        (RecursionError("Kim Minji"), 500, "internal_error"),
        (SealBroken("Kim Minji"), 500, "internal_error"),
        (KeyUnavailable("Kim Minji"), 500, "internal_error"),
        (StoreBusy(retry_after_s=3), 503, "store_busy"),
    ],
)
def test_an_unforeseen_error_gives_an_id_and_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, code: str
) -> None:
    def broken(*_: object, **__: object) -> NoReturn:
        person = "Kim Minji"
        raise error from ValueError(person)

    headers = world.headers()
    monkeypatch.setattr(type(world.node.credentials), "page", broken)
    with capture_logs() as logs:
        answer = world.http.get("/v1/credentials", headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)
    assert "Minji" not in answer.text + str(logs)
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]
    failures = [entry for entry in logs if entry["event"] == "request_failed"]
    assert len(failures) == (status == 500)
    for failure in failures:
        assert failure["request_id"] == answer.headers["X-Request-Id"]
        assert failure["error"][-1] == "builtins.ValueError"
        assert any("broken" in place for place in failure["places"])


def test_the_token_endpoint_breaks_in_the_words_of_oauth(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def unavailable(*_: object, **__: object) -> NoReturn:
        raise StoreBusy(retry_after_s=3)

    def broken(*_: object, **__: object) -> NoReturn:
        raise KeyUnavailable("no key")

    monkeypatch.setattr(type(world.node.tokens), "grant", unavailable)
    answer = world.ask_token()
    assert (answer.status_code, answer.get_json()["error"]) == (503, "temporarily_unavailable")
    assert answer.headers["Retry-After"] == "3"
    monkeypatch.setattr(type(world.node.tokens), "grant", broken)
    answer = world.ask_token()
    assert (answer.status_code, answer.get_json()) == (500, {"error": "server_error"})


# ---- publications


def test_a_status_list_is_a_signed_token_that_may_be_kept_for_its_ttl(world: World) -> None:
    world.issued()
    assert world.node.status_lists.publish_due() > 0
    number = next(iter(world.database.read().status_tokens))
    answer = world.http.get(f"/status-lists/{number}", headers={"Accept": "application/statuslist+jwt"})
    assert answer.status_code == 200
    assert answer.content_type == "application/statuslist+jwt"
    header, payload, _ = answer.text.split(".")
    assert json.loads(base64url.decode(header))["typ"] == "statuslist+jwt"
    assert json.loads(base64url.decode(payload))["sub"] == f"{URL}/status-lists/{number}"
    ttl = world.node.settings.status_lists.ttl_s
    assert answer.headers["Cache-Control"] == f"public, max-age={ttl}"
    again = world.http.get(f"/status-lists/{number}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    world.clock.advance(3_600 - 10)
    assert world.http.get(f"/status-lists/{number}").headers["Cache-Control"] == "public, max-age=10"
    world.clock.advance(3_600)
    assert world.http.get(f"/status-lists/{number}").headers["Cache-Control"] == "public, max-age=0"


def test_a_status_list_of_another_form_or_of_the_past_is_not_served(world: World) -> None:
    cwt = world.http.get("/status-lists/0", headers={"Accept": "application/statuslist+cwt"})
    assert (cwt.status_code, cwt.get_json()["code"]) == (406, "not_acceptable")
    past = world.http.get("/status-lists/0?time=1700000000")
    assert (past.status_code, past.get_json()["code"]) == (501, "not_supported")
    assert world.http.get("/status-lists/0").status_code == 404
    assert world.http.get("/status-lists/9999999999").status_code == 404


def test_lists_of_the_past_are_given_where_the_node_offers_them() -> None:
    world = World(status_lists={"history": True})
    holder = world.issued()
    world.node.status_lists.publish_due()
    number = world.get(f"/v1/credentials/{holder.credential_id}")["status_list"]
    then = world.clock.now()
    world.clock.advance(5)
    world.chain.mine()
    given = world.http.get(f"/status-lists/{number}?time={then}")
    assert (given.status_code, given.content_type) == (200, "application/statuslist+jwt")
    for time in ("x", "-1", "1e3", "01", "1_0", "", "9" * 17, "%D9%A3"):
        assert world.http.get(f"/status-lists/{number}?time={time}").status_code == 400
    assert world.http.get(f"/status-lists/{number}?time={then + 6}").status_code == 404
    assert world.http.get(f"/status-lists/{number}?time=0").status_code == 404


def test_addresses_of_the_status_lists_are_published(world: World) -> None:
    assert world.http.get("/status-lists").get_json() == {"status_lists": []}
    world.issued()
    answer = world.http.get("/status-lists")
    [address] = answer.get_json()["status_lists"]
    assert address.startswith(f"{URL}/status-lists/")
    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert world.http.get("/status-lists", headers={"Accept": "text/html"}).status_code == 406


def test_the_issuer_metadata_holds_the_signing_key_and_nothing_private(world: World) -> None:
    document = world.http.get("/.well-known/jwt-vc-issuer").get_json()
    assert document["issuer"] == URL
    (key,) = document["jwks"]["keys"]
    assert key["kid"] == world.node.signer.active_key(KeyPurpose.CREDENTIAL_SIGNING).key_id
    assert "d" not in key


# ---- operations


def test_readiness_names_the_part_that_is_not_fit(world: World) -> None:
    assert world.http.get("/readyz").get_json()["status"] == "ready"
    world.node.health.parts["ledger"] = False
    answer = world.http.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json() == {
        "status": "not_ready",
        "checks": {"database": True, "worker": True, "ledger": False},
    }
    assert world.http.get("/healthz").get_json() == {"status": "ok"}


def test_metrics_count_answers_by_route_and_judgements_by_code(world: World) -> None:
    holder = world.issued()
    world.post("/v1/verifications", {"presentation": world.presentation(holder, "A" * 43)}, status=200)
    world.http.get("/nowhere")
    page = world.http.get("/metrics").text
    assert 'jeung_http_responses_total{method="POST",route="/v1/credentials",status="201"} 1.0' in page
    assert 'jeung_http_responses_total{method="GET",route="unmatched",status="404"} 1.0' in page
    assert 'jeung_verifications_total{code="nonce_unknown",result="refused"} 1.0' in page
    assert "jeung_ledger_head_age_seconds 1.0" in page
    assert holder.credential_id not in page


# ---- the description


PAGES = ("/explorer", "/console", "/wallet")
"""What is made for people stands on pages of its own (docs/reference/console.md, docs/guide/wallet.md)."""


def operations(world: World) -> list[tuple[str, str, dict[str, Any]]]:
    paths = world.http.get("/openapi.json").get_json()["paths"]
    return [(path, method, found) for path, methods in paths.items() for method, found in methods.items()]


def test_the_description_lists_exactly_what_is_served(world: World) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in world.app.url_map.iter_rules()
        for method in rule.methods or ()
        if method in {"GET", "POST", "PUT", "PATCH", "DELETE"} and not rule.rule.startswith(PAGES)
    }
    described = {(path, method) for path, method, _ in operations(world)}
    for_people = {(path, "get") for path in ("/", "/docs", "/openapi.json", "/static/{filename}")}
    assert served - described == for_people
    assert described <= served


def test_every_operation_describes_its_refusals_and_its_authority(world: World) -> None:
    for path, method, found in operations(world):
        if path in {"/healthz", "/readyz", "/metrics"}:
            continue
        assert {"429", "500", "503"} <= set(found["responses"]), (path, method)
        assert found["security"], (path, method)
        assert found["operationId"]
        assert found["summary"]


def test_the_page_for_people_needs_no_script_and_nothing_from_elsewhere(world: World) -> None:
    page = world.http.get("/docs")
    assert page.content_type == "text/html; charset=utf-8"
    assert "<script" not in page.text
    assert re.findall(r'(?:src|href)="(?!#)([^"]+)"', page.text) == ["/static/docs.css", "/openapi.json"]
    with world.http.get("/static/docs.css") as style:
        assert style.status_code == 200
    for path, _, found in operations(world):
        assert path in page.text
        assert f'id="{found["operationId"]}"' in page.text
    assert set(re.findall(r'href="#([^"]+)"', page.text)) <= set(re.findall(r'id="([^"]+)"', page.text))
