"""Publish what wallets and verifiers look up: the keys we sign credentials with, the bytes of registered types."""

from typing import Any, Final

from jeung.domain.registrations import KeyPurpose, Schema
from jeung.domain.registry import Registry
from jeung.errors import KeyUnavailable, NotFound
from jeung.ports.custody import Signer
from jeung.ports.ledger import Ledger

MAX_PUBLISHED_KEYS: Final = 32


class MetadataService:
    """Answer for this member's URL."""

    def __init__(self, *, ledger: Ledger, signer: Signer, url: str) -> None:
        self._ledger = ledger
        self._signer = signer
        self._url = url

    def jwt_vc_issuer(self) -> dict[str, Any]:
        """Give the issuer's metadata of SD-JWT VC: its URL and the public keys its credentials are signed with.

        Keys of the past stay: what they signed is still shown. Who knows the ledger asks it how long each is good.

        Raises:
            KeyUnavailable: no credential-signing key can be named.
        """
        keys = self._signer.published_keys(KeyPurpose.CREDENTIAL_SIGNING)[:MAX_PUBLISHED_KEYS]
        if not keys:
            raise KeyUnavailable("no key signs credentials")
        jwks = [{**key.jwk, "kid": key.key_id, "alg": key.algorithm, "use": "sig"} for key in keys]
        return {"issuer": self._url, "jwks": {"keys": jwks}}

    def type_metadata(self, name: str) -> bytes:
        """Give the exact registered bytes of the type whose `vct` ends in `/types/<name>`.

        Raises:
            NotFound: no such type.
            LedgerStale: the follower has never run.
        """
        with self._ledger.view() as view:
            schema = schema_named(view.registry, name)
        if schema is None:
            raise NotFound("no such credential type")
        return schema.metadata


def schema_named(registry: Registry, name: str) -> Schema | None:
    """Give the type whose `vct` ends in `/types/<name>`, or None; the earliest, should two have the same name."""
    for schema in registry.schemas.values():
        if type_name(schema.vct) == name:
            return schema
    return None


def type_name(vct: str) -> str | None:
    """Give the name of a type, which is also its credential configuration id, or None where its `vct` has none."""
    _, separator, name = vct.rpartition("/types/")
    return name if separator and name and "/" not in name else None
