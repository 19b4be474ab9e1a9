"""Give a request's handlers what belongs to the application and to the request, typed."""

from typing import TYPE_CHECKING, Any, cast

from flask import current_app, g

from jeung.domain.access import Caller

if TYPE_CHECKING:
    from apiflask import APIFlask

    from api.metrics import Metrics
    from api.runtime import ApiRuntime

RUNTIME = "jeung.runtime"
METRICS = "jeung.metrics"
SPEC = "jeung.openapi"


def runtime() -> "ApiRuntime":
    """Give the node's services, as `create_app` got them."""
    return cast("ApiRuntime", current_app.extensions[RUNTIME])


def metrics() -> "Metrics":
    """Give the application's numbers."""
    return cast("Metrics", current_app.extensions[METRICS])


def spec() -> dict[str, Any]:
    """Give the application's OpenAPI document, made when it is first asked for."""
    if SPEC not in current_app.extensions:
        current_app.extensions[SPEC] = cast("APIFlask", current_app).spec
    return cast("dict[str, Any]", current_app.extensions[SPEC])


def request_id() -> str:
    """Give this request's id; we make it, a caller cannot choose what our log says."""
    if "request_id" not in g:
        g.request_id = runtime().entropy.token(12).hex()
    return str(g.request_id)


def caller() -> Caller | None:
    """Give who a verified access token stands for, or None without one."""
    return cast("Caller | None", g.get("caller"))


def known_caller() -> Caller:
    """Give the caller of an operation that demands a token.

    Raises:
        LookupError: the operation lets strangers in; asking here is our mistake.
    """
    found = caller()
    if found is None:
        raise LookupError("this operation does not demand a token")
    return found
