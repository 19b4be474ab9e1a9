"""Serve the page at a node's own address: whose node this is, and where people go from here."""

from typing import Final

from apiflask import APIBlueprint
from flask import Response, render_template, request

from api.consent_texts import DEFAULT, chosen_language
from api.context import runtime
from api.limits import Limit, count

blueprint = APIBlueprint(
    "front_page", __name__, template_folder="../web/templates", static_folder=None, enable_openapi=False
)

TEXTS: Final = {
    "ko": {
        "lead": "컨소시엄의 신원 확인 노드입니다.",
        "wallet": "지갑",
        "wallet_hint": "증명을 받고, 골라서 보여 줍니다. 휴대폰에 맞춘 화면입니다.",
        "console": "콘솔",
        "console_hint": "직원이 신원을 확인하고 증명을 발급하거나 요청합니다.",
        "docs": "API 문서",
        "docs_hint": "개발자를 위한 REST API 설명입니다.",
    },
    "en": {
        "lead": "A node of the consortium's identity verification.",
        "wallet": "Wallet",
        "wallet_hint": "Receive credentials and show chosen parts of them. Made for a phone's screen.",
        "console": "Console",
        "console_hint": "For staff: proof customers, issue credentials, ask for presentations.",
        "docs": "API",
        "docs_hint": "For developers: the REST API described.",
    },
}
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


@blueprint.get("/")
def show_front_page() -> Response:
    """Show where people go from here; nothing that only staff or callers may know is on it."""
    count(Limit.PUBLIC)
    language = chosen_language(None, request.accept_languages.best_match(list(TEXTS), DEFAULT))
    settings = runtime().settings
    names = settings.names.by_language(settings.name)
    page = render_template(
        "front_page.html",
        lang=language,
        texts=TEXTS[language],
        member=names.get(language) or next(iter(names.values())),
    )
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Vary"] = "Accept-Language"
    return response
