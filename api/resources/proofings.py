"""Serve proofings to the issuer's back office."""

from apiflask import APIBlueprint

from api.context import runtime
from api.idempotency import Key
from api.operation import Operation, operation
from api.wire.proofings import OpenProofing, Proofing, ReportCheck
from jeung.domain.access import RequestKey, Scope
from jeung.domain.identifiers import id_from_hex
from jeung.errors import LimitExceeded, NotFound, ProofingClosed, ProofingIncomplete
from jeung.services.proofing import CheckReport

blueprint = APIBlueprint("proofings", __name__, tag="Proofings")

_ISSUE = frozenset({Scope.ISSUE})


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/proofings",
        _ISSUE,
        takes=OpenProofing,
        gives=Proofing,
        status=201,
        key=Key.REQUIRED,
        refuses=(NotFound,),
    ),
)
def open_proofing(body: OpenProofing, request_key: RequestKey | None) -> Proofing:
    """Open a proofing of a person."""
    person = body.person.model_dump(exclude_none=True)
    return Proofing.of(runtime().proofings.open(person, subject_id=body.subject_id, request=request_key))


@operation(blueprint, Operation("GET", "/v1/proofings/<token:proofing_id>", _ISSUE, gives=Proofing))
def get_proofing(proofing_id: str) -> Proofing:
    """Show a proofing with its checks."""
    return Proofing.of(runtime().proofings.get(proofing_id))


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/proofings/<token:proofing_id>/checks",
        _ISSUE,
        takes=ReportCheck,
        gives=Proofing,
        status=201,
        key=Key.REQUIRED,
        refuses=(ProofingClosed, LimitExceeded),
    ),
)
def record_check(proofing_id: str, body: ReportCheck, request_key: RequestKey | None) -> Proofing:
    """Record what a check found; one that failed closes the proofing."""
    report = CheckReport(body.method, body.performed_at, id_from_hex(body.evidence_digest), body.passed)
    return Proofing.of(runtime().proofings.record_check(proofing_id, report, request=request_key))


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/proofings/<token:proofing_id>/completion",
        _ISSUE,
        gives=Proofing,
        key=Key.OPTIONAL,
        refuses=(ProofingClosed, ProofingIncomplete),
    ),
)
def complete_proofing(proofing_id: str, request_key: RequestKey | None) -> Proofing:
    """Complete a proofing whose checks meet the policy."""
    return Proofing.of(runtime().proofings.complete(proofing_id, request=request_key))
