"""The twelve checks of RFC 9449 section 4.3, each with the proof that fails it alone."""

from pathlib import Path
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.jws import sign_jws
from jeung.domain.wallets import ChallengeKind
from jeung.errors import InvalidDpopProof, UseDpopNonce
from jeung.services.wallets.dpop import DpopProof, DpopRules
from tests.common.dpop import DpopKey
from tests.common.jose import Ed25519Signer, P256Signer
from tests.common.stores import in_memory
from tests.unit.jeung.services.wallets.stage import TOKEN_URL, Stage

# RFC 9449 section 4.1, with the nonce-less proof of the token request.
RFC_PROOF = (
    "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs"
    "cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19"
    ".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0"
    "IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
RFC_JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(in_memory(tmp_path)).found()


@pytest.fixture
def key() -> DpopKey:
    return DpopKey()


def proof(stage: Stage, key: DpopKey, method: str = "POST", url: str = TOKEN_URL, **changes: Any) -> str:  # noqa: ANN401
    """Make a good proof, changed as asked."""
    nonce = stage.challenges.issue(ChallengeKind.DPOP_NONCE)
    return key.proof(method, url, **{"at": stage.clock.now(), "nonce": nonce, **changes})


def verify(stage: Stage, *proofs: str, **arguments: Any) -> DpopProof:  # noqa: ANN401
    return stage.dpop.verify(proofs, **{"method": "POST", "url": TOKEN_URL, **arguments})


def test_the_example_of_the_rfc_verifies(stage: Stage) -> None:
    stage.clock.time = 1_562_262_616
    verifier = stage.verifier(DpopRules(nonce_required=False))
    verified = verifier.verify([RFC_PROOF], method="POST", url="https://server.example.com/token")
    assert verified.jkt == RFC_JKT


def test_good_proof_gives_its_key(stage: Stage, key: DpopKey) -> None:
    assert verify(stage, proof(stage, key)).jkt == key.jkt
    assert verify(stage, proof(stage, key), bound_to=key.jkt).jkt == key.jkt


def test_1_there_is_exactly_one_header(stage: Stage, key: DpopKey) -> None:
    good = proof(stage, key)
    for proofs in ((), (good, good), (good, proof(stage, key))):
        with pytest.raises(InvalidDpopProof, match="exactly one"):
            verify(stage, *proofs)


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "a.b.c.d", "{}", "ä", "\0", "A" * 5000])
def test_2_it_is_a_well_formed_jwt(stage: Stage, text: str) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, text)


def test_2_two_proofs_in_one_header_are_none(stage: Stage, key: DpopKey) -> None:
    good = proof(stage, key)
    with pytest.raises(InvalidDpopProof):
        verify(stage, f"{good}, {good}")


def test_2_claims_are_a_json_object_without_repeated_names(stage: Stage, key: DpopKey) -> None:
    head, _, _ = proof(stage, key).split(".")
    for payload in (b"[]", b"1", b"", b'{"jti":"a","jti":"b"}', b"\xff"):
        signed = f"{head}.{base64url.encode(payload) or 'AA'}"
        text = f"{signed}.{base64url.encode(key.signer.sign(signed.encode()))}"
        with pytest.raises(InvalidDpopProof):
            verify(stage, text)


@pytest.mark.parametrize("claim", ["jti", "htm", "htu", "iat"])
def test_3_every_required_claim_is_there(stage: Stage, key: DpopKey, claim: str) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, proof(stage, key, without=claim))


@pytest.mark.parametrize(
    "wrong",
    [
        {"jti": 1},
        {"jti": ""},
        {"jti": "j" * 257},
        {"htm": ["POST"]},
        {"htu": None},
        {"iat": "1"},
        {"iat": True},
        {"iat": 1.5},
        {"iat": -1},
        {"iat": 2**53 - 1},
    ],
)
def test_3_claims_have_their_types(stage: Stage, key: DpopKey, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, proof(stage, key, **wrong))


