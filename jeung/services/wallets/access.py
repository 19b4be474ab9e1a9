"""Let wallets in to what their access tokens allow (RFC 6750, RFC 9449 section 7).

A token that is bound to a key opens nothing without a proof of that key, whichever scheme it is shown under; one that
is not bound must not be shown under the DPoP scheme, whose proof would then prove nothing.
"""

import re
from collections.abc import Sequence
from typing import Final

from jeung.crypto.hashing import sha256
from jeung.domain.wallets import WalletGrant
from jeung.errors import InvalidWalletToken
from jeung.ports.store import Store
from jeung.ports.world import Clock
from jeung.services.wallets.dpop import DpopVerifier

_CREDENTIALS: Final = re.compile(r"(?P<scheme>[A-Za-z]+) +(?P<token>[A-Za-z0-9_-]{16,128})")
_BEARER, _DPOP = "bearer", "dpop"


class WalletAccess:
    """Recognise wallets by their access tokens."""

    def __init__(self, *, store: Store, dpop: DpopVerifier, clock: Clock) -> None:
        self._store = store
        self._dpop = dpop
        self._clock = clock

    def authorize_wallet(
        self, authorization: Sequence[str], dpop: Sequence[str], *, method: str, url: str
    ) -> WalletGrant:
        """Return what the shown access token allows, its proof of possession verified and used up.

        Args:
            authorization: the values of all `Authorization` headers.
            dpop: the values of all `DPoP` headers.
            method: the request's method.
            url: its address as we publish it, without query.

        Raises:
            InvalidWalletToken: no token, more than one, an unknown, expired or revoked one, the wrong scheme.
            InvalidDpopProof: the token is bound to a key and the proof is not good.
            UseDpopNonce: the proof lacks a fresh nonce of ours.
        """
        match = _CREDENTIALS.fullmatch(authorization[0]) if len(authorization) == 1 else None
        if match is None:
            raise InvalidWalletToken
        scheme, token = match["scheme"].lower(), match["token"]
        with self._store.read() as tx:
            grant = tx.grants.by_token(sha256(token.encode("ascii")))
        if grant is None or not grant.is_usable_at(self._clock.now()):
            raise InvalidWalletToken
        if grant.dpop_jkt is None:
            if scheme != _BEARER or dpop:
                raise InvalidWalletToken
            return grant
        if scheme != _DPOP:
            raise InvalidWalletToken
        proof = self._dpop.verify(dpop, method=method, url=url, access_token=token, bound_to=grant.dpop_jkt)
        with self._store.write() as tx:
            self._dpop.claim(tx, proof)
        return grant
