"""A relying party asks, a wallet answers, the back end sees the result: over HTTP, as OpenID4VP 1.0 has it."""

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import parse_certificate_key
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.domain.access import Scope
from tests.unit.api.parts import HOOKS, URL
from tests.unit.api.presenting import answer, asked, encrypted, fetched, local, result, send, shown
from tests.unit.api.world import World


def test_a_presentation_asked_for_is_made_and_seen(world: World) -> None:
    holder = world.issued()
    made = asked(world)
    assert made["state"] == "waiting"
    request = fetched(world, made)
    assert result(world, made)["state"] == "fetched"
    taken = answer(world, request, {"credential": [shown(world, holder, request)]})
    assert (taken.status_code, set(taken.get_json())) == (200, {"receipts"})
    read = result(world, made)
    assert (read["state"], read["code"]) == ("verified", None)
    (credential,) = read["credentials"]
    assert credential["query_id"] == "credential"
    assert credential["claims"]["family_name"] == "Kim"
    assert [step["passed"] for step in credential["steps"]] == [True] * 10


def test_the_link_and_the_qr_code_lead_to_the_request(world: World) -> None:
    made = asked(world)
    for scheme, link in (("openid4vp", made["openid4vp_link"]), ("haip-vp", made["haip_link"])):
        parts = urlsplit(link)
        assert parts.scheme == scheme
        assert parse_qs(parts.query) == {
            "client_id": [made["client_id"]],
            "request_uri": [made["request_uri"]],
            "request_uri_method": ["post"],
        }
    assert made["qr_svg"].startswith("<svg")
    assert asked(world, request_uri_method="get")["openid4vp_link"].count("request_uri_method") == 0


def test_the_request_object_is_what_the_profile_of_the_standard_demands(world: World) -> None:
    made = asked(world)
    text = world.http.get(local(made["request_uri"])).text
    jws = parse_jws(text, typ="oauth-authz-req+jwt")
    assert set(jws.header) == {"alg", "typ", "x5c"}
    (leaf,) = jws.header["x5c"]
    verify_jws(jws, parse_certificate_key(leaf))
    claims = jws.claims()
    assert claims["client_id"] == "x509_hash:" + base64url.encode(sha256(base64.b64decode(leaf))) == made["client_id"]
    assert claims["aud"] == "https://self-issued.me/v2"
    assert (claims["response_type"], claims["response_mode"]) == ("vp_token", "direct_post.jwt")
    assert claims["response_uri"].startswith(f"{URL}/oid4vp/responses/")
    assert len(base64url.decode(claims["nonce"])) >= 16
    assert len(base64url.decode(claims["state"])) >= 16
    assert claims["dcql_query"] == made["dcql_query"]
    assert "wallet_nonce" not in claims
    assert "transaction_data" not in claims
    metadata = claims["client_metadata"]
    assert metadata["encrypted_response_enc_values_supported"] == ["A128GCM", "A256GCM"]
    assert metadata["vp_formats_supported"] == {
        "dc+sd-jwt": {"sd-jwt_alg_values": ["ES256"], "kb-jwt_alg_values": ["ES256"]}
    }
    (key,) = metadata["jwks"]["keys"]
    assert (key["crv"], key["use"], key["alg"]) == ("P-256", "enc", "ECDH-ES")
    assert set(key) == {"kty", "crv", "x", "y", "use", "alg", "kid"}


def test_every_request_has_secrets_and_a_key_of_its_own(world: World) -> None:
    first, second = (fetched(world, asked(world)) for _ in range(2))
    for name in ("nonce", "state", "response_uri", "client_metadata"):
        assert first[name] != second[name]


def test_a_request_by_dns_name_carries_the_host(world: World) -> None:
    made = asked(world, client_id_prefix="x509_san_dns")
    assert made["client_id"] == "x509_san_dns:localhost"
    request = fetched(world, made)
    assert answer(world, request, {"credential": [shown(world, world.issued(), request)]}).status_code == 200


