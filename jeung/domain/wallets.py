"""Describe what passes between a wallet and the authorization server: offers, requests, grants.

Nothing here holds a code or a token in clear: random ones stand as SHA-256 digests, the rest is sealed.
"""

import enum
from dataclasses import dataclass, field


class ChallengeKind(enum.StrEnum):
    """Say what a challenge of ours is for; one kind never passes for another."""

    C_NONCE = "c_nonce"
    DPOP_NONCE = "dpop_nonce"
    ATTESTATION = "attestation"


class OfferState(enum.StrEnum):
    """Say what has become of a credential offer."""

    OPEN = "open"
    REDEEMED = "redeemed"
    CANCELLED = "cancelled"
    LOCKED = "locked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Offer:
    """Describe a credential offer: single use, short lived, for one proofing; times are seconds UTC.

    Attributes:
        offer_id: names it to the staff; it opens nothing.
        proofing_id: the proofing whose person the credentials are about; it may still be open.
        subject_id: that person.
        configuration_ids: the credential configurations offered.
        created_by: the client that made it.
        stored_state: what was decided; `state` adds the clock.
        reference_hash: SHA-256 of the last part of the `credential_offer_uri`.
        code_hash: SHA-256 of the pre-authorized code.
        issuer_state_hash: SHA-256 of the `issuer_state` of the authorization code grant.
        reception_number: what the customer tells an authorization server that no offer led him to.
        sealed: the offer's secrets, encrypted under the subject's data key.
        attempts: wrong transaction codes so far, over both grants.
        created_at: when it was made.
        expires_at: from when on it is good for nothing.
        closed_at: when it was redeemed, cancelled or locked.
        replayed_at: when a code that had been used already came again, with the right transaction code.
    """

    offer_id: str
    proofing_id: str
    subject_id: str
    configuration_ids: tuple[str, ...]
    created_by: str
    stored_state: OfferState
    reference_hash: bytes
    code_hash: bytes
    issuer_state_hash: bytes
    reception_number: str = field(repr=False)
    sealed: bytes = field(repr=False)
    attempts: int
    created_at: int
    expires_at: int
    closed_at: int | None = None
    replayed_at: int | None = None

    def state(self, now: int) -> OfferState:
        """Say what has become of it by `now`."""
        if self.stored_state is OfferState.OPEN and self.expires_at <= now:
            return OfferState.EXPIRED
        return self.stored_state


class AuthorizationStage(enum.StrEnum):
    """Follow an authorization request from its push to its end."""

    PUSHED = "pushed"
    SHOWN = "shown"
    APPROVED = "approved"
    DENIED = "denied"
    REDEEMED = "redeemed"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """Describe a pushed authorization request and what came of it; times are seconds UTC.

    Attributes:
        request_id: names it in the log.
        uri_hash: SHA-256 of the random part of the `request_uri`.
        client_id: who pushed it.
        attested_by: the wallet provider that vouched for the client, or None where none did.
        redirect_uri: where the answer goes.
        state: the client's own `state`, given back with the answer.
        configuration_ids: the credential configurations asked for.
        with_details: they were asked for by `authorization_details`, so the token answer names identifiers.
        code_challenge: PKCE S256, the only method.
        dpop_jkt: thumbprint of the DPoP key that the code is bound to, where the push named one.
        offer_id: the offer that an `issuer_state` named, or that the customer named on the consent page.
        stage: how far it has come.
        session_hash: SHA-256 of the secret of the one browser that opened it.
        attempts: wrong transaction codes on its page.
        code_hash: SHA-256 of the authorization code.
        grant_id: what the code gave.
        created_at: when it was pushed.
        expires_at: until when the present stage may last.
    """

    request_id: str
    uri_hash: bytes
    client_id: str
    attested_by: str | None
    redirect_uri: str
    state: str | None = field(repr=False)
    configuration_ids: tuple[str, ...]
    with_details: bool
    code_challenge: str
    dpop_jkt: str | None
    offer_id: str | None
    stage: AuthorizationStage
    created_at: int
    expires_at: int
    attempts: int = 0
    session_hash: bytes | None = None
    code_hash: bytes | None = None
    grant_id: str | None = None


@dataclass(frozen=True, slots=True)
class WalletGrant:
    """Describe what a wallet's access token allows; times are seconds UTC.

    Attributes:
        grant_id: names it in the log.
        token_hash: SHA-256 of the access token.
        offer_id: the offer it came from.
        proofing_id: the proofing to issue for; it may still be open (deferred issuance).
        subject_id: the person.
        configuration_ids: what may be issued.
        credential_identifiers: (configuration id, credential identifier) pairs of the token answer; empty where the
            answer named none, and then the wallet asks by configuration id (OpenID4VCI 1.0 section 8.2).
        client_id: the wallet, None for an anonymous one.
        dpop_jkt: RFC 7638 thumbprint (base64url) of the key the token is bound to, None for a bearer token.
        issued_at: when the token was given.
        expires_at: from when on it opens nothing.
        revoked_at: when it was revoked.
        families: (configuration id, family id) pairs of what was issued under it.
    """

    grant_id: str
    token_hash: bytes
    offer_id: str
    proofing_id: str
    subject_id: str
    configuration_ids: tuple[str, ...]
    credential_identifiers: tuple[tuple[str, str], ...]
    client_id: str | None
    dpop_jkt: str | None
    issued_at: int
    expires_at: int
    revoked_at: int | None = None
    families: tuple[tuple[str, str], ...] = ()

    def is_usable_at(self, now: int) -> bool:
        """Tell whether the token has neither expired nor been revoked."""
        return self.revoked_at is None and now < self.expires_at

    def family_of(self, configuration_id: str) -> str | None:
        """Give the family issued under this grant for a configuration, or None before the first issue."""
        return dict(self.families).get(configuration_id)
