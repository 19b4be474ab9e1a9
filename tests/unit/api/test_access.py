"""Only a registered client's own assertion gets a token, and only a token of ours with a fitting scope gets in."""

import json
from collections.abc import Callable
from typing import NoReturn

import pytest

from api.context import known_caller
from api.operation import declared_by
from jeung.crypto import base64url
from jeung.crypto.jws import sign_jws
from jeung.domain.access import Scope
from jeung.domain.registrations import KeyPurpose
from jeung.errors import StoreBusy
from tests.common.jose import P256Signer
from tests.unit.api.parts import PERSON, URL
from tests.unit.api.world import World


def access_token(world: World, key: P256Signer | None = None, **changes: object) -> str:
    """Sign an access token as the node would, with some claims or header members replaced."""
    now = world.clock.now()
    header = {"alg": "ES256", "typ": changes.pop("typ", "at+jwt")}
    claims = {"iss": URL, "aud": URL, "sub": "back-office", "client_id": "back-office", "iat": now, "exp": now + 300}
    claims |= {"jti": "tok", "scope": "issue verify"}
    signer = world.node.signer.keys[KeyPurpose.TOKEN_SIGNING] if key is None else key
    return sign_jws(header, {**claims, **changes}, signer.sign)


def unsigned(world: World) -> str:
    """Give a token of algorithm `none`."""
    header = base64url.encode(json.dumps({"alg": "none", "typ": "at+jwt"}).encode())
    return f"{header}.{access_token(world).split('.')[1]}."


def tampered(world: World) -> str:
    """Give a token whose scopes were changed after it was signed."""
    head, body, signature = access_token(world).split(".")
    claims = json.loads(base64url.decode(body)) | {"scope": "govern"}
    return f"{head}.{base64url.encode(json.dumps(claims).encode())}.{signature}"


BAD_TOKENS: dict[str, Callable[[World], str]] = {
    "algorithm none": unsigned,
    "changed scopes": tampered,
    "a foreign key": lambda world: access_token(world, P256Signer()),
    "another of our keys": lambda world: access_token(world, world.node.signer.keys[KeyPurpose.CREDENTIAL_SIGNING]),
    "another issuer": lambda world: access_token(world, iss="http://localhost:8102"),
    "another audience": lambda world: access_token(world, aud="http://localhost:8102"),
    "expired": lambda world: access_token(world, exp=world.clock.now()),
    "another type": lambda world: access_token(world, typ="JWT"),
    "a client assertion": lambda world: world.assertion(),
    "padded": lambda world: access_token(world) + "=",
    "too long": lambda world: "a" * 5000,
    "not a JWT": lambda world: "abc",
}


@pytest.mark.parametrize("kind", BAD_TOKENS)
def test_a_token_that_is_not_ours_or_not_good_any_more_is_refused(world: World, kind: str) -> None:
    token = BAD_TOKENS[kind](world)
    answer = world.http.get("/v1/credentials", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="jeung", error="invalid_token"'
    good = world.http.get("/v1/credentials", headers={"Authorization": f"Bearer {access_token(world)}"})
    assert good.status_code == 200


def test_a_token_ends_with_its_time_even_where_it_was_seen_before(world: World) -> None:
    headers = world.headers()
    assert world.http.get("/v1/credentials", headers=headers).status_code == 200
    world.clock.advance(301)
    assert world.http.get("/v1/credentials", headers=headers).get_json()["code"] == "invalid_token"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "bearer", 'Bearer "x"'])
def test_an_authorization_header_of_another_form_is_refused(world: World, header: str) -> None:
    answer = world.http.get("/v1/credentials", headers={"Authorization": header})
    assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid_token")


def test_two_authorization_headers_are_refused(world: World) -> None:
    token = world.headers()["Authorization"]
    answer = world.http.get("/v1/credentials", headers=[("Authorization", token), ("Authorization", "Bearer x")])
    assert answer.status_code == 401


