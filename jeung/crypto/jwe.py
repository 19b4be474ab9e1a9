"""Read the outside of encrypted messages, and encrypt to a public key: compact JWE (RFC 7516), in one strict form.

One suite is spoken, the one of HAIP 1.0: ECDH-ES in direct key agreement (RFC 7518 section 4.6) on P-256, with
A128GCM or A256GCM. Reading, in this order:
 1. Form: five unpadded base64url parts within the caller's size bound, the encrypted key empty.
 2. Header: one JSON object with unique member names, without `crit` (no extension is understood) and without `zip`
    (a few bytes could inflate to many).
 3. `alg` is ECDH-ES and `enc` one of the two; the token's word chooses among them and nothing more.
 4. `epk` is a public key on P-256, off the curve refused (an invalid point would leak the private key bit by bit).
Decrypting takes the private key, so it is done in the crypto module (`jeung.ports.custody.ResponseKeys`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final, Self

from joserfc import jwe
from joserfc.jwk import ECKey, KeyParameters

from jeung.crypto import base64url, canonical_json
from jeung.crypto.jwk import parse_agreement_jwk
from jeung.crypto.values import light_value
from jeung.errors import (
    EncryptionNotSupported,
    InputTooLarge,
    MalformedBase64url,
    MalformedJson,
    MalformedJwe,
    MalformedKey,
)

ECDH_ES: Final = "ECDH-ES"
CONTENT_ENCRYPTIONS: Final = ("A128GCM", "A256GCM")
"""The values of `enc` that are read and written, HAIP 1.0 section 5."""
MAX_JWE_CHARACTERS: Final = 262_144
_MAX_HEADER_CHARACTERS: Final = 4_096


class _Registry(jwe.JWERegistry):
    """Bound messages by our bounds: joserfc's own, a quarter as long, would refuse what fits into an answer."""

    max_protected_header_length = _MAX_HEADER_CHARACTERS
    max_ciphertext_length = MAX_JWE_CHARACTERS


REGISTRY: Final = _Registry(algorithms=[ECDH_ES, *CONTENT_ENCRYPTIONS], strict_check_header=False)
"""What joserfc may do for us, and no more; header parameters nobody here knows are ignored (RFC 7516 section 4)."""


class AgreementKey(ECKey):
    """Hold a private key that agrees with ephemeral keys as wallets write them.

    A browser's WebCrypto exports public keys for agreement with an empty `key_ops`, and says by that what the sender
    may do with it; joserfc takes it for a ban on using it here. The key was judged when the message was parsed.
    """

    @classmethod
    def import_key(cls, value: Any, parameters: KeyParameters | None = None, password: Any = None) -> Self:  # noqa: ANN401
        """Take what makes the key, and nothing of what is said about it."""
        bare = {name: value[name] for name in ("kty", "crv", "x", "y")}
        return super().import_key(bare, parameters, password)


_COMPACT = re.compile(r"([A-Za-z0-9_-]++)\.\.([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]*+)\.([A-Za-z0-9_-]++)")


@light_value
class UnopenedJwe:
    """A well-formed encrypted message that nobody has decrypted yet."""

    text: str = field(repr=False)
    key_id: str | None
    """`kid`: which of our keys the sender says it used."""
    content_encryption: str


def parse_jwe(text: str, *, max_characters: int = MAX_JWE_CHARACTERS) -> UnopenedJwe:
    """Read the outside of a compact JWE strictly; steps 1 to 4 above.

    Raises:
        InputTooLarge: the text or its header is longer than its bound.
        MalformedJwe: steps 1, 2 and 4.
        EncryptionNotSupported: step 3, or `zip`.

    """
    if len(text) > max_characters:
        raise InputTooLarge
    parts = _COMPACT.fullmatch(text)
    if parts is None:
        raise MalformedJwe
    header = _header(parts[1])
    for part in parts.groups()[1:]:
        _decoded(part)
    if header.get("alg") != ECDH_ES or header.get("enc") not in CONTENT_ENCRYPTIONS or "zip" in header:
        raise EncryptionNotSupported
    try:
        parse_agreement_jwk(header.get("epk"))
    except MalformedKey:
        raise MalformedJwe("`epk` is no public key on P-256") from None
    key_id = header.get("kid")
    if key_id is not None and not isinstance(key_id, str):
        raise MalformedJwe("`kid` is not text")
    return UnopenedJwe(text, key_id, header["enc"])


def encrypt_jwe(
    plaintext: bytes, recipient: Mapping[str, Any], *, content_encryption: str, typ: str | None = None
) -> str:
    """Return the compact JWE that only the holder of the recipient's key can read; `kid` is the recipient's, if any.

    Args:
        plaintext: the message.
        recipient: a public JWK on P-256 for key agreement.
        content_encryption: `A128GCM` or `A256GCM`.
        typ: the media type of the whole, where its reader expects one.

    Raises:
        MalformedKey: the recipient's key is no such key.
        EncryptionNotSupported: another content encryption.

    """
    if content_encryption not in CONTENT_ENCRYPTIONS:
        raise EncryptionNotSupported
    members = parse_agreement_jwk(dict(recipient))
    protected: dict[str, Any] = {"alg": ECDH_ES, "enc": content_encryption}
    key_id = recipient.get("kid")
    if isinstance(key_id, str):
        protected["kid"] = key_id
    if typ is not None:
        protected["typ"] = typ
    return jwe.encrypt_compact(protected, plaintext, ECKey.import_key({**members}), registry=REGISTRY)


def _header(text: str) -> dict[str, Any]:
    if len(text) > _MAX_HEADER_CHARACTERS:
        raise InputTooLarge("the JWE header is longer than its bound")
    try:
        header = canonical_json.parse_object(_decoded(text))
    except MalformedJson:
        raise MalformedJwe from None
    if "crit" in header:
        raise MalformedJwe("the JWE header demands an extension")
    return header


def _decoded(text: str) -> bytes:
    try:
        return base64url.decode(text)
    except MalformedBase64url:
        raise MalformedJwe from None
