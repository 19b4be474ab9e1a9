"""A key attestation says of which keys, how well kept, until when; a malformed one says nothing."""

from typing import Any

import pytest

from jeung.crypto.key_attestation import MAX_ATTESTED_KEYS, check_attestation_times, parse_key_attestation
from jeung.domain.key_storage import KeyStorage, at_least, strongest
from jeung.errors import InvalidKeyProof
from tests.common.jose import Ed25519Signer, P256Signer
from tests.common.key_proofs import Device, Provider

NOW = 1_800_000_000
DEVICES = [Device(), Device()]
PROVIDER = Provider()


def good(**changes: Any) -> str:  # noqa: ANN401 - of `Provider.attestation`
    return PROVIDER.attestation(DEVICES, **{"nonce": "n", "at": NOW, **changes})


def test_attestation_is_read_as_it_was_made() -> None:
    found = parse_key_attestation(good())
    check_attestation_times(found, now=NOW, skew_s=60)
    assert [attested.key.jwk["x"] for attested in found.keys] == [device.jwk["x"] for device in DEVICES]
    assert set(found.key_storage) == {"iso_18045_moderate"}
    assert set(found.user_authentication) == {"iso_18045_enhanced-basic"}
    assert (found.nonce, found.issued_at, found.expires_at) == ("n", NOW, NOW + 3_600)


def test_what_is_optional_may_be_absent() -> None:
    found = parse_key_attestation(good(without=["exp", "nonce", "key_storage", "user_authentication"]))
    assert (found.nonce, found.expires_at, found.key_storage) == (None, None, frozenset())
    check_attestation_times(found, now=NOW + 10**9, skew_s=60)


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "keyattestation+jwt"},
        {"typ": "openid4vci-proof+jwt"},
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "Ed25519"},
    ],
    ids=str,
)
def test_header_that_is_not_as_it_must_be_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(InvalidKeyProof):
        parse_key_attestation(good(header=header))


@pytest.mark.parametrize(
    "claims",
    [
        {"attested_keys": []},
        {"attested_keys": "text"},
        {"attested_keys": None},
        {"attested_keys": [1]},
        {"attested_keys": [{**DEVICES[0].jwk, "d": "AA"}]},
        {"attested_keys": [Ed25519Signer().jwk]},
        {"attested_keys": [DEVICES[0].jwk, {**DEVICES[0].jwk, "kid": "again"}]},
        {"attested_keys": [P256Signer().jwk for _ in range(MAX_ATTESTED_KEYS + 1)]},
        {"key_storage": []},
        {"key_storage": "iso_18045_high"},
        {"key_storage": [1]},
        {"key_storage": [""]},
        {"key_storage": ["x" * 257]},
        {"key_storage": ["x"] * 17},
        {"user_authentication": None},
        {"iat": "now"},
        {"iat": True},
        {"exp": "never"},
        {"nonce": 1},
    ],
    ids=lambda claims: str(claims)[:50],
)
def test_claim_that_is_not_as_it_must_be_is_refused(claims: dict[str, Any]) -> None:
    with pytest.raises(InvalidKeyProof):
        parse_key_attestation(good(**claims))


@pytest.mark.parametrize("name", ["iat", "attested_keys", "typ", "alg"])
def test_attestation_without_a_required_member_is_refused(name: str) -> None:
    with pytest.raises(InvalidKeyProof):
        parse_key_attestation(good(without=[name]))


@pytest.mark.parametrize("text", ["", "a.b.c", "A" * 40_000])
def test_text_that_is_no_jws_is_refused(text: str) -> None:
    with pytest.raises(InvalidKeyProof):
        parse_key_attestation(text)


@pytest.mark.parametrize("now", [NOW - 61, NOW + 3_660])
def test_attestation_of_another_time_is_refused(now: int) -> None:
    with pytest.raises(InvalidKeyProof):
        check_attestation_times(parse_key_attestation(good()), now=now, skew_s=60)


@pytest.mark.parametrize(
    ("names", "grade"),
    [
        ([], KeyStorage.SOFTWARE),
        (["https://example.org/very-safe"], KeyStorage.SOFTWARE),
        (["iso_18045_basic"], KeyStorage.BASIC),
        (["iso_18045_moderate", "iso_18045_high", "iso_18045_basic"], KeyStorage.HIGH),
        (["ISO_18045_HIGH"], KeyStorage.SOFTWARE),
    ],
)
def test_strongest_assertion_counts_and_an_unknown_one_adds_nothing(names: list[str], grade: KeyStorage) -> None:
    assert strongest(names) is grade


def test_grades_are_ordered() -> None:
    assert [grade.rank for grade in KeyStorage] == [0, 1, 2, 3, 4]
    assert at_least(KeyStorage.MODERATE) == (KeyStorage.MODERATE, KeyStorage.HIGH)
