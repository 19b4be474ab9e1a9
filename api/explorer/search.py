"""Lead from a digest, an identifier, a transaction's hash or a member's address to its page."""

from typing import Final

from flask import Response, request

from api.console.desk import go
from api.context import runtime
from api.explorer.pages import base, show, view
from jeung.domain.identifiers import to_hex
from jeung.errors import MalformedInput, NotFound

_PAGES: Final = {
    "member": "/members/",
    "proposal": "/proposals/",
    "attestation": "/attestations/",
    "batch": "/batches/",
    "transaction": "/transactions/",
    "schema": "/types/",
}


@view("/search", query=True)
def explore_search() -> Response:
    """Find what is asked for; nothing that was typed is repeated."""
    question = request.args.get("q", "")
    if not question.strip():
        raise MalformedInput("nothing was asked for")
    try:
        found = runtime().explorer.search(question)
    except NotFound:
        return show("unknown.html", 404)
    return go(f"{base()}{_PAGES[found.kind]}{to_hex(found.identifier)}")