def test_without_a_token_one_is_asked_for(world: World) -> None:
    answer = world.http.get("/v1/credentials")
    assert (answer.status_code, answer.get_json()["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="jeung"'


def test_a_token_in_the_query_is_not_taken(world: World) -> None:
    assert world.http.get(f"/v1/credentials?access_token={world.token()}").status_code in {400, 401}


# Every operation with a scope, and all scopes that do not open it.
HEX32 = "0x" + "77" * 32
GUARDED = {
    **{
        ("POST", f"/v1/{place}/x/{act}"): {Scope.STATUS}
        for place in ("credentials", "families", "subjects")
        for act in ("suspension", "reinstatement", "revocation")
    },
    **{
        ("POST", f"/v1/proposals/{HEX32}/{act}"): {Scope.GOVERN}
        for act in ("approvals", "withdrawal", "cancellation", "execution")
    },
    ("POST", "/v1/proofings"): {Scope.ISSUE},
    ("GET", "/v1/proofings/prf_1"): {Scope.ISSUE},
    ("POST", "/v1/proofings/prf_1/checks"): {Scope.ISSUE},
    ("POST", "/v1/proofings/prf_1/completion"): {Scope.ISSUE},
    ("POST", "/v1/credentials"): {Scope.ISSUE},
    ("POST", "/v1/credential-offers"): {Scope.ISSUE},
    ("GET", "/v1/credential-offers/ofr_1"): {Scope.ISSUE},
    ("POST", "/v1/credential-offers/ofr_1/cancellation"): {Scope.ISSUE},
    ("GET", "/v1/credentials"): {Scope.ISSUE, Scope.STATUS},
    ("GET", "/v1/credentials/crd_1"): {Scope.ISSUE, Scope.STATUS},
    ("POST", "/v1/nonces"): {Scope.VERIFY},
    ("GET", "/v1/nonces/" + "n" * 43): {Scope.VERIFY},
    ("POST", "/v1/verifications"): {Scope.VERIFY},
    ("GET", "/v1/verifications/evd_1"): {Scope.VERIFY},
    ("POST", "/v1/presentation-requests"): {Scope.VERIFY},
    ("GET", "/v1/presentation-requests/prs_1"): {Scope.VERIFY},
    ("GET", "/v1/presentation-requests/prs_1/events"): {Scope.VERIFY},
    ("POST", "/v1/presentation-requests/prs_1/redemption"): {Scope.VERIFY},
    ("POST", "/v1/presentation-requests/prs_1/cancellation"): {Scope.VERIFY},
    ("POST", "/v1/webhooks"): {Scope.VERIFY},
    ("GET", "/v1/webhooks"): {Scope.VERIFY},
    ("DELETE", "/v1/webhooks/whk_1"): {Scope.VERIFY},
    ("GET", "/v1/evidence"): {Scope.AUDIT},
    ("GET", "/v1/evidence/evd_1"): {Scope.AUDIT},
    ("GET", "/v1/evidence/evd_1/package"): {Scope.AUDIT},
    ("POST", "/v1/proposals"): {Scope.GOVERN},
    ("POST", "/v1/governance/simulations"): {Scope.GOVERN},
    ("GET", "/v1/governance/simulations/x"): {Scope.GOVERN},
    ("POST", f"/v1/proposals/{HEX32}/approval-requests"): {Scope.GOVERN},
    ("GET", "/v1/governance/approval-requests/x"): {Scope.GOVERN},
    ("POST", "/v1/governance/signed-approvals"): {Scope.GOVERN},
    ("GET", "/v1/governance/agenda"): {Scope.GOVERN, Scope.AUDIT},
    ("GET", "/v1/proposals"): {Scope.GOVERN, Scope.AUDIT},
    ("GET", f"/v1/proposals/{HEX32}"): {Scope.GOVERN, Scope.AUDIT},
    ("POST", f"/v1/members/{HEX32}/suspension"): {Scope.GOVERN},
    ("GET", "/v1/subjects/x"): {Scope.ISSUE, Scope.RETENTION, Scope.STATUS},
    ("DELETE", "/v1/subjects/x"): {Scope.ISSUE},
    ("POST", "/v1/subjects/x/retained-records"): {Scope.RETENTION},
    ("GET", "/v1/erasures"): {Scope.AUDIT, Scope.ISSUE, Scope.RETENTION},
    ("GET", "/v1/erasures/x"): {Scope.AUDIT, Scope.ISSUE, Scope.RETENTION},
    ("POST", "/v1/acts/x/approval"): {Scope.APPROVE},
    ("POST", "/v1/acts/x/rejection"): {Scope.APPROVE},
    ("POST", "/v1/enrolment"): {Scope.GOVERN},
    ("POST", f"/v1/keys/{HEX32}/revocation"): {Scope.GOVERN},
    ("POST", f"/v1/keys/{HEX32}/compromise"): {Scope.GOVERN},
    ("GET", "/v1/intents"): {Scope.GOVERN, Scope.KEYS},
    ("GET", "/v1/intents/int_1"): {Scope.GOVERN, Scope.KEYS},
}


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_an_operation_opens_to_its_own_scopes_only(world: World, method: str, path: str) -> None:
    fitting = GUARDED[method, path]
    for scope in Scope:
        answer = world.http.open(path, method=method, headers=world.headers(scope))
        refused = answer.status_code == 403
        assert refused is (scope not in fitting), (scope, answer.text)
        if refused:
            assert answer.get_json()["code"] == "insufficient_scope"
            assert f'scope="{" ".join(sorted(fitting))}"' in answer.headers["WWW-Authenticate"]


def test_every_operation_that_wants_a_scope_stands_in_the_table_above(world: World) -> None:
    wanted = {
        (declared.method, declared.rule.split("<")[0], declared.rule.rpartition(">")[2])
        for declared in map(declared_by, world.app.view_functions.values())
        if declared is not None and declared.scopes
    }
    for method, head, tail in wanted:
        assert any(method == known and path.startswith(head) and path.endswith(tail) for known, path in GUARDED), (
            method,
            head,
            tail,
        )


def test_a_token_is_given_for_a_good_assertion_and_says_what_it_allows(world: World) -> None:
    answer = world.ask_token(scope="issue verify")
    assert answer.status_code == 200
    body = answer.get_json()
    assert (body["token_type"], body["scope"], body["expires_in"]) == ("Bearer", "issue verify", 300)
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_assertion_serves_once(world: World) -> None:
    assertion = world.assertion()
    assert world.ask_token(client_assertion=assertion).status_code == 200
    again = world.ask_token(client_assertion=assertion)
    assert (again.status_code, again.get_json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("fields", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        (
            {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
            401,
            "invalid_client",
        ),
        ({"client_assertion": "x"}, 401, "invalid_client"),
        ({"client_assertion": "a" * 4097}, 400, "invalid_request"),
        ({"scope": "issue everything"}, 400, "invalid_scope"),
        ({"scope": ""}, 400, "invalid_scope"),
        ({"client_secret": "hunter2"}, 400, "invalid_request"),
    ],
)
def test_a_bad_token_request_is_refused_in_the_words_of_oauth(
    world: World, fields: dict[str, str], status: int, error: str
) -> None:
    answer = world.ask_token(**fields)
    assert (answer.status_code, answer.get_json()["error"]) == (status, error)
    assert answer.content_type == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "access_token" not in answer.text


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "http://localhost:8102/oauth/token"},
        {"aud": [f"{URL}/oauth/token", "http://localhost:8102"]},
        {"exp": 1},
        {"exp": 4_000_000_000},
        {"exp": None},
        {"jti": None},
        {"sub": "somebody-else"},
        {"iss": "somebody-else"},
        {"iat": 4_000_000_000},
    ],
)
def test_an_assertion_with_a_wrong_claim_is_refused(world: World, claims: dict[str, object]) -> None:
    answer = world.ask_token(client_assertion=world.assertion("back-office", None, **claims))
    assert (answer.status_code, answer.get_json()["error"]) == (401, "invalid_client")


