"""Serve what operators need: health, readiness, metrics, and the description of this interface.

None of it counts against a rate limit or says anything about a person; it is meant for the operator's network.
"""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, json, render_template

from api.context import metrics, runtime, spec
from api.metrics import CONTENT_TYPE
from api.wire.system import Alive, Ready

blueprint = APIBlueprint("system", __name__, tag="Operations", template_folder="../web/templates")

_Responses = dict[int | str, dict[str, str | dict[str, dict[str, Any]]]]
_NOT_READY: _Responses = {
    503: {
        "description": "A part of the node is not fit for work",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Ready"}}},
    }
}
_PROMETHEUS: _Responses = {
    200: {"description": "Prometheus text format", "content": {"text/plain": {"schema": {"type": "string"}}}}
}
_DOCS_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


@blueprint.get("/healthz")
@blueprint.output(Alive)
@blueprint.doc(operation_id="get_health")
def get_health() -> Alive:
    """Say that this process answers."""
    return Alive(status="ok")


@blueprint.get("/readyz")
@blueprint.output(Ready)
@blueprint.doc(
    operation_id="get_readiness",
    responses=_NOT_READY,
)
def get_readiness() -> tuple[Ready, int]:
    """Say whether this node is fit for work: its database, its worker, the freshness of its ledger."""
    checks = dict(runtime().health.checks())
    ready = all(checks.values())
    return Ready(status="ready" if ready else "not_ready", checks=checks), 200 if ready else 503


@blueprint.get("/metrics")
@blueprint.doc(
    operation_id="get_metrics",
    responses=_PROMETHEUS,
)
def get_metrics() -> Response:
    """Give the numbers of all workers of this node."""
    return Response(metrics().page(), content_type=CONTENT_TYPE)


@blueprint.get("/openapi.json")
@blueprint.doc(hide=True)
def get_openapi() -> Response:
    """Give the OpenAPI 3.1 document."""
    return Response(json.dumps(spec()), content_type="application/json")


@blueprint.get("/docs")
@blueprint.doc(hide=True)
def get_docs() -> Response:
    """Show the interface to people, without a script and without anything from elsewhere."""
    page = render_template("docs.html", spec=spec(), operations=_operations(spec()))
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _DOCS_POLICY
    return response


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    """List the operations in the order of their tags and paths, with references of their models followed once."""
    found = [
        {"path": path, "method": method.upper(), "tag": described.get("tags", [""])[0], **described}
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]
    return sorted(found, key=lambda entry: (entry["tag"], entry["path"], entry["method"]))
