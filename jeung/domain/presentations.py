"""Describe what a relying party asks of wallets, and whom it has told of it.

A presentation request lives for minutes and is answered once. Its row tells nothing about a person: what is asked,
the transactions to be confirmed and the secrets of the conversation are sealed.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_CODE_ATTEMPTS = 10


class Flow(enum.StrEnum):
    """Say where the wallet is: on a phone beside the screen with the QR code, or on the device of the browser."""

    CROSS_DEVICE = "cross_device"
    SAME_DEVICE = "same_device"


class ResponseMode(enum.StrEnum):
    """Say how the wallet answers: in clear, or encrypted to the request's own key (OpenID4VP 1.0, section 8)."""

    DIRECT_POST = "direct_post"
    DIRECT_POST_JWT = "direct_post.jwt"


class ClientIdPrefix(enum.StrEnum):
    """Say how the wallet knows us: by our certificate, or by the DNS name in it (OpenID4VP 1.0, section 5.9.3)."""

    X509_HASH = "x509_hash"
    X509_SAN_DNS = "x509_san_dns"


class RequestUriMethod(enum.StrEnum):
    """Say how a wallet should fetch the request; one that cannot POST may always GET."""

    GET = "get"
    POST = "post"


class RequestState(enum.StrEnum):
    """Say what has become of a request.

    ANSWERED is what others see of a same-device answer until the browser has brought its response code back.
    """

    WAITING = "waiting"
    FETCHED = "fetched"
    ANSWERED = "answered"
    VERIFIED = "verified"
    REFUSED = "refused"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ENDED = frozenset(RequestState) - {RequestState.WAITING, RequestState.FETCHED}
"""The states that no answer changes any more."""


@dataclass(frozen=True, slots=True)
class PresentationRequest:
    """Describe one request; times are seconds UTC.

    Attributes:
        request_id: names it in addresses; whoever sees the QR code knows it.
        created_by: the back-end client that asked, the only one that learns the result.
        profile: the registered profile.
        flow: where the wallet is.
        response_mode: how it answers.
        client_id: our full name with its prefix, which presentations name as `aud`.
        key_id: the key that signs the request object.
        nonce: what the presentations answer.
        data_key_id: under which `sealed` is sealed.
        sealed: the `RequestDetails`.
        created_at: when it was made.
        expires_at: from when on it is not answered.
        fetched_at: when a wallet first fetched the request object.
        ended_at: when it was answered, declined or cancelled.
        outcome: the state it ended in.
        code: the stable code of a refusal, or the wallet's error.
        evidence: by credential query, the evidence kept of each presentation.
        response_code_hash: SHA-256 of the code in the redirect of a same-device answer.
        code_attempts: how many wrong response codes were shown.
        redeemed_at: when the right one was shown.
    """

    request_id: str
    created_by: str
    profile: str
    flow: Flow
    response_mode: ResponseMode
    client_id: str
    key_id: str
    nonce: str = field(repr=False)
    data_key_id: str
    sealed: bytes = field(repr=False)
    created_at: int
    expires_at: int
    fetched_at: int | None = None
    ended_at: int | None = None
    outcome: RequestState | None = None
    code: str | None = None
    evidence: tuple[tuple[str, str], ...] = ()
    response_code_hash: bytes | None = field(default=None, repr=False)
    code_attempts: int = 0
    redeemed_at: int | None = None

    @property
    def is_withheld(self) -> bool:
        """Tell whether its outcome waits for the response code, which only the browser that was sent back has."""
        return self.response_code_hash is not None and self.redeemed_at is None

    def state(self, now: int) -> RequestState:
        """Say what has become of it by `now`, as its maker may know."""
        if self.outcome is not None:
            return RequestState.ANSWERED if self.is_withheld else self.outcome
        if self.expires_at <= now:
            return RequestState.EXPIRED
        return RequestState.WAITING if self.fetched_at is None else RequestState.FETCHED


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """Hold what is sealed of a request.

    Attributes:
        state: 256 random bits that the answer must carry.
        query: the DCQL query, as JSON.
        transactions: the transaction data as they are sent.
        certificate: the leaf certificate of the signing key in standard Base64.
        request_uri_method: how a wallet should fetch the request.
        response_jwk: the public key an answer is encrypted to; None for `direct_post`.
        response_key: the private half, sealed for this request.
        redirect_uri: where the browser goes on after a same-device answer.
        profile_digest: SHA-256 of the registered profile, hexadecimal.
        purpose: what the profile says that the claims are for.
    """

    state: str = field(repr=False)
    query: Mapping[str, Any]
    transactions: tuple[str, ...]
    certificate: str
    request_uri_method: RequestUriMethod
    response_jwk: Mapping[str, str] | None
    response_key: bytes | None = field(repr=False)
    redirect_uri: str | None
    profile_digest: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """Describe where a client wants to hear of its requests."""

    webhook_id: str
    client_id: str
    url: str
    created_at: int


class DeliveryState(enum.StrEnum):
    """Follow one message to a webhook."""

    PENDING = "pending"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Describe one message to a webhook, kept until its end; `retry_at` is when it is next due, seconds UTC."""

    delivery_id: str
    webhook_id: str
    url: str
    request_id: str
    state_reported: RequestState
    occurred_at: int
    state: DeliveryState
    attempts: int
    retry_at: int
    ended_at: int | None = None
