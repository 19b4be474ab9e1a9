"""A pushed request is judged before a browser sees it."""

import json
from pathlib import Path
from typing import Any

import pytest

from jeung.crypto.hashing import sha256
from jeung.domain.wallets import AuthorizationRequest
from jeung.errors import (
    InvalidAuthorizationDetails,
    InvalidClient,
    InvalidDpopProof,
    InvalidTarget,
    JeungError,
    MalformedInput,
    UnknownScope,
    UnsupportedResponseType,
    UseDpopNonce,
)
from jeung.services.wallets.clients import Shown
from jeung.services.wallets.pushing import REQUEST_URI_PREFIX, PushedReference
from jeung.services.wallets.redirects import answer_address, redirect_target
from tests.common.dpop import DpopKey
from tests.common.stores import in_memory
from tests.unit.jeung.services.wallets.stage import (
    OTHER,
    PAR_URL,
    REDIRECT,
    TOKEN_URL,
    TYPE,
    URL,
    VERIFIER,
    Stage,
    code_of,
    issuer_state_of,
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(in_memory(tmp_path)).found()


def request_of(stage: Stage, reference: PushedReference) -> AuthorizationRequest:
    secret = reference.request_uri.removeprefix(REQUEST_URI_PREFIX)
    with stage.store.read() as tx:
        request = tx.authorizations.by_uri(sha256(secret.encode()))
    assert request is not None
    return request


def details(*names: str) -> str:
    return json.dumps([{"type": "openid_credential", "credential_configuration_id": name} for name in names])


def test_good_request_is_kept_under_a_reference(kept: Stage) -> None:
    reference = kept.push()
    assert reference.expires_in_s == 300
    assert len(reference.request_uri) == len(REQUEST_URI_PREFIX) + 43
    request = request_of(kept, reference)
    assert (request.client_id, request.redirect_uri, request.state) == ("wallet-1", REDIRECT, "state-1")
    assert (request.configuration_ids, request.with_details, request.offer_id) == ((TYPE,), False, None)
    assert request.attested_by is None
    assert reference.request_uri not in repr(reference)


def test_references_never_repeat(stage: Stage) -> None:
    assert len({stage.push().request_uri for _ in range(20)}) == 20


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, MalformedInput),
        ({"response_mode": "fragment"}, MalformedInput),
        ({"response_mode": "form_post"}, MalformedInput),
        ({"response_mode": "query.jwt"}, MalformedInput),
        ({"response_type": "token"}, UnsupportedResponseType),
        ({"response_type": "code token"}, UnsupportedResponseType),
        ({"request_uri": "urn:ietf:params:oauth:request_uri:x"}, MalformedInput),
        ({"request": "eyJ.eyJ.x"}, MalformedInput),
        ({"redirect_uri": None}, MalformedInput),
        ({"code_challenge": None}, MalformedInput),
        ({"code_challenge_method": None}, MalformedInput),
        ({"code_challenge_method": "plain"}, MalformedInput),
        ({"code_challenge_method": "s256"}, MalformedInput),
        ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, MalformedInput),
        ({"code_challenge": "A" * 42}, MalformedInput),
        ({"code_challenge": "A" * 44}, MalformedInput),
        ({"code_challenge": "A" * 42 + "="}, MalformedInput),
        ({"state": "s\n"}, MalformedInput),
        ({"state": "s" * 1_025}, MalformedInput),
        ({"state": "상태"}, MalformedInput),
        ({"state": ""}, MalformedInput),
        ({"resource": "https://other.example"}, InvalidTarget),
        ({"resource": f"{URL}/oid4vci/credential"}, InvalidTarget),
        ({"resource": f"{URL}.evil.example"}, InvalidTarget),
        ({"scope": None}, UnknownScope),
        ({"scope": ""}, UnknownScope),
        ({"scope": "openid"}, UnknownScope),
        ({"scope": f"{TYPE},{OTHER}"}, UnknownScope),
        ({"scope": " ".join(["x"] * 33) + f" {TYPE}"}, UnknownScope),
        ({"authorization_details": "[]"}, InvalidAuthorizationDetails),
        ({"authorization_details": details("nothing-1")}, InvalidAuthorizationDetails),
        ({"dpop_jkt": "x"}, MalformedInput),
        ({"issuer_state": ""}, MalformedInput),
        ({"issuer_state": "A" * 43}, MalformedInput),
    ],
    ids=str,
)
def test_bad_request_is_refused(stage: Stage, changes: dict[str, Any], error: type[JeungError]) -> None:
    with pytest.raises(error):
        stage.push(**changes)


