"""Bind a presentation to its holder, audience and nonce: the key-binding JWT of RFC 9901 section 4.3.

Verifying it takes, in this order (section 7.3): it exists; its `typ` is `kb+jwt`; its signature verifies under
the credential's `cnf` key; its four claims have their types. The caller must still judge `audience`, `nonce` and
`issued_at`, and call `verify_sd_hash`. The signature algorithm was judged when the presentation was parsed.
"""

from __future__ import annotations

from typing import Final

from jeung.crypto import base64url
from jeung.crypto.claims import numeric_date, text
from jeung.crypto.hashing import sha256
from jeung.crypto.jwk import ES256, VerifyingKey
from jeung.crypto.jws import Sign, sign_jws, verify_jws
from jeung.crypto.sd_jwt import UnverifiedSdJwt
from jeung.crypto.values import light_value
from jeung.errors import (
    InvalidKeyBindingSignature,
    InvalidKeyBindingType,
    InvalidSignature,
    MalformedKeyBinding,
    MissingKeyBinding,
    SdHashMismatch,
)

KEY_BINDING_TYPE: Final = "kb+jwt"


@light_value
class KeyBinding:
    """What the holder signed: for whom, in answer to what, when (seconds UTC), over which disclosures."""

    audience: str
    nonce: str
    issued_at: int
    sd_hash: str


def sd_hash(bound_part: str) -> str:
    """Return the `sd_hash` of everything up to and including the last `~`."""
    return base64url.encode(sha256(bound_part.encode("ascii")))


def bind_key(sd_jwt: str, *, audience: str, nonce: str, issued_at: int, sign: Sign, algorithm: str = ES256) -> str:
    """Return the presentation: an SD-JWT that ends in `~`, followed by its key-binding JWT.

    Raises:
        InvalidSignature: `sign` did not return 64 bytes.

    """
    claims = {"iat": issued_at, "aud": audience, "nonce": nonce, "sd_hash": sd_hash(sd_jwt)}
    return sd_jwt + sign_jws({"alg": algorithm, "typ": KEY_BINDING_TYPE}, claims, sign)


def verify_key_binding(sd_jwt: UnverifiedSdJwt, holder_key: VerifyingKey) -> KeyBinding:
    """Return what the holder signed, once its signature verifies under the credential's holder key.

    Raises:
        MissingKeyBinding: the presentation has none.
        InvalidKeyBindingType: its `typ` is not `kb+jwt`.
        InvalidKeyBindingSignature: it does not verify.
        MalformedKeyBinding: a claim is missing or of the wrong type; `aud` must be one text.

    """
    if sd_jwt.key_binding is None:
        raise MissingKeyBinding
    if sd_jwt.key_binding.header.get("typ") != KEY_BINDING_TYPE:
        raise InvalidKeyBindingType
    try:
        verify_jws(sd_jwt.key_binding, holder_key)
    except InvalidSignature:
        raise InvalidKeyBindingSignature from None
    claims = sd_jwt.binding_claims
    if claims is None:
        raise MalformedKeyBinding
    issued_at = numeric_date(claims, "iat", MalformedKeyBinding)
    audience = text(claims, "aud", MalformedKeyBinding)
    nonce = text(claims, "nonce", MalformedKeyBinding)
    digest = text(claims, "sd_hash", MalformedKeyBinding)
    if issued_at is None or audience is None or nonce is None or digest is None:
        raise MalformedKeyBinding
    return KeyBinding(audience, nonce, issued_at, digest)


def verify_sd_hash(sd_jwt: UnverifiedSdJwt, binding: KeyBinding) -> None:
    """Check that the holder signed exactly these disclosures of exactly this credential.

    Raises:
        SdHashMismatch: disclosures were added, removed or reordered after signing.

    """
    if binding.sd_hash != base64url.encode(sd_jwt.bound_digest):
        raise SdHashMismatch
