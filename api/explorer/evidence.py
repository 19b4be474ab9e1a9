"""Let staff judge a package of evidence that a relying party handed over; nothing of it is kept."""

from typing import Final

from flask import Response, request

from api.console.desk import page, record
from api.context import runtime
from api.explorer.pages import AUDIT, show, view
from audit.evidence import parse_trust, verify_evidence
from jeung.errors import MalformedInput

MAX_FORM_BYTES: Final = 400 * 1024
"""Below what a form's reader would put into a file on the disk: a package holds what a person showed."""


@view("/evidence", staff_only=True)
def explore_evidence() -> Response:
    """Ask for a package."""
    return show("evidence.html", verdict=None)


@page("POST", "/audit/evidence", AUDIT, body_limit=MAX_FORM_BYTES, files=True)
def judge_evidence() -> Response:
    """Judge the package by this node's genesis facts, and say fact by fact what it proved."""
    sent = request.files.get("package")
    if sent is None or len(request.files) != 1:
        raise MalformedInput("the form brings no package")
    record("judge_evidence")
    return show("evidence.html", verdict=verify_evidence(sent.read(), parse_trust(runtime().genesis_facts())))
