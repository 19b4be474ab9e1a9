"""A wallet is who its provider says it is, if the consortium trusts the provider and the wallet holds the key."""

from pathlib import Path
from typing import Any

import pytest

from jeung.crypto.jws import sign_jws
from jeung.domain.wallets import ChallengeKind
from jeung.errors import (
    InvalidClient,
    InvalidClientAttestation,
    InvalidDpopProof,
    UseAttestationChallenge,
    UseDpopNonce,
    UseFreshAttestation,
)
from jeung.services.wallets.attestation import AttestationRules, ClientAttestations
from jeung.services.wallets.clients import Shown, WalletClient
from tests.common.dpop import DpopKey
from tests.common.jose import Ed25519Signer, P256Signer, certificate
from tests.common.stores import in_memory
from tests.common.wallet_provider import CLIENT, Installed, Provider
from tests.unit.jeung.services.wallets.stage import TOKEN_URL, URL, Stage

# The examples of draft-ietf-oauth-attestation-based-client-auth-10, sections 4 and 5.1.
DRAFT_ATTESTATION = (
    "eyJ0eXAiOiJvYXV0aC1jbGllbnQtYXR0ZXN0YXRpb24rand0IiwiYWxnIjoiRVMyNTYiLCJraWQiOiIxMSJ9.eyJzdWIiOiJodHRwczovL2NsaWV"
    "udC5leGFtcGxlLmNvbSIsImlhdCI6MTc3MjQ4NzU5NSwiZXhwIjoyNTI5ODY2Mzk0LCJjbmYiOnsiandrIjp7Imt0eSI6IkVDIiwidXNlIjoic2l"
    "nIiwiY3J2IjoiUC0yNTYiLCJ4IjoiVmNLVk5CWjRJYUJBWVczanhNNHczVEpGVkE3bXllVUdReUd0LWdfeXZwUSIsInkiOiJmLUUtaFlFM1RBV0t"
    "3aFZ2OXBlajlOQUJzOVNYOVhzTk84MHg1N2pGVHlVIn19fQ._TS4d-LAnRlwdN97wiVnl4z7C9gvm45IWr-BvGTzeZaHtZtgNZ88gvzroU3LElUP"
    "bgF4kWi_DFORnKzsx5yu6A"
)
DRAFT_PROOF = (
    "eyJ0eXAiOiJvYXV0aC1jbGllbnQtYXR0ZXN0YXRpb24tcG9wK2p3dCIsImFsZyI6IkVTMjU2In0.eyJhdWQiOiJodHRwczovL2FzLmV4YW1wbGUu"
    "Y29tIiwianRpIjoiZDI1ZDAwYWItNTUyYi00NmZjLWFlMTktOThmNDQwZjI1MDY0IiwiaWF0IjoxNzcyNDg3NTk1LCJjaGFsbGVuZ2UiOiI1YzFh"
    "OWUxMC0yOWZmLTRjMmItYWU3My01N2MwOTU3YzA5YzQifQ.M4Uc4rWVAqaLlmDDUXQKkKPbAQKj0JrTizLgWhZndmbkvM3VL8y-w_QJr7Z0HZlH9"
    "4E64cLa8L5fSjJItYv0jg"
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(in_memory(tmp_path)).found()


@pytest.fixture
def wallet(stage: Stage) -> Installed:
    return stage.trusted_wallet()


def challenge(stage: Stage) -> str:
    return stage.challenges.issue(ChallengeKind.ATTESTATION)


def identify(
    stage: Stage,
    attestation: object,
    proof: object,
    *,
    client_id: str | None = None,
    **shown: Any,  # noqa: ANN401
) -> WalletClient:
    """Identify whoever shows these headers at the token endpoint; None is a header that is missing."""
    fields: dict[str, Any] = {**shown, "client_id": client_id}
    for name, value in (("attestation", attestation), ("attestation_pop", proof)):
        fields[name] = value if isinstance(value, list) else [] if value is None else [value]
    return stage.server.grants._clients.identify(Shown(**fields), url=TOKEN_URL, authenticated=True)


def good(stage: Stage, wallet: Installed, **changes: Any) -> str:  # noqa: ANN401 - claims
    return wallet.attestation(at=stage.clock.now(), **changes)


def proof(stage: Stage, wallet: Installed, **changes: Any) -> str:  # noqa: ANN401 - claims
    return wallet.proof(URL, at=stage.clock.now(), **{"challenge": challenge(stage), **changes})


def claim(stage: Stage, client: WalletClient) -> None:
    with stage.store.write() as tx:
        stage.server.grants._clients.claim(tx, client)


def test_trusted_wallet_is_known_by_name_and_provider(stage: Stage, wallet: Installed) -> None:
    client = identify(stage, good(stage, wallet), proof(stage, wallet))
    assert (client.client_id, client.attested_by) == (CLIENT, "Wallet maker")
    claim(stage, client)
    again = identify(stage, good(stage, wallet), proof(stage, wallet), client_id=CLIENT)
    claim(stage, again)


def test_wallet_may_say_more_than_we_know(stage: Stage, wallet: Installed) -> None:
    attestation = good(
        stage,
        wallet,
        iss="https://provider.example",
        nbf=stage.clock.now(),
        status={"status_list": {"idx": 1, "uri": "https://provider.example/status"}},
        wallet_name="Wallet",
        header={"x5c": [certificate(P256Signer().private_key)], "kid": "A" * 43},
    )
    assert identify(stage, attestation, proof(stage, wallet, other=[1])).client_id == CLIENT


def test_older_shape_is_understood(stage: Stage, wallet: Installed) -> None:
    now = stage.clock.now()
    older = good(stage, wallet, iss="https://provider.example")
    for made in (
        wallet.older_proof(URL, at=now),
        wallet.older_proof(URL, at=now, nonce=challenge(stage)),
        wallet.older_proof(URL, at=now, challenge=challenge(stage)),
        wallet.older_proof(URL, at=now, aud=[URL]),
    ):
        claim(stage, identify(stage, older, made))


@pytest.mark.parametrize("nonce", ["guess", 7, ""])
def test_older_shape_with_a_nonce_that_is_not_ours_is_sent_back_for_one(
    stage: Stage, wallet: Installed, nonce: object
) -> None:
    with pytest.raises(UseAttestationChallenge):
        identify(stage, good(stage, wallet), wallet.older_proof(URL, at=stage.clock.now(), nonce=nonce))


def test_exactly_one_attestation_and_one_proof_are_shown(stage: Stage, wallet: Installed) -> None:
    attestation, made = good(stage, wallet), proof(stage, wallet)
    for attestations, proofs in (
        (None, made),
        ([attestation, attestation], made),
        (attestation, None),
        (attestation, [made, made]),
        (f"{attestation}, {attestation}", made),
    ):
        with pytest.raises(InvalidClientAttestation):
            identify(stage, attestations, proofs)


def test_provider_nobody_trusts_is_refused(stage: Stage, wallet: Installed) -> None:
    stranger = Installed(Provider())
    with pytest.raises(InvalidClientAttestation, match="trusts"):
        identify(stage, good(stage, stranger), proof(stage, stranger))
    # Nor does a trusted provider's word help where its signature is missing.
    forged = good(stage, wallet, signer=stranger.provider.signer, header={"jwk": stranger.provider.signer.jwk})
    with pytest.raises(InvalidClientAttestation, match="trusts"):
        identify(stage, forged, proof(stage, wallet))


def test_provider_is_trusted_for_a_time_only(stage: Stage) -> None:
    ending = Installed(Provider().trusted_in(stage.chain, valid_until=stage.clock.now() + 100))
    identify(stage, good(stage, ending), proof(stage, ending))
    stage.clock.advance(100)
    with pytest.raises(InvalidClientAttestation):
        identify(stage, good(stage, ending), proof(stage, ending))


def test_distrusted_provider_is_refused_whatever_it_signed_before(stage: Stage, wallet: Installed) -> None:
    attestation = good(stage, wallet)
    wallet.provider.distrusted_in(stage.chain, stage.clock.now() + 10)
    identify(stage, attestation, proof(stage, wallet))
    stage.clock.advance(10)
    with pytest.raises(InvalidClientAttestation):
        identify(stage, attestation, proof(stage, wallet))


def test_provider_whose_registered_key_is_none_is_passed_over(stage: Stage) -> None:
    args = {"thumbprint": "0x" + "01" * 32, "name": "Odd", "jwk": "0x7b7d", "validUntil": 2**40}
    stage.chain.emit("RelyingPartyRegistry", "WalletProviderTrusted", args)
    wallet = stage.trusted_wallet()
    assert identify(stage, good(stage, wallet), proof(stage, wallet)).attested_by == "Wallet maker"


@pytest.mark.parametrize(
    "changes",
    [
        {"header": {"typ": "JWT"}},
        {"header": {"typ": "key-attestation+jwt"}},
        {"header": {"alg": "none"}},
        {"header": {"alg": "HS256"}},
        {"header": {"alg": "Ed25519"}},
        {"without": "sub"},
        {"without": "exp"},
        {"without": "cnf"},
        {"sub": 1},
        {"sub": ""},
        {"sub": "x" * 513},
        {"exp": "soon"},
        {"exp": True},
        {"cnf": "key"},
        {"cnf": {}},
        {"cnf": {"jwk": None}},
        {"cnf": {"jwk": {"kty": "oct", "k": "AA"}}},
        {"cnf": {"kid": "x"}},
        {"iat": 1_900_000_000},
        {"nbf": 1_900_000_000},
        {"iat": "now"},
    ],
    ids=str,
)
def test_malformed_attestation_is_refused(stage: Stage, wallet: Installed, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidClientAttestation):
        identify(stage, good(stage, wallet, **changes), proof(stage, wallet))


def test_private_key_in_an_attestation_is_refused(stage: Stage, wallet: Installed) -> None:
    cnf = {"jwk": {**wallet.signer.jwk, "d": "A" * 43}}
    with pytest.raises(InvalidClientAttestation):
        identify(stage, good(stage, wallet, cnf=cnf), proof(stage, wallet))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "A" * 20_000, "ä.ä.ä"])
