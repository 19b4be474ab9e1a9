"""Rows of the wallets' tables for suites that care for none of their values."""

from typing import Any

from jeung.domain.wallets import AuthorizationRequest, AuthorizationStage, Offer, OfferState, WalletGrant
from tests.common.rows import NOW, digest_of


def offer(number: int, **changes: Any) -> Offer:  # noqa: ANN401 - fields of Offer
    """Make an open offer for `rows.proofing()`."""
    values: dict[str, Any] = {
        "offer_id": f"offer-{number}",
        "proofing_id": "proofing-1",
        "subject_id": "subject-1",
        "configuration_ids": ("real-name-1", "other-1"),
        "created_by": "client-1",
        "stored_state": OfferState.OPEN,
        "reference_hash": digest_of(("reference", number)),
        "code_hash": digest_of(("code", number)),
        "issuer_state_hash": digest_of(("issuer state", number)),
        "reception_number": f"RECEPTION-{number}",
        "sealed": b"sealed",
        "attempts": 0,
        "created_at": NOW,
        "expires_at": NOW + 600,
    }
    return Offer(**{**values, **changes})


def authorization(number: int, **changes: Any) -> AuthorizationRequest:  # noqa: ANN401 - fields of AuthorizationRequest
    """Make a pushed authorization request."""
    values: dict[str, Any] = {
        "request_id": f"request-{number}",
        "uri_hash": digest_of(("uri", number)),
        "client_id": "wallet-1",
        "attested_by": "Wallet maker",
        "redirect_uri": "https://wallet.example/cb",
        "state": "state-1",
        "configuration_ids": ("real-name-1",),
        "with_details": True,
        "code_challenge": "c" * 43,
        "dpop_jkt": None,
        "offer_id": None,
        "stage": AuthorizationStage.PUSHED,
        "created_at": NOW,
        "expires_at": NOW + 300,
    }
    return AuthorizationRequest(**{**values, **changes})


def grant(number: int, **changes: Any) -> WalletGrant:  # noqa: ANN401 - fields of WalletGrant
    """Make what a token allows."""
    values: dict[str, Any] = {
        "grant_id": f"grant-{number}",
        "token_hash": digest_of(("token", number)),
        "offer_id": f"offer-{number}",
        "proofing_id": "proofing-1",
        "subject_id": "subject-1",
        "configuration_ids": ("real-name-1",),
        "credential_identifiers": (("real-name-1", "identifier-1"),),
        "client_id": "wallet-1",
        "dpop_jkt": "jkt",
        "issued_at": NOW,
        "expires_at": NOW + 600,
    }
    return WalletGrant(**{**values, **changes})
