"""Define what a wallet can hear: one class for each error that OAuth or OpenID4VCI gives a name."""

from __future__ import annotations

from typing import ClassVar

from jeung.errors.base import Conflict, JeungError


class WalletError(JeungError, code="wallet_error"):
    """A wallet's request is refused."""

    oauth_name: ClassVar[str] = "invalid_request"
    """What the standard calls it, in the member `error` of the answer."""


class InvalidGrant(WalletError, code="invalid_grant"):
    """The code is unknown, expired or used, was given to another client, or the transaction code is wrong."""

    oauth_name = "invalid_grant"


class UnauthorizedClient(WalletError, code="unauthorized_client"):
    """The client may not use this grant."""

    oauth_name = "unauthorized_client"


class UnsupportedResponseType(WalletError, code="unsupported_response_type"):
    """The response type is not `code`."""

    oauth_name = "unsupported_response_type"


class UnknownScope(WalletError, code="unknown_scope"):
    """No credential that this issuer offers has this scope, or the offer does not."""

    oauth_name = "invalid_scope"


class InvalidAuthorizationDetails(WalletError, code="invalid_authorization_details"):
    """The authorization details do not name credentials that this issuer offers (RFC 9396 section 5)."""

    oauth_name = "invalid_authorization_details"


class InvalidTarget(WalletError, code="invalid_target"):
    """The resource is not this credential issuer (RFC 8707 section 2)."""

    oauth_name = "invalid_target"


class InvalidRequestUri(WalletError, code="invalid_request_uri"):
    """The `request_uri` is unknown, expired, used, or another client's."""

    oauth_name = "invalid_request_uri"


class ChallengeRefused(WalletError, code="challenge_refused"):
    """The challenge or nonce is not ours, is of another kind, has expired, or was used."""


class InvalidDpopProof(WalletError, code="invalid_dpop_proof"):
    """The DPoP proof is missing, malformed, stale, used before, or for another request or key."""

    oauth_name = "invalid_dpop_proof"


class UseDpopNonce(WalletError, code="use_dpop_nonce"):
    """The DPoP proof must carry a fresh nonce of ours: the one in the `DPoP-Nonce` header of this answer."""

    oauth_name = "use_dpop_nonce"


class InvalidClientAttestation(WalletError, code="invalid_client_attestation"):
    """The wallet attestation, or the proof of possession beside it, is not good."""

    oauth_name = "invalid_client_attestation"


class UseAttestationChallenge(WalletError, code="use_attestation_challenge"):
    """The proof of possession must carry a fresh challenge of ours."""

    oauth_name = "use_attestation_challenge"


class UseFreshAttestation(WalletError, code="use_fresh_attestation"):
    """The wallet attestation has expired or is too old."""

    oauth_name = "use_fresh_attestation"


class InvalidWalletToken(WalletError, code="invalid_wallet_token"):
    """The access token is unknown, expired or revoked, or is shown without the key it is bound to."""

    oauth_name = "invalid_token"


class OfferClosed(Conflict, code="offer_closed"):
    """The credential offer was redeemed, cancelled, locked or has expired."""
