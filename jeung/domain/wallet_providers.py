"""Find the wallet providers whose word the consortium trusts."""

from functools import lru_cache

from jeung.crypto import canonical_json
from jeung.crypto.jwk import VerifyingKey, parse_jwk
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.registry import Registry
from jeung.errors import JeungError


def trusted_provider_key(registry: Registry, thumbprint: bytes, now: int) -> VerifyingKey | None:
    """Give the registered key of a provider that is trusted at a time, by its thumbprint; None where there is none.

    Once it is distrusted nothing it signed counts any more, whatever time stands in there: its key may back-date.
    """
    provider = registry.wallet_providers.get(KeyThumbprint(thumbprint))
    if provider is None or not provider.trusted_at <= now < provider.valid_until:
        return None
    distrusted = provider.distrusted_at is not None and provider.distrusted_at <= now
    return None if distrusted else _loaded(provider.jwk)


@lru_cache(maxsize=64)
def _loaded(jwk: bytes) -> VerifyingKey | None:
    """Load a registered key; the bytes were put there by a quorum and are judged like any input all the same."""
    try:
        return parse_jwk(canonical_json.parse_object(jwk))
    except JeungError:
        return None