@pytest.mark.parametrize("typ", ["JWT", "dpop+JWT", "at+jwt", "", None, 1])
def test_4_the_type_is_dpop(stage: Stage, key: DpopKey, typ: object) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, proof(stage, key, header={"typ": typ}))


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384", "Ed25519", "es256", "", None])
def test_5_the_algorithm_is_on_our_list(stage: Stage, key: DpopKey, algorithm: object) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, proof(stage, key, header={"alg": algorithm}))


def test_5_an_edwards_key_is_not_on_our_list(stage: Stage) -> None:
    signer = Ed25519Signer()
    claims = {"jti": "1", "htm": "POST", "htu": TOKEN_URL, "iat": stage.clock.now()}
    header = {"typ": "dpop+jwt", "alg": "Ed25519", "jwk": signer.jwk}
    with pytest.raises(InvalidDpopProof):
        verify(stage, sign_jws(header, claims, signer.sign))


def test_6_the_signature_verifies_under_the_key_it_shows(stage: Stage, key: DpopKey) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, proof(stage, key, header={"jwk": P256Signer().jwk}))
    good = proof(stage, key)
    changed = good[:-2] + ("AA" if good[-2:] != "AA" else "BA")
    with pytest.raises(InvalidDpopProof):
        verify(stage, changed)


@pytest.mark.parametrize("jwk", [None, "x", {}, {"kty": "oct", "k": "AA"}, {"kty": "EC", "crv": "P-256"}])
def test_6_a_proof_shows_a_key(stage: Stage, key: DpopKey, jwk: object) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, proof(stage, key, header={"jwk": jwk}))


def test_7_the_key_it_shows_is_no_private_key(stage: Stage, key: DpopKey) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, proof(stage, key, header={"jwk": {**key.signer.jwk, "d": "A" * 43}}))


@pytest.mark.parametrize("method", ["GET", "post", "POST ", ""])
def test_8_it_is_for_this_method(stage: Stage, key: DpopKey, method: str) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, proof(stage, key, method=method))


@pytest.mark.parametrize(
    "url",
    [
        "https://bank.example/oid4vci/credential",
        "https://bank.example/oid4vci/token/",
        "https://bank.example/oid4vci/TOKEN",
        "https://bank.example",
        "https://bank.example.evil.example/oid4vci/token",
        "https://evil.example/oid4vci/token",
        "https://bank.example@evil.example/oid4vci/token",
        "https://evil.example#https://bank.example/oid4vci/token",
        "https://evil.example?https://bank.example/oid4vci/token",
        "https://bank.example:444/oid4vci/token",
        "http://bank.example/oid4vci/token",
        "//bank.example/oid4vci/token",
        "/oid4vci/token",
        "https://bank.example/oid4vci/token\n",
        "https://bank.example/x/../oid4vci/token",
        "https://bänk.example/oid4vci/token",
        "",
        "https://",
    ],
)
def test_9_it_is_for_this_address(stage: Stage, key: DpopKey, url: str) -> None:
    with pytest.raises(InvalidDpopProof):
        verify(stage, proof(stage, key, url=url))


@pytest.mark.parametrize(
    "url",
    [
        "HTTPS://BANK.example/oid4vci/token",
        "https://bank.example:443/oid4vci/token",
        "https://bank.example:/oid4vci/token",
        "https://bank.example/oid4vci/token?a=b&c=%20",
        "https://bank.example/oid4vci/token#top",
        "https://bank.example/oid4vci/token?a#b",
    ],
)
def test_9_spelling_query_and_fragment_of_the_address_do_not_matter(stage: Stage, key: DpopKey, url: str) -> None:
    verify(stage, proof(stage, key, url=url))


def test_9_an_address_without_a_path_is_that_of_the_root(stage: Stage, key: DpopKey) -> None:
    verify(stage, proof(stage, key, url="https://bank.example"), url="https://bank.example/")


@pytest.mark.parametrize("nonce", [None, "", "guess", 7, ["x"], "A" * 72])
def test_10_it_carries_a_nonce_of_ours(stage: Stage, key: DpopKey, nonce: object) -> None:
    with pytest.raises(UseDpopNonce):
        verify(stage, proof(stage, key, nonce=nonce))


