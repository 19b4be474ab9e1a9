"""Serve verification: nonces for relying parties, judgements of presentations, and the evidence kept of them."""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, json

from api.context import caller, known_caller, metrics, runtime
from api.operation import Operation, operation
from api.requests import JSON
from api.wire.base import PageQuery
from api.wire.verifications import (
    Answer,
    AskNonce,
    Evidence,
    EvidenceItem,
    EvidenceItems,
    Nonce,
    NonceOutcome,
    Verification,
    VerificationAnswer,
    Verify,
)
from jeung.domain.access import Scope
from jeung.errors import (
    AttestationPending,
    EvidenceNotRecorded,
    LedgerStale,
    MalformedPresentation,
    NotFound,
    PresentationTooLarge,
    SubjectErased,
)

blueprint = APIBlueprint("verifications", __name__, tag="Verification")

_VERIFY = frozenset({Scope.VERIFY})
_AUDIT = frozenset({Scope.AUDIT})


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/nonces",
        _VERIFY,
        takes=AskNonce,
        gives=Nonce,
        status=201,
        refuses=(NotFound, LedgerStale),
    ),
)
def issue_nonce(body: AskNonce) -> Nonce:
    """Give a nonce for one presentation."""
    nonce = runtime().nonces.issue(body.profile, client_id=known_caller().client_id)
    return Nonce(nonce=nonce.nonce, profile=nonce.profile, audience=nonce.audience, expires_at=nonce.expires_at)


@operation(
    blueprint,
    Operation("GET", "/v1/nonces/<token:nonce>", _VERIFY, gives=NonceOutcome, refuses=(SubjectErased,)),
)
def get_nonce(nonce: str) -> NonceOutcome:
    """Tell the client that fetched a nonce what has become of it, with the judgement once there is one.

    This is how a back end learns what a phone's presentation was judged to be. A judgement stays here for an hour;
    each reading of it is logged with who read it.
    """
    client_id = known_caller().client_id
    issued = runtime().nonces.get(nonce, client_id=client_id)
    judged = None
    if issued.evidence_id is not None:
        judged = Verification.of(runtime().evidence.verification(issued.evidence_id, reader=client_id))
    return NonceOutcome.of(issued, runtime().clock.now(), judged)


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/verifications",
        _VERIFY,
        optional_token=True,
        takes=Verify,
        gives=VerificationAnswer,
        gives_strangers=Answer,
        body_limit=0,
        cross_origin=True,
        refuses=(
            MalformedPresentation,
            PresentationTooLarge,
            AttestationPending,
            LedgerStale,
            EvidenceNotRecorded,
        ),
    ),
)
def verify(body: Verify) -> VerificationAnswer | Response:
    """Verify a presentation.

    A finished judgement answers 200 whatever it says, and uses the nonce up. 503 with Retry-After is no judgement:
    the nonce stays good. A caller without a token needs a nonce this node gave out, neither used nor expired, and
    gets result, code and receipt only; who fetched the nonce reads the rest. The receipt is the holder's: a back end
    passes it on to the phone that the presentation came from.
    """
    known = caller() is not None
    judged = runtime().verification.verify(
        body.presentation, nonce=body.nonce, profile=body.profile, nonce_is_authority=not known
    )
    metrics().judged(judged.verdict.value, judged.code)
    receipt = runtime().receipts.receipt(judged.receipt)
    if known:
        return VerificationAnswer.given(judged, receipt)
    short: dict[str, Any] = Answer(result=judged.verdict, code=judged.code, receipt=receipt).model_dump(mode="json")
    return Response(json.dumps(short), content_type=JSON)


@operation(
    blueprint,
    Operation("GET", "/v1/verifications/<token:evidence_id>", _VERIFY, gives=Verification, refuses=(SubjectErased,)),
)
def get_verification(evidence_id: str) -> Verification:
    """Give a past judgement as it was answered to the client that fetched its nonce; the reading is logged."""
    return Verification.of(runtime().evidence.verification(evidence_id, reader=known_caller().client_id))


@operation(blueprint, Operation("GET", "/v1/evidence", _AUDIT, query=PageQuery, gives=EvidenceItems))
def list_evidence(query: PageQuery) -> EvidenceItems:
    """List the evidence kept, newest first."""
    page = runtime().evidence.page(cursor=query.cursor, limit=query.limit)
    return EvidenceItems(items=[EvidenceItem.of(record) for record in page.items], next_cursor=page.next_cursor)


@operation(
    blueprint,
    Operation("GET", "/v1/evidence/<token:evidence_id>", _AUDIT, gives=Evidence, refuses=(SubjectErased,)),
)
def get_evidence(evidence_id: str) -> Evidence:
    """Open the evidence package of one judgement; the event log names who did."""
    return Evidence.opened(runtime().evidence.get(evidence_id, reader=known_caller().client_id))


@operation(
    blueprint,
    Operation("GET", "/v1/evidence/<token:evidence_id>/package", _AUDIT, refuses=(SubjectErased,)),
)
def export_evidence(evidence_id: str) -> Response:
    """Export the evidence of one judgement with all its proofs, as one file that anybody verifies off line.

    The event log names who did. What the worker has not gathered or published yet is named in it as missing.
    """
    package = runtime().evidence_exporter.export(evidence_id, reader=known_caller().client_id)
    return Response(package, content_type=JSON)
