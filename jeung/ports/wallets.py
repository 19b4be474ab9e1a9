"""State what the core keeps of wallets: offers, authorization requests, grants.

Whoever changes a row reads it in the same write transaction, where it stays as read until the commit, and puts the
changed one in its place.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from jeung.domain.wallets import AuthorizationRequest, Offer, OfferState, WalletGrant


class Offers(Protocol):
    """Keep credential offers."""

    def add(self, offer: Offer) -> None:
        """Keep a new offer.

        Raises:
            Conflict: its id, one of its digests or its reception number stands already.
        """
        ...

    def get(self, offer_id: str) -> Offer | None:
        """Give an offer by the id the staff knows."""
        ...

    def by_reference(self, digest: bytes) -> Offer | None:
        """Give the offer whose `credential_offer_uri` has a last part with this SHA-256."""
        ...

    def by_code(self, digest: bytes) -> Offer | None:
        """Give the offer whose pre-authorized code has this SHA-256."""
        ...

    def by_issuer_state(self, digest: bytes) -> Offer | None:
        """Give the offer whose `issuer_state` has this SHA-256."""
        ...

    def by_reception(self, number: str) -> Offer | None:
        """Give the offer with this reception number."""
        ...

    def of_proofing(self, proofing_id: str, limit: int) -> Sequence[Offer]:
        """Give the newest offers for a proofing, newest first."""
        ...

    def made_by(self, created_by: str, *, after: str, limit: int) -> Sequence[Offer]:
        """Give the offers that one client or act made, in the order of their ids, those that follow `after`."""
        ...

    def tally(self, created_by: str) -> Mapping[OfferState, int]:
        """Count the offers that one client or act made, by what was decided of them."""
        ...

    def replace(self, offer: Offer) -> None:
        """Keep a changed offer.

        Raises:
            NotFound: no such offer.
        """
        ...


class Authorizations(Protocol):
    """Keep pushed authorization requests."""

    def add(self, request: AuthorizationRequest) -> None:
        """Keep a new request.

        Raises:
            Conflict: its id or its digest stands already.
        """
        ...

    def by_uri(self, digest: bytes) -> AuthorizationRequest | None:
        """Give the request whose `request_uri` has a random part with this SHA-256."""
        ...

    def by_code(self, digest: bytes) -> AuthorizationRequest | None:
        """Give the request whose authorization code has this SHA-256."""
        ...

    def replace(self, request: AuthorizationRequest) -> None:
        """Keep a changed request.

        Raises:
            NotFound: no such request.
        """
        ...


class WalletGrants(Protocol):
    """Keep what wallets' access tokens allow."""

    def add(self, grant: WalletGrant) -> None:
        """Keep a new grant.

        Raises:
            Conflict: its id or its token's digest stands already.
        """
        ...

    def get(self, grant_id: str) -> WalletGrant | None:
        """Give a grant."""
        ...

    def by_token(self, digest: bytes) -> WalletGrant | None:
        """Give the grant whose access token has this SHA-256."""
        ...

    def of_offer(self, offer_id: str) -> WalletGrant | None:
        """Give what an offer was redeemed for; an offer gives one grant at most."""
        ...

    def replace(self, grant: WalletGrant) -> None:
        """Keep a changed grant.

        Raises:
            NotFound: no such grant.
        """
        ...