def test_what_is_no_jws_is_refused(stage: Stage, wallet: Installed, text: str) -> None:
    with pytest.raises(InvalidClientAttestation):
        identify(stage, [text], proof(stage, wallet))
    with pytest.raises(InvalidClientAttestation):
        identify(stage, good(stage, wallet), [text])


def test_expired_attestation_is_sent_back_for_a_fresh_one(stage: Stage, wallet: Installed) -> None:
    now = stage.clock.now()
    identify(stage, good(stage, wallet, exp=now - 29), proof(stage, wallet))
    with pytest.raises(UseFreshAttestation):
        identify(stage, good(stage, wallet, exp=now - 30), proof(stage, wallet))


def test_attestation_of_another_client_is_refused(stage: Stage, wallet: Installed) -> None:
    with pytest.raises(InvalidClientAttestation, match="another client"):
        identify(stage, good(stage, wallet), proof(stage, wallet), client_id="wallet-1")


def test_proof_by_another_instance_is_refused(stage: Stage, wallet: Installed) -> None:
    other = Installed(wallet.provider)
    with pytest.raises(InvalidClientAttestation):
        identify(stage, good(stage, wallet), proof(stage, other))
    with pytest.raises(InvalidClientAttestation):
        identify(stage, good(stage, wallet), proof(stage, wallet, signer=wallet.provider.signer))


