"""Serve what wallets and verifiers everywhere look up: status lists, type metadata, the issuer's keys."""

import hashlib
from typing import Any

from apiflask import APIBlueprint
from flask import Response, json, request

from api.context import runtime
from api.errors import NotAcceptable, NotSupported
from api.limits import Limit
from api.operation import Operation, operation
from api.requests import JSON
from api.wire.base import Query
from jeung.errors import LedgerStale

blueprint = APIBlueprint("publications", __name__, tag="Publications")

STATUS_LIST = "application/statuslist+jwt"
METADATA_AGE_S = 300
TYPE_AGE_S = 86_400


class StatusListQuery(Query):
    """Ask for a status list as of a time, which this node does not offer."""

    time: str | None = None


@operation(
    blueprint,
    Operation(
        "GET",
        "/status-lists/<list:list_number>",
        None,
        query=StatusListQuery,
        media_type=STATUS_LIST,
        limit=Limit.PUBLIC,
        cross_origin=True,
        refuses=(NotAcceptable, NotSupported),
    ),
)
def get_status_list(list_number: str, query: StatusListQuery) -> Response:
    """Give a Token Status List as a signed JWT.

    The list is a projection of the ledger's words; it may be kept until the Cache-Control header says, never past
    its own `exp`. A list as of an earlier time (`?time=`) is an optional part of the standard that is not offered.
    """
    if query.time is not None:
        raise NotSupported("status lists of the past are rebuilt from the ledger, not served")
    _demand(STATUS_LIST)
    token = runtime().status_lists.current(int(list_number))
    left_s = max(0, token.expires_at - runtime().clock.now())
    max_age_s = min(runtime().settings.status_lists.ttl_s, left_s)
    return _published(token.token.encode("ascii"), STATUS_LIST, max_age_s)


@operation(
    blueprint,
    Operation(
        "GET",
        "/types/<name:name>",
        None,
        limit=Limit.PUBLIC,
        cross_origin=True,
        refuses=(NotAcceptable, LedgerStale),
    ),
)
def get_type(name: str) -> Response:
    """Give the exact bytes of a credential type's metadata, whose SHA-256 is the schema's id."""
    _demand(JSON)
    return _published(runtime().metadata.type_metadata(name), JSON, TYPE_AGE_S)


@operation(
    blueprint,
    Operation(
        "GET", "/.well-known/jwt-vc-issuer", None, limit=Limit.PUBLIC, cross_origin=True, refuses=(NotAcceptable,)
    ),
)
def get_issuer_metadata() -> Response:
    """Give the issuer metadata of SD-JWT VC: the public keys this member signs credentials with."""
    _demand(JSON)
    document: dict[str, Any] = runtime().metadata.jwt_vc_issuer()
    return _published(json.dumps(document).encode(), JSON, METADATA_AGE_S)


def _demand(media_type: str) -> None:
    """Refuse a caller whose Accept header rules out the one form there is.

    Raises:
        NotAcceptable: it does.
    """
    if request.accept_mimetypes and not request.accept_mimetypes[media_type]:
        raise NotAcceptable


def _published(body: bytes, media_type: str, max_age_s: int) -> Response:
    """Answer with bytes that caches may keep for a while, or with 304 to whom has them already."""
    response = Response(body, content_type=media_type)
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = f"public, max-age={max_age_s}"
    response.headers["Vary"] = "Accept"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.make_conditional(request)
    return response
