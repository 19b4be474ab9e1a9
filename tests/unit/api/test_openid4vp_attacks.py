"""Ways to cheat a verifier over OpenID4VP: each is refused, and says so with its own code."""

import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey

from jeung.crypto.jwe import encrypt_jwe
from jeung.domain.presentations import RequestState
from jeung.domain.registrations import KeyPurpose
from jeung.errors import RequestEnded
from jeung.services.presentations import Form
from tests.common.jose import P256Signer
from tests.common.jwe_by_hand import encrypt_by_hand
from tests.unit.api.presenting import (
    Claims,
    answer,
    asked,
    code_of,
    encrypted,
    local,
    open_request,
    result,
    send,
    shown,
    still_open,
)
from tests.unit.api.world import World


def test_a_replayed_answer_is_refused(world: World) -> None:
    made, request = open_request(world)
    form = {
        "response": encrypted(
            request, {"vp_token": {"credential": [shown(world, world.issued(), request)]}, "state": request["state"]}
        )
    }
    assert send(world, request, form).status_code == 200
    assert code_of(send(world, request, form)) == (400, "request_ended")
    assert len(world.get("/v1/evidence")["items"]) == 1
    assert result(world, made)["state"] == "verified"


def test_an_answer_to_another_request_is_not_taken(world: World) -> None:
    holder = world.issued()
    (made, request), (other_made, other) = open_request(world), open_request(world)
    token = {"credential": [shown(world, holder, request)]}
    form = {"response": encrypted(request, {"vp_token": token, "state": request["state"]})}
    assert code_of(send(world, other, form)) == (400, "decryption_failed")
    assert still_open(world, other_made)
    # Encrypted and stated rightly, it still answers the other nonce.
    assert code_of(answer(world, other, token)) == (400, "nonce_unknown")
    assert answer(world, request, token).status_code == 200
    assert result(world, made)["state"] == "verified"


@pytest.mark.parametrize("mode", ["direct_post", "direct_post.jwt"])
@pytest.mark.parametrize("state", ["another", "", None, 7])
def test_a_wrong_state_is_no_answer(world: World, mode: str, state: object) -> None:
    made, request = open_request(world, response_mode=mode)
    _, other = open_request(world)
    token = {"credential": [shown(world, world.issued(), request)]}
    wrong = other["state"] if state == "another" else state
    if mode == "direct_post":
        form = {"vp_token": json.dumps(token)} | ({} if wrong is None else {"state": str(wrong)})
    else:
        body = {"vp_token": token} | ({} if wrong is None else {"state": wrong})
        form = {"response": encrypted(request, body)}
    assert code_of(send(world, request, form)) == (400, "state_mismatch")
    assert still_open(world, made)


def test_nobody_ends_a_request_without_its_state(world: World) -> None:
    made, request = open_request(world)
    assert code_of(send(world, request, {"error": "access_denied", "state": "guessed"})) == (400, "state_mismatch")
    assert code_of(send(world, request, {"error": "access_denied"})) == (400, "state_mismatch")
    assert still_open(world, made)


def test_an_answer_in_clear_is_not_taken_where_it_was_to_be_encrypted(world: World) -> None:
    made, request = open_request(world)
    token = json.dumps({"credential": [shown(world, world.issued(), request)]})
    form = {"vp_token": token, "state": request["state"]}
    assert code_of(send(world, request, form)) == (400, "malformed_response")
    assert still_open(world, made)


def test_an_encrypted_answer_is_not_taken_where_none_was_asked_for(world: World) -> None:
    made, request = open_request(world, response_mode="direct_post")
    _, other = open_request(world)
    form = {"response": encrypted(other, {"vp_token": {"credential": ["x"]}, "state": request["state"]})}
    assert code_of(send(world, request, form)) == (400, "malformed_response")
    assert still_open(world, made)


def body_of(request: Claims) -> bytes:
    return json.dumps({"vp_token": {"credential": ["x"]}, "state": request["state"]}).encode()


def key_of(request: Claims) -> dict[str, Any]:
    (jwk,) = request["client_metadata"]["jwks"]["keys"]
    return dict(jwk)


def sealed_otherwise(request: Claims, header: Mapping[str, Any], algorithms: list[str]) -> str:
    key = ECKey.import_key({name: key_of(request)[name] for name in ("kty", "crv", "x", "y")})
    registry = jwe.JWERegistry(algorithms=algorithms)
    return jwe.encrypt_compact(dict(header), body_of(request), key, registry=registry)


