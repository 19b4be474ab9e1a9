"""A wallet provider and one installed wallet: they make good attestations and proofs, and any other kind."""

import secrets
from typing import Any

from jeung.crypto import base64url, canonical_json
from jeung.crypto.jws import sign_jws
from jeung.domain.identifiers import to_hex
from tests.common.consortium import FAR, Consortium
from tests.common.jose import P256Signer

CLIENT = "https://wallet.example/app"


class Provider:
    """Vouch for wallets; `trusted_in` lets a consortium trust the key."""

    def __init__(self, name: str = "Wallet maker") -> None:
        self.name = name
        self.signer = P256Signer()

    def trusted_in(self, chain: Consortium, *, valid_until: int = FAR) -> "Provider":
        """Have the consortium trust this provider."""
        args = {
            "thumbprint": to_hex(self.signer.key.thumbprint),
            "name": self.name,
            "jwk": "0x" + canonical_json.canonical(self.signer.jwk).hex(),
            "validUntil": valid_until,
        }
        chain.emit("RelyingPartyRegistry", "WalletProviderTrusted", args)
        return self

    def distrusted_in(self, chain: Consortium, since: int) -> None:
        """Have the consortium trust it no more."""
        args = {"thumbprint": to_hex(self.signer.key.thumbprint), "effectiveSince": since}
        chain.emit("RelyingPartyRegistry", "WalletProviderDistrusted", args)


class Installed:
    """Hold one installed wallet's key, and make what it shows to an authorization server."""

    def __init__(self, provider: Provider, client_id: str = CLIENT) -> None:
        self.provider = provider
        self.client_id = client_id
        self.signer = P256Signer()

    @property
    def thumbprint(self) -> str:
        """Give the instance key's thumbprint."""
        return base64url.encode(self.signer.key.thumbprint)

    def attestation(
        self,
        *,
        at: int,
        header: dict[str, Any] | None = None,
        without: str = "",
        signer: P256Signer | None = None,
        **claims: Any,  # noqa: ANN401 - whatever JSON can hold
    ) -> str:
        """Make the provider's word for this wallet; `header` and `claims` replace, `without` leaves a claim out."""
        body: dict[str, Any] = {"sub": self.client_id, "iat": at, "exp": at + 600, "cnf": {"jwk": self.signer.jwk}}
        body |= claims
        body.pop(without, None)
        head = {"alg": "ES256", "typ": "oauth-client-attestation+jwt", "kid": "1", **(header or {})}
        return sign_jws(head, body, (signer or self.provider.signer).sign)

    def proof(
        self,
        audience: str,
        *,
        at: int,
        challenge: str | None,
        header: dict[str, Any] | None = None,
        without: str = "",
        signer: P256Signer | None = None,
        **claims: Any,  # noqa: ANN401 - whatever JSON can hold
    ) -> str:
        """Make this wallet's own proof in the present shape."""
        body: dict[str, Any] = {"aud": audience, "jti": secrets.token_hex(16), "iat": at, "challenge": challenge}
        if challenge is None:
            del body["challenge"]
        body |= claims
        body.pop(without, None)
        head = {"alg": "ES256", "typ": "oauth-client-attestation-pop+jwt", **(header or {})}
        return sign_jws(head, body, (signer or self.signer).sign)

    def older_proof(self, audience: str, *, at: int, **claims: Any) -> str:  # noqa: ANN401 - whatever JSON can hold
        """Make this wallet's own proof in the shape that wallets in the field still send."""
        body = {"iss": self.client_id, "aud": audience, "iat": at, "exp": at + 60, "jti": secrets.token_hex(16)}
        head = {"alg": "ES256", "typ": "oauth-client-attestation-pop+jwt"}
        return sign_jws(head, {**body, **claims}, self.signer.sign)