def test_repeating_the_key_repeats_the_request(world: World) -> None:
    body = {"profile": "open-account"}
    first = world.post("/v1/presentation-requests", body, key="k-1", status=201)
    again = world.post("/v1/presentation-requests", body, key="k-1", status=201)
    assert first == again
    other = world.post("/v1/presentation-requests", {**body, "response_mode": "direct_post"}, key="k-1")
    assert other["code"] == "idempotency_key_reused"


def test_a_clear_answer_is_taken_where_it_was_asked_for(world: World) -> None:
    made = asked(world, response_mode="direct_post")
    request = fetched(world, made)
    assert "jwks" not in request["client_metadata"]
    assert answer(world, request, {"credential": [shown(world, world.issued(), request)]}).status_code == 200
    assert result(world, made)["state"] == "verified"


def test_only_its_maker_sees_a_request(world: World) -> None:
    made = asked(world)
    world.register("another", set(Scope))
    token = world.ask_token(client_assertion=world.assertion("another")).get_json()["access_token"]
    other = {"Authorization": f"Bearer {token}"}
    path = f"/v1/presentation-requests/{made['request_id']}"
    assert world.http.get(path, headers=other).status_code == 404
    assert world.http.get(f"{path}/events", headers=other).status_code == 404
    assert world.http.post(f"{path}/cancellation", headers=other).status_code == 404
    code = {"response_code": "A" * 43}
    assert world.http.post(f"{path}/redemption", headers=other, json=code).status_code == 404


def test_a_cancelled_request_is_gone_for_wallets(world: World) -> None:
    made = asked(world)
    request = fetched(world, made)
    path = f"/v1/presentation-requests/{made['request_id']}/cancellation"
    assert world.post(path, status=200)["state"] == "cancelled"
    assert world.post(path)["code"] == "request_ended"
    assert world.http.get(local(made["request_uri"])).get_json()["code"] == "request_ended"
    refused = answer(world, request, {"credential": [shown(world, world.issued(), request)]})
    assert (refused.status_code, refused.get_json()["code"]) == (400, "request_ended")
    assert result(world, made)["state"] == "cancelled"


def test_an_expired_request_is_gone_for_wallets(world: World) -> None:
    made = asked(world)
    request = fetched(world, made)
    holder = world.issued()
    world.clock.advance(300)
    world.chain.heard()
    assert world.http.get(local(made["request_uri"])).get_json()["code"] == "request_ended"
    assert (
        answer(world, request, {"credential": [shown(world, holder, request)]}).get_json()["code"] == "request_ended"
    )
    assert result(world, made)["state"] == "expired"
    path = f"/v1/presentation-requests/{made['request_id']}/cancellation"
    assert world.post(path)["code"] == "request_ended"


def test_an_unknown_request_is_unknown(world: World) -> None:
    for method, path in (("GET", "requests"), ("POST", "requests"), ("POST", "responses")):
        refused = world.http.open(
            f"/oid4vp/{path}/prs_0", method=method, data={"state": "x"} if method == "POST" else None
        )
        assert (refused.status_code, refused.get_json()["error"]) == (404, "invalid_request_uri")


def test_the_wallets_error_ends_the_request_under_a_name_of_ours(world: World) -> None:
    for error, code in (("access_denied", "access_denied"), ("<script>", "other_error")):
        made = asked(world)
        request = fetched(world, made)
        form = {"error": error, "error_description": "no", "state": request["state"]}
        taken = world.http.post(local(request["response_uri"]), data=form)
        assert (taken.status_code, taken.get_json()) == (200, {})
        read = result(world, made)
        assert (read["state"], read["code"], read["credentials"]) == ("declined", code, [])


def test_a_wallet_may_encrypt_its_error(world: World) -> None:
    made = asked(world)
    request = fetched(world, made)
    form = {"response": encrypted(request, {"error": "access_denied", "state": request["state"]})}
    assert send(world, request, form).status_code == 200
    assert result(world, made)["state"] == "declined"