@pytest.mark.parametrize(
    "changes",
    [
        {"header": {"typ": "JWT"}},
        {"header": {"typ": "dpop+jwt"}},
        {"header": {"alg": "none"}},
        {"without": "jti"},
        {"jti": ""},
        {"jti": 1},
        {"jti": "j" * 257},
        {"without": "aud"},
        {"aud": "https://other.example"},
        {"aud": f"{URL}/"},
        {"aud": TOKEN_URL},
        {"aud": [URL, "https://other.example"]},
        {"aud": []},
        {"aud": [[URL]]},
        {"without": "iat"},
        {"iat": "now"},
        {"iss": "wallet-1"},
        {"iss": 1},
        {"exp": 1},
        {"exp": "soon"},
    ],
    ids=str,
)
def test_malformed_proof_is_refused(stage: Stage, wallet: Installed, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidClientAttestation):
        identify(stage, good(stage, wallet), proof(stage, wallet, **changes))


@pytest.mark.parametrize(("age_s", "accepted"), [(330, True), (331, False), (-30, True), (-31, False)])
def test_proof_was_made_just_now(stage: Stage, wallet: Installed, age_s: int, accepted: bool) -> None:
    made = proof(stage, wallet, iat=stage.clock.now() - age_s)
    if accepted:
        identify(stage, good(stage, wallet), made)
    else:
        with pytest.raises(InvalidClientAttestation):
            identify(stage, good(stage, wallet), made)


def test_oldest_shape_without_a_time_of_making_ends_soon(stage: Stage, wallet: Installed) -> None:
    now = stage.clock.now()
    for expires_at, accepted in ((now + 330, True), (now + 331, False), (now - 29, True), (now - 30, False)):
        made = proof(stage, wallet, without="iat", iss=CLIENT, exp=expires_at)
        if accepted:
            identify(stage, good(stage, wallet), made)
        else:
            with pytest.raises(InvalidClientAttestation):
                identify(stage, good(stage, wallet), made)


@pytest.mark.parametrize("value", [None, "guess", 7, ["x"]])
def test_present_shape_without_a_challenge_of_ours_is_sent_back_for_one(
    stage: Stage, wallet: Installed, value: object
) -> None:
    with pytest.raises(UseAttestationChallenge):
        identify(stage, good(stage, wallet), proof(stage, wallet, challenge=value))


def test_stale_challenge_is_sent_back_for_a_fresh_one(stage: Stage, wallet: Installed) -> None:
    stale = challenge(stage)
    stage.clock.advance(300)
    with pytest.raises(UseAttestationChallenge):
        identify(stage, good(stage, wallet), proof(stage, wallet, challenge=stale))


