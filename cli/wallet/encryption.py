"""Encrypt to a server and read what it encrypted to us: ECDH-ES on P-256, A128GCM or A256GCM (HAIP 1.0 section 5)."""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from cli.wallet import documents
from cli.wallet.errors import NotTrusted
from jeung.crypto.jwe import CONTENT_ENCRYPTIONS, ECDH_ES, REGISTRY, encrypt_jwe, parse_jwe
from jeung.errors import JeungError


class AgreementKey:
    """Hold a key that reads one answer; made for it and forgotten after it."""

    def __init__(self) -> None:
        """Make it."""
        self._key = ECKey.generate_key("P-256")
        self.key_id = secrets.token_urlsafe(12)

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "AgreementKey()"

    @property
    def jwk(self) -> dict[str, Any]:
        """Give the public key as the servers want it."""
        public = self._key.as_dict(private=False)
        members = {name: public[name] for name in ("kty", "crv", "x", "y")}
        return {**members, "use": "enc", "alg": ECDH_ES, "kid": self.key_id}

    def open(self, text: str) -> bytes:
        """Decrypt a compact JWE.

        Raises:
            NotTrusted: another form or suite, or not for this key.
        """
        try:
            parse_jwe(text)
            opened = jwe.decrypt_compact(text, self._key, registry=REGISTRY)
        except (JeungError, JoseError, ValueError):
            raise NotTrusted("malformed_answer", "the answer is not encrypted to us") from None
        return opened.plaintext or b""


def encrypt_to(plaintext: bytes, keys: Sequence[Mapping[str, Any]], encryptions: Sequence[str]) -> str:
    """Encrypt to the first key of a server that can agree on one, by the first encryption we both speak.

    Raises:
        NotTrusted: there is none.
    """
    shared = [name for name in encryptions if name in CONTENT_ENCRYPTIONS]
    for key in keys:
        if key.get("alg", ECDH_ES) != ECDH_ES or key.get("use", "enc") != "enc" or not shared:
            continue
        try:
            return encrypt_jwe(plaintext, key, content_encryption=shared[0])
        except JeungError:
            continue
    raise NotTrusted("encryption_missing", "the server names no key and encryption that we speak")


def keys_of(holder: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the keys under `jwks`.

    Raises:
        NotTrusted: there are none.
    """
    return documents.objects(documents.member(holder, "jwks"), "keys")
