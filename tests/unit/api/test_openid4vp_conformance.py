"""The modules of OpenID's conformance suite for verifiers (OpenID4VP 1.0 final), one test each, under their names."""

from collections.abc import Callable

from jeung.crypto import base64url
from jeung.crypto.jws import parse_jws
from tests.common.jose import P256Signer
from tests.unit.api.presenting import Change, Claims, answer, asked, fetched, local, result, shown
from tests.unit.api.world import Holder, World


def refused(world: World, make: Callable[[Holder, Claims], str]) -> str:
    """Answer a request with what `make` makes; give the code of the refusal."""
    holder = world.issued()
    made = asked(world)
    request = fetched(world, made)
    answered = answer(world, request, {"credential": [make(holder, request)]})
    assert answered.status_code == 400
    read = result(world, made)
    assert (read["state"], read["code"]) == ("refused", answered.get_json()["code"])
    assert all(credential["claims"] == {} for credential in read["credentials"])
    return str(read["code"])


def changed(world: World, change: Change) -> str:
    """Answer with a key binding whose claims were changed; give the code of the refusal."""
    return refused(world, lambda holder, request: shown(world, holder, request, change=change))


def flipped(text: str) -> str:
    """Change one bit of a signature."""
    head, _, signature = text.rpartition(".")
    data = bytearray(base64url.decode(signature))
    data[5] ^= 1
    return f"{head}.{base64url.encode(bytes(data))}"


def test_happy_flow(world: World) -> None:
    for members in ({}, {"response_mode": "direct_post"}, {"client_id_prefix": "x509_san_dns"}):
        made = asked(world, **members)
        request = fetched(world, made)
        answered = answer(world, request, {"credential": [shown(world, world.issued(), request)]})
        assert (answered.status_code, answered.mimetype) == (200, "application/json")
        assert answered.headers["Cache-Control"] == "no-store"
        assert result(world, made)["state"] == "verified"


def test_invalid_credential_signature(world: World) -> None:
    def broken(holder: Holder, request: Claims) -> str:
        jws, _, disclosures = holder.credential.partition("~")
        return shown(world, holder, request, credential=f"{flipped(jws)}~{disclosures}")

    assert refused(world, broken) == "invalid_issuer_signature"


def test_invalid_kb_jwt_aud(world: World) -> None:
    assert changed(world, lambda claims: claims.update(aud="https://elsewhere.example")) == "wrong_audience"


def test_kb_jwt_aud_without_the_prefix(world: World) -> None:
    bare = lambda claims: claims.update(aud=claims["aud"].partition(":")[2])  # noqa: E731
    assert changed(world, bare) == "wrong_audience"


def test_kb_jwt_aud_of_a_direct_post(world: World) -> None:
    assert changed(world, lambda claims: claims.update(aud="http://localhost:8101")) == "wrong_audience"


def test_invalid_kb_jwt_nonce(world: World) -> None:
    assert changed(world, lambda claims: claims.update(nonce="another")) == "nonce_unknown"


def test_invalid_kb_jwt_signature(world: World) -> None:
    def broken(holder: Holder, request: Claims) -> str:
        return flipped(shown(world, holder, request))

    assert refused(world, broken) == "invalid_key_binding_signature"


def test_kb_jwt_of_another_key(world: World) -> None:
    def foreign(holder: Holder, request: Claims) -> str:
        return shown(world, holder, request, key=P256Signer())

    assert refused(world, foreign) == "invalid_key_binding_signature"


def test_invalid_sd_hash(world: World) -> None:
    assert changed(world, lambda claims: claims.update(sd_hash="A" * 43)) == "sd_hash_mismatch"


def test_kb_jwt_iat_in_past(world: World) -> None:
    assert changed(world, lambda claims: claims.update(iat=claims["iat"] - 86_400)) == "key_binding_stale"


def test_kb_jwt_iat_in_future(world: World) -> None:
    assert changed(world, lambda claims: claims.update(iat=claims["iat"] + 86_400)) == "key_binding_in_future"


def test_minimal_cnf_jwk(world: World) -> None:
    holder = world.issued()
    claims = parse_jws(holder.credential.partition("~")[0], typ="dc+sd-jwt").claims()
    assert set(claims["cnf"]["jwk"]) == {"kty", "crv", "x", "y"}
    request = fetched(world, asked(world))
    assert answer(world, request, {"credential": [shown(world, holder, request)]}).status_code == 200


def test_request_uri_fetched_twice(world: World) -> None:
    made = asked(world)
    first, second = fetched(world, made), fetched(world, made)
    assert first == second
    answered = answer(world, second, {"credential": [shown(world, world.issued(), second)]})
    assert answered.status_code == 200
    # What ends it is the answer.
    assert world.http.get(local(made["request_uri"])).status_code == 400


def test_request_uri_method_post(world: World) -> None:
    made = asked(world)
    metadata = '{"vp_formats_supported":{"dc+sd-jwt":{}},"client_id_prefixes_supported":["x509_hash"]}'
    form = {"wallet_nonce": "n-0S6_WzA2Mj.~", "wallet_metadata": metadata, "unknown": "ignored"}
    request = fetched(world, made, post=form)
    assert request["wallet_nonce"] == "n-0S6_WzA2Mj.~"
    assert fetched(world, made, post={"wallet_nonce": "another"})["wallet_nonce"] == "another"
    assert "wallet_nonce" not in fetched(world, made, post={"x": "y"})
    # Both parameters are optional, and many clients send no type with a form of no fields.
    assert "wallet_nonce" not in fetched(world, made, post={})
    assert answer(world, request, {"credential": [shown(world, world.issued(), request)]}).status_code == 200