def test_the_result_stays_closed_until_the_browser_brings_the_code_back(world: World) -> None:
    made = asked(world, redirect_uri="https://shop.example/done?order=7")
    assert made["flow"] == "same_device"
    request = fetched(world, made)
    taken = answer(world, request, {"credential": [shown(world, world.issued(), request)]}).get_json()
    target = urlsplit(taken["redirect_uri"])
    assert (target.hostname, target.path) == ("shop.example", "/done")
    query = parse_qs(target.query)
    assert query["order"] == ["7"]
    (code,) = query["response_code"]
    read = result(world, made)
    assert (read["state"], read["code"], read["credentials"]) == ("answered", None, [])
    path = f"/v1/presentation-requests/{made['request_id']}/redemption"
    assert world.post(path, {"response_code": "A" * 43})["code"] == "wrong_response_code"
    opened = world.post(path, {"response_code": code}, status=200)
    assert opened["state"] == "verified"
    assert opened["credentials"][0]["claims"]["family_name"] == "Kim"
    assert world.post(path, {"response_code": code})["code"] == "wrong_response_code"
    assert result(world, made)["state"] == "verified"


def test_a_refusal_sends_the_browser_back_too(world: World) -> None:
    made = asked(world, redirect_uri="https://shop.example/done")
    request = fetched(world, made)
    holder = world.issued()
    refused = answer(
        world, request, {"credential": [shown(world, holder, request, change=lambda claims: claims.update(aud="x"))]}
    )
    body = refused.get_json()
    assert (refused.status_code, body["error"], body["code"]) == (400, "invalid_request", "wrong_audience")
    assert body["redirect_uri"].startswith("https://shop.example/done?response_code=")
    assert result(world, made)["state"] == "answered"


def test_guessing_response_codes_ends_by_itself(world: World) -> None:
    made = asked(world, redirect_uri="https://shop.example/done")
    request = fetched(world, made)
    taken = answer(world, request, {"credential": [shown(world, world.issued(), request)]}).get_json()
    code = parse_qs(urlsplit(taken["redirect_uri"]).query)["response_code"][0]
    path = f"/v1/presentation-requests/{made['request_id']}/redemption"
    for _ in range(10):
        assert world.post(path, {"response_code": "B" * 43})["code"] == "wrong_response_code"
    assert world.post(path, {"response_code": code})["code"] == "wrong_response_code"
    assert result(world, made)["state"] == "answered"


def test_there_is_nothing_to_redeem_before_an_answer_or_across_devices(world: World) -> None:
    for members in ({}, {"redirect_uri": "https://shop.example/"}):
        made = asked(world, **members)
        path = f"/v1/presentation-requests/{made['request_id']}/redemption"
        assert world.post(path, {"response_code": "A" * 43})["code"] == "wrong_response_code"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "shop.example/done",
        "/done",
        "javascript:alert(1)",
        "https://user@shop.example/",
        "https://shop.example/#done",
        "https://shop.example/a b",
        "https://[shop.example/",
        "ftp://shop.example/",
        "https:///done",
    ],
)
def test_a_redirect_that_is_no_address_of_a_site_is_refused(world: World, redirect_uri: str) -> None:
    refused = world.post("/v1/presentation-requests", {"profile": "open-account", "redirect_uri": redirect_uri})
    assert refused["code"] == "malformed_input"


def test_events_tell_each_change_once_and_end_with_the_request(world: World) -> None:
    made = asked(world)
    request = fetched(world, made)
    stream = world.http.get(f"/v1/presentation-requests/{made['request_id']}/events", headers=world.headers())
    assert stream.mimetype == "text/event-stream"
    chunks = (str(chunk, "utf-8") for chunk in stream.iter_encoded())
    first = next(chunks)
    assert "event: state" in first
    assert json.loads(first.split("data: ")[1])["state"] == "fetched"
    answer(world, request, {"credential": [shown(world, world.issued(), request)]})
    second = next(chunks)
    assert json.loads(second.split("data: ")[1])["state"] == "verified"
    with pytest.raises(StopIteration):
        next(chunks)
    stream.close()


