"""Name type metadata by its bytes: one SHA-256 is the SchemaId on the ledger and `vct#integrity` in a credential."""

from __future__ import annotations

import binascii
import re
from functools import lru_cache

from jeung.crypto.hashing import sha256
from jeung.errors import MalformedInput

# Subresource Integrity allows several hashes and options; one SHA-256 in its one canonical spelling is enough here.
_SHA256_INTEGRITY = re.compile(r"sha256-([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)")


def schema_id(metadata: bytes) -> bytes:
    """Return the 32-byte SchemaId of type metadata: SHA-256 of exactly these bytes, no re-encoding."""
    return sha256(metadata)


def integrity_of(digest: bytes) -> str:
    """Return the `vct#integrity` text of a 32-byte SchemaId (W3C Subresource Integrity syntax)."""
    return "sha256-" + binascii.b2a_base64(digest, newline=False).decode("ascii")


@lru_cache(maxsize=64)
def parse_integrity(text: str) -> bytes:
    """Return the 32-byte SchemaId that a `vct#integrity` text spells.

    Raises:
        MalformedInput: anything but one canonical `sha256-…`.

    """
    match = _SHA256_INTEGRITY.fullmatch(text)
    if match is None:
        raise MalformedInput("expected one sha256 integrity value")
    return binascii.a2b_base64(match[1])
