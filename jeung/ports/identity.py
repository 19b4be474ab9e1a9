"""State what the core needs of the institution's identity provider (OpenID Connect)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from jeung.domain.staff import FederatedIdentity


@dataclass(frozen=True, slots=True)
class ProviderEndpoints:
    """Say where a browser is sent, and whether the provider names itself in its answers (RFC 9207)."""

    authorization: str
    end_session: str | None
    names_itself: bool


class IdentityProvider(Protocol):
    """Speak to the one provider the settings name; nothing else is ever called."""

    def endpoints(self) -> ProviderEndpoints:
        """Give where browsers are sent, as the provider publishes it.

        Raises:
            ProviderUnavailable: it does not answer, or not as its issuer.
        """
        ...

    def redeem(self, code: str, *, verifier: str, redirect_uri: str) -> Mapping[str, Any]:
        """Exchange a code and give the claims of the ID token, whose signature is the provider's by its own JWKS.

        Nothing is said of the claims: issuer, audience, times and nonce are the caller's to judge.

        Raises:
            ProviderRefused: the code is not good, or the token is not signed by a key and algorithm that are allowed.
            ProviderUnavailable: as `endpoints`.
        """
        ...

    def verify_logout_token(self, token: str) -> Mapping[str, Any]:
        """Give the claims of a logout token that the provider signed by its own JWKS; raises as `redeem`."""
        ...


class FederatedIdentities(Protocol):
    """Keep which account a subject of the provider is."""

    def put(self, identity: FederatedIdentity) -> None:
        """Keep an identity.

        Raises:
            Conflict: the subject, or the account, has one already.
        """
        ...

    def get(self, issuer: str, subject: str) -> FederatedIdentity | None:
        """Give the identity of a subject."""
        ...

    def remove_of(self, staff_id: str) -> bool:
        """Forget the identity of an account; tell whether there was one."""
        ...
