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
from tests.unit.api.presenting import SHOWN, Claims, answer, asked, encrypted, fetched, local, result, send, shown
from tests.unit.api.world import World


def open_request(world: World, **members: object) -> tuple[Claims, Claims]:
    """Make a request and fetch it."""
    made = asked(world, **members)
    return made, fetched(world, made)


def still_open(world: World, made: Claims) -> bool:
    return bool(result(world, made)["state"] == "fetched")


def code_of(answered: Any) -> tuple[int, str]:  # noqa: ANN401 - a TestResponse
    return answered.status_code, answered.get_json()["code"]


# ---- answers that are no answers: the request stays open


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
    without = {name: value for name, value in key_of(request).items() if name != "kid"}
    text = encrypt_jwe(body_of(request), without, content_encryption="A256GCM")
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


# ---- what shows too much or too little


def test_a_claim_nobody_asked_for_has_the_answer_refused(world: World) -> None:
    query = {
        "credentials": [
            {
                "id": "credential",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["http://localhost:8101/types/real-name-1"]},
                "claims": [{"path": ["family_name"]}, {"path": ["proofing", "assurance_level"]}],
            }
        ]
    }
    made, request = open_request(world, dcql_query=query)
    holder = world.issued()
    assert code_of(answer(world, request, {"credential": [shown(world, holder, request)]})) == (
        400,
        "claims_not_requested",
    )
    assert result(world, made)["credentials"][0]["claims"] == {}
    _, request = open_request(world, dcql_query=query)
    token = {"credential": [shown(world, holder, request, show=[SHOWN[0], SHOWN[2]])]}
    assert answer(world, request, token).status_code == 200


def test_a_claim_beyond_the_profile_has_the_answer_refused(world: World) -> None:
    _, request = open_request(world)
    token = {"credential": [shown(world, world.issued(), request, show=[*SHOWN, ("birthdate",)])]}
    assert code_of(answer(world, request, token)) == (400, "claims_not_permitted")


def test_an_answer_without_a_claim_that_was_asked_for_is_refused(world: World) -> None:
    query = {
        "credentials": [
            {
                "id": "credential",
                "format": "dc+sd-jwt",
                "meta": {"vct_values": ["http://localhost:8101/types/real-name-1"]},
                "claims": [
                    {"path": ["family_name"]},
                    {"path": ["given_name"]},
                    {"path": ["proofing", "assurance_level"]},
                ],
            }
        ]
    }
    _, request = open_request(world, dcql_query=query)
    token = {"credential": [shown(world, world.issued(), request, show=[SHOWN[0], SHOWN[2]])]}
    assert code_of(answer(world, request, token)) == (400, "query_not_satisfied")


