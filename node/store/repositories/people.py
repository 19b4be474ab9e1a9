"""Keep data keys and proofings."""

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, insert, or_, select, update

from jeung.domain.proofing import AssuranceLevel, Proofing, ProofingCheck, ProofingMethod, ProofingState
from jeung.errors import Conflict, MalformedInput, NotFound
from jeung.ports.pages import Page
from node.store.cursors import page_size
from node.store.hot import HotStatement, hot_insert
from node.store.schema import data_keys, proofing_checks, proofings

_ADD_KEY = hot_insert(data_keys, "owner", "wrapped", "created_at")
_GET_KEY = HotStatement(select(data_keys.c.wrapped).where(data_keys.c.owner == bindparam("owner")), "owner")
_DESTROY_KEY = delete(data_keys).where(data_keys.c.owner == bindparam("wanted"))

_ADD = insert(proofings)
_ADD_CHECK = insert(proofing_checks)
_GET = select(proofings).where(proofings.c.proofing_id == bindparam("wanted"))
_GET_CHECKS = (
    select(proofing_checks)
    .where(proofing_checks.c.proofing_id == bindparam("wanted"))
    .order_by(proofing_checks.c.position)
)
_PAGE = (
    select(proofings)
    .where(
        or_(
            proofings.c.opened_at < bindparam("opened_at"),
            and_(proofings.c.opened_at == bindparam("opened_at"), proofings.c.proofing_id < bindparam("last_id")),
        )
    )
    .order_by(proofings.c.opened_at.desc(), proofings.c.proofing_id.desc())
    .limit(bindparam("size"))
)
_CURSOR = re.compile(r"([0-9a-f]{1,14})\.([A-Za-z0-9_-]{1,64})")
_END_OF_TIME = 1 << 62
_REPLACE = update(proofings).where(proofings.c.proofing_id == bindparam("wanted"))


class SqlDataKeys:
    """Keep wrapped data keys (jeung.ports.store.DataKeys)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, owner: str, wrapped: bytes, created_at: int) -> None:
        """Keep the wrapped key of an owner.

        Raises:
            Conflict: the owner has a key already.
        """
        if self.get(owner) is not None:
            raise Conflict("The owner has a data key already.")
        _ADD_KEY.run(self._connection, owner, wrapped, created_at)

    def get(self, owner: str) -> bytes | None:
        """Give the wrapped key, or None once destroyed."""
        row = _GET_KEY.first(self._connection, owner)
        return None if row is None else bytes(row[0])

    def destroy(self, owner: str) -> bool:
        """Delete the wrapped key; tell whether there was one."""
        return self._connection.execute(_DESTROY_KEY, {"wanted": owner}).rowcount == 1


class SqlProofings:
    """Keep proofings (jeung.ports.store.Proofings)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, proofing: Proofing) -> None:
        """Keep a new proofing.

        Raises:
            Conflict: its id stands already.
        """
        self._connection.execute(_ADD, {"proofing_id": proofing.proofing_id, **_columns(proofing)})
        self._add_checks(proofing, kept=0)

    def get(self, proofing_id: str) -> Proofing | None:
        """Give a proofing with its checks."""
        row = self._connection.execute(_GET, {"wanted": proofing_id}).first()
        if row is None:
            return None
        return _proofing(row, tuple(_check(check) for check in self._checks(proofing_id)))

    def replace(self, proofing: Proofing) -> None:
        """Keep a changed proofing; checks recorded before stay as they are.

        Raises:
            NotFound: no such proofing.
            Conflict: a recorded check is missing or differs.
        """
        before = self.get(proofing.proofing_id)
        if before is None:
            raise NotFound("There is no such proofing.")
        if proofing.checks[: len(before.checks)] != before.checks:
            raise Conflict("Recorded checks are never changed.")
        self._connection.execute(_REPLACE, {"wanted": proofing.proofing_id, **_columns(proofing)})
        self._add_checks(proofing, kept=len(before.checks))

    def page(self, *, cursor: str | None, limit: int) -> Page[Proofing]:
        """Give proofings, newest first, at most 1,000 a page.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        match = None if cursor is None else _CURSOR.fullmatch(cursor)
        if cursor is not None and match is None:
            raise MalformedInput("The cursor is not one of ours.")
        size = page_size(limit)
        place = {
            "opened_at": _END_OF_TIME if match is None else int(match[1], 16),
            "last_id": "" if match is None else match[2],
        }
        rows = self._connection.execute(_PAGE, {**place, "size": size + 1}).all()
        items = [
            _proofing(row, tuple(_check(check) for check in self._checks(row.proofing_id))) for row in rows[:size]
        ]
        more = len(rows) > size
        return Page(items, f"{items[-1].opened_at:x}.{items[-1].proofing_id}" if more else None)

    def _checks(self, proofing_id: str) -> Sequence[Row[Any]]:
        return self._connection.execute(_GET_CHECKS, {"wanted": proofing_id}).all()

    def _add_checks(self, proofing: Proofing, *, kept: int) -> None:
        added = [
            {
                "proofing_id": proofing.proofing_id,
                "position": position,
                "method": check.method.value,
                "performed_at": check.performed_at,
                "evidence_digest": check.evidence_digest,
                "passed": check.passed,
                "recorded_at": check.recorded_at,
                "salt": check.salt,
            }
            for position, check in enumerate(proofing.checks)
            if position >= kept
        ]
        if added:
            self._connection.execute(_ADD_CHECK, added)


def _columns(proofing: Proofing) -> dict[str, Any]:
    level = proofing.assurance_level
    return {
        "subject_id": proofing.subject_id,
        "state": proofing.state.value,
        "policy_version": proofing.policy_version,
        "sealed_person": proofing.sealed_person,
        "opened_at": proofing.opened_at,
        "completed_at": proofing.completed_at,
        "assurance_level": None if level is None else level.value,
    }


def _proofing(row: Row[Any], checks: tuple[ProofingCheck, ...]) -> Proofing:
    return Proofing(
        proofing_id=row.proofing_id,
        subject_id=row.subject_id,
        state=ProofingState(row.state),
        policy_version=row.policy_version,
        sealed_person=row.sealed_person,
        checks=checks,
        opened_at=row.opened_at,
        completed_at=row.completed_at,
        assurance_level=None if row.assurance_level is None else AssuranceLevel(row.assurance_level),
    )


def _check(row: Row[Any]) -> ProofingCheck:
    return ProofingCheck(
        method=ProofingMethod(row.method),
        performed_at=row.performed_at,
        evidence_digest=row.evidence_digest,
        passed=row.passed,
        recorded_at=row.recorded_at,
        salt=row.salt,
    )
