"""A DID that spells a P-256 key gives that key; every other gives none."""

import json

import pytest
from cryptography.hazmat.primitives import serialization

from jeung.crypto import base64url
from jeung.crypto.did_keys import parse_did_url
from jeung.errors import MalformedKey
from tests.common.jose import Ed25519Signer, P256Signer

# The first P-256 key of the did:key method's own test vectors (w3c-ccg/did-key-spec, nist-curves).
VECTOR = "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv"
VECTOR_X = "igrFmi0whuihKnj9R3Om1SoMph72wUGeFaBbzG2vzns"


def did_jwk(jwk: dict[str, str]) -> str:
    return "did:jwk:" + base64url.encode(json.dumps(jwk).encode()) + "#0"


def multibase(data: bytes) -> str:
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = alphabet[digit] + text
    return f"z{text}"


def did_key(data: bytes) -> str:
    name = multibase(data)
    return f"did:key:{name}#{name}"


def compressed(signer: P256Signer) -> bytes:
    return signer.private_key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )


def test_did_jwk_gives_the_key_it_holds() -> None:
    signer = P256Signer()
    assert parse_did_url(did_jwk(signer.jwk)).thumbprint == signer.key.thumbprint


def test_did_key_of_the_methods_own_vectors_is_read() -> None:
    assert parse_did_url(f"did:key:{VECTOR}#{VECTOR}").jwk["x"] == VECTOR_X


def test_did_key_gives_the_key_it_spells() -> None:
    signer = P256Signer()
    assert parse_did_url(did_key(b"\x80\x24" + compressed(signer))).thumbprint == signer.key.thumbprint


@pytest.mark.parametrize(
    "did_url",
    [
        "",
        "did:web:bank.example#0",
        f"did:key:{VECTOR}",
        f"did:key:{VECTOR}#0",
        f"did:key:{VECTOR}#{VECTOR[:-1]}",
        f"did:key:{VECTOR[1:]}#{VECTOR[1:]}",
        "did:key:z0OIl#z0OIl",
        "did:key:z" + "2" * 100 + "#z" + "2" * 100,
        did_key(b"\xed\x01" + b"\x02" * 32),
        did_key(b"\x80\x24" + b"\x02" * 32),
        did_key(b"\x80\x24\x02" + b"\xff" * 32),
        did_jwk(P256Signer().jwk).removesuffix("#0"),
        did_jwk(P256Signer().jwk).removesuffix("0") + "1",
        did_jwk({**P256Signer().jwk, "d": "AA"}),
        "did:jwk:e30#0",
        "did:jwk:!#0",
        "did:jwk:W10#0",
        "did:jwk:" + "A" * 2_000 + "#0",
    ],
)
def test_anything_else_is_no_key(did_url: str) -> None:
    with pytest.raises(MalformedKey):
        parse_did_url(did_url)


def test_key_of_another_curve_keeps_its_algorithm() -> None:
    assert parse_did_url(did_jwk(Ed25519Signer().jwk)).algorithm == "Ed25519"
