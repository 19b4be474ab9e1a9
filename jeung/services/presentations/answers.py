"""Read what a wallet sends, before anything of it is judged (OpenID4VP 1.0, sections 8.1 to 8.5).

 1. Form: exactly one of `vp_token`, `response` and `error`; encrypted exactly where the request asked for it. A
    wallet that cannot encrypt may send its error in clear.
 2. The message was encrypted to the request's own key, under one of the two content encryptions it named.
 3. `state` is the request's: who cannot know the request cannot end it either.
 4. `vp_token` is an object of non-empty arrays of texts, within bounds.
Whatever fails here is no judgement: the request stays open for the wallet that it was made for.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.crypto.jwe import parse_jwe
from jeung.domain.presentations import PresentationRequest, RequestDetails, ResponseMode
from jeung.errors import (
    DecryptionFailed,
    InputTooLarge,
    MalformedJson,
    MalformedResponse,
    StateMismatch,
)
from jeung.ports.custody import ResponseKeys
from jeung.services.presentations.requests import response_context

MAX_PRESENTATIONS: Final = 8
MAX_ANSWER_CHARACTERS: Final = 262_144

_ERRORS: Final = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_request",
        "invalid_request_uri_method",
        "invalid_scope",
        "invalid_transaction_data",
        "server_error",
        "temporarily_unavailable",
        "vp_formats_not_supported",
        "wallet_unavailable",
    }
)
OTHER_ERROR: Final = "other_error"


@dataclass(frozen=True, slots=True)
class Form:
    """Hold the fields of an answer as they came."""

    vp_token: str | None = field(default=None, repr=False)
    response: str | None = field(default=None, repr=False)
    error: str | None = field(default=None, repr=False)
    state: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold an answer of the right form: presentations by credential query, or the name of the wallet's error."""

    presentations: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    error: str | None = None


def read_answer(
    form: Form, request: PresentationRequest, details: RequestDetails, response_keys: ResponseKeys
) -> Answer:
    """Take steps 1 to 4 above.

    Raises:
        MalformedResponse, DecryptionFailed, EncryptionNotSupported, MalformedJwe, MalformedJson: steps 1, 2 and 4.
        StateMismatch: step 3.
        InputTooLarge: longer than its bound.
    """
    members = _members(form, request, details, response_keys)
    state = members.get("state")
    if not isinstance(state, str) or not hmac.compare_digest(
        state.encode("utf-8", "replace"), details.state.encode()
    ):
        raise StateMismatch
    if "error" in members:
        if "vp_token" in members:
            raise MalformedResponse
        error = members["error"]
        return Answer(error=error if isinstance(error, str) and error in _ERRORS else OTHER_ERROR)
    return Answer(_presentations(members.get("vp_token")))


def _members(
    form: Form, request: PresentationRequest, details: RequestDetails, response_keys: ResponseKeys
) -> Mapping[str, Any]:
    given = [name for name in ("vp_token", "response", "error") if getattr(form, name) is not None]
    if len(given) != 1:
        raise MalformedResponse
    if form.error is not None:
        return {"error": form.error, "state": form.state}
    encrypted = request.response_mode is ResponseMode.DIRECT_POST_JWT
    if encrypted is not (form.response is not None):
        raise MalformedResponse("the answer is not in the response mode of the request")
    if form.response is not None:
        return _decrypted(form.response, request, details, response_keys)
    vp_token = form.vp_token or ""
    if len(vp_token) > MAX_ANSWER_CHARACTERS:
        raise InputTooLarge
    return {"vp_token": _object(vp_token.encode("utf-8", "replace")), "state": form.state}


def _decrypted(
    response: str, request: PresentationRequest, details: RequestDetails, response_keys: ResponseKeys
) -> Mapping[str, Any]:
    message = parse_jwe(response, max_characters=MAX_ANSWER_CHARACTERS)
    key, jwk = details.response_key, details.response_jwk
    # Wallets must name the key (section 8.3); one that does not can only have meant the one there is.
    if key is None or jwk is None or message.key_id not in (None, jwk["kid"]):
        raise DecryptionFailed
    return _object(response_keys.decrypt(key, response_context(request.request_id), message))


def _object(data: bytes) -> Mapping[str, Any]:
    try:
        return canonical_json.parse_object(data)
    except MalformedJson:
        raise MalformedResponse from None


def _presentations(vp_token: object) -> tuple[tuple[str, str], ...]:
    if not isinstance(vp_token, dict) or not vp_token:
        raise MalformedResponse
    found: list[tuple[str, str]] = []
    for query_id, presentations in vp_token.items():
        if not isinstance(presentations, list) or not presentations:
            raise MalformedResponse
        if not all(isinstance(presentation, str) for presentation in presentations):
            raise MalformedResponse
        found += [(query_id, presentation) for presentation in presentations]
    if len(found) > MAX_PRESENTATIONS:
        raise MalformedResponse("the answer holds more presentations than its bound")
    return tuple(found)
