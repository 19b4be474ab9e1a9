"""Read the Idempotency-Key header: the same key with the same request gives the same thing, never two.

The key counts per caller. The services look it up in the transaction that would create the thing.
"""

import enum
import re

from flask import request

from api.context import known_caller, runtime
from api.errors import IdempotencyKeyMalformed, IdempotencyKeyMissing
from jeung.domain.access import RequestKey

HEADER = "Idempotency-Key"

# Quoted as a Structured Fields string (draft-ietf-httpapi-idempotency-key-header) or bare, as most clients send it.
_KEY = re.compile(r'("?)([A-Za-z0-9._~:-]{1,128})\1')


class Key(enum.Enum):
    """Say whether an operation takes an Idempotency-Key."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


def request_key(demand: Key) -> RequestKey | None:
    """Give the key of this request, tied to its caller, its path and its body.

    Raises:
        IdempotencyKeyMissing: the operation demands one.
        IdempotencyKeyMalformed: another form, or more than one.
    """
    values = request.headers.getlist(HEADER)
    if not values:
        if demand is Key.REQUIRED:
            raise IdempotencyKeyMissing
        return None
    match = _KEY.fullmatch(values[0]) if len(values) == 1 else None
    if match is None:
        raise IdempotencyKeyMalformed
    return RequestKey(
        caller=known_caller().client_id,
        key=match[2],
        operation=f"{request.method} {request.path}",
        body_digest=runtime().request_digests.of(request.get_data()),
    )