def test_a_message_to_another_key_is_not_read(world: World) -> None:
    made, request = open_request(world)
    stranger = P256Signer().jwk
    for kid in (key_of(request)["kid"], "another"):
        text = encrypt_jwe(body_of(request), {**stranger, "kid": kid}, content_encryption="A256GCM")
        assert code_of(send(world, request, {"response": text})) == (400, "decryption_failed")
    text = encrypt_by_hand(body_of(request), stranger)
    assert code_of(send(world, request, {"response": text})) == (400, "decryption_failed")
    assert still_open(world, made)


@pytest.mark.parametrize(
    ("header", "algorithms"),
    [
        ({"alg": "ECDH-ES", "enc": "A128CBC-HS256"}, ["ECDH-ES", "A128CBC-HS256"]),
        ({"alg": "ECDH-ES", "enc": "A192GCM"}, ["ECDH-ES", "A192GCM"]),
        ({"alg": "ECDH-ES", "enc": "A256GCM", "zip": "DEF"}, ["ECDH-ES", "A256GCM", "DEF"]),
    ],
    ids=["another content encryption", "a third key length", "compressed"],
)
def test_another_encryption_is_not_read(world: World, header: dict[str, Any], algorithms: list[str]) -> None:
    made, request = open_request(world)
    text = sealed_otherwise(request, {**header, "kid": key_of(request)["kid"]}, algorithms)
    assert code_of(send(world, request, {"response": text})) == (400, "encryption_not_supported")
    assert still_open(world, made)


def test_another_key_agreement_is_not_read(world: World) -> None:
    made, request = open_request(world)
    header = {"alg": "ECDH-ES+A128KW", "enc": "A128GCM", "kid": key_of(request)["kid"]}
    wrapped = sealed_otherwise(request, header, ["ECDH-ES+A128KW", "A128GCM"])
    direct = jwe.encrypt_compact(
        {"alg": "dir", "enc": "A128GCM"},
        body_of(request),
        OctKey.generate_key(128),
        registry=jwe.JWERegistry(algorithms=["dir", "A128GCM"]),
    )
    for text in (wrapped, direct):
        status, code = code_of(send(world, request, {"response": text}))
        assert (status, code in {"malformed_jwe", "encryption_not_supported"}) == (400, True)
    assert still_open(world, made)


def test_a_compression_bomb_is_not_inflated(world: World) -> None:
    made, request = open_request(world)
    header = {"alg": "ECDH-ES", "enc": "A256GCM", "zip": "DEF", "kid": key_of(request)["kid"]}
    key = ECKey.import_key({name: key_of(request)[name] for name in ("kty", "crv", "x", "y")})
    registry = jwe.JWERegistry(algorithms=["ECDH-ES", "A256GCM", "DEF"])
    bomb = jwe.encrypt_compact(header, b" " * 50_000_000, key, registry=registry)
    assert len(bomb) < 100_000
    assert code_of(send(world, request, {"response": bomb})) == (400, "encryption_not_supported")
    assert still_open(world, made)


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"vp_token": "{}", "error": "access_denied"},
        {"vp_token": ""},
        {"vp_token": "[]"},
        {"vp_token": "{}"},
        {"vp_token": "nonsense"},
        {"vp_token": '{"credential":[]}'},
        {"vp_token": '{"credential":"eyJ"}'},
        {"vp_token": '{"credential":[1]}'},
        {"vp_token": '{"credential":["a"],"credential":["b"]}'},
        {"vp_token": json.dumps({"credential": ["a"] * 9})},
        {"response": "a.b"},
    ],
)
def test_what_has_no_form_is_no_answer(world: World, form: dict[str, str]) -> None:
    made, request = open_request(world, response_mode="direct_post")
    refused = send(world, request, {**form, "state": request["state"]})
    assert code_of(refused) == (400, "malformed_response")
    assert still_open(world, made)


def test_a_presentation_without_shape_is_no_answer(world: World) -> None:
    made, request = open_request(world, response_mode="direct_post")
    assert code_of(answer(world, request, {"credential": ["nonsense"]})) == (400, "malformed_presentation")
    assert still_open(world, made)


def test_an_endless_answer_is_not_read(world: World) -> None:
    made, request = open_request(world, response_mode="direct_post")
    huge = {"vp_token": "x" * 262_145, "state": request["state"]}
    assert send(world, request, huge).status_code == 413
    assert still_open(world, made)