def test_10_the_nonce_is_fresh(stage: Stage, key: DpopKey) -> None:
    nonce = stage.challenges.issue(ChallengeKind.DPOP_NONCE)
    stage.clock.advance(300)
    with pytest.raises(UseDpopNonce):
        verify(stage, proof(stage, key, nonce=nonce))


@pytest.mark.parametrize("kind", [ChallengeKind.C_NONCE, ChallengeKind.ATTESTATION])
def test_10_the_nonce_is_of_its_kind(stage: Stage, key: DpopKey, kind: ChallengeKind) -> None:
    with pytest.raises(UseDpopNonce):
        verify(stage, proof(stage, key, nonce=stage.challenges.issue(kind)))


def test_10_a_nonce_that_is_not_demanded_must_still_be_good(stage: Stage, key: DpopKey) -> None:
    verifier = stage.verifier(DpopRules(nonce_required=False))
    verifier.verify([proof(stage, key, without="nonce")], method="POST", url=TOKEN_URL)
    with pytest.raises(UseDpopNonce):
        verifier.verify([proof(stage, key, nonce="guess")], method="POST", url=TOKEN_URL)


@pytest.mark.parametrize(("age_s", "good"), [(330, True), (331, False), (0, True), (-30, True), (-31, False)])
def test_11_it_was_made_just_now(stage: Stage, key: DpopKey, age_s: int, good: bool) -> None:
    made = proof(stage, key, at=stage.clock.now() - age_s)
    if good:
        verify(stage, made)
    else:
        with pytest.raises(InvalidDpopProof):
            verify(stage, made)


def test_12_it_is_for_this_access_token(stage: Stage, key: DpopKey) -> None:
    verify(stage, proof(stage, key, token="token-1"), access_token="token-1")
    for made in (proof(stage, key), proof(stage, key, token="token-2"), proof(stage, key, ath=7)):
        with pytest.raises(InvalidDpopProof):
            verify(stage, made, access_token="token-1")


def test_12_the_token_is_bound_to_this_key(stage: Stage, key: DpopKey) -> None:
    with pytest.raises(InvalidDpopProof, match="another key"):
        verify(stage, proof(stage, key, token="token-1"), access_token="token-1", bound_to=DpopKey().jkt)


def claim(stage: Stage, verified: DpopProof) -> None:
    with stage.store.write() as tx:
        stage.dpop.claim(tx, verified)


def test_replayed_proof_is_refused_by_every_process_and_past_a_restart(kept: Stage, key: DpopKey) -> None:
    made = proof(kept, key)
    claim(kept, verify(kept, made))
    for process in (kept, kept.twin()):
        with pytest.raises(InvalidDpopProof, match="used before"):
            claim(process, verify(process, made))


def test_same_jti_in_another_proof_of_the_key_is_a_replay(kept: Stage, key: DpopKey) -> None:
    claim(kept, verify(kept, proof(kept, key, jti="once")))
    with pytest.raises(InvalidDpopProof, match="used before"):
        claim(kept, verify(kept, proof(kept, key, jti="once")))


def test_another_wallets_proof_cannot_use_up_a_jti(kept: Stage, key: DpopKey) -> None:
    claim(kept, verify(kept, proof(kept, DpopKey(), jti="once")))
    claim(kept, verify(kept, proof(kept, key, jti="once")))


def test_used_proof_is_remembered_for_as_long_as_it_could_be_shown(stage: Stage, key: DpopKey) -> None:
    verified = verify(stage, proof(stage, key, at=stage.clock.now() + 30))
    assert verified.remember_until >= stage.clock.now() + 30 + 300


def test_nothing_of_a_proof_stands_in_its_repr(stage: Stage, key: DpopKey) -> None:
    verified = verify(stage, proof(stage, key, jti="secret-jti"))
    assert verified.replay_value not in repr(verified)
