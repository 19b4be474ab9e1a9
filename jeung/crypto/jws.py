"""Read, verify and write compact JSON Web Signatures (RFC 7515), in the one strict form we accept.

Reading, in this order:
 1. Form: three unpadded base64url parts, within the caller's size bound. (General JOSE libraries accept padding.)
 2. Header: one JSON object with unique member names, without `crit` (we understand no extension) and `b64`.
 3. Algorithm: on the caller's list. The token's word decides nothing.
 4. Type: exactly the `typ` the caller demands, so that no token can be taken for another kind.
The caller must still find the key by its own means (never from `jwk` or `jku` of the header), call `verify_jws`,
and judge the claims.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from jeung.crypto import base64url, canonical_json
from jeung.crypto.jwk import VerifyingKey
from jeung.crypto.signatures import SIGNATURES
from jeung.crypto.values import light_value
from jeung.errors import (
    AlgorithmNotAllowed,
    InputTooLarge,
    InvalidSignature,
    MalformedBase64url,
    MalformedJson,
    MalformedJws,
    WrongType,
)

ALLOWED_ALGORITHMS: Final = SIGNATURES.keys()
"""Every registered algorithm; a caller names those of its own kind of token."""
MAX_JWS_CHARACTERS: Final = 65_536
MAX_HEADER_CHARACTERS: Final = 16_384

Sign = Callable[[bytes], bytes]
"""Signs a signing input and returns the signature; the key stays where it is."""

_COMPACT = re.compile(r"([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]++)\.([A-Za-z0-9_-]++)")


@light_value
class UnverifiedJws:
    """A well-formed JWS whose signature nobody has checked yet."""

    header: Mapping[str, Any]
    payload: bytes = field(repr=False)
    signing_input: bytes = field(repr=False)
    signature: bytes
    algorithm: str
    """The `alg` header, which is on the list the JWS was parsed with."""

    def claims(self) -> dict[str, Any]:
        """Return a fresh reading of the payload as a JSON object.

        Raises:
            MalformedJson: it is not one JSON object with unique member names.

        """
        return canonical_json.parse_object(self.payload)


def parse_jws(
    text: str,
    *,
    typ: str | None,
    algorithms: Collection[str] = ALLOWED_ALGORITHMS,
    max_characters: int = MAX_JWS_CHARACTERS,
) -> UnverifiedJws:
    """Read a compact JWS strictly; steps 1 to 4 above.

    Args:
        text: the compact serialization.
        typ: the `typ` header demanded; None demands nothing, and its caller checks the kind another way.
        algorithms: the `alg` values accepted here.
        max_characters: the bound on the whole text.

    Raises:
        InputTooLarge: the text or its header is longer than its bound.
        MalformedJws: steps 1 and 2.
        AlgorithmNotAllowed: step 3.
        WrongType: step 4.

    """
    if len(text) > max_characters:
        raise InputTooLarge
    parts = _COMPACT.fullmatch(text)
    if parts is None:
        raise MalformedJws
    return parse_parts(*parts.groups(), typ=typ, algorithms=algorithms)


def parse_parts(
    header_text: str, payload_text: str, signature_text: str, *, typ: str | None, algorithms: Collection[str]
) -> UnverifiedJws:
    """Read the three parts of a compact JWS whose characters and number the caller has judged already.

    Raises:
        InputTooLarge, MalformedJws, AlgorithmNotAllowed, WrongType: as `parse_jws`.

    """
    if len(header_text) > MAX_HEADER_CHARACTERS:
        raise InputTooLarge("the JWS header is longer than its bound")
    header = _parse_header(header_text)
    try:
        payload = base64url.decode(payload_text)
        signature = base64url.decode(signature_text)
    except MalformedBase64url:
        raise MalformedJws from None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise AlgorithmNotAllowed
    if typ is not None and header.get("typ") != typ:
        raise WrongType(f"expected `typ` {typ}")
    signing_input = f"{header_text}.{payload_text}".encode()
    return UnverifiedJws(header, payload, signing_input, signature, algorithm)


@lru_cache(maxsize=128)
def _parse_header(text: str) -> Mapping[str, Any]:
    """Read a header; step 2 above.

    All tokens of one signer have the same header, certificates included, so it is kept and shared: nobody may change
    it. Bounds on the text and on the entries bound what an attacker can fill the cache with.
    """
    try:
        header = canonical_json.parse_object(base64url.decode(text))
    except (MalformedBase64url, MalformedJson):
        raise MalformedJws from None
    if "crit" in header or "b64" in header:
        raise MalformedJws("the JWS header demands an extension")
    return MappingProxyType(header)


def verify_jws(jws: UnverifiedJws, key: VerifyingKey) -> bytes:
    """Return the payload once its signature verifies under `key`.

    Raises:
        InvalidSignature: it does not, or the token's algorithm is not the key's.

    """
    if jws.algorithm != key.algorithm:
        raise InvalidSignature("the token's algorithm is not the key's")
    key.verify(jws.signature, jws.signing_input)
    return jws.payload


def sign_jws(header: Mapping[str, object], claims: Mapping[str, object], sign: Sign) -> str:
    """Return the compact JWS of canonical JSON (RFC 8785) under a signature that `sign` makes.

    Raises:
        MalformedJson: header or claims have no canonical form.
        InvalidSignature: `sign` returned something that is not a signature of that algorithm.

    """
    parts = (base64url.encode(canonical_json.canonical(dict(part))) for part in (header, claims))
    signing_input = ".".join(parts)
    signature = sign(signing_input.encode("ascii"))
    # What names no registered algorithm is read by nobody here, so its length says nothing.
    algorithm = SIGNATURES.get(str(header.get("alg")))
    if algorithm is not None and len(signature) != algorithm.signature_length:
        raise InvalidSignature(f"the signer did not return {algorithm.signature_length} bytes")
    return f"{signing_input}.{base64url.encode(signature)}"
