"""Find the wallet providers whose word the consortium trusts."""

from functools import lru_cache

from jeung.crypto import canonical_json
from jeung.crypto.jwk import VerifyingKey, parse_jwk
from jeung.crypto.jws import UnverifiedJws, verify_jws
from jeung.domain.registrations import WalletProvider
from jeung.domain.registry import Registry
from jeung.errors import InvalidSignature, JeungError


def signing_provider(registry: Registry, jws: UnverifiedJws, now: int) -> WalletProvider | None:
    """Give the provider, trusted at a time, under whose registered key a JWS verifies; None where there is none.

    The key comes from the ledger. The token's own `kid` and `x5c` decide nothing, neither for nor against it: each
    wallet names its provider's key in its own way, and a signature says all that such a name could.
    Once a provider is distrusted nothing it signed counts any more, whatever time stands in there: its key may
    back-date.
    """
    for provider in registry.wallet_providers.values():
        if _is_trusted_at(provider, now) and _signed(provider, jws):
            return provider
    return None


def _is_trusted_at(provider: WalletProvider, now: int) -> bool:
    distrusted = provider.distrusted_at is not None and provider.distrusted_at <= now
    return provider.trusted_at <= now < provider.valid_until and not distrusted


def _signed(provider: WalletProvider, jws: UnverifiedJws) -> bool:
    key = _loaded(provider.jwk)
    if key is None:
        return False
    try:
        verify_jws(jws, key)
    except InvalidSignature:
        return False
    return True


@lru_cache(maxsize=64)
def _loaded(jwk: bytes) -> VerifyingKey | None:
    """Load a registered key; the bytes were put there by a quorum and are judged like any input all the same."""
    try:
        return parse_jwk(canonical_json.parse_object(jwk))
    except JeungError:
        return None
