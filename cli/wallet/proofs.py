"""Prove possession of device keys to an issuer (OpenID4VCI 1.0 appendix F): proof JWTs, and key attestations."""

from collections.abc import Sequence
from typing import Any

from cli.p256 import P256Key
from cli.wallet.attestation import WalletProvider
from jeung.crypto.jws import sign_jws

PROOF_TYPE = "openid4vci-proof+jwt"


def jwt_proof(
    key: P256Key,
    *,
    audience: str,
    now: int,
    nonce: str | None,
    client_id: str | None = None,
    key_attestation: str | None = None,
) -> str:
    """Make one proof JWT for one device key (appendix F.1).

    Args:
        key: the device key; its public half travels in the header.
        audience: the credential issuer's identifier.
        now: seconds UTC.
        nonce: the issuer's `c_nonce`, None where it has no nonce endpoint.
        client_id: the wallet's, None where it stays anonymous.
        key_attestation: a provider's word on where the key is kept.

    """
    header: dict[str, object] = {"typ": PROOF_TYPE, "alg": "ES256", "jwk": key.jwk}
    if key_attestation is not None:
        header["key_attestation"] = key_attestation
    claims: dict[str, object] = {"aud": audience, "iat": now}
    if nonce is not None:
        claims["nonce"] = nonce
    if client_id is not None:
        claims["iss"] = client_id
    return sign_jws(header, claims, key.sign)


def jwt_proofs(
    keys: Sequence[P256Key], *, audience: str, now: int, nonce: str | None, client_id: str | None = None
) -> dict[str, Any]:
    """Give the `proofs` of a request: one proof JWT for each device key, all over the same nonce."""
    made = [jwt_proof(key, audience=audience, now=now, nonce=nonce, client_id=client_id) for key in keys]
    return {"jwt": made}


def attested_jwt_proofs(
    keys: Sequence[P256Key],
    provider: WalletProvider,
    *,
    audience: str,
    now: int,
    nonce: str | None,
    client_id: str | None = None,
) -> dict[str, Any]:
    """Give proof JWTs of which each carries the provider's word on where all of the keys are kept."""
    attestation = provider.attest_keys([key.jwk for key in keys], now=now, nonce=nonce)
    made = [
        jwt_proof(key, audience=audience, now=now, nonce=nonce, client_id=client_id, key_attestation=attestation)
        for key in keys
    ]
    return {"jwt": made}


def attestation_proofs(
    keys: Sequence[P256Key], provider: WalletProvider, *, now: int, nonce: str | None
) -> dict[str, Any]:
    """Give the `proofs` of a request that consist of one key attestation alone (appendix F.3)."""
    return {"attestation": [provider.attest_keys([key.jwk for key in keys], now=now, nonce=nonce)]}
