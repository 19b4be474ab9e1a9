"""Guard the console's pages and draw them.

A request passes in this order: its rate, its size and shape, its origin (a form's alone), the session, the form's
CSRF token, the scopes of who is logged in. What is refused is a page of ours with the error's code.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from apiflask import APIBlueprint
from flask import Response, g, json, redirect, render_template, request
from werkzeug.exceptions import HTTPException

from api.console import session
from api.console.texts import LANGUAGES, language, names, text
from api.console.view import FILTERS, navigation
from api.context import caller, request_id, runtime
from api.errors import RoleMissing
from api.limits import Limit, count
from api.refusals import Refusals
from api.requests import FILES, FORM, check_envelope, check_form, check_query, read_body
from jeung.domain.access import Caller, RequestKey, Scope
from jeung.errors import JeungError, MalformedInput, SessionEnded
from jeung.errors.staff import RecentAuthenticationRequired
from jeung.services.acting import acting, staff
from jeung.services.staff import StaffMember

View = TypeVar("View", bound=Callable[..., Any])

BODY_LIMIT: Final = 16 * 1024
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
KEY_FIELD: Final = "request_key"

blueprint = APIBlueprint(
    "console", __name__, url_prefix=session.PATH, template_folder="../web/templates", enable_openapi=False
)
for _name, _filter in FILTERS.items():
    blueprint.add_app_template_filter(_filter, _name)


def page(
    method: str,
    rule: str,
    scopes: frozenset[Scope],
    *,
    query: bool = False,
    live: bool = False,
    body_limit: int = BODY_LIMIT,
    files: bool = False,
) -> Callable[[View], View]:
    """Register a page for staff with one of these scopes; an empty set is for everybody who is logged in.

    Args:
        method: GET, or POST for a form.
        rule: the path below /console.
        scopes: one of these must be among those of the person's roles.
        query: the page reads a query string; otherwise one is refused.
        live: a page that waits asks here by itself, which is no use of the session.
        body_limit: the most bytes of its form.
        files: the form may bring a file along (multipart/form-data).

    """

    def register(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:  # noqa: ANN401 - whatever Flask takes as an answer
            count(Limit.PUBLIC)
            _check_shape(method, query=query, body_limit=body_limit, media_types=(FORM, FILES) if files else (FORM,))
            if method == "POST":
                session.check_origin()
            member = _admitted(counts_as_use=not live)
            if method == "POST":
                session.check_form_token(g.console_token)
            if scopes and member.scopes.isdisjoint(scopes):
                raise RoleMissing
            with acting(staff(member.staff_id)):
                return view(**arguments)

        blueprint.add_url_rule(rule, view.__name__, guarded, methods=[method])
        return view

    return register


def open_page(method: str, rule: str, *, query: bool = False, server: bool = False) -> Callable[[View], View]:
    """Register a page for who is not logged in yet; a form's origin is checked all the same.

    What another server sends (`server`) has no origin and must carry its own proof.
    """

    def register(view: View) -> View:
        @wraps(view)
        def guarded(**arguments: Any) -> Any:  # noqa: ANN401 - whatever Flask takes as an answer
            count(Limit.PUBLIC)
            _check_shape(method, query=query)
            if method == "POST" and not server:
                session.check_origin()
            return view(**arguments)

        blueprint.add_url_rule(rule, view.__name__, guarded, methods=[method])
        return view

    return register


def member() -> StaffMember:
    """Give who is logged in.

    Raises:
        LookupError: the page is open to strangers; asking here is our mistake.
    """
    found: StaffMember | None = g.get("staff_member")
    if found is None:
        raise LookupError("this page demands no session")
    return found


def requires_recent_authentication(seconds: int | None = None) -> None:
    """Demand that who is logged in proved it a short while ago.

    A page that shows the form of a dangerous act demands it as well as the form itself: nobody fills one in vain.

    Raises:
        RecentAuthenticationRequired: it was longer ago; the browser is led to where it can be done again.
    """
    runtime().staff.requires_recent_authentication(member(), seconds)


def may(*scopes: Scope) -> bool:
    """Tell whether who is logged in has one of these scopes."""
    return not member().scopes.isdisjoint(scopes)


def record(act: str, target: str | None = None) -> None:
    """Log what the person is about to do."""
    runtime().staff.record(member().staff_id, act, target)


def form_key() -> RequestKey:
    """Tie a form to what it makes, so that sending it twice makes one thing.

    Raises:
        MalformedInput: the form lacks the key that our page put into it.
    """
    key = request.form.get(KEY_FIELD, "")
    if not (16 <= len(key) <= 128 and key.isascii() and key.replace("-", "").replace("_", "").isalnum()):
        raise MalformedInput("the form is not one of this console's")
    return RequestKey(
        caller=member().staff_id,
        key=key,
        operation=f"{request.method} {request.path}",
        body_digest=runtime().request_digests.of(request.get_data()),
    )


def draw(template: str, status: int = 200, **values: object) -> Response:
    """Draw a page for the person in the request's language."""
    who: StaffMember | None = g.get("staff_member")
    token: str | None = g.get("console_token")
    # A path that is no page of ours is whatever somebody wrote, and no page repeats that.
    here = session.PATH if request.url_rule is None else request.path
    shown = render_template(
        f"console/{template}",
        t=text,
        lang=language(),
        other_lang=next(name for name in LANGUAGES if name != language()),
        here=here,
        node=runtime().settings.name,
        member=who,
        navigation=navigation(who, here),
        csrf=None if token is None else session.csrf_token(token),
        request_key=session.fresh_token(),
        now=runtime().clock.now(),
        claim_names=names("field."),
        inner_names=names("inner."),
        explained=names("refused."),
        simulated=runtime().settings.environment.value == "sandbox",
        **values,
    )
    return Response(shown, status, content_type="text/html; charset=utf-8")


