"""A key proof proves its key to one issuer, for one nonce, now; whatever else is shown proves nothing."""

import json
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.jws import sign_jws
from jeung.crypto.key_proof import MAX_KEY_PROOF_CHARACTERS, ProofRules, parse_key_proof, verify_key_proof
from jeung.errors import InvalidKeyProof
from tests.common.jose import Ed25519Signer, P256Signer, certificate
from tests.common.key_proofs import Device, Provider

URL = "https://bank.example"
NOW = 1_800_000_000
RULES = ProofRules(URL)
DEVICE, OTHER, PROVIDER = Device(), Device(), Provider()


def good(**changes: Any) -> str:  # noqa: ANN401 - of `Device.proof`
    return DEVICE.proof(URL, **{"nonce": "n", "at": NOW, **changes})


def verify(proof: str, *, client_id: str | None = None, now: int = NOW) -> bytes:
    parsed = parse_key_proof(proof)
    verify_key_proof(parsed, RULES, client_id=client_id, now=now)
    return parsed.key.thumbprint


def did_jwk(device: Device) -> str:
    return "did:jwk:" + base64url.encode(json.dumps(device.jwk).encode()) + "#0"


def attested(*devices: Device, **claims: Any) -> dict[str, Any]:  # noqa: ANN401 - claims
    return {"key_attestation": PROVIDER.attestation(devices, nonce="n", at=NOW, **claims)}


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"jwk": {**DEVICE.jwk, "kid": "1", "use": "sig", "alg": "ES256"}},
        {"x5c": [certificate(DEVICE.signer.private_key)]},
        {"kid": did_jwk(DEVICE)},
        {"kid": "1", **attested(OTHER, DEVICE)},
        {"kid": "mine", **attested(DEVICE, attested_keys=[{**OTHER.jwk, "kid": 7}, {**DEVICE.jwk, "kid": "mine"}])},
        {"kid": did_jwk(DEVICE), **attested(DEVICE)},
        attested(OTHER, DEVICE),
    ],
    ids=["jwk", "jwk with more", "x5c", "did:jwk", "place", "kid of a JWK", "attested DID", "attested jwk"],
)
def test_proof_names_its_key_in_one_of_three_ways(header: dict[str, Any]) -> None:
    without = [] if "jwk" in header or not {"kid", "x5c"} & header.keys() else ["jwk"]
    assert verify(good(header=header, without=without)) == DEVICE.signer.key.thumbprint


def test_parsed_proof_says_what_the_caller_must_judge() -> None:
    proof = parse_key_proof(good(iss="wallet-1"))
    assert (proof.nonce, proof.audience, proof.client, proof.issued_at) == ("n", URL, "wallet-1", NOW)
    assert proof.attestation is None


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT"},
        {"typ": "openid4vci-proof+jwt "},
        {"typ": "kb+jwt"},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "ES384"},
        {"alg": "Ed25519"},
        {"crit": ["exp"]},
        {"kid": "1"},
        {"x5c": [certificate(DEVICE.signer.private_key)]},
        {"kid": did_jwk(DEVICE), "x5c": [certificate(DEVICE.signer.private_key)]},
        {"jwk": {**DEVICE.jwk, "d": "AA"}},
        {"jwk": {**DEVICE.jwk, "use": "enc"}},
        {"jwk": {"kty": "oct", "k": "AA"}},
        {"jwk": "text"},
        {"jwk": None},
        {"jwk": OTHER.jwk},
        {"key_attestation": 1},
        {"key_attestation": "a.b.c"},
        attested(OTHER),
    ],
    ids=lambda header: "+".join(header)[:40],
)
def test_header_that_is_not_as_it_must_be_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(InvalidKeyProof):
        verify(good(header=header))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"kid": 1},
        {"kid": "unknown"},
        {"kid": "did:web:wallet.example#1"},
        {"kid": "2", **attested(DEVICE)},
        {"kid": "-1", **attested(DEVICE)},
        {"kid": did_jwk(DEVICE), **attested(OTHER)},
        {"kid": did_jwk(OTHER)},
        {"x5c": []},
        {"x5c": "text"},
        {"x5c": [1]},
        {"x5c": ["AAAA"]},
        {"x5c": [certificate(DEVICE.signer.private_key)] * 9},
        {"x5c": [certificate(OTHER.signer.private_key)]},
    ],
)
def test_key_that_is_not_named_or_not_the_signers_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(InvalidKeyProof):
        verify(good(header=header, without=["jwk"]))


def test_key_on_another_curve_is_refused() -> None:
    signer = Ed25519Signer()
    header = {"typ": "openid4vci-proof+jwt", "jwk": signer.jwk}
    body = {"aud": URL, "iat": NOW, "nonce": "n"}
    for algorithm in ("Ed25519", "EdDSA", "ES256"):
        with pytest.raises(InvalidKeyProof):
            verify(sign_jws({**header, "alg": algorithm}, body, signer.sign))


@pytest.mark.parametrize("name", ["aud", "iat", "nonce", "typ", "alg"])
def test_proof_without_a_required_member_is_refused(name: str) -> None:
    with pytest.raises(InvalidKeyProof):
        verify(good(without=[name]))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://exchange.example"},
        {"aud": [URL]},
        {"aud": f"{URL}/"},
        {"iat": NOW + 61},
        {"iat": NOW - 361},
        {"iat": str(NOW)},
        {"iat": True},
        {"iat": -1},
        {"iat": -0.5},
        {"iat": 1e308},
        {"nonce": ""},
        {"nonce": 1},
        {"nonce": None},
        {"iss": "another wallet"},
        {"iss": ""},
    ],
    ids=str,
)
def test_claim_that_is_not_as_it_must_be_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidKeyProof):
        verify(good(**claims), client_id="wallet-1")


@pytest.mark.parametrize("issued_at", [NOW + 60, NOW - 360])
def test_clocks_may_differ_a_little(issued_at: int) -> None:
    verify(good(iat=issued_at))


def test_issuer_claim_is_the_client_and_absent_for_an_anonymous_one() -> None:
    verify(good(iss="wallet-1"), client_id="wallet-1")
    verify(good(), client_id="wallet-1")
    with pytest.raises(InvalidKeyProof):
        verify(good(iss="wallet-1"), client_id=None)


def test_changed_proof_is_refused() -> None:
    head, _, signature = good().split(".")
    body = base64url.encode(json.dumps({"aud": URL, "iat": NOW, "nonce": "m"}).encode())
    with pytest.raises(InvalidKeyProof):
        verify(f"{head}.{body}.{signature}")


@pytest.mark.parametrize("text", ["", "a", "a.b", "..", "é.b.c", "a.b.c=", "A" * (MAX_KEY_PROOF_CHARACTERS + 1)])
def test_text_that_is_no_jws_is_refused(text: str) -> None:
    with pytest.raises(InvalidKeyProof):
        parse_key_proof(text)


def test_payload_that_is_no_object_is_refused() -> None:
    head = base64url.encode(json.dumps({"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": DEVICE.jwk}).encode())
    text = f"{head}.{base64url.encode(b'[]')}"
    signature = base64url.encode(P256Signer().sign(text.encode()))
    with pytest.raises(InvalidKeyProof):
        parse_key_proof(f"{text}.{signature}")