def test_no_more_streams_than_there_are_places(world: World) -> None:
    made = asked(world)
    path = f"/v1/presentation-requests/{made['request_id']}/events"
    open_streams = [world.http.get(path, headers=world.headers()) for _ in range(2)]
    refused = world.http.get(path, headers=world.headers())
    assert (refused.status_code, refused.get_json()["code"]) == (503, "too_many_streams")
    assert int(refused.headers["Retry-After"]) > 0
    # One was never read from; both give their places back.
    next(iter(open_streams[0].iter_encoded()))
    for stream in open_streams:
        stream.close()
    again = world.http.get(path, headers=world.headers())
    assert again.status_code == 200
    again.close()


def test_the_list_of_relying_parties_is_signed_and_whole(world: World) -> None:
    listed = world.http.get("/relying-parties.jwt")
    assert listed.content_type == "application/jeung-relying-parties+jwt"
    assert listed.headers["Cache-Control"] == "public, max-age=300"
    jws = parse_jws(listed.text, typ="jeung-relying-parties+jwt")
    verify_jws(jws, parse_certificate_key(jws.header["x5c"][0]))
    claims = jws.claims()
    assert claims["iss"] == URL
    (party,) = claims["relying_parties"]
    assert party["urls"] == [URL]
    assert party["request_keys"] == [base64url.encode(parse_certificate_key(jws.header["x5c"][0]).thumbprint)]
    (profile,) = party["profiles"]
    assert (profile["name"], profile["required"]) == ("open-account", ["family_name"])
    assert profile["vct_values"] == [f"{URL}/types/real-name-1"]


def test_the_request_names_the_profile_it_stands_under(world: World) -> None:
    claims = fetched(world, asked(world))
    (info,) = claims["verifier_info"]
    (party,) = parse_jws(world.http.get("/relying-parties.jwt").text, typ=None).claims()["relying_parties"]
    assert info["data"]["digest"] == party["profiles"][0]["digest"]
    assert info["data"]["kept_for_s"] == 1_827 * 86_400
    assert info["data"]["relying_parties_uri"] == f"{URL}/relying-parties.jwt"


def test_a_caller_that_shows_no_qr_code_is_drawn_none(world: World) -> None:
    assert asked(world, qr_code=False)["qr_svg"] is None


def test_whoever_asked_to_be_told_is_told_of_the_end_and_of_nothing_more(world: World) -> None:
    hook = world.post("/v1/webhooks", {"url": f"{HOOKS}one"}, status=201)
    listed = world.get("/v1/webhooks")
    assert listed["items"] == [hook]
    assert listed["signing_keys"][0]["kty"] == "EC"
    made = asked(world)
    request = fetched(world, made)
    answer(world, request, {"credential": [shown(world, world.issued(), request)]})
    closed = asked(world, redirect_uri="https://shop.example/")
    request = fetched(world, closed)
    answer(world, request, {"credential": [shown(world, world.issued(), request)]})
    cancelled = asked(world)
    world.post(f"/v1/presentation-requests/{cancelled['request_id']}/cancellation", status=200)
    waiting = world.database.read().deliveries.values()
    assert {delivery.request_id: delivery.state_reported.value for delivery in waiting} == {
        made["request_id"]: "verified",
        closed["request_id"]: "answered",
        cancelled["request_id"]: "cancelled",
    }
    assert {delivery.url for delivery in waiting} == {hook["url"]}
    remaining = world.http.delete(f"/v1/webhooks/{hook['webhook_id']}", headers=world.headers())
    assert remaining.get_json()["items"] == []
    assert not world.database.read().deliveries


def test_a_webhook_the_settings_do_not_list_is_refused(world: World) -> None:
    assert world.post("/v1/webhooks", {"url": "https://elsewhere.example/x"})["code"] == "webhook_url_not_allowed"
