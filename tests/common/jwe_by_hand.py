"""Encrypt as a foreign wallet does, without our code or our library: RFC 7516, RFC 7518 section 4.6 by hand."""

import json
import secrets
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from jeung.crypto import base64url

_KEY_BYTES = {"A128GCM": 16, "A256GCM": 32}
_TAG_BYTES = 16


def encrypt_by_hand(
    plaintext: bytes,
    recipient: Mapping[str, Any],
    *,
    enc: str = "A128GCM",
    header: Mapping[str, Any] | None = None,
    epk: Mapping[str, Any] | None = None,
    apu: bytes = b"",
    apv: bytes = b"",
) -> str:
    """Give a compact JWE under ECDH-ES; `header` and `epk` are members put beside the usual ones."""
    ephemeral = ec.generate_private_key(ec.SECP256R1())
    x, y = (int.from_bytes(base64url.decode(recipient[name])) for name in ("x", "y"))
    shared = ephemeral.exchange(ec.ECDH(), ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key())
    bits = (_KEY_BYTES[enc] * 8).to_bytes(4)
    parties = b"".join(len(part).to_bytes(4) + part for part in (enc.encode(), apu, apv))
    key = ConcatKDFHash(SHA256(), _KEY_BYTES[enc], parties + bits).derive(shared)
    own = ephemeral.public_key().public_numbers()
    point = {"x": base64url.encode(own.x.to_bytes(32)), "y": base64url.encode(own.y.to_bytes(32))}
    named = {"apu": base64url.encode(apu), "apv": base64url.encode(apv)} if apu or apv else {}
    protected = {
        "alg": "ECDH-ES",
        "enc": enc,
        "epk": {"kty": "EC", "crv": "P-256", **point, **(epk or {})},
        **named,
        **(header or {}),
    }
    head = base64url.encode(json.dumps(protected).encode())
    nonce = secrets.token_bytes(12)
    sealed = AESGCM(key).encrypt(nonce, plaintext, head.encode())
    body, tag = sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    return ".".join((head, "", base64url.encode(nonce), base64url.encode(body), base64url.encode(tag)))
