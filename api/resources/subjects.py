"""Serve subjects: what stands under one, its erasure by two people, and what the law keeps of it."""

from apiflask import APIBlueprint

from api.context import known_caller, runtime
from api.idempotency import Key
from api.operation import Operation, operation
from api.resources.acts import principal, shown
from api.wire.acts import Act
from api.wire.base import PageQuery
from api.wire.subjects import EraseQuery, Erasure, Erasures, RetainedRecords, Subject
from jeung.domain.access import RequestKey, Scope
from jeung.domain.dual_control import ActKind
from jeung.errors import ActNotPermitted, ActPending, Conflict, SubjectErased, TooManyActs

blueprint = APIBlueprint("subjects", __name__, tag="Subjects")

_ISSUE = frozenset({Scope.ISSUE})
_READ = frozenset({Scope.ISSUE, Scope.STATUS, Scope.RETENTION})
_READ_ERASURES = frozenset({Scope.ISSUE, Scope.AUDIT, Scope.RETENTION})


@operation(blueprint, Operation("GET", "/v1/subjects/<token:subject_id>", _READ, gives=Subject))
def get_subject(subject_id: str) -> Subject:
    """Show by their ids what stands under a subject."""
    return Subject.of(runtime().subjects.get(subject_id))


@operation(
    blueprint,
    Operation(
        "DELETE",
        "/v1/subjects/<token:subject_id>",
        _ISSUE,
        query=EraseQuery,
        gives=Act,
        status=202,
        key=Key.OPTIONAL,
        refuses=(ActNotPermitted, ActPending, TooManyActs),
    ),
)
def erase_subject(subject_id: str, query: EraseQuery, request_key: RequestKey | None) -> Act:
    """Ask for the erasure of a subject; it begins when a second person approves the act."""
    parameters = {
        "subject_id": subject_id,
        "ground": query.ground.value,
        "relationship_ended_at": query.relationship_ended_at,
    }
    asked = runtime().dual_control.ask(
        principal(), ActKind.ERASURE, parameters, query.ground.value, request=request_key
    )
    return shown(asked)


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/subjects/<token:subject_id>/retained-records",
        frozenset({Scope.RETENTION}),
        gives=RetainedRecords,
        refuses=(Conflict, SubjectErased),
    ),
)
def read_retained_records(subject_id: str) -> RetainedRecords:
    """Open what the law keeps of a locked subject; who read it is logged first."""
    return RetainedRecords.of(runtime().subjects.read_retained(subject_id, reader=known_caller().client_id))


@operation(blueprint, Operation("GET", "/v1/erasures", _READ_ERASURES, query=PageQuery, gives=Erasures))
def list_erasures(query: PageQuery) -> Erasures:
    """List erasures, newest first."""
    page = runtime().subjects.erasures(cursor=query.cursor, limit=query.limit)
    return Erasures(items=[Erasure.of(one) for one in page.items], next_cursor=page.next_cursor)


@operation(blueprint, Operation("GET", "/v1/erasures/<token:erasure_id>", _READ_ERASURES, gives=Erasure))
def get_erasure(erasure_id: str) -> Erasure:
    """Show an erasure, with its certificate once it is done."""
    return Erasure.of(runtime().subjects.erasure(erasure_id))
