"""Show whom the law keeps records of although they are erased, and open one for an audit."""

from typing import Final

from flask import Response, request

from api.console.desk import draw, member, page, record, requires_recent_authentication
from api.context import runtime
from jeung.domain.access import Scope
from jeung.domain.erasure import ErasureState

RETENTION: Final = frozenset({Scope.RETENTION})
PAGE_SIZE: Final = 20


@page("GET", "/records", RETENTION, query=True)
def list_records() -> Response:
    """List erasures, newest first; what is locked can be opened."""
    found = runtime().subjects.erasures(cursor=request.args.get("after"), limit=PAGE_SIZE)
    return draw("records.html", items=found.items, next_cursor=found.next_cursor, locked=ErasureState.LOCKED)


@page("POST", "/records/<token:subject_id>", RETENTION)
def open_record(subject_id: str) -> Response:
    """Open what the law keeps of a locked subject; who looked is logged first."""
    requires_recent_authentication()
    record("read_retained_record", subject_id)
    kept = runtime().subjects.read_retained(subject_id, reader=member().staff_id)
    return draw("record.html", kept=kept)
