"""Serve the page on which a customer lets a wallet receive his credentials: no script, nothing from elsewhere."""

import hashlib
from urllib.parse import urlencode, urlsplit

from apiflask import APIBlueprint
from flask import Response, g, render_template, request

from api.consent_texts import DEFAULT, TEXTS, chosen_language
from api.context import runtime
from api.limits import Limit
from api.openapi import HTML
from api.operation import Operation, operation
from api.problems import headers_of, report, status_of
from api.wire.wallets import AuthorizeQuery, ConsentForm
from jeung.errors import InvalidRequestUri, JeungError, LedgerStale
from jeung.services.wallets.consent import AUTHORIZE_PATH, ConsentGiven, ConsentPage
from jeung.services.wallets.redirects import redirect_target

blueprint = APIBlueprint("consent", __name__, tag="Wallets: consent")

_ENDED_POLICY = "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
# Some browsers hold the redirect that follows a form to the same rule as the form, so it names where that leads.
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self' {target}"
)


def write_page(error: JeungError) -> Response:
    """Tell a person what went wrong; nothing is sent to a wallet, for whose request it was is not certain."""
    status = status_of(type(error))
    if status == 500:
        report(error)
    texts = TEXTS[_language(None)]
    kind = "busy" if status >= 500 or status == 429 else "gone"
    g.problem_code = error.code
    page = render_template(
        "consent_ended.html",
        language=_language(None),
        title=texts[f"{kind}_title"],
        text=texts[kind],
        issuer_host=urlsplit(runtime().settings.base_url).netloc,
    )
    response = _html(page, _ENDED_POLICY, status)
    for name, value in headers_of(error):
        response.headers[name] = value
    return response


@operation(
    blueprint,
    Operation(
        "GET",
        AUTHORIZE_PATH,
        None,
        query=AuthorizeQuery,
        media_type=HTML,
        limit=Limit.PUBLIC,
        refuses=(InvalidRequestUri, LedgerStale),
        on_error=write_page,
    ),
)
def show_consent(query: AuthorizeQuery) -> Response:
    """Show a customer what a wallet asks for; every request must have been pushed before."""
    if query.request_uri is None or query.client_id is None:
        raise InvalidRequestUri
    cookie = _cookie_name(query.request_uri)
    page = runtime().authorization.consent.open(query.request_uri, query.client_id, request.cookies.get(cookie))
    return _shown(page, query.request_uri, _language(query.lang))


@operation(
    blueprint,
    Operation(
        "POST",
        AUTHORIZE_PATH,
        None,
        takes=ConsentForm,
        form=True,
        media_type=HTML,
        limit=Limit.PUBLIC,
        refuses=(InvalidRequestUri, LedgerStale),
        on_error=write_page,
    ),
)
def answer_consent(body: ConsentForm) -> Response:
    """Take the customer's answer and lead him back to the wallet (303), or show the page again."""
    given = ConsentGiven(
        session=request.cookies.get(_cookie_name(body.request_uri), ""),
        token=body.consent,
        approved=body.decision == "approve",
        tx_code=body.tx_code.strip(),
        reception_number=body.reception_number,
    )
    outcome = runtime().authorization.consent.answer(body.request_uri, body.client_id, given)
    if isinstance(outcome, ConsentPage):
        return _shown(outcome, body.request_uri, _language(body.lang))
    response = Response(status=303)
    response.headers["Location"] = outcome
    response.delete_cookie(_cookie_name(body.request_uri), path=_cookie_path(), secure=_is_secure(), httponly=True)
    return response


def _shown(page: ConsentPage, request_uri: str, language: str) -> Response:
    settings, asked = runtime().settings, page.request
    names = settings.names.by_language(settings.name)
    target = redirect_target(asked.redirect_uri)
    host = urlsplit(settings.base_url).netloc
    parameters = {"client_id": asked.client_id, "request_uri": request_uri}
    other = urlencode({**parameters, "lang": "en" if language == "ko" else "ko"})
    text = render_template(
        "consent.html",
        language=language,
        other_language=f"{AUTHORIZE_PATH}?{other}",
        texts=TEXTS[language],
        issuer=names.get(language) or next(iter(names.values())),
        issuer_host=host,
        types=runtime().authorization.describe(asked.configuration_ids, language),
        wallet=asked.attested_by,
        client_id=asked.client_id,
        target=target,
        action=AUTHORIZE_PATH,
        request_uri=request_uri,
        token=page.token,
        knows_offer=page.knows_offer,
        mistaken=page.mistaken,
        left=page.left,
    )
    response = _html(text, _PAGE_POLICY.format(target=target), 200)
    response.set_cookie(
        _cookie_name(request_uri),
        page.session,
        max_age=max(0, asked.expires_at - runtime().clock.now()),
        path=_cookie_path(),
        secure=_is_secure(),
        httponly=True,
        samesite="Lax",
    )
    return response


def _html(text: str, policy: str, status: int) -> Response:
    response = Response(text, status, content_type=f"{HTML}; charset=utf-8")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Vary"] = "Accept-Language"
    return response


def _language(asked: str | None) -> str:
    return chosen_language(asked, request.accept_languages.best_match(list(TEXTS), DEFAULT))


def _cookie_name(request_uri: str) -> str:
    """Name the cookie of one request, so that two pages in one browser do not get in each other's way."""
    name = f"jeung_{runtime().settings.name}_consent_{hashlib.sha256(request_uri.encode()).hexdigest()[:16]}"
    # No other host under our domain can set a cookie of this name (RFC 6265bis section 4.1.3.2).
    return f"__Host-{name}" if _is_secure() else name


def _cookie_path() -> str:
    return "/" if _is_secure() else AUTHORIZE_PATH


def _is_secure() -> bool:
    return runtime().settings.base_url.startswith("https://")
