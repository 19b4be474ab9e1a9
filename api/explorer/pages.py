"""Put each page of the explorer at its two addresses, and draw it in the frame of the one it was asked at."""

import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

from apiflask import APIBlueprint
from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException

from api.console import desk
from api.console.texts import LANGUAGE_COOKIE, LANGUAGES, language, text
from api.context import request_id, runtime
from api.explorer.words import FILTERS
from api.limits import Limit, count
from api.refusals import Refusals
from api.requests import check_envelope, check_query
from audit.charts import STYLE
from jeung.domain.access import Scope
from jeung.errors import JeungError, MalformedInput

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC: Final = "/explorer"
STAFF: Final = "/console/audit"
AUDIT: Final = frozenset({Scope.AUDIT})
AGE_S: Final = 2
STYLE_AGE_S: Final = 3_600
POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_LANGUAGE_LIFE_S: Final = 365 * 86_400
_OURS: Final = re.compile(r"/explorer(?:/[A-Za-z0-9_-]{1,128}){0,3}")

blueprint = APIBlueprint(
    "explorer", __name__, url_prefix=PUBLIC, template_folder="../web/templates", enable_openapi=False
)
for _name, _filter in FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


def view(rule: str, *, query: bool = False, staff_only: bool = False) -> Callable[[View], View]:
    """Register a page below /console/audit and, unless it is for staff alone, below /explorer."""

    def register(page: View) -> View:
        desk.page("GET", f"/audit{rule}", AUDIT, query=query)(page)

        @wraps(page)
        def open_to_all(**arguments: Any) -> Any:  # noqa: ANN401 - whatever Flask takes as an answer
            count(Limit.PUBLIC)
            check_envelope(request, limit=0, media_types=())
            check_query(request, known=query)
            if not runtime().settings.explorer.public:
                # Each part of the path was matched by its converter: it is a page of ours.
                return desk.go(STAFF + request.path.removeprefix(PUBLIC))
            return page(**arguments)

        if not staff_only:
            blueprint.add_url_rule(rule, page.__name__, open_to_all, methods=["GET"])
        return page

    return register


def base() -> str:
    """Give where the explorer stands that this request asked."""
    return PUBLIC if is_below(request.path) else STAFF


def show(template: str, status: int = 200, **values: object) -> Response:
    """Draw a page in the frame it was asked in; a public one may be kept for two seconds and asked for by its tag."""
    if base() == STAFF:
        return desk.draw(f"explorer/{template}", status, frame="console/desk.html", base=STAFF, staff=True, **values)
    here = PUBLIC if request.url_rule is None else request.path
    drawn = render_template(
        f"console/explorer/{template}",
        frame="explorer/frame.html",
        base=PUBLIC,
        staff=False,
        t=text,
        lang=language(),
        other_lang=next(name for name in LANGUAGES if name != language()),
        here=here,
        node=_member_name(),
        now=runtime().clock.now(),
        **values,
    )
    answer = Response(drawn, status, content_type="text/html; charset=utf-8")
    answer.headers["Vary"] = "Accept-Language, Cookie"
    if status == 200:
        answer.set_etag(hashlib.sha256(drawn.encode()).hexdigest()[:32])
        answer.headers["Cache-Control"] = f"public, max-age={AGE_S}"
        answer.make_conditional(request)
    return answer


def _member_name() -> str:
    settings = runtime().settings
    names = settings.names.by_language(settings.name)
    return names.get(language()) or next(iter(names.values()))


@blueprint.get("/charts.css")
def charts_style() -> Response:
    """Give the rules of the charts, which the pages may not hold themselves."""
    count(Limit.PUBLIC)
    check_query(request, known=False)
    answer = Response(STYLE, content_type="text/css; charset=utf-8")
    answer.set_etag(hashlib.sha256(STYLE.encode()).hexdigest()[:32])
    answer.headers["Cache-Control"] = f"public, max-age={STYLE_AGE_S}"
    answer.make_conditional(request)
    return answer


@blueprint.get("/language")
def choose_language() -> Response:
    """Keep the language a reader chose and go back to where that was."""
    count(Limit.PUBLIC)
    check_query(request, known=True)
    chosen, came_from = request.args.get("to"), request.args.get("next", "")
    if chosen not in LANGUAGES:
        raise MalformedInput("there is no such language")
    answer = desk.go(came_from if _OURS.fullmatch(came_from) else PUBLIC)
    answer.set_cookie(LANGUAGE_COOKIE, chosen, max_age=_LANGUAGE_LIFE_S, path=PUBLIC, httponly=True, samesite="Lax")
    return answer


def is_below(path: str) -> bool:
    """Tell whether a path is the public explorer's, be there a page or not."""
    return path == PUBLIC or path.startswith(f"{PUBLIC}/")


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    return response


def _refusal(error: JeungError, status: int) -> Response:
    return show("refusal.html", status, code=error.code, request_id=request_id())


refusals: Final = Refusals(blueprint, _refusal)


def refuse_unmatched(error: HTTPException) -> Response:
    """Draw a refusal where no page of ours matched, so that no blueprint serves the request."""
    return _protect(refusals.refuse_http(error))
