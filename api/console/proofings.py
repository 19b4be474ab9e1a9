"""Let an issuer officer establish who somebody is: open a proofing, record its checks, complete it."""

import re
from typing import Final

from flask import Response, json, request

from api.console.acts import principal
from api.console.desk import draw, form_key, go, may, member, page, record, requires_recent_authentication
from api.console.forms import FIELDS, REQUIRED, PersonForm, read_person
from api.context import runtime
from jeung.crypto.hashing import sha256
from jeung.domain.access import Scope
from jeung.domain.dual_control import ActKind
from jeung.domain.erasure import ErasureGround
from jeung.domain.identifiers import id_from_hex
from jeung.domain.proofing import Proofing, ProofingMethod, ProofingState
from jeung.errors import MalformedInput
from jeung.services.proofing import CheckReport
from node.settings import Environment

ISSUE: Final = frozenset({Scope.ISSUE})
PAGE_SIZE: Final = 20

_DIGEST = re.compile(r"0x[0-9a-fA-F]{64}")


@page("GET", "/proofings", ISSUE, query=True)
def list_proofings() -> Response:
    """List proofings, newest first, without whose they are."""
    found = runtime().proofings.page(cursor=request.args.get("after"), limit=PAGE_SIZE)
    return draw("proofings.html", items=found.items, next_cursor=found.next_cursor)


@page("GET", "/proofings/new", ISSUE)
def new_proofing() -> Response:
    """Show the form of a new proofing."""
    return _form(PersonForm({}, {}, frozenset()))


@page("POST", "/proofings", ISSUE)
def open_proofing() -> Response:
    """Open a proofing of the person in the form, or show which fields are not right."""
    form = read_person(request.form, runtime().clock.now())
    if form.wrong:
        return _form(form, 400)
    key = form_key()
    record("open_proofing")
    proofing = runtime().proofings.open(form.person, request=key)
    record("opened_proofing", proofing.proofing_id)
    return go(f"/console/proofings/{proofing.proofing_id}")


@page("GET", "/proofings/<token:proofing_id>", ISSUE)
def show_proofing(proofing_id: str) -> Response:
    """Show a proofing: its checks, what is missing, what can be done next."""
    return _show(runtime().proofings.get(proofing_id))


@page("POST", "/proofings/<token:proofing_id>/person", ISSUE)
def read_personal_data(proofing_id: str) -> Response:
    """Show the person's data; who read it is logged first."""
    person = runtime().proofings.read_person(proofing_id, reader=member().staff_id)
    return _show(runtime().proofings.get(proofing_id), person=dict(person))


@page("POST", "/proofings/<token:proofing_id>/checks", ISSUE)
def record_check(proofing_id: str) -> Response:
    """Record what one check found; in the sandbox its evidence is simulated and says so."""
    try:
        method = ProofingMethod(request.form.get("method", ""))
        passed = {"passed": True, "failed": False}[request.form.get("outcome", "")]
    except (ValueError, KeyError):
        raise MalformedInput("the form names no check or no outcome") from None
    key, now = form_key(), runtime().clock.now()
    report = CheckReport(method, now, _evidence_digest(method, proofing_id, now), passed)
    record(f"check_{method.value}", proofing_id)
    runtime().proofings.record_check(proofing_id, report, request=key)
    return go(f"/console/proofings/{proofing_id}")


@page("POST", "/proofings/<token:proofing_id>/completion", ISSUE)
def complete_proofing(proofing_id: str) -> Response:
    """Complete a proofing whose checks meet the policy."""
    key = form_key()
    record("complete_proofing", proofing_id)
    runtime().proofings.complete(proofing_id, request=key)
    return go(f"/console/proofings/{proofing_id}")


@page("POST", "/proofings/<token:proofing_id>/erasure", ISSUE)
def ask_for_erasure(proofing_id: str) -> Response:
    """Ask for the erasure of the proofing's person; somebody else must approve it."""
    key, ground = form_key(), request.form.get("ground", "")
    requires_recent_authentication()
    record("ask_for_erasure", proofing_id)
    subject_id = runtime().proofings.get(proofing_id).subject_id
    parameters = {"subject_id": subject_id, "ground": ground, "relationship_ended_at": None}
    act = runtime().dual_control.ask(principal(), ActKind.ERASURE, parameters, ground or "-", request=key)
    return go(f"/console/acts/{act.act_id}")


def _evidence_digest(method: ProofingMethod, proofing_id: str, now: int) -> bytes:
    """Give the digest of the check's evidence: the back office's own, or in the sandbox that of a stand-in."""
    if runtime().settings.environment is Environment.SANDBOX:
        return sha256(json.dumps({"simulated": method.value, "proofing": proofing_id, "at": now}).encode())
    digest = request.form.get("evidence", "").strip()
    if _DIGEST.fullmatch(digest) is None:
        raise MalformedInput("the form lacks the SHA-256 of the check's evidence")
    return id_from_hex(digest)


def _form(form: PersonForm, status: int = 200) -> Response:
    return draw("proofing_new.html", status, fields=FIELDS, required=REQUIRED, typed=form.typed, wrong=form.wrong)


def _show(proofing: Proofing, *, person: dict[str, object] | None = None) -> Response:
    methods = sorted(runtime().proofings.required())
    latest = {check.method: check for check in proofing.checks}
    missing = [method for method in methods if method not in latest]
    return draw(
        "proofing.html",
        proofing=proofing,
        methods=[method for method in ProofingMethod if method in {*methods, *latest}],
        extra=[method for method in ProofingMethod if method not in {*methods, *latest}],
        latest=latest,
        missing=missing,
        is_open=proofing.state is ProofingState.OPEN,
        is_completed=proofing.state is ProofingState.COMPLETED,
        may_issue=may(Scope.ISSUE),
        person=person,
        offers=runtime().authorization.offers.of_proofing(proofing.proofing_id),
        grounds=tuple(ErasureGround),
        erasure=runtime().subjects.get(proofing.subject_id).erasure,
    )
