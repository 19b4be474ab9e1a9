"""A wallet's DPoP key: it makes good proofs, and any other kind a test asks for."""

import secrets
from typing import Any

from jeung.crypto import base64url
from jeung.crypto.jws import sign_jws
from jeung.services.wallets.dpop import token_digest
from tests.common.jose import P256Signer


class DpopKey:
    """Hold a key and make proofs under it (RFC 9449 section 4.2)."""

    def __init__(self) -> None:
        self.signer = P256Signer()

    @property
    def jkt(self) -> str:
        """Give the thumbprint that tokens are bound to."""
        return base64url.encode(self.signer.key.thumbprint)

    def proof(
        self,
        method: str,
        url: str,
        *,
        at: int,
        nonce: str | None = None,
        token: str | None = None,
        header: dict[str, Any] | None = None,
        without: str | None = None,
        **claims: Any,  # noqa: ANN401 - whatever JSON can hold
    ) -> str:
        """Make a proof; `header` and `claims` replace the good ones, `without` leaves one claim out."""
        body: dict[str, Any] = {"jti": secrets.token_hex(16), "htm": method, "htu": url, "iat": at}
        if nonce is not None:
            body["nonce"] = nonce
        if token is not None:
            body["ath"] = token_digest(token)
        body |= claims
        body.pop(without or "", None)
        head = {"typ": "dpop+jwt", "alg": "ES256", "jwk": self.signer.jwk, **(header or {})}
        return sign_jws(head, body, self.signer.sign)