def test_scopes_nobody_knows_are_passed_over(stage: Stage) -> None:
    assert request_of(stage, stage.push(scope=f"openid {TYPE} {TYPE} x")).configuration_ids == (TYPE,)


def test_details_are_kept_apart_from_scopes(stage: Stage) -> None:
    request = request_of(stage, stage.push(scope=f"{TYPE} {OTHER}", authorization_details=details(OTHER)))
    assert (request.configuration_ids, request.with_details) == ((OTHER, TYPE), True)
    request = request_of(stage, stage.push(scope=None, authorization_details=details(OTHER)))
    assert (request.configuration_ids, request.with_details) == ((OTHER,), True)


@pytest.mark.parametrize("resource", [URL, f"{URL}/", None])
def test_our_own_resource_is_accepted(stage: Stage, resource: str | None) -> None:
    stage.push(resource=resource)


def test_offer_narrows_what_may_be_asked_for(kept: Stage) -> None:
    state = issuer_state_of(kept.offer(TYPE))
    request = request_of(kept, kept.push(issuer_state=state, scope=f"{TYPE} {OTHER}"))
    assert request.configuration_ids == (TYPE,)
    assert request.offer_id is not None
    with pytest.raises(UnknownScope):
        kept.push(issuer_state=state, scope=OTHER)
    with pytest.raises(InvalidAuthorizationDetails):
        kept.push(issuer_state=state, scope=None, authorization_details=details(OTHER))


def test_closed_offer_begins_nothing(kept: Stage) -> None:
    redeemed, expired = kept.offer(), kept.offer()
    kept.redeem(redeemed)
    with pytest.raises(MalformedInput):
        kept.push(issuer_state=issuer_state_of(redeemed))
    with pytest.raises(MalformedInput):
        kept.push(issuer_state=code_of(expired))
    kept.clock.time = expired.offer.expires_at
    with pytest.raises(MalformedInput):
        kept.push(issuer_state=issuer_state_of(expired))


def test_wallet_says_who_it_is(stage: Stage) -> None:
    for client_id in (None, "", "x" * 513, "신한은행 지갑", "wallet\u202e"):
        with pytest.raises(InvalidClient):
            stage.push(Shown(client_id=client_id))


def test_wallet_without_attestation_is_refused_where_one_is_demanded(stage: Stage) -> None:
    strict = stage.twin(attestation_required=True)
    with pytest.raises(InvalidClient, match="attestation"):
        strict.push()
    wallet = stage.trusted_wallet()
    request = request_of(strict, strict.push(strict.attested(wallet)))
    assert (request.client_id, request.attested_by) == (wallet.client_id, "Wallet maker")


def test_code_is_bound_to_the_key_that_the_push_names(stage: Stage) -> None:
    key = DpopKey()
    proved = Shown(client_id="wallet-1", dpop=[stage.proof(key, PAR_URL)])
    assert request_of(stage, stage.push(proved)).dpop_jkt == key.jkt
    proved = Shown(client_id="wallet-1", dpop=[stage.proof(key, PAR_URL)])
    assert request_of(stage, stage.push(proved, dpop_jkt=key.jkt)).dpop_jkt == key.jkt
    assert request_of(stage, stage.push(dpop_jkt=key.jkt)).dpop_jkt == key.jkt