def picture(svg: str) -> Response:
    """Give an image for a page of ours."""
    return Response(svg, content_type="image/svg+xml")


def tell_state(state: str) -> Response:
    """Tell a waiting page a state, in a word of ours."""
    return Response(json.dumps({"state": state}), content_type="application/json")


def go(path: str) -> Response:
    """Send the browser to a path of ours with GET (RFC 9110 section 15.4.4), as after every form."""
    answer = redirect(path, 303, Response=Response)
    assert isinstance(answer, Response)  # noqa: S101 - the type that was asked for
    return answer


def _check_shape(
    method: str, *, query: bool, body_limit: int = BODY_LIMIT, media_types: Sequence[str] = (FORM,)
) -> None:
    media_types = media_types if method == "POST" else ()
    check_envelope(request, limit=body_limit, media_types=media_types)
    check_query(request, known=query)
    if media_types:
        read_body(request, limit=body_limit)
        check_form(request)


def _admitted(*, counts_as_use: bool) -> StaffMember:
    """Find the session and keep whose it is.

    Raises:
        SessionEnded: there is none, or it has ended.
    """
    token = session.token_in(session.session_cookie())
    if token is None:
        raise SessionEnded
    known = runtime().staff.authenticate(token, counts_as_use=counts_as_use)
    g.staff_member, g.console_token = known, token
    g.caller = Caller(known.staff_id, known.scopes)
    return known


@blueprint.after_request
def _protect(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    # With "no-referrer" browsers would hide the origin of our own forms (Fetch, section 3.2).
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    response.headers.add("Vary", "Cookie")
    return response


@blueprint.errorhandler(SessionEnded)
def _to_log_in(error: SessionEnded) -> Response:
    g.problem_code = error.code
    accepted = request.accept_mimetypes
    wants_page = request.method == "GET" and (not accepted or accepted.accept_html)
    if not wants_page:
        return refusals.refuse(error)
    cookies = request.cookies.getlist(session.session_cookie())
    if not cookies and request.headers.get("Sec-Fetch-Site") == "cross-site":
        # A link from a mail or another site: the strict cookie stays behind, and comes along from a page of ours.
        # Whoever is asked for a password here learns to give it to whatever a link shows.
        return draw("onward.html", target=session.our_path(request.path), text_key="entry.onward")
    where = "" if request.path == session.PATH else f"?next={request.path}"
    answer = go(f"{session.PATH}/login{where}")
    if cookies:
        # Only what is there: another site's link, which brings none, would end the session of whoever follows it.
        session.drop_cookie(answer, session.session_cookie())
    return answer


@blueprint.errorhandler(RecentAuthenticationRequired)
def _to_confirm(error: RecentAuthenticationRequired) -> Response:
    g.problem_code = error.code
    # A form is not sent again by itself: whoever sent it comes back to the page it stood on.
    came_from = request.path if request.method == "GET" else urlsplit(request.referrer or "").path
    return go(f"{session.PATH}/confirm?next={session.our_path(came_from)}")


def _refusal(error: JeungError, status: int) -> Response:
    known = caller() is not None
    return draw("refusal.html", status, code=error.code, detail=error.detail, request_id=request_id(), known=known)


refusals: Final = Refusals(blueprint, _refusal)


def is_below(path: str) -> bool:
    """Tell whether a path is the console's, be there a page or not."""
    return path == session.PATH or path.startswith(f"{session.PATH}/")


def refuse_unmatched(error: HTTPException) -> Response:
    """Draw a refusal where no page of ours matched, so that no blueprint serves the request."""
    return _protect(refusals.refuse_http(error))
