"""Serve what wallets and verifiers everywhere look up: status lists, type metadata, the issuer's keys."""

import hashlib
import re
from functools import cache
from typing import IO, Any

from apiflask import APIBlueprint
from flask import Response, current_app, json, request
from werkzeug.datastructures import MIMEAccept

from api.context import runtime
from api.errors import NotAcceptable, NotSupported
from api.limits import Limit
from api.operation import Operation, operation
from api.requests import JSON
from api.wire.base import Query
from api.wire.issuing import StatusLists
from jeung.errors import LedgerStale, MalformedInput
from jeung.services.status_lists import AGGREGATION_PATH
from jeung.services.wallets.issuer_metadata import LOGO_PATH

blueprint = APIBlueprint("publications", __name__, tag="Publications")

STATUS_LIST = "application/statuslist+jwt"
PNG = "image/png"
METADATA_AGE_S = 300
TYPE_AGE_S = 86_400
LOGO_AGE_S = 86_400

_TIME = re.compile(r"0|[1-9][0-9]{0,15}")


class StatusListQuery(Query):
    """Ask for a status list as of a time, seconds UTC, where the node offers that."""

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
        wallet=True,
        refuses=(NotAcceptable, NotSupported, LedgerStale),
    ),
)
def get_status_list(list_number: str, query: StatusListQuery) -> Response:
    """Give a Token Status List as a signed JWT.

    The list is a projection of the ledger's words; it may be kept until the Cache-Control header says, never past
    its own `exp`. A list as of an earlier time (`?time=`) is an optional part of the standard, offered by setting.
    """
    if query.time is not None and not runtime().settings.status_lists.history:
        raise NotSupported("this node serves no status lists of the past")
    _demand(STATUS_LIST)
    if query.time is None:
        token = runtime().status_lists.current(int(list_number))
    elif _TIME.fullmatch(query.time) is None:
        raise MalformedInput("`time` is no number of seconds")
    else:
        token = runtime().status_lists.as_of(int(list_number), int(query.time))
    left_s = max(0, token.expires_at - runtime().clock.now())
    max_age_s = min(runtime().settings.status_lists.ttl_s, left_s)
    return published(token.token.encode("ascii"), STATUS_LIST, max_age_s)


@operation(
    blueprint,
    Operation(
        "GET", AGGREGATION_PATH, None, limit=Limit.PUBLIC, wallet=True, gives=StatusLists, refuses=(NotAcceptable,)
    ),
)
def get_status_lists() -> tuple[StatusLists, int, dict[str, str]]:
    """Give the addresses of this member's status lists (Status List Aggregation)."""
    _demand(JSON)
    max_age_s = runtime().settings.status_lists.ttl_s
    lists = StatusLists(status_lists=list(runtime().status_lists.addresses()))
    return lists, 200, {"Cache-Control": f"public, max-age={max_age_s}"}


@operation(blueprint, Operation("GET", LOGO_PATH, None, limit=Limit.PUBLIC, wallet=True, media_type=PNG))
def get_logo() -> Response:
    """Give the picture that wallets show beside this member's name and credentials."""
    return published(_logo(), PNG, LOGO_AGE_S)


@operation(
    blueprint,
    Operation(
        "GET",
        "/types/<name:name>",
        None,
        limit=Limit.PUBLIC,
        wallet=True,
        refuses=(NotAcceptable, LedgerStale),
    ),
)
def get_type(name: str) -> Response:
    """Give the exact bytes of a credential type's metadata, whose SHA-256 is the schema's id."""
    _demand(JSON)
    return published(runtime().metadata.type_metadata(name), JSON, TYPE_AGE_S)


@operation(
    blueprint,
    Operation("GET", "/.well-known/jwt-vc-issuer", None, limit=Limit.PUBLIC, wallet=True, refuses=(NotAcceptable,)),
)
def get_issuer_metadata() -> Response:
    """Give the issuer metadata of SD-JWT VC: the public keys this member signs credentials with."""
    _demand(JSON)
    document: dict[str, Any] = runtime().metadata.jwt_vc_issuer()
    return published(json.dumps(document).encode(), JSON, METADATA_AGE_S)


def _demand(media_type: str) -> None:
    """Refuse a caller whose Accept header rules out the one form there is.

    Raises:
        NotAcceptable: it does.
    """
    if acceptable(media_type) is None:
        raise NotAcceptable


def acceptable(*media_types: str) -> str | None:
    """Give the one of our media types that the Accept header likes best, the first where it does not say.

    Parameters of a type, as in `application/json; charset=utf-8`, are passed over: none of ours has any, and clients
    that send one mean the type.
    """
    accepted = request.accept_mimetypes
    ranges = MIMEAccept([(value.partition(";")[0].rstrip(), quality) for value, quality in accepted])
    return ranges.best_match(media_types) if ranges else media_types[0]


def published(body: bytes, media_type: str, max_age_s: int) -> Response:
    """Answer with bytes that caches may keep for a while, or with 304 to whom has them already."""
    response = Response(body, content_type=media_type)
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.headers["Cache-Control"] = f"public, max-age={max_age_s}"
    response.headers["Vary"] = "Accept"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.make_conditional(request)
    return response


@cache
def _logo() -> bytes:
    file: IO[bytes] = current_app.open_resource("web/static/logo.png")
    with file:
        return file.read()
