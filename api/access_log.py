"""Log and count every answer, without anything a caller chose.

The path is logged as its route (`/v1/credentials/<token:credential_id>`), the caller as its client id; no query,
no header, no body, no address. That is enough to find a fault and says nothing about a person.
"""

import time

import structlog
from flask import Flask, Response, g, request

from api.context import caller, request_id
from api.metrics import Metrics

UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS"})

log = structlog.get_logger("api.access")


def install(app: Flask, metrics: Metrics) -> None:
    """Have every request pass through here."""

    def begin() -> None:
        g.began = time.perf_counter()

    def finish(response: Response) -> Response:
        duration_s = time.perf_counter() - g.get("began", time.perf_counter())
        route = request.url_rule.rule if request.url_rule is not None else UNMATCHED
        method = request.method if request.method in _METHODS else "other"
        metrics.answered(method, route, response.status_code, duration_s)
        known = caller()
        log.info(
            "request",
            request_id=request_id(),
            method=method,
            route=route,
            status=response.status_code,
            code=g.get("problem_code"),
            client=known.client_id if known is not None else None,
            duration_ms=round(duration_s * 1000, 2),
        )
        return response

    app.before_request(begin)
    app.after_request(finish)
