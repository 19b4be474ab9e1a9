"""A wallet's device keys and its provider: they make good key proofs and attestations, and whatever a test wants."""

from collections.abc import Sequence
from typing import Any

from jeung.crypto.jws import sign_jws
from tests.common.jose import P256Signer, certificate


class Device:
    """Hold a device key and prove it (OpenID4VCI 1.0, appendix F.1)."""

    def __init__(self, signer: P256Signer | None = None) -> None:
        self.signer = signer or P256Signer()

    @property
    def jwk(self) -> dict[str, str]:
        """Give the public key."""
        return self.signer.jwk

    def proof(
        self,
        audience: str,
        *,
        nonce: str,
        at: int,
        header: dict[str, Any] | None = None,
        without: Sequence[str] = (),
        **claims: Any,  # noqa: ANN401 - whatever JSON can hold
    ) -> str:
        """Make a proof; `header` and `claims` replace the good ones, `without` leaves members of either out."""
        head = {"typ": "openid4vci-proof+jwt", "alg": "ES256", "jwk": self.jwk, **(header or {})}
        body = {"aud": audience, "iat": at, "nonce": nonce, **claims}
        return sign_jws(_without(head, without), _without(body, without), self.signer.sign)


class Provider:
    """Be a wallet provider that vouches for device keys (OpenID4VCI 1.0, appendix D.1)."""

    def __init__(self) -> None:
        self.signer = P256Signer()

    @property
    def thumbprint(self) -> bytes:
        """Give the name of the key on the ledger."""
        return self.signer.key.thumbprint

    def attestation(
        self,
        devices: Sequence[Device],
        *,
        nonce: str,
        at: int,
        header: dict[str, Any] | None = None,
        without: Sequence[str] = (),
        **claims: Any,  # noqa: ANN401 - whatever JSON can hold
    ) -> str:
        """Make an attestation of device keys; `header`, `claims` and `without` as for a proof."""
        head = {
            "typ": "key-attestation+jwt",
            "alg": "ES256",
            "x5c": [certificate(self.signer.private_key)],
            **(header or {}),
        }
        body = {
            "iat": at,
            "exp": at + 3_600,
            "nonce": nonce,
            "attested_keys": [device.jwk for device in devices],
            "key_storage": ["iso_18045_moderate"],
            "user_authentication": ["iso_18045_enhanced-basic"],
            **claims,
        }
        return sign_jws(_without(head, without), _without(body, without), self.signer.sign)


def _without(part: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name not in names}