def test_challenge_of_another_kind_is_refused(stage: Stage, wallet: Installed) -> None:
    for kind in (ChallengeKind.C_NONCE, ChallengeKind.DPOP_NONCE):
        with pytest.raises(UseAttestationChallenge):
            identify(stage, good(stage, wallet), proof(stage, wallet, challenge=stage.challenges.issue(kind)))


def test_proof_is_good_for_once_in_every_process(kept: Stage) -> None:
    wallet = kept.trusted_wallet()
    for made in (proof(kept, wallet), wallet.older_proof(URL, at=kept.clock.now())):
        claim(kept, identify(kept, good(kept, wallet), made))
        twin = kept.twin()
        with pytest.raises(InvalidClientAttestation, match="used before"):
            claim(twin, identify(twin, good(kept, wallet), made))


def test_challenge_is_good_for_once(kept: Stage) -> None:
    wallet = kept.trusted_wallet()
    value = challenge(kept)
    claim(kept, identify(kept, good(kept, wallet), proof(kept, wallet, challenge=value)))
    with pytest.raises(UseAttestationChallenge):
        claim(kept, identify(kept, good(kept, wallet), proof(kept, wallet, challenge=value)))


def test_dpop_proof_under_the_attested_key_stands_in_for_the_proof(stage: Stage, wallet: Installed) -> None:
    key = DpopKey()
    key.signer = wallet.signer
    client = identify(stage, good(stage, wallet), None, dpop=[stage.proof(key)])
    assert (client.client_id, client.attested_by) == (CLIENT, "Wallet maker")
    claim(stage, client)
    # A wallet that only knows the challenge endpoint puts its challenge there (section 8.3, step 5).
    identify(stage, good(stage, wallet), None, dpop=[stage.proof(key, nonce=challenge(stage))])


def test_dpop_proof_under_another_key_does_not(stage: Stage, wallet: Installed) -> None:
    with pytest.raises(InvalidClientAttestation, match="another key"):
        identify(stage, good(stage, wallet), None, dpop=[stage.proof(DpopKey())])


def test_challenge_for_attestations_is_no_dpop_nonce_beside_a_proof_of_its_own(
    stage: Stage, wallet: Installed
) -> None:
    shown = [stage.proof(DpopKey(), nonce=challenge(stage))]
    with pytest.raises(UseDpopNonce):
        identify(stage, good(stage, wallet), proof(stage, wallet), dpop=shown)


def test_bad_dpop_proof_is_refused_before_the_attestation_is_read(stage: Stage, wallet: Installed) -> None:
    with pytest.raises(InvalidDpopProof):
        identify(stage, good(stage, wallet), None, dpop=["x"])


def test_bad_attestation_is_refused_where_none_is_demanded(stage: Stage) -> None:
    stranger = Installed(Provider())
    with pytest.raises(InvalidClientAttestation):
        stage.push(Shown(attestation=[good(stage, stranger)], attestation_pop=[proof(stage, stranger)]))
    with pytest.raises(InvalidClientAttestation):
        stage.redeem(stage.offer(), shown=Shown(attestation_pop=[proof(stage, stranger)]))


def test_client_without_any_name_is_refused(stage: Stage) -> None:
    with pytest.raises(InvalidClient):
        identify(stage, None, None)


def test_edwards_keys_attest_nothing(stage: Stage, wallet: Installed) -> None:
    """HAIP names ES256 alone."""
    signer = Ed25519Signer()
    claims = {"sub": CLIENT, "exp": stage.clock.now() + 60, "cnf": {"jwk": signer.jwk}}
    attestation = sign_jws(
        {"alg": "ES256", "typ": "oauth-client-attestation+jwt"}, claims, wallet.provider.signer.sign
    )
    made = sign_jws(
        {"alg": "Ed25519", "typ": "oauth-client-attestation-pop+jwt"}, {"aud": URL, "jti": "1"}, signer.sign
    )
    with pytest.raises(InvalidClientAttestation):
        identify(stage, attestation, made)


def test_example_of_the_draft_holds_together(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its provider's key is not published, so that the provider's signature alone is taken on trust here."""
    stage.clock.time = 1_772_487_600
    Provider("Draft").trusted_in(stage.chain)
    monkeypatch.setattr("jeung.domain.wallet_providers._signed", lambda *_: True)
    draft = ClientAttestations(
        ledger=stage.subject.ledger,
        challenges=stage.challenges,
        clock=stage.clock,
        rules=AttestationRules("https://as.example.com"),
    )
    with pytest.raises(UseAttestationChallenge):
        draft.verify([DRAFT_ATTESTATION], [DRAFT_PROOF], client_id="https://client.example.com")
    monkeypatch.setattr(stage.challenges, "check", lambda *_: None)
    client = draft.verify([DRAFT_ATTESTATION], [DRAFT_PROOF], client_id="https://client.example.com")
    assert (client.client_id, client.provider) == ("https://client.example.com", "Draft")
