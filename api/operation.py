"""Declare an endpoint in one place, and enforce what it declares in one order.

 1. Caller: the token and its scopes. Failed attempts count against the address they come from, those of a good token
    without the scope against its client.
 2. Rate: the caller's, or the address's where the operation lets strangers in.
 3. Bounds: the length the body states, its type, no repeated or unknown query parameter.
 4. Body and query: strict JSON, then the wire model.
 5. Idempotency-Key, where the operation takes one.
Only then the view runs. The same declaration writes the OpenAPI document, so neither can say what the other does not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from apiflask import APIBlueprint, HTTPError
from flask import Response, request
from werkzeug.exceptions import HTTPException

from api.auth import admit
from api.context import caller, runtime
from api.errors import InsufficientScope
from api.idempotency import Key, request_key
from api.limits import Limit, count
from api.openapi import describe
from api.problems import from_werkzeug
from api.requests import FORM, JSON, check_envelope, check_form, check_query, read_body
from api.wire.base import In, Out, Query
from jeung.domain.access import Scope
from jeung.errors import JeungError, MalformedInput, Unauthenticated
from jeung.services.acting import acting, client

_DECLARED = "jeung_operation"

View = TypeVar("View", bound=Callable[..., Any])

SMALL_BODY = 16 * 1024


@dataclass(frozen=True, slots=True)
class Operation:
    """Declare one endpoint.

    Attributes:
        method: GET, POST or DELETE.
        rule: the path, with the converters of `api.requests`.
        scopes: one of these must be in the token; empty lets any token in; None is open to strangers.
        optional_token: with scopes, let a request without a token pass; the view then decides by other authority.
        takes: the model of the body; None where there is none.
        form: the body is a form (OAuth), not JSON.
        raw: without `takes`, the types of body that the view reads by itself.
        ignores_body: a body of any kind is read within its bound and passed over.
        query: the model of the query; None where there is none.
        gives: the model of the answer; None where the view makes a Response of another kind (`media_type`).
        gives_strangers: the model of the answer to a caller without a token, where that is another one.
        status: the status of success.
        also: other statuses of success.
        media_type: the content type of success.
        limit: the rate limit it counts against; a stranger let in beside tokens counts against PUBLIC.
        body_limit: the most bytes of a body; 0 takes the node's setting.
        key: whether it takes an Idempotency-Key.
        cross_origin: pages of the configured origins may call it.
        wallet: wallets call it, from pages of any origin.
        dpop: every answer carries a fresh `DPoP-Nonce` (RFC 9449 section 8).
        attested: every answer carries a fresh `OAuth-Client-Attestation-Challenge`.
        refuses: the errors it gives beyond those that every operation of its kind gives.
        on_error: how its errors are written, where not as problem documents.
    """

    method: str
    rule: str
    scopes: frozenset[Scope] | None
    optional_token: bool = False
    takes: type[In] | None = None
    form: bool = False
    raw: tuple[str, ...] = ()
    ignores_body: bool = False
    query: type[Query] | None = None
    gives: type[Out] | None = None
    gives_strangers: type[Out] | None = None
    status: int = 200
    also: tuple[int, ...] = ()
    media_type: str = JSON
    limit: Limit = Limit.DEFAULT
    body_limit: int = SMALL_BODY
    key: Key = Key.NONE
    cross_origin: bool = False
    wallet: bool = False
    dpop: bool = False
    attested: bool = False
    refuses: Sequence[type[JeungError]] = ()
    on_error: Callable[[JeungError], Response] | None = None


def declared_by(view: object) -> Operation | None:
    """Give what a registered view function was declared with, or None for a view of another kind."""
    return getattr(view, _DECLARED, None)


def operation(blueprint: APIBlueprint, declared: Operation) -> Callable[[View], View]:
    """Register a view under what it declares.

    The view gets path arguments by name, `body` and `query` where declared, and `request_key` where the operation
    takes an Idempotency-Key.
    """

    def register(view: View) -> View:
        handler: Callable[..., Any] = _with_key(view, declared.key)
        if declared.gives is not None:
            handler = blueprint.output(declared.gives, status_code=declared.status)(handler)
        if declared.takes is not None:
            location = "form" if declared.form else "json"
            handler = blueprint.input(declared.takes, location=location, arg_name="body")(handler)
        if declared.query is not None:
            handler = blueprint.input(declared.query, location="query", arg_name="query")(handler)
        handler = _guarded(handler, declared)
        if declared.on_error is not None:
            handler = _answering(handler, declared.on_error)
        setattr(handler, _DECLARED, declared)
        handler = blueprint.doc(**describe(declared, view))(handler)
        blueprint.add_url_rule(declared.rule, view.__name__, handler, methods=[declared.method])
        return view

    return register


def _guarded(handler: Callable[..., Any], declared: Operation) -> Callable[..., Any]:
    @wraps(handler)
    def guarded(**arguments: Any) -> Any:  # noqa: ANN401 - whatever Flask takes as an answer
        if declared.scopes is not None:
            try:
                admit(declared.scopes, optional=declared.optional_token)
            except Unauthenticated:
                count(Limit.PUBLIC)
                raise
            except InsufficientScope:
                count(declared.limit)
                raise
        stranger = declared.optional_token and caller() is None
        count(Limit.PUBLIC if stranger else declared.limit)
        limit = declared.body_limit or runtime().settings.api.max_body_bytes
        media_types = declared.raw if declared.takes is None else (FORM if declared.form else JSON,)
        check_envelope(
            request,
            limit=limit,
            media_types=media_types,
            untyped_if_empty=declared.form and declared.wallet,
            ignored=declared.ignores_body,
        )
        check_query(request, known=declared.query is not None)
        if media_types or declared.ignores_body:
            read_body(request, limit=limit)
        if declared.form:
            check_form(request)
        known = caller()
        if known is None:
            return handler(**arguments)
        with acting(client(known.client_id)):
            return handler(**arguments)

    return guarded


def _answering(handler: Callable[..., Any], on_error: Callable[[JeungError], Response]) -> Callable[..., Any]:
    @wraps(handler)
    def answering(**arguments: Any) -> Any:  # noqa: ANN401 - whatever Flask takes as an answer
        try:
            return handler(**arguments)
        except JeungError as error:
            return on_error(error)
        except HTTPError:
            return on_error(MalformedInput("the request does not have the documented shape"))
        except HTTPException as error:
            return on_error(from_werkzeug(error))

    return answering


def _with_key(view: Callable[..., Any], demand: Key) -> Callable[..., Any]:
    if demand is Key.NONE:
        return view

    @wraps(view)
    def keyed(**arguments: Any) -> Any:  # noqa: ANN401 - whatever Flask takes as an answer
        return view(**arguments, request_key=request_key(demand))

    return keyed