def test_a_client_gets_no_scope_it_does_not_hold(world: World) -> None:
    key = P256Signer()
    world.register("verifier", {Scope.VERIFY}, key)
    assertion = world.assertion("verifier", key)
    refused = world.ask_token(client_assertion=assertion, scope="verify govern")
    assert (refused.status_code, refused.get_json()["error"]) == (400, "invalid_scope")
    granted = world.ask_token(client_assertion=world.assertion("verifier", key)).get_json()
    assert granted["scope"] == "verify"


def test_the_token_endpoint_takes_a_form_without_repeated_fields_and_nothing_else(world: World) -> None:
    wrong_type = world.http.post("/oauth/token", json={"grant_type": "client_credentials"})
    assert (wrong_type.status_code, wrong_type.get_json()["error"]) == (415, "invalid_request")
    twice = f"grant_type=client_credentials&grant_type=client_credentials&client_assertion={world.assertion()}"
    answer = world.http.post("/oauth/token", data=twice, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.get_json()["error"]) == (400, "invalid_request")
    missing = world.http.post("/oauth/token", data={"grant_type": "client_credentials"})
    assert (missing.status_code, missing.get_json()["error"]) == (400, "invalid_request")


def test_a_request_key_is_the_callers_own(world: World) -> None:
    other = P256Signer()
    world.register("other-office", {Scope.ISSUE}, other)
    first = world.post("/v1/proofings", {"person": PERSON}, key="same-key", status=201)
    token = world.ask_token(client_assertion=world.assertion("other-office", other)).get_json()["access_token"]
    answer = world.http.post(
        "/v1/proofings",
        json={"person": PERSON},
        headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "same-key"},
    )
    assert answer.status_code == 201
    assert answer.get_json()["proofing_id"] != first["proofing_id"]


def test_a_node_that_cannot_check_a_token_says_so_and_calls_it_not_bad(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> NoReturn:
        raise StoreBusy(retry_after_s=2)

    headers = world.headers()
    monkeypatch.setattr(type(world.node.tokens), "authenticate", busy)
    answer = world.http.get("/v1/credentials", headers=headers)
    assert (answer.status_code, answer.get_json()["code"], answer.headers["Retry-After"]) == (503, "store_busy", "2")


def test_who_calls_is_not_asked_where_strangers_are_let_in(world: World) -> None:
    with world.app.test_request_context(), pytest.raises(LookupError):
        known_caller()
