import secrets
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.jws import sign_jws
from jeung.crypto.key_binding import KeyBinding, bind_key, sd_hash, verify_key_binding, verify_sd_hash
from jeung.crypto.sd_jwt import UnverifiedSdJwt, parse_sd_jwt
from jeung.crypto.sd_jwt_issue import Disclosable, issue_sd_jwt, present
from jeung.errors import (
    InvalidKeyBindingSignature,
    InvalidKeyBindingType,
    MalformedKeyBinding,
    MissingKeyBinding,
    SdHashMismatch,
)
from tests.common.jose import Ed25519Signer, P256Signer

ISSUER, HOLDER = P256Signer(), P256Signer()
SD_JWT = issue_sd_jwt(
    {"alg": "ES256"},
    {"a": Disclosable(1), "b": Disclosable(2)},
    sign=ISSUER.sign,
    random_bytes=secrets.token_bytes,
)
CLAIMS: dict[str, Any] = {"iat": 1_700_000_000, "aud": "http://rp", "nonce": "n", "sd_hash": sd_hash(SD_JWT)}


def parsed(presentation: str) -> UnverifiedSdJwt:
    return parse_sd_jwt(presentation, typ=None)


def bound_with(claims: dict[str, Any], *, typ: object = "kb+jwt", signer: P256Signer = HOLDER) -> UnverifiedSdJwt:
    return parsed(SD_JWT + sign_jws({"alg": "ES256", "typ": typ}, claims, signer.sign))


def test_what_the_holder_bound_is_read_back() -> None:
    presentation = parsed(
        bind_key(SD_JWT, audience="http://rp", nonce="n", issued_at=1_700_000_000, sign=HOLDER.sign)
    )
    binding = verify_key_binding(presentation, HOLDER.key)
    assert binding == KeyBinding("http://rp", "n", 1_700_000_000, sd_hash(SD_JWT))
    verify_sd_hash(presentation, binding)


def test_a_time_with_a_fraction_is_a_numeric_date() -> None:
    # RFC 7519 section 2; a phone that divides milliseconds by a thousand writes one.
    assert verify_key_binding(bound_with({**CLAIMS, "iat": 1_700_000_000.987}), HOLDER.key).issued_at == 1_700_000_000


def test_an_ed25519_device_key_binds_too() -> None:
    holder = Ed25519Signer()
    text = bind_key(SD_JWT, audience="a", nonce="n", issued_at=1, sign=holder.sign, algorithm="Ed25519")
    assert verify_key_binding(parsed(text), holder.key).nonce == "n"


def test_the_sd_hash_covers_everything_up_to_the_last_tilde() -> None:
    # RFC 9901 section 4.3.1: over the US-ASCII bytes, the last tilde included.
    assert sd_hash("a.b.c~") != sd_hash("a.b.c")
    assert sd_hash("") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


def test_a_missing_binding_is_refused() -> None:
    with pytest.raises(MissingKeyBinding):
        verify_key_binding(parsed(SD_JWT), HOLDER.key)


@pytest.mark.parametrize("typ", ["JWT", "KB+JWT", "application/kb+jwt", "", None, 1])
def test_another_type_is_refused(typ: object) -> None:
    with pytest.raises(InvalidKeyBindingType):
        verify_key_binding(bound_with(CLAIMS, typ=typ), HOLDER.key)


def test_a_missing_type_is_refused() -> None:
    token = sign_jws({"alg": "ES256"}, CLAIMS, HOLDER.sign)
    with pytest.raises(InvalidKeyBindingType):
        verify_key_binding(parsed(SD_JWT + token), HOLDER.key)


@pytest.mark.parametrize("signer", [P256Signer(), ISSUER])
def test_a_binding_by_another_key_is_refused(signer: P256Signer) -> None:
    with pytest.raises(InvalidKeyBindingSignature):
        verify_key_binding(bound_with(CLAIMS, signer=signer), HOLDER.key)


def test_a_key_of_another_algorithm_is_refused() -> None:
    with pytest.raises(InvalidKeyBindingSignature):
        verify_key_binding(bound_with(CLAIMS), Ed25519Signer().key)


@pytest.mark.parametrize("name", ["iat", "aud", "nonce", "sd_hash"])
def test_every_claim_is_required(name: str) -> None:
    claims = {key: value for key, value in CLAIMS.items() if key != name}
    with pytest.raises(MalformedKeyBinding):
        verify_key_binding(bound_with(claims), HOLDER.key)


@pytest.mark.parametrize(
    "change",
    [
        {"iat": "1"},
        {"iat": True},
        {"iat": -0.5},
        {"iat": 2.0**53},
        {"iat": -1},
        {"aud": ["http://rp"]},
        {"aud": ""},
        {"nonce": 1},
        {"nonce": None},
        {"sd_hash": {}},
    ],
)
def test_a_claim_of_another_type_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(MalformedKeyBinding):
        verify_key_binding(bound_with(CLAIMS | change), HOLDER.key)


def test_a_payload_that_repeats_a_claim_is_refused() -> None:
    header = base64url.encode(b'{"alg":"ES256","typ":"kb+jwt"}')
    payload = base64url.encode(b'{"iat":1,"aud":"a","aud":"b","nonce":"n","sd_hash":"h"}')
    signing_input = f"{header}.{payload}"
    token = f"{signing_input}.{base64url.encode(HOLDER.sign(signing_input.encode()))}"
    with pytest.raises(MalformedKeyBinding):
        verify_key_binding(parsed(SD_JWT + token), HOLDER.key)


def test_the_signature_is_judged_before_the_claims() -> None:
    with pytest.raises(InvalidKeyBindingSignature):
        verify_key_binding(bound_with({}, signer=ISSUER), HOLDER.key)


def test_disclosures_changed_after_signing_are_refused() -> None:
    full = bind_key(SD_JWT, audience="a", nonce="n", issued_at=1, sign=HOLDER.sign)
    token = full.rsplit("~", 1)[1]
    jwt, first, second, _ = SD_JWT.split("~")
    for changed in (f"{jwt}~{first}~", f"{jwt}~{second}~{first}~", f"{jwt}~", present(SD_JWT, [("a",)])):
        presentation = parsed(changed + token)
        binding = verify_key_binding(presentation, HOLDER.key)
        with pytest.raises(SdHashMismatch):
            verify_sd_hash(presentation, binding)
