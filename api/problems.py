"""Turn errors into RFC 9457 problem documents with a stable `code`, and never repeat what the caller sent.

A refusal of ours carries its class's code; what Flask or pydantic refuse is first put into words of ours. A message
of an error we did not foresee may hold anything, so neither the answer nor the log repeats it: the log gets the
error's class and the places it passed through, the answer gets the id under which the log has them.
"""

import traceback
from collections.abc import Iterator
from typing import Any

import structlog
from apiflask import HTTPError
from flask import Response, g, json
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from api.auth import challenge
from api.context import request_id
from api.errors import (
    HeadersTooLarge,
    InternalError,
    MethodNotAllowed,
    NotAcceptable,
    NotSupported,
    RateLimited,
    UnsupportedMediaType,
    UriTooLong,
)
from api.wire.base import field_names
from jeung.errors import (
    CheckpointNotConsistent,
    Conflict,
    Forbidden,
    IdempotencyKeyReused,
    InputTooLarge,
    InvalidWalletToken,
    JeungError,
    LimitExceeded,
    LoginLimited,
    MalformedInput,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
    WalletError,
)

MEDIA_TYPE = "application/problem+json"
MAX_VIOLATIONS = 16

_STATUSES: dict[type[JeungError], int] = {
    JeungError: 500,
    MalformedInput: 400,
    UnsupportedMediaType: 415,
    NotAcceptable: 406,
    LimitExceeded: 413,
    RateLimited: 429,
    LoginLimited: 429,
    UriTooLong: 414,
    HeadersTooLarge: 431,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    MethodNotAllowed: 405,
    Conflict: 409,
    IdempotencyKeyReused: 422,
    CheckpointNotConsistent: 422,
    WalletError: 400,
    InvalidWalletToken: 401,
    Refused: 422,
    Unavailable: 503,
    NotSupported: 501,
    InternalError: 500,
}
_TITLES = {
    400: "Malformed request",
    401: "Not authenticated",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    413: "Too large",
    414: "Address too long",
    415: "Unsupported media type",
    422: "Refused",
    429: "Too many requests",
    431: "Headers too large",
    500: "Internal error",
    501: "Not supported",
    503: "Unavailable",
}
_FROM_WERKZEUG: dict[int, type[JeungError]] = {
    404: NotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    413: InputTooLarge,
    414: UriTooLong,
    415: UnsupportedMediaType,
    431: HeadersTooLarge,
}

log = structlog.get_logger("api")


def status_of(error: type[JeungError]) -> int:
    """Give the HTTP status of a class of errors: its own, or that of its nearest parent."""
    return next(_STATUSES[parent] for parent in error.__mro__ if parent in _STATUSES)


def render(error: JeungError, violations: list[dict[str, str]] | None = None) -> Response:
    """Write an error as a problem document with the headers its status demands."""
    status = status_of(type(error))
    if status == 500:
        report(error)
        # What broke inside us is for our log; `internal_error` with the id is all a caller can use.
        error = error if isinstance(error, InternalError) else InternalError()
    body: dict[str, Any] = {
        "type": f"urn:jeung:problem:{error.code}",
        "title": _TITLES[status],
        "status": status,
        "detail": error.detail,
        "code": error.code,
        "request_id": request_id(),
    }
    if violations:
        body["violations"] = violations
    g.problem_code = error.code
    response = Response(json.dumps(body), status, content_type=MEDIA_TYPE)
    for name, value in headers_of(error):
        response.headers[name] = value
    return response


def headers_of(error: JeungError) -> Iterator[tuple[str, str]]:
    """Give the headers that tell a client what to do about an error."""
    if isinstance(error, RateLimited | LoginLimited | Unavailable):
        yield "Retry-After", str(error.retry_after_s)
    authenticate = challenge(error)
    if authenticate is not None:
        yield "WWW-Authenticate", authenticate


def from_werkzeug(error: HTTPException) -> JeungError:
    """Say in our words what Flask or Werkzeug refuses."""
    code = error.code or 500
    return _FROM_WERKZEUG.get(code, MalformedInput if 400 <= code < 500 else InternalError)()


def render_http_exception(error: HTTPException) -> Response:
    """Write what Flask refuses; its own text, which may repeat the request, is left out."""
    response = render(from_werkzeug(error))
    allow = dict(error.get_headers()).get("Allow")
    if allow is not None:
        response.headers["Allow"] = allow
    return response


def render_validation_error(error: HTTPError) -> Response:
    """Write what a wire model refuses: where, and what was expected there."""
    cause = error.__cause__
    violations = violations_of(cause) if isinstance(cause, ValidationError) else []
    return render(MalformedInput("the request does not have the documented shape"), violations)


def violations_of(error: ValidationError) -> list[dict[str, str]]:
    """List what a model refused, by place, without values and without names that are not ours.

    A member name a caller made up is input like any value; only names of our models and positions are repeated.
    """
    known = field_names()
    found = []
    for problem in error.errors(include_input=False, include_url=False, include_context=False)[:MAX_VIOLATIONS]:
        place = [str(part) for part in problem["loc"] if isinstance(part, int) or part in known]
        found.append({"at": "/".join(("", *place)), "expected": problem["msg"]})
    return found


def render_unforeseen(error: Exception) -> Response:
    """Write an error nobody foresaw as 500 with the request's id."""
    report(error)
    return render(InternalError())


def report(error: BaseException) -> None:
    """Log the class of an error, of what caused it, and the places it passed: no message, no local variable."""
    if isinstance(error, InternalError):
        return
    log.error("request_failed", request_id=request_id(), error=list(_classes(error)), places=list(_places(error)))


def _classes(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield f"{type(error).__module__}.{type(error).__qualname__}"
        error = error.__cause__ or error.__context__


def _places(error: BaseException) -> Iterator[str]:
    for frame in traceback.extract_tb(error.__traceback__):
        yield f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}:{frame.name}"
