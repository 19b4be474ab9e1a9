"""Make the WSGI application of one member's node."""

from importlib.metadata import version
from typing import cast

from apiflask import APIFlask
from flask import Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from api import access_log, events, headers, openapi, resources
from api.console import desk
from api.context import METRICS, RUNTIME
from api.explorer import pages
from api.metrics import Metrics
from api.problems import render, render_http_exception, render_unforeseen, render_validation_error
from api.requests import CONVERTERS, StrictRequest
from api.runtime import ApiRuntime
from jeung.errors import JeungError

TITLE = "Jeung"


def create_app(runtime: ApiRuntime) -> APIFlask:
    """Make the application around a node's services; nothing outside `runtime` is read."""
    app = APIFlask(
        "api",
        title=TITLE,
        version=version("jeung"),
        docs_path=None,
        spec_path=None,
        json_errors=False,
        static_folder="web/static",
    )
    app.request_class = StrictRequest
    app.config.update(
        MAX_CONTENT_LENGTH=runtime.settings.api.max_body_bytes,
        MAX_FORM_MEMORY_SIZE=runtime.settings.api.max_body_bytes,
        MAX_FORM_PARTS=32,
        TRAP_HTTP_EXCEPTIONS=False,
        PROPAGATE_EXCEPTIONS=False,
        SECURITY_SCHEMES=openapi.security_schemes(runtime.settings.base_url),
        VALIDATION_ERROR_STATUS_CODE=400,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_AUTH_ERROR_RESPONSE=False,
        AUTO_404_RESPONSE=False,
    )
    app.servers = [{"url": runtime.settings.base_url}]
    app.url_map.converters.update(CONVERTERS)
    # A redirect would repeat the path; another spelling of a path is another resource, which does not exist.
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    metrics = Metrics(runtime.health)
    app.extensions[RUNTIME] = runtime
    app.extensions[METRICS] = metrics
    access_log.install(app, metrics)
    headers.install(app)
    events.install(app, min(runtime.settings.presentations.event_streams, runtime.settings.api.threads - 1))
    app.error_processor(render_validation_error)
    app.register_error_handler(JeungError, render)
    # After `error_processor`, which registers a handler of its own for these.
    app.register_error_handler(HTTPException, _refuse)
    app.register_error_handler(Exception, render_unforeseen)
    app.spec_processor(lambda spec: openapi.complete(cast("dict[str, object]", spec)))
    for blueprint in resources.BLUEPRINTS:
        app.register_blueprint(blueprint)
    proxies = runtime.settings.api.trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=0)  # type: ignore[method-assign]  # Flask's way
    return app


def _refuse(error: HTTPException) -> Response:
    """Write what Flask refuses: where people are as a page, anywhere else as a problem document."""
    if desk.is_below(request.path):
        return desk.refuse_unmatched(error)
    if pages.is_below(request.path):
        return pages.refuse_unmatched(error)
    return render_http_exception(error)
