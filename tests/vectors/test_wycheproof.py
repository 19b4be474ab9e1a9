"""Project Wycheproof: every valid case is accepted, every invalid one refused."""

from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.jwk import VerifyingKey, parse_jwk
from jeung.crypto.jws import parse_jws, verify_jws
from jeung.errors import AlgorithmNotAllowed, InvalidSignature, JeungError, MalformedKey
from tests.common.vectors import wycheproof

Case = tuple[dict[str, Any], dict[str, Any]]

# What we refuse on purpose although Wycheproof calls it valid, and nothing else may hide in here: RSA, HMAC and
# P-521, which are on no list of ours.
FOREIGN_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256", "HS384", "HS512", "ES521"}
)


def name(case: Case) -> str:
    return f"{case[1]['tcId']}-{case[1]['comment'].replace(' ', '_')[:40]}"


def public_keys(group: dict[str, Any]) -> list[dict[str, Any]]:
    """The group's keys without their private halves; a symmetric key has no public half."""
    container = group.get("public") or group["private"]
    keys: list[dict[str, Any]] = container.get("keys", [container])
    return keys


def verifies(group: dict[str, Any], token: str) -> bool:
    """Whether one of the group's keys, chosen by us and not by the token, verifies the token."""
    for jwk in public_keys(group):
        try:
            verify_jws(parse_jws(token, typ=None), parse_jwk(jwk))
        except JeungError:
            continue
        return True
    return False


def p256_key(group: dict[str, Any]) -> VerifyingKey:
    """The key of an ECDSA group, which always has its uncompressed point and not always a JWK."""
    point = bytes.fromhex(group["publicKey"]["uncompressed"])
    x, y = base64url.encode(point[1:33]), base64url.encode(point[33:])
    return parse_jwk({"kty": "EC", "crv": "P-256", "x": x, "y": y})


@pytest.mark.parametrize("case", wycheproof("ecdsa_secp256r1_sha256_p1363_test"), ids=name)
def test_es256_signatures(case: Case) -> None:
    group, test = case
    key, signature, message = p256_key(group), bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"])
    if test["result"] == "valid":
        key.verify(signature, message)
        return
    with pytest.raises(InvalidSignature):
        key.verify(signature, message)


@pytest.mark.parametrize("case", wycheproof("ed25519_test"), ids=name)
def test_ed25519_signatures(case: Case) -> None:
    group, test = case
    key, signature, message = parse_jwk(group["publicKeyJwk"]), bytes.fromhex(test["sig"]), bytes.fromhex(test["msg"])
    if test["result"] == "valid":
        key.verify(signature, message)
        return
    with pytest.raises(InvalidSignature):
        key.verify(signature, message)


@pytest.mark.parametrize("case", wycheproof("json_web_signature_test"), ids=name)
def test_json_web_signatures(case: Case) -> None:
    group, test = case
    accepted = isinstance(test["jws"], str) and verifies(group, test["jws"])
    if test["result"] == "invalid":
        assert not accepted
    elif public_keys(group)[0].get("alg") in FOREIGN_ALGORITHMS:
        assert not accepted
        with pytest.raises((AlgorithmNotAllowed, MalformedKey)):
            parse_jwk(public_keys(group)[0])
    else:
        assert accepted


@pytest.mark.parametrize("case", wycheproof("json_web_key_test"), ids=name)
def test_json_web_keys(case: Case) -> None:
    group, test = case
    accepted = verifies(group, test["jws"])
    assert not accepted
    # All five valid cases use RSA or HMAC keys.
    if test["result"] == "valid":
        assert all(jwk["alg"] in FOREIGN_ALGORITHMS for jwk in public_keys(group))


def test_the_jws_file_has_p256_cases_that_are_accepted() -> None:
    cases = wycheproof("json_web_signature_test")
    accepted = [
        test["tcId"] for group, test in cases if isinstance(test["jws"], str) and verifies(group, test["jws"])
    ]
    assert accepted == [18, 378]
