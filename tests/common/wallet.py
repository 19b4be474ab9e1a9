"""A holder without a screen: a P-256 key for each copy, chosen disclosures, a key-binding JWT."""

from collections.abc import Sequence

from jeung.crypto.key_binding import bind_key
from jeung.crypto.sd_jwt import Path
from jeung.crypto.sd_jwt_issue import present
from tests.common.jose import P256Signer


class Wallet:
    """Hold device keys and present credentials under them."""

    def __init__(self) -> None:
        self._keys: list[P256Signer] = []

    def new_keys(self, count: int) -> list[dict[str, str]]:
        """Make device keys and give their public JWKs, for as many copies of a credential."""
        fresh = [P256Signer() for _ in range(count)]
        self._keys.extend(fresh)
        return [dict(key.jwk) for key in fresh]

    def key(self, number: int = 0) -> P256Signer:
        """Give a device key in the order of making."""
        return self._keys[number]

    def present(
        self,
        sd_jwt: str,
        show: Sequence[Path],
        *,
        audience: str,
        nonce: str,
        at: int,
        key: int = 0,
    ) -> str:
        """Present a copy with chosen claims, bound to an audience and a nonce at a time, seconds UTC."""
        chosen = present(sd_jwt, list(show))
        return bind_key(chosen, audience=audience, nonce=nonce, issued_at=at, sign=self._keys[key].sign)