def test_push_that_names_two_keys_is_refused(stage: Stage) -> None:
    proved = Shown(client_id="wallet-1", dpop=[stage.proof(DpopKey(), PAR_URL)])
    with pytest.raises(InvalidDpopProof):
        stage.push(proved, dpop_jkt=DpopKey().jkt)


def test_bad_proof_beside_a_push_is_refused(kept: Stage) -> None:
    key = DpopKey()
    elsewhere = Shown(client_id="wallet-1", dpop=[kept.proof(key, TOKEN_URL)])
    with pytest.raises(InvalidDpopProof):
        kept.push(elsewhere)
    bare = Shown(client_id="wallet-1", dpop=[key.proof("POST", PAR_URL, at=kept.clock.now())])
    with pytest.raises(UseDpopNonce):
        kept.push(bare)
    proof = kept.proof(key, PAR_URL)
    kept.push(Shown(client_id="wallet-1", dpop=[proof]))
    with pytest.raises(InvalidDpopProof):
        kept.push(Shown(client_id="wallet-1", dpop=[proof]))


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://wallet.example/cb", "https://wallet.example"),
        ("https://wallet.example", "https://wallet.example"),
        ("https://wallet.example:8443/cb?a=b", "https://wallet.example:8443"),
        ("http://localhost:3000/cb", "http://localhost:3000"),
        ("http://127.0.0.1/cb", "http://127.0.0.1"),
        ("http://[::1]:9/", "http://[::1]:9"),
        ("com.example.wallet:/cb", "com.example.wallet:"),
        ("eudi-openid4ci://authorize", "eudi-openid4ci:"),
        ("wallet://cb?x=1", "wallet:"),
    ],
)
def test_address_a_wallet_can_own_is_taken(address: str, target: str) -> None:
    assert redirect_target(address) == target


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/cb",
        "//wallet.example/cb",
        "wallet.example/cb",
        "http://wallet.example/cb",
        "http://localhost.evil.example/cb",
        "http://127.0.0.1.evil.example/cb",
        "http://127.0.0.1@evil.example/cb",
        "https://bank.example@evil.example/cb",
        "https://wallet.example/cb#here",
        "https://wallet.example/cb?code=mine",
        "https://wallet.example/cb?a=b&%69ss=https://evil.example",
        "wallet://cb?state=",
        "https://wallet.example/cb\r\nSet-Cookie: a=b",
        "https://wallet.example/c b",
        "https://wallet.example/<script>",
        "https://wallet.example/\\evil",
        'https://wallet.example/"',
        "https:wallet.example",
        "https:/wallet.example",
        "https:///cb",
        "https://wallet.example:port/",
        "https://*.example/",
        "https://wallet.example;script-src/",
        "HTTPS://wallet.example/cb",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://wallet.example/x",
        "about:blank",
        "intent://scan/#Intent;scheme=x;end",
        "intent:x",
        "ws://wallet.example",
        "tel:119",
        "view-source:https://wallet.example",
        "x:y",
        "wallet app://cb",
        "w" * 65 + "://cb",
        "wället://cb",
        "https://wallet.example/" + "a" * 1_024,
    ],
)
def test_address_no_wallet_can_own_is_refused(stage: Stage, address: str) -> None:
    with pytest.raises(MalformedInput):
        stage.push(redirect_uri=address)


def test_answer_keeps_the_wallets_own_query_and_names_the_issuer() -> None:
    sent = answer_address("wallet://cb?x=1", URL, "a&iss=b c", {"code": "c"})
    assert sent == "wallet://cb?x=1&code=c&state=a%26iss%3Db+c&iss=https%3A%2F%2Fbank.example"
    assert answer_address("wallet://cb", URL, None, {"error": "access_denied"}) == (
        "wallet://cb?error=access_denied&iss=https%3A%2F%2Fbank.example"
    )
