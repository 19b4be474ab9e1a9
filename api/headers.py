"""Put on every answer the headers that keep browsers and caches from doing harm, and let chosen origins in."""

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from api.context import request_id, runtime
from api.operation import Operation, declared_by

PREFLIGHT_S = 600

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def install(app: Flask) -> None:
    """Have every answer pass through here."""
    app.after_request(_complete)


def _complete(response: Response) -> Response:
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", _NOTHING)
    # What a node answers may be about a person; only what says otherwise of itself may be kept.
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Request-Id"] = request_id()
    if runtime().settings.base_url.startswith("https://"):
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    _share(response)
    return response


def _share(response: Response) -> None:
    """Answer the CORS protocol where an operation is meant for pages and the page's origin is configured.

    Credentials are never allowed: a token is put into a header by a page's own hand or not at all.
    """
    if request.method == "OPTIONS":
        declared = _operation_at(request.headers.get("Access-Control-Request-Method", ""))
    else:
        declared = declared_by(current_app.view_functions.get(request.endpoint or ""))
    if declared is None or not declared.cross_origin:
        return
    response.headers.add("Vary", "Origin")
    origin = request.headers.get("Origin")
    if origin is None or origin not in runtime().settings.api.cors_origins:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if request.method == "OPTIONS":
        response.headers["Access-Control-Allow-Methods"] = declared.method
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type"
        response.headers["Access-Control-Max-Age"] = str(PREFLIGHT_S)
    else:
        response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"


def _operation_at(method: str) -> Operation | None:
    """Find what the method would call at this address."""
    adapter = current_app.url_map.bind("")
    try:
        endpoint, _ = adapter.match(request.path, method=method)
    except HTTPException:
        return None
    return declared_by(current_app.view_functions[endpoint])