def twice(*members: Mapping[str, Any], **top: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    base = {
        "format": "dc+sd-jwt",
        "meta": {"vct_values": ["http://localhost:8101/types/real-name-1"]},
        "claims": [{"path": ["family_name"]}, {"path": ["given_name"]}, {"path": ["proofing", "assurance_level"]}],
    }
    return {"credentials": [{**base, **member} for member in members], **top}


def test_a_credential_nobody_asked_for_has_the_answer_refused(world: World) -> None:
    made, request = open_request(world)
    holder = world.issued()
    token = {name: [shown(world, holder, request)] for name in ("credential", "another")}
    assert code_of(answer(world, request, token)) == (400, "credential_not_requested")
    (kept,) = result(world, made)["credentials"]
    assert (kept["result"], kept["code"], kept["claims"]) == ("refused", "credential_not_requested", {})


def test_an_answer_under_an_unknown_id_alone_ends_the_request_too(world: World) -> None:
    made, request = open_request(world)
    assert code_of(answer(world, request, {"x": ["nonsense"]})) == (400, "credential_not_requested")
    assert result(world, made)["credentials"] == []


def test_two_credentials_where_one_was_wanted_are_one_too_many(world: World) -> None:
    _, request = open_request(world)
    token = {"credential": [shown(world, world.issued(), request) for _ in range(2)]}
    assert code_of(answer(world, request, token)) == (400, "credential_not_requested")


def test_several_credentials_are_taken_where_they_were_wanted_but_no_copy_twice(world: World) -> None:
    query = twice({"id": "many", "multiple": True})
    made, request = open_request(world, dcql_query=query)
    first, second = world.issued(), world.issued()
    token = {"many": [shown(world, first, request), shown(world, second, request)]}
    assert answer(world, request, token).status_code == 200
    assert len(result(world, made)["credentials"]) == 2
    _, request = open_request(world, dcql_query=query)
    again = {"many": [shown(world, first, request), shown(world, first, request, show=SHOWN[:3])]}
    assert code_of(answer(world, request, again)) == (400, "credential_not_requested")


def test_one_bad_credential_of_two_refuses_both(world: World) -> None:
    query = twice({"id": "a"}, {"id": "b"})
    good, bad = world.issued(), world.issued()
    world.post(f"/v1/credentials/{bad.credential_id}/revocation", status=200)
    world.chain.mine()
    made, request = open_request(world, dcql_query=query)
    token = {"a": [shown(world, good, request)], "b": [shown(world, bad, request)]}
    assert code_of(answer(world, request, token)) == (400, "credential_revoked")
    kept = {credential["query_id"]: credential for credential in result(world, made)["credentials"]}
    assert {name: credential["code"] for name, credential in kept.items()} == {
        "a": "credential_revoked",
        "b": "credential_revoked",
    }
    assert all(credential["claims"] == {} for credential in kept.values())


def test_a_missing_credential_refuses_the_answer(world: World) -> None:
    made, request = open_request(world, dcql_query=twice({"id": "a"}, {"id": "b"}))
    token = {"a": [shown(world, world.issued(), request)]}
    assert code_of(answer(world, request, token)) == (400, "query_not_satisfied")
    assert result(world, made)["credentials"][0]["code"] == "query_not_satisfied"


def test_both_alternatives_are_one_too_many(world: World) -> None:
    query = twice({"id": "a"}, {"id": "b"}, credential_sets=[{"options": [["a"], ["b"]]}])
    _, request = open_request(world, dcql_query=query)
    holder = world.issued()
    token = {name: [shown(world, holder, request)] for name in ("a", "b")}
    assert code_of(answer(world, request, token)) == (400, "credential_not_requested")
    _, request = open_request(world, dcql_query=query)
    assert answer(world, request, {"b": [shown(world, holder, request)]}).status_code == 200


def test_an_authority_that_was_not_asked_for_is_refused(world: World) -> None:
    authorities = [{"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}]
    _, request = open_request(world, dcql_query=twice({"id": "a", "trusted_authorities": authorities}))
    token = {"a": [shown(world, world.issued(), request)]}
    assert code_of(answer(world, request, token)) == (400, "query_not_satisfied")


# ---- queries that ask for too much


@pytest.mark.parametrize(
    ("member", "code"),
    [
        ({"claims": [{"path": ["birthdate"]}]}, "query_not_permitted"),
        ({"meta": {"vct_values": ["https://elsewhere.example/type"]}}, "query_not_permitted"),
        ({"require_cryptographic_holder_binding": False}, "query_not_permitted"),
        ({"format": "mso_mdoc"}, "query_not_permitted"),
        ({"claims": [{"path": ["given_name"]}]}, "query_too_narrow"),
        ({"claims": []}, "malformed_query"),
    ],
)
def test_a_query_outside_the_profile_is_never_sent(world: World, member: dict[str, Any], code: str) -> None:
    body = {"profile": "open-account", "dcql_query": twice({"id": "a", **member})}
    assert world.post("/v1/presentation-requests", body)["code"] == code


def test_a_profile_that_is_not_registered_asks_for_nothing(world: World) -> None:
    assert world.post("/v1/presentation-requests", {"profile": "unknown"})["code"] == "not_found"


# ---- wallets that fetch


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


# ---- other ways in


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


# ---- races


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


# ---- transactions

PAYMENT = {
    "type": "urn:jeung:transaction:payment:1",
    "payee": "Hansung Mart",
    "payee_account": {"bank": "088", "number": "110123456789"},
    "amount_krw": 48_000,
    "reference": "Order 7",
}
OPENING = {
    "type": "urn:jeung:transaction:account-opening:1",
    "institution": "Sori Bank",
    "product": "Savings",
    "terms_digest": "A" * 43,
}


def test_a_confirmed_transaction_is_accepted(world: World) -> None:
    _, request = open_request(world, transaction_data=[PAYMENT, OPENING])
    assert len(request["transaction_data"]) == 2
    assert answer(world, request, {"credential": [shown(world, world.issued(), request)]}).status_code == 200


def test_the_hash_function_may_be_named(world: World) -> None:
    _, request = open_request(world, transaction_data=[PAYMENT])
    name = lambda claims: claims.update(transaction_data_hashes_alg="sha-256")  # noqa: E731
    token = {"credential": [shown(world, world.issued(), request, change=name)]}
    assert answer(world, request, token).status_code == 200


BAD_HASHES: dict[str, Any] = {
    "none at all": lambda claims: claims.pop("transaction_data_hashes"),
    "another transaction": lambda claims: claims.update(transaction_data_hashes=["A" * 43]),
    "one too many": lambda claims: claims["transaction_data_hashes"].append("A" * 43),
    "the same twice": lambda claims: claims.update(transaction_data_hashes=claims["transaction_data_hashes"] * 2),
    "no list": lambda claims: claims.update(transaction_data_hashes=claims["transaction_data_hashes"][0]),
    "an empty list": lambda claims: claims.update(transaction_data_hashes=[]),
    "numbers": lambda claims: claims.update(transaction_data_hashes=[1]),
    "another hash function": lambda claims: claims.update(transaction_data_hashes_alg="sha-512"),
    "a hash function alone": lambda claims: (
        claims.pop("transaction_data_hashes"),
        claims.update(transaction_data_hashes_alg="sha-256"),
    ),
}


@pytest.mark.parametrize("change", BAD_HASHES.values(), ids=BAD_HASHES.keys())
def test_a_transaction_that_was_not_confirmed_refuses_the_answer(world: World, change: Any) -> None:  # noqa: ANN401
    made, request = open_request(world, transaction_data=[PAYMENT])
    token = {"credential": [shown(world, world.issued(), request, change=change)]}
    assert code_of(answer(world, request, token)) == (400, "transaction_data_mismatch")
    assert result(world, made)["state"] == "refused"


def test_a_transaction_nobody_asked_to_confirm_refuses_the_answer(world: World) -> None:
    _, request = open_request(world)
    add = lambda claims: claims.update(transaction_data_hashes=["A" * 43])  # noqa: E731
    token = {"credential": [shown(world, world.issued(), request, change=add)]}
    assert code_of(answer(world, request, token)) == (400, "transaction_data_mismatch")


def test_one_of_two_transactions_is_not_enough(world: World) -> None:
    _, request = open_request(world, transaction_data=[PAYMENT, OPENING])
    drop = lambda claims: claims["transaction_data_hashes"].pop()  # noqa: E731
    token = {"credential": [shown(world, world.issued(), request, change=drop)]}
    assert code_of(answer(world, request, token)) == (400, "transaction_data_mismatch")


def test_only_the_credential_named_for_it_confirms_a_transaction(world: World) -> None:
    query = twice({"id": "a"}, {"id": "b"})
    members: dict[str, Any] = {"dcql_query": query, "transaction_data": [{**PAYMENT, "credential_ids": ["a"]}]}
    holder = world.issued()
    _, request = open_request(world, **members)
    none = lambda claims: claims.pop("transaction_data_hashes")  # noqa: E731
    wrong = {"a": [shown(world, holder, request, change=none)], "b": [shown(world, holder, request)]}
    assert code_of(answer(world, request, wrong)) == (400, "transaction_data_mismatch")
    _, request = open_request(world, **members)
    right = {"a": [shown(world, holder, request)], "b": [shown(world, holder, request, change=none)]}
    assert answer(world, request, right).status_code == 200


@pytest.mark.parametrize(
    "transactions",
    [
        [{**PAYMENT, "type": "urn:example:other"}],
        [{**PAYMENT, "type": 1}],
        [{**PAYMENT, "note": "x"}],
        [{name: value for name, value in PAYMENT.items() if name != "payee"}],
        [{**PAYMENT, "amount_krw": 0}],
        [{**PAYMENT, "amount_krw": True}],
        [{**PAYMENT, "amount_krw": 1.5}],
        [{**PAYMENT, "payee": "a\nb"}],
        [{**PAYMENT, "payee_account": {"bank": "088"}}],
        [{**PAYMENT, "payee_account": {"bank": "88", "number": "110123456789"}}],
        [{**PAYMENT, "execution_date": "2026-13-01"}],
        [{**PAYMENT, "credential_ids": ["other"]}],
        [{**PAYMENT, "credential_ids": "credential"}],
        [{**OPENING, "terms_digest": "short"}],
        [PAYMENT, PAYMENT],
    ],
)
def test_a_transaction_that_is_not_as_its_type_demands_is_never_sent(world: World, transactions: list[Any]) -> None:
    body = {"profile": "open-account", "transaction_data": transactions}
    assert world.post("/v1/presentation-requests", body)["code"] == "malformed_transaction_data"


def test_too_many_transactions_are_never_sent(world: World) -> None:
    many = [{**PAYMENT, "amount_krw": number} for number in range(1, 6)]
    assert (
        world.post("/v1/presentation-requests", {"profile": "open-account", "transaction_data": many})["code"]
        == "malformed_input"
    )