def test_an_encrypted_message_that_is_no_answer_is_none(world: World) -> None:
    made, request = open_request(world)
    for plaintext in (b"nonsense", b"[]"):
        text = encrypt_jwe(plaintext, key_of(request), content_encryption="A128GCM")
        assert code_of(send(world, request, {"response": text})) == (400, "malformed_response")
    both = encrypted(request, {"vp_token": {}, "error": "access_denied", "state": request["state"]})
    assert code_of(send(world, request, {"response": both})) == (400, "malformed_response")
    assert still_open(world, made)


def test_a_long_form_is_refused_before_it_is_read(world: World) -> None:
    made, request = open_request(world)
    assert send(world, request, {"response": "a" * 400_000}).status_code == 413
    assert still_open(world, made)


@pytest.mark.parametrize(
    "form",
    [
        {"wallet_nonce": ""},
        {"wallet_nonce": "a b"},
        {"wallet_nonce": "\u1234"},
        {"wallet_nonce": "n" * 513},
        {"wallet_metadata": "nonsense"},
        {"wallet_metadata": "[]"},
        {"wallet_metadata": '{"vp_formats_supported":{"mso_mdoc":{}}}'},
        {"wallet_metadata": '{"vp_formats_supported":[]}'},
        {"wallet_metadata": '{"request_object_signing_alg_values_supported":["RS256"]}'},
        {"wallet_metadata": '{"request_object_signing_alg_values_supported":"ES256K"}'},
    ],
)
def test_what_a_wallet_says_of_itself_is_read_strictly(world: World, form: dict[str, str]) -> None:
    made = asked(world)
    refused = world.http.post(local(made["request_uri"]), data=form)
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_request")


def test_a_replaced_key_signs_no_old_request(world: World) -> None:
    made = asked(world)
    world.node.signer.rotate(KeyPurpose.REQUEST_SIGNING)
    assert world.http.get(local(made["request_uri"])).status_code == 404


def test_the_nonce_of_a_request_is_nothing_to_the_direct_way(world: World) -> None:
    made, request = open_request(world)
    holder = world.issued()
    presentation = shown(world, holder, request)
    stranger = world.http.post("/v1/verifications", json={"presentation": presentation, "nonce": request["nonce"]})
    assert (stranger.status_code, stranger.get_json()["code"]) == (401, "unauthenticated")
    backend = world.post("/v1/verifications", {"presentation": presentation})
    assert backend["code"] == "wrong_audience"
    assert world.get(f"/v1/nonces/{request['nonce']}", status=404)["code"] == "not_found"
    assert answer(world, request, {"credential": [presentation]}).status_code == 200
    assert result(world, made)["state"] == "verified"


def test_the_direct_nonce_is_nothing_to_a_request(world: World) -> None:
    _, request = open_request(world)
    nonce = world.nonce()
    token = {"credential": [shown(world, world.issued(), request, change=lambda claims: claims.update(nonce=nonce))]}
    assert code_of(answer(world, request, token)) == (400, "nonce_unknown")


def test_of_two_answers_that_race_one_wins_and_the_other_leaves_nothing(world: World) -> None:
    made, request = open_request(world, response_mode="direct_post")
    forms = [
        Form(vp_token=json.dumps({"credential": [shown(world, world.issued(), request)]}), state=request["state"])
        for _ in range(4)
    ]
    barrier = threading.Barrier(len(forms))
    outcomes: list[RequestState | None] = []

    def race(form: Form) -> None:
        barrier.wait()
        try:
            outcomes.append(world.node.presentations.responses.answer(made["request_id"], form).outcome)
        except RequestEnded:
            outcomes.append(None)

    threads = [threading.Thread(target=race, args=(form,)) for form in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes, key=str) == sorted([RequestState.VERIFIED, None, None, None], key=str)
    assert len(world.get("/v1/evidence")["items"]) == 1


def test_a_stale_ledger_leaves_the_request_open(world: World) -> None:
    made, request = open_request(world)
    holder = world.issued()
    token = {"credential": [shown(world, holder, request)]}
    world.clock.advance(30)
    stale = answer(world, request, token)
    assert (stale.status_code, stale.get_json()["error"]) == (503, "temporarily_unavailable")
    assert int(stale.headers["Retry-After"]) > 0
    world.chain.heard()
    assert still_open(world, made)
    assert answer(world, request, token).status_code == 200


def test_a_credential_on_its_way_to_the_chain_leaves_the_request_open(world: World) -> None:
    made, request = open_request(world)
    holder = world.issued(mined=False)
    token = {"credential": [shown(world, holder, request)]}
    assert code_of(answer(world, request, token)) == (503, "attestation_pending")
    world.chain.mine()
    assert still_open(world, made)
    assert answer(world, request, token).status_code == 200
