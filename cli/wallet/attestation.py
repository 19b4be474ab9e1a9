"""Show that the wallet is a genuine one: attestation-based client authentication, in the shapes that are in use.

The present shape is draft-ietf-oauth-attestation-based-client-auth from -08 on: the attestation names the client by
`sub`, the proof carries `aud`, `jti`, `iat` and the server's `challenge`. The older shape, which wallets in the field
still send, has `iss` in both, and `exp` and `nonce` in the proof. In the combined mode there is none: the DPoP
proof is made with the instance key and stands in for it.
"""

import enum
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cli.p256 import P256Key
from cli.wallet import documents
from cli.wallet.http import WalletHttp
from cli.wallet.metadata import Issuer
from jeung.crypto import base64url
from jeung.crypto.jwk import parse_jwk
from jeung.crypto.jws import sign_jws

ATTESTATION_TYPE = "oauth-client-attestation+jwt"
POP_TYPE = "oauth-client-attestation-pop+jwt"
KEY_ATTESTATION_TYPE = "key-attestation+jwt"

_LIFE_S = 300


class Shape(enum.Enum):
    """Name the shapes of the wallet attestation."""

    PRESENT = "present"
    OLDER = "older"
    COMBINED = "combined"


@dataclass(frozen=True, slots=True)
class WalletProvider:
    """Play the maker of wallets: vouch for instances and for where their keys are kept."""

    key: P256Key
    name: str = "https://wallet-provider.example"

    @classmethod
    def generate(cls) -> "WalletProvider":
        """Make a provider with a fresh key, which nobody trusts yet."""
        return cls(P256Key.generate())

    def attest_client(
        self,
        client_id: str,
        instance: Mapping[str, str],
        *,
        now: int,
        life_s: int = _LIFE_S,
        shape: Shape = Shape.PRESENT,
    ) -> str:
        """Vouch for a wallet instance's key; `now` is seconds UTC."""
        claims: dict[str, object] = {
            "sub": client_id,
            "iat": now,
            "exp": now + life_s,
            "cnf": {"jwk": dict(instance)},
            "wallet_name": "Jeung headless wallet",
        }
        if shape is Shape.OLDER:
            claims["iss"] = self.name
        return sign_jws(self._header(ATTESTATION_TYPE), claims, self.key.sign)

    def attest_keys(
        self,
        keys: Sequence[Mapping[str, str]],
        *,
        now: int,
        nonce: str | None = None,
        level: str = "iso_18045_high",
        life_s: int = _LIFE_S,
    ) -> str:
        """Vouch for device keys and how well they are kept (OpenID4VCI 1.0 appendix D); `now` is seconds UTC."""
        claims: dict[str, object] = {
            "iat": now,
            "exp": now + life_s,
            "attested_keys": [dict(key) for key in keys],
            "key_storage": [level],
            "user_authentication": [level],
        }
        if nonce is not None:
            claims["nonce"] = nonce
        return sign_jws(self._header(KEY_ATTESTATION_TYPE), claims, self.key.sign)

    def _header(self, typ: str) -> dict[str, object]:
        return {"alg": "ES256", "typ": typ, "kid": base64url.encode(parse_jwk(self.key.jwk).thumbprint)}


def attestation_pop(
    key: P256Key,
    *,
    audience: str,
    now: int,
    client_id: str,
    challenge: str | None = None,
    shape: Shape = Shape.PRESENT,
    jti: str | None = None,
) -> str:
    """Prove possession of an attested instance key to one authorization server; `now` is seconds UTC."""
    claims: dict[str, object] = {
        "aud": audience,
        "jti": jti or base64url.encode(secrets.token_bytes(16)),
        "iat": now,
    }
    if shape is Shape.OLDER:
        claims |= {"iss": client_id, "exp": now + _LIFE_S}
    if challenge is not None:
        claims["nonce" if shape is Shape.OLDER else "challenge"] = challenge
    return sign_jws({"alg": "ES256", "typ": POP_TYPE}, claims, key.sign)


@dataclass(frozen=True, slots=True)
class Instance:
    """Hold one installed wallet: its provider, its client id and its instance key."""

    provider: WalletProvider
    client_id: str
    key: P256Key
    shape: Shape = Shape.PRESENT

    def headers(self, audience: str, *, now: int, challenge: str | None = None) -> dict[str, str]:
        """Give the headers that authenticate this instance to an authorization server."""
        attestation = self.provider.attest_client(self.client_id, self.key.jwk, now=now, shape=self.shape)
        if self.shape is Shape.COMBINED:
            return {"OAuth-Client-Attestation": attestation}
        pop = attestation_pop(
            self.key, audience=audience, now=now, client_id=self.client_id, challenge=challenge, shape=self.shape
        )
        return {"OAuth-Client-Attestation": attestation, "OAuth-Client-Attestation-PoP": pop}


def fetch_challenge(http: WalletHttp, issuer: Issuer) -> str | None:
    """Get a challenge for the proof of possession, where the server gives them out.

    Raises:
        NotTrusted, ServerRefused, Unanswered: it says so and then does not.
    """
    if "challenge_endpoint" not in issuer.server:
        return None
    answer = http.post(issuer.server_endpoint("challenge_endpoint"))
    return documents.text(answer.json(), "attestation_challenge")
