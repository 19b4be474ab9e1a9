"""What only HTTP can get wrong, as branches of `jeung.errors`.

JeungError
├── MalformedInput
│   ├── IdempotencyKeyMalformed · IdempotencyKeyMissing
│   ├── UnsupportedGrantType      a token endpoint does not know the grant
│   ├── UnsupportedMediaType      the body is not of the one type its place demands
│   └── NotAcceptable             the caller asks for a form there is none of
├── LimitExceeded
│   ├── RateLimited               too many requests; try again after `retry_after_s`
│   ├── UriTooLong · HeadersTooLarge
├── Forbidden
│   ├── InsufficientScope         the token is good and does not allow this
│   ├── CsrfRefused               a form of the console that no page of ours sent
│   └── RoleMissing               nobody with these roles may see or do this in the console
├── Unauthenticated
│   └── InvalidToken              a token was shown that is not accepted
├── MethodNotAllowed
├── Unavailable
│   └── TooManyStreams            all places for streams of events are taken
├── NotSupported                  an optional part of a standard that this node does not offer
└── InternalError                 a fault of ours; the answer carries the id to look it up in the log
"""

from collections.abc import Iterable

from jeung.domain.access import Scope
from jeung.errors import Forbidden, JeungError, LimitExceeded, MalformedInput, Unauthenticated, Unavailable


class IdempotencyKeyMissing(MalformedInput, code="idempotency_key_missing"):
    """A request that creates something needs an Idempotency-Key header."""


class IdempotencyKeyMalformed(MalformedInput, code="idempotency_key_malformed"):
    """The Idempotency-Key must be 1 to 128 letters, digits and `._~:-`, optionally in quotation marks."""


class UnsupportedGrantType(MalformedInput, code="unsupported_grant_type"):
    """The grant type is not one this token endpoint knows."""


class UnsupportedMediaType(MalformedInput, code="unsupported_media_type"):
    """The body must have the content type the operation documents, without a content encoding."""


class NotAcceptable(MalformedInput, code="not_acceptable"):
    """The resource has no form that the Accept header allows."""


class RateLimited(LimitExceeded, code="rate_limited"):
    """Too many requests."""

    def __init__(self, *, retry_after_s: int) -> None:
        """Say after how many seconds asking again makes sense."""
        super().__init__()
        self.retry_after_s = retry_after_s


class UriTooLong(LimitExceeded, code="uri_too_long"):
    """The request's address is longer than its bound."""


class HeadersTooLarge(LimitExceeded, code="headers_too_large"):
    """The request's headers are larger than their bound."""


class InvalidToken(Unauthenticated, code="invalid_token"):
    """The access token is not accepted: malformed, expired, or not one of ours."""


class InsufficientScope(Forbidden, code="insufficient_scope"):
    """The access token does not carry a scope that this operation needs."""

    def __init__(self, scopes: Iterable[Scope]) -> None:
        """Name the scopes of which one would do."""
        super().__init__()
        self.scopes = tuple(sorted(scopes))


class CsrfRefused(Forbidden, code="csrf_refused"):
    """The form did not come from a page of this console in the same session; open the page again."""


class RoleMissing(Forbidden, code="role_missing"):
    """Your roles do not include this."""


class TooManyStreams(Unavailable, code="too_many_streams"):
    """As many streams of events run as this process has places for."""


class MethodNotAllowed(JeungError, code="method_not_allowed"):
    """The resource has no such method."""


class NotSupported(JeungError, code="not_supported"):
    """The node does not offer this optional part of a standard."""


class InternalError(JeungError, code="internal_error"):
    """Something failed on our side; the request id finds it in the log."""
