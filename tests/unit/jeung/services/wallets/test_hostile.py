"""Whatever bytes a wallet sends, it hears one of the errors it may hear, and nothing else happens."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeung.crypto import canonical_json
from jeung.domain.wallets import ChallengeKind
from jeung.errors import (
    ChallengeRefused,
    InvalidAuthorizationDetails,
    InvalidClientAttestation,
    InvalidDpopProof,
    InvalidGrant,
    InvalidRequestUri,
    InvalidWalletToken,
    MalformedInput,
    UseAttestationChallenge,
    UseDpopNonce,
    UseFreshAttestation,
)
from jeung.services.wallets.clients import Shown
from jeung.services.wallets.consent import ConsentGiven
from jeung.services.wallets.details import parse_details
from jeung.services.wallets.redirects import redirect_target
from tests.common.dpop import DpopKey
from tests.common.stores import in_memory
from tests.unit.jeung.services.wallets.stage import TOKEN_URL, URL, Stage

STAGE = Stage(in_memory(Path("unused"))).found()
WALLET = STAGE.trusted_wallet()
KEY = DpopKey()
ANY = settings(max_examples=150, deadline=None, derandomize=True, database=None)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
HEADERS = st.text(max_size=60) | st.from_regex(r"[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,90}")


@ANY
@given(st.lists(HEADERS, max_size=3))
def test_any_dpop_headers(proofs: list[str]) -> None:
    with pytest.raises(InvalidDpopProof):
        STAGE.dpop.verify(proofs, method="POST", url=TOKEN_URL)


@ANY
@given(st.sampled_from(["jti", "htm", "htu", "iat", "nonce", "ath"]), JSON)
def test_any_claim_in_a_signed_proof(name: str, value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    nonce = STAGE.challenges.issue(ChallengeKind.DPOP_NONCE)
    claims = {"nonce": nonce, name: value}
    made = KEY.proof("POST", TOKEN_URL, at=STAGE.clock.now(), token="token-1", **claims)
    try:
        STAGE.dpop.verify([made], method="POST", url=TOKEN_URL, access_token="token-1")
    except (InvalidDpopProof, UseDpopNonce):
        return
    # Only what says nothing about the request may be anything of its kind.
    assert name == "jti"
    assert isinstance(value, str)
    assert value


@ANY
@given(st.text(max_size=120) | st.binary(max_size=90).map(lambda data: data.hex()))
def test_any_challenge(value: str) -> None:
    for kind in ChallengeKind:
        with pytest.raises(ChallengeRefused):
            STAGE.challenges.check(kind, value)


@ANY
@given(JSON | st.text(max_size=60))
def test_any_authorization_details(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    text = value if isinstance(value, str) else canonical_json.canonical(value).decode()
    with pytest.raises(InvalidAuthorizationDetails):
        parse_details(text, URL)


@ANY
@given(st.text(max_size=80) | st.from_regex(r"[a-z]{2,8}:[/a-z0-9@:?#&=.;%\\ ]{0,40}", fullmatch=True))
def test_any_redirect_address_leads_where_its_page_says(address: str) -> None:
    try:
        target = redirect_target(address)
    except MalformedInput:
        return
    assert address.startswith(target)
    assert not set(target) & set(" ;,'\"\\\r\n\t")
    assert address.isascii()
    assert "#" not in address


@ANY
@given(st.sampled_from(["sub", "exp", "iat", "nbf", "cnf"]), JSON)
def test_any_claim_in_a_signed_attestation(name: str, value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    now = STAGE.clock.now()
    proof = WALLET.proof(URL, at=now, challenge=STAGE.challenges.issue(ChallengeKind.ATTESTATION))
    shown = Shown(attestation=[WALLET.attestation(at=now, **{name: value})], attestation_pop=[proof])
    try:
        client = STAGE.server.grants._clients.identify(shown, url=TOKEN_URL)
    except (InvalidClientAttestation, UseFreshAttestation):
        return
    assert client.attested_by == "Wallet maker"
    assert name in ("sub", "exp", "iat", "nbf")


@ANY
@given(st.sampled_from(["aud", "jti", "iat", "challenge", "nonce", "iss", "exp"]), JSON)
def test_any_claim_in_a_signed_proof_of_possession(name: str, value: Any) -> None:  # noqa: ANN401 - JSON
    now = STAGE.clock.now()
    challenge = STAGE.challenges.issue(ChallengeKind.ATTESTATION)
    proof = WALLET.proof(URL, at=now, **{"challenge": challenge, name: value})
    shown = Shown(attestation=[WALLET.attestation(at=now)], attestation_pop=[proof])
    try:
        STAGE.server.grants._clients.identify(shown, url=TOKEN_URL)
    except (InvalidClientAttestation, UseAttestationChallenge):
        return
    assert name in ("jti", "nonce", "exp")


@ANY
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_any_code_reference_session_and_token(one: str, two: str, three: str) -> None:
    with pytest.raises(InvalidGrant):
        STAGE.server.grants.redeem_offer(Shown(), code=one, tx_code=two or "1")
    with pytest.raises(InvalidRequestUri):
        STAGE.server.consent.open(one, two, three)
    with pytest.raises(InvalidRequestUri):
        STAGE.server.consent.answer(one, two, ConsentGiven(three, one, approved=True, tx_code=two))
    with pytest.raises(InvalidWalletToken):
        STAGE.access.authorize_wallet([one], [two], method="POST", url=TOKEN_URL)


@ANY
@given(st.text(max_size=40), st.text(max_size=40))
def test_anything_typed_on_the_page_is_a_wrong_code_at_most(tx_code: str, number: str) -> None:
    reference = STAGE.push()
    browser = STAGE.open(reference)
    outcome = STAGE.say(reference, browser, tx_code=tx_code, reception_number=number)
    assert not isinstance(outcome, str)
    assert outcome.mistaken
