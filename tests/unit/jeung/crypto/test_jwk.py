import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from jeung.crypto import base64url
from jeung.crypto.jwk import MAX_CERTIFICATE_CHARACTERS, parse_certificate_key, parse_jwk
from jeung.errors import InvalidSignature, MalformedKey
from tests.common.jose import Ed25519Signer, P256Signer, certificate

P256 = P256Signer()
ED25519 = Ed25519Signer()

# RFC 8037 appendix A.3.
RFC_8037_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}


def test_the_thumbprint_is_rfc_7638s() -> None:
    assert base64url.encode(parse_jwk(RFC_8037_KEY).thumbprint) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    members = json.dumps({name: P256.jwk[name] for name in ("crv", "kty", "x", "y")}, separators=(",", ":"))
    assert P256.key.thumbprint == hashlib.sha256(members.encode()).digest()


def test_optional_members_do_not_change_the_thumbprint() -> None:
    more = {**P256.jwk, "kid": "a", "use": "sig", "alg": "ES256", "key_ops": ["verify"], "x5t": "b"}
    assert parse_jwk(more) == P256.key
    assert parse_jwk(more).thumbprint == P256.key.thumbprint


def test_the_two_names_of_ed25519_are_accepted() -> None:
    assert parse_jwk({**ED25519.jwk, "alg": "EdDSA"}) == parse_jwk({**ED25519.jwk, "alg": "Ed25519"}) == ED25519.key


@pytest.mark.parametrize(
    "change",
    [
        {"d": "AAAA"},
        {"k": "AAAA"},
        {"p": ""},
        {"kty": "RSA"},
        {"kty": ["EC"]},
        {"kty": "OKP"},
        {"crv": "P-384"},
        {"crv": "secp256k1"},
        {"crv": None},
        {"alg": "ES384"},
        {"alg": "Ed25519"},
        {"alg": "none"},
        {"alg": ["ES256"]},
        {"use": "enc"},
        {"use": None},
        {"key_ops": ["sign"]},
        {"key_ops": "verify"},
        {"key_ops": []},
        {"x": 1},
        {"x": None},
        {"x": ""},
        {"x": P256.jwk["x"] + "="},
        {"x": "AA" + P256.jwk["x"]},
        {"x": P256.jwk["x"][:-2]},
        {"y": P256.jwk["x"]},
        {"x": base64url.encode(bytes(32)), "y": base64url.encode(bytes(32))},
        {"x": base64url.encode(b"\xff" * 32)},
    ],
)
def test_a_key_that_is_not_a_p256_signature_key_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(MalformedKey):
        parse_jwk({**P256.jwk, **change})


@pytest.mark.parametrize("missing", ["kty", "crv", "x", "y"])
def test_every_required_member_is_required(missing: str) -> None:
    with pytest.raises(MalformedKey):
        parse_jwk({name: value for name, value in P256.jwk.items() if name != missing})


@pytest.mark.parametrize("jwk", [None, "text", 1, [], [P256.jwk], {"keys": [P256.jwk]}, {}])
def test_what_is_no_key_is_refused(jwk: object) -> None:
    with pytest.raises(MalformedKey):
        parse_jwk(jwk)


def test_a_short_ed25519_key_is_refused() -> None:
    with pytest.raises(MalformedKey):
        parse_jwk({**ED25519.jwk, "x": base64url.encode(bytes(31))})


@pytest.mark.parametrize("signer", [P256, ED25519])
def test_a_signature_verifies_over_its_message_only(signer: P256Signer | Ed25519Signer) -> None:
    signature = signer.sign(b"message")
    signer.key.verify(signature, b"message")
    with pytest.raises(InvalidSignature):
        signer.key.verify(signature, b"massage")


@pytest.mark.parametrize("signer", [P256, ED25519])
@pytest.mark.parametrize("length", [0, 63, 65, 128])
def test_a_signature_has_exactly_64_bytes(signer: P256Signer | Ed25519Signer, length: int) -> None:
    signature = (signer.sign(b"message") + bytes(64))[:length]
    with pytest.raises(InvalidSignature):
        signer.key.verify(signature, b"message")


def test_a_second_spelling_of_s_is_refused() -> None:
    signature = P256.sign(b"m")
    with pytest.raises(InvalidSignature):
        P256.key.verify(signature[:32] + b"\0" + signature[32:], b"m")


def test_a_der_signature_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        P256.key.verify(P256.private_key.sign(b"m", ec.ECDSA(hashes.SHA256())), b"m")


@pytest.mark.parametrize("r", [0, 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551])
def test_r_out_of_range_is_refused(r: int) -> None:
    s = P256.sign(b"m")[32:]
    with pytest.raises(InvalidSignature):
        P256.key.verify(r.to_bytes(32, "big") + s, b"m")


def test_another_key_does_not_verify() -> None:
    with pytest.raises(InvalidSignature):
        P256Signer().key.verify(P256.sign(b"m"), b"m")


@pytest.mark.parametrize("signer", [P256, ED25519])
def test_the_leaf_certificate_holds_the_same_key(signer: P256Signer | Ed25519Signer) -> None:
    leaf = certificate(signer.private_key)
    assert parse_certificate_key(leaf) == signer.key
    assert parse_certificate_key(leaf) is parse_certificate_key(leaf)


@pytest.mark.parametrize(
    "private_key",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
)
def test_a_certificate_with_a_foreign_key_is_refused(
    private_key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
) -> None:
    with pytest.raises(MalformedKey):
        parse_certificate_key(certificate(private_key))


@pytest.mark.parametrize(
    "text", ["", "A", "AAAA", "!", "ゐ", certificate(P256.private_key) + "\n", certificate(P256.private_key)[:-8]]
)
def test_what_is_no_certificate_is_refused(text: str) -> None:
    with pytest.raises(MalformedKey):
        parse_certificate_key(text)


@pytest.mark.parametrize("version", [1, 3, 5, 255])
def test_a_certificate_of_a_version_that_does_not_exist_is_refused(version: int) -> None:
    der = base64.b64decode(certificate(P256.private_key))
    good, bad = bytes.fromhex("a003020102"), bytes.fromhex("a0030201") + bytes([version])
    assert good in der
    with pytest.raises(MalformedKey):
        parse_certificate_key(base64.b64encode(der.replace(good, bad, 1)).decode("ascii"))


def test_a_huge_certificate_is_refused_unread() -> None:
    with pytest.raises(MalformedKey, match="bound"):
        parse_certificate_key("A" * (MAX_CERTIFICATE_CHARACTERS + 1))


def test_the_repr_of_a_key_shows_only_its_public_members() -> None:
    assert repr(P256.key) == f"VerifyingKey(algorithm='ES256', jwk={P256.key.jwk!r})"
