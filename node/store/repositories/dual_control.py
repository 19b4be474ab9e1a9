"""Keep acts of two people."""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from jeung.domain.dual_control import Act, ActKind, ActState, Channel, PrincipalKind, Signatory
from jeung.errors import NotFound
from jeung.ports.pages import Page
from node.store.cursors import cursor_after, page_size, row_of_cursor
from node.store.schema_dual_control import acts

_ADD = insert(acts)
_GET = select(acts).where(acts.c.act_id == bindparam("wanted"))
_CHANGE = update(acts).where(acts.c.act_id == bindparam("wanted"))
_IN_STATES = (
    select(acts)
    .where(acts.c.state.in_(bindparam("states", expanding=True)))
    .order_by(acts.c.number)
    .limit(bindparam("most"))
)
_PAGE = select(acts).order_by(acts.c.number.desc()).limit(bindparam("most"))
_BEFORE = _PAGE.where(acts.c.number < bindparam("before"))


class SqlActs:
    """Keep acts (jeung.ports.dual_control.Acts)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, act: Act) -> None:
        """Keep a new act.

        Raises:
            Conflict: its id stands already.
        """
        fixed = {
            "act_id": act.act_id,
            "kind": act.kind.value,
            "digest": act.digest,
            "requested_by": _signed(act.requested_by),
            "requested_at": act.requested_at,
        }
        self._connection.execute(_ADD, {**fixed, **_changing(act)})

    def get(self, act_id: str) -> Act | None:
        """Give an act."""
        row = self._connection.execute(_GET, {"wanted": act_id}).first()
        return None if row is None else _act(row)

    def replace(self, act: Act) -> None:
        """Keep a changed act; what was asked for, by whom and when, stays as it was or is forgotten.

        Raises:
            NotFound: no such act.
        """
        changed = self._connection.execute(_CHANGE, {"wanted": act.act_id, **_changing(act)})
        if changed.rowcount == 0:
            raise NotFound("There is no such act.")

    def in_states(self, states: Collection[ActState], limit: int) -> Sequence[Act]:
        """Give acts in these recorded states, oldest first."""
        values = {"states": [state.value for state in states], "most": limit}
        return [_act(row) for row in self._connection.execute(_IN_STATES, values)]

    def page(self, *, cursor: str | None, limit: int) -> Page[Act]:
        """Give acts, newest first, at most 1,000 a page.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        size = page_size(limit)
        if cursor is None:
            rows = self._connection.execute(_PAGE, {"most": size + 1}).all()
        else:
            rows = self._connection.execute(_BEFORE, {"most": size + 1, "before": row_of_cursor(cursor)}).all()
        more = cursor_after(rows[size - 1].number) if len(rows) > size else None
        return Page([_act(row) for row in rows[:size]], more)


def _changing(act: Act) -> dict[str, Any]:
    return {
        "parameters": _written(act.parameters),
        "salt": act.salt,
        "reason": act.reason,
        "state": act.state.value,
        "expires_at": act.expires_at,
        "decided_by": None if act.decided_by is None else _signed(act.decided_by),
        "decided_at": act.decided_at,
        "begun_at": act.begun_at,
        "ended_at": act.ended_at,
        "failure": act.failure,
        "result": _written(act.result),
    }


def _written(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(dict(value), sort_keys=True)


def _signed(by: Signatory) -> str:
    return json.dumps({**by.shown, "traces": sorted(by.traces)}, sort_keys=True)


def _signatory(text: str) -> Signatory:
    by = json.loads(text)
    return Signatory(PrincipalKind(by["kind"]), by["id"], Channel(by["channel"]), frozenset(by["traces"]))


def _act(row: Row[Any]) -> Act:
    return Act(
        act_id=row.act_id,
        kind=ActKind(row.kind),
        parameters=None if row.parameters is None else json.loads(row.parameters),
        salt=row.salt,
        digest=row.digest,
        reason=row.reason,
        state=ActState(row.state),
        requested_by=_signatory(row.requested_by),
        requested_at=row.requested_at,
        expires_at=row.expires_at,
        decided_by=None if row.decided_by is None else _signatory(row.decided_by),
        decided_at=row.decided_at,
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        failure=row.failure,
        result=None if row.result is None else json.loads(row.result),
    )
