"""Read the public key that a DID itself spells: `did:jwk` and `did:key`, P-256 only; nothing is fetched."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from jeung.crypto import base64url, canonical_json
from jeung.crypto.jwk import VerifyingKey, parse_jwk
from jeung.errors import MalformedBase64url, MalformedJson, MalformedKey

MAX_DID_CHARACTERS: Final = 1_024

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
# Multicodec p256-pub (0x1200) as a varint, and the length of what follows: a compressed point.
_P256_PREFIX = b"\x80\x24"
_COMPRESSED_LENGTH = 33
_MAX_MULTIBASE_CHARACTERS = 64


def parse_did_url(did_url: str) -> VerifyingKey:
    """Load the key that a DID URL names: `did:jwk:<jwk>#0` or `did:key:<multibase>#<multibase>`.

    The methods: https://github.com/quartzjer/did-jwk and https://w3c-ccg.github.io/did-key-spec/.

    Raises:
        MalformedKey: another method, another fragment, or not a P-256 key.

    """
    did, _, fragment = did_url.partition("#")
    if len(did_url) <= MAX_DID_CHARACTERS and did.startswith("did:jwk:") and fragment == "0":
        return _from_jwk(did.removeprefix("did:jwk:"))
    if did.startswith("did:key:") and fragment == did.removeprefix("did:key:"):
        return _from_multibase(fragment)
    raise MalformedKey("expected a DID URL of the methods jwk or key")


def _from_jwk(text: str) -> VerifyingKey:
    try:
        return parse_jwk(canonical_json.parse_object(base64url.decode(text)))
    except (MalformedBase64url, MalformedJson):
        raise MalformedKey("the DID holds no JWK") from None


def _from_multibase(text: str) -> VerifyingKey:
    data = _base58(text[1:]) if text.startswith("z") and len(text) <= _MAX_MULTIBASE_CHARACTERS else b""
    point = data.removeprefix(_P256_PREFIX)
    if not data.startswith(_P256_PREFIX) or len(point) != _COMPRESSED_LENGTH:
        raise MalformedKey("the DID holds no P-256 key")
    try:
        numbers = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point).public_numbers()
    except ValueError:
        raise MalformedKey("the DID's point is not on the curve") from None
    x, y = (base64url.encode(number.to_bytes(32)) for number in (numbers.x, numbers.y))
    return parse_jwk({"kty": "EC", "crv": "P-256", "x": x, "y": y})


def _base58(text: str) -> bytes:
    """Decode Bitcoin's Base58; a key never begins with zero bytes, so leading ones are not kept.

    Raises:
        MalformedKey: a character that is none of the alphabet's.

    """
    number = 0
    for character in text:
        value = _VALUES.get(character)
        if value is None:
            raise MalformedKey("the DID is not Base58")
        number = number * 58 + value
    return number.to_bytes((number.bit_length() + 7) // 8)
