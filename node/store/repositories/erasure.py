"""Keep erasures, and delete every row that leads to a person."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Table,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    tuple_,
    update,
)

from jeung.domain.chain import IntentState
from jeung.domain.erasure import Erasure, ErasureGround, ErasureState, SubjectRecords
from jeung.domain.identifiers import MemberId
from jeung.domain.ledger import CredentialStatus
from jeung.domain.proofing import ProofingState
from jeung.errors import NotFound
from jeung.ports.pages import Page
from node.store.cursors import cursor_after, page_size, row_of_cursor
from node.store.repositories.issued import SqlCredentials
from node.store.schema import (
    attest_works,
    credentials,
    data_keys,
    idempotency_keys,
    proofing_checks,
    proofings,
    status_works,
)
from node.store.schema_dual_control import acts
from node.store.schema_erasure import erased_digests, erased_places, erasures, log_names
from node.store.schema_issuing import deferred_issuances, wallet_notifications
from node.store.schema_wallets import credential_offers, wallet_authorizations, wallet_grants

_ON_ITS_WAY: Final = (IntentState.PENDING.value, IntentState.SENT.value)
_AT_ONCE: Final = 500
_ADD = insert(erasures)
_GET = select(erasures).where(erasures.c.erasure_id == bindparam("wanted"))
_OF_SUBJECT = select(erasures).where(erasures.c.subject_id == bindparam("wanted"))
_CHANGE = update(erasures).where(erasures.c.erasure_id == bindparam("wanted"))
_IN_STATES = (
    select(erasures)
    .where(erasures.c.state.in_(bindparam("states", expanding=True)))
    .order_by(erasures.c.number)
    .limit(bindparam("most"))
)
_LAPSED = (
    select(erasures)
    .where(
        erasures.c.state == ErasureState.LOCKED.value,
        or_(erasures.c.locked_until.is_(None), erasures.c.locked_until <= bindparam("now")),
    )
    .order_by(erasures.c.locked_until, erasures.c.number)
    .limit(bindparam("most"))
)
_PAGE = select(erasures).order_by(erasures.c.number.desc()).limit(bindparam("most"))
_BEFORE = _PAGE.where(erasures.c.number < bindparam("before"))


class SqlErasures:
    """Keep erasures (jeung.ports.erasure.Erasures)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, erasure: Erasure) -> None:
        """Keep a new erasure.

        Raises:
            Conflict: its id stands already, or its subject is being erased.
        """
        fixed = {
            "erasure_id": erasure.erasure_id,
            "act_id": erasure.act_id,
            "request_digest": erasure.request_digest,
            "ground": erasure.ground.value,
            "began_at": erasure.began_at,
        }
        self._connection.execute(_ADD, {**fixed, **_changing(erasure)})

    def get(self, erasure_id: str) -> Erasure | None:
        """Give an erasure."""
        row = self._connection.execute(_GET, {"wanted": erasure_id}).first()
        return None if row is None else _erasure(row)

    def of_subject(self, subject_id: str) -> Erasure | None:
        """Give the erasure of a subject that has not deleted everything yet."""
        row = self._connection.execute(_OF_SUBJECT, {"wanted": subject_id}).first()
        return None if row is None else _erasure(row)

    def replace(self, erasure: Erasure) -> None:
        """Keep a changed erasure.

        Raises:
            NotFound: no such erasure.
        """
        changed = self._connection.execute(_CHANGE, {"wanted": erasure.erasure_id, **_changing(erasure)})
        if changed.rowcount == 0:
            raise NotFound("There is no such erasure.")

    def in_states(self, states: Collection[ErasureState], limit: int) -> Sequence[Erasure]:
        """Give erasures in these states, oldest first."""
        values = {"states": [state.value for state in states], "most": limit}
        return [_erasure(row) for row in self._connection.execute(_IN_STATES, values)]

    def lapsed(self, now: int, limit: int) -> Sequence[Erasure]:
        """Give locked erasures whose duty to keep has lapsed, the longest first."""
        return [_erasure(row) for row in self._connection.execute(_LAPSED, {"now": now, "most": limit})]

    def page(self, *, cursor: str | None, limit: int) -> Page[Erasure]:
        """Give erasures, newest first, at most 1,000 a page.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        size = page_size(limit)
        if cursor is None:
            rows = self._connection.execute(_PAGE, {"most": size + 1}).all()
        else:
            rows = self._connection.execute(_BEFORE, {"most": size + 1, "before": row_of_cursor(cursor)}).all()
        more = cursor_after(rows[size - 1].number) if len(rows) > size else None
        return Page([_erasure(row) for row in rows[:size]], more)


class SqlSubjects:
    """Find and delete every row that leads to a person (jeung.ports.erasure.Subjects)."""

    def __init__(self, connection: Connection, own: MemberId) -> None:
        self._connection = connection
        self._own = own

    def records(self, subject_id: str) -> SubjectRecords | None:
        """List what stands under a subject, None where nothing does."""
        held = self._texts(select(data_keys.c.owner).where(data_keys.c.owner == subject_id))
        found = self._connection.execute(
            select(proofings.c.proofing_id, proofings.c.state)
            .where(proofings.c.subject_id == subject_id)
            .order_by(proofings.c.opened_at, proofings.c.proofing_id)
        ).all()
        if not held and not found:
            return None
        issued = self._connection.execute(
            select(credentials.c.credential_id, credentials.c.family_id)
            .where(credentials.c.subject_id == subject_id)
            .order_by(credentials.c.number)
        ).all()
        offers = self._texts(select(credential_offers.c.offer_id).where(credential_offers.c.subject_id == subject_id))
        grants = self._texts(select(wallet_grants.c.grant_id).where(wallet_grants.c.subject_id == subject_id))
        asked = self._texts(
            select(wallet_authorizations.c.request_id).where(
                or_(
                    wallet_authorizations.c.offer_id.in_(offers),
                    wallet_authorizations.c.grant_id.in_(grants),
                )
            )
        )
        return SubjectRecords(
            subject_id=subject_id,
            has_key=bool(held),
            proofings=tuple((row.proofing_id, ProofingState(row.state)) for row in found),
            families=tuple(dict.fromkeys(row.family_id for row in issued)),
            credentials=tuple(row.credential_id for row in issued),
            offers=offers,
            grants=grants,
            authorizations=asked,
        )

    def end_offers(self, records: SubjectRecords) -> None:
        """Delete offers, authorization requests, grants, deferred issuances and notifications."""
        self._drop(deferred_issuances, deferred_issuances.c.grant_id.in_(records.grants))
        self._drop(
            wallet_notifications,
            or_(
                wallet_notifications.c.grant_id.in_(records.grants),
                wallet_notifications.c.family_id.in_(records.families),
            ),
        )
        self._drop(wallet_authorizations, wallet_authorizations.c.request_id.in_(records.authorizations))
        self._drop(wallet_grants, wallet_grants.c.subject_id == records.subject_id)
        self._drop(credential_offers, credential_offers.c.subject_id == records.subject_id)

    def empty_credentials(self, subject_id: str) -> None:
        """Delete the contents of credentials, salts and disclosures with them, and attestations not yet begun."""
        self._connection.execute(update(credentials).where(credentials.c.subject_id == subject_id).values(sealed=b""))
        waiting = attest_works.c.state == IntentState.PENDING.value
        self._drop(attest_works, and_(waiting, attest_works.c.credential_id.in_(_of(subject_id))))

    def unsettled(self, subject_id: str) -> int:
        """Count the copies whose attestation is on its way, or whose revocation the ledger does not show yet."""
        views = SqlCredentials(self._connection, self._own).of_subject(subject_id)
        moving = self._texts(
            select(attest_works.c.credential_id).where(
                attest_works.c.state.in_(_ON_ITS_WAY), attest_works.c.credential_id.in_(_of(subject_id))
            )
        )
        return sum(
            view.ledger_status is not CredentialStatus.REVOKED or view.record.credential_id in moving
            for view in views
        )

    def forget_credentials(self, subject_id: str) -> int:
        """Delete credentials and their works; digests and places stay behind apart from each other."""
        rows = self._connection.execute(
            select(
                credentials.c.digest, credentials.c.schema_id, credentials.c.list_number, credentials.c.status_index
            ).where(credentials.c.subject_id == subject_id)
        ).all()
        if not rows:
            return 0
        self._connection.execute(
            insert(erased_digests), [{"digest": row.digest, "schema_id": row.schema_id} for row in rows]
        )
        self._connection.execute(
            insert(erased_places),
            [{"list_number": row.list_number, "status_index": row.status_index} for row in rows],
        )
        places = [(row.list_number, row.status_index) for row in rows]
        for begin in range(0, len(places), _AT_ONCE):
            of_places = tuple_(status_works.c.list_number, status_works.c.status_index)
            self._drop(status_works, of_places.in_(places[begin : begin + _AT_ONCE]))
        self._drop(attest_works, attest_works.c.credential_id.in_(_of(subject_id)))
        self._drop(credentials, credentials.c.subject_id == subject_id)
        return len(rows)

    def forget_proofings(self, subject_id: str) -> None:
        """Delete proofings with their checks."""
        of_subject = select(proofings.c.proofing_id).where(proofings.c.subject_id == subject_id)
        self._drop(proofing_checks, proofing_checks.c.proofing_id.in_(of_subject))
        self._drop(proofings, proofings.c.subject_id == subject_id)

    def forget_traces(self, ids: Sequence[str]) -> None:
        """Delete remembered requests whose result is one of these ids, the log's names, and acts' words on them."""
        # One walk over the requests of a day: an index for this would cost every request of every day.
        for begin in range(0, len(ids), _AT_ONCE):
            some = ids[begin : begin + _AT_ONCE]
            self._drop(idempotency_keys, idempotency_keys.c.result_id.in_(some))
            self._drop(log_names, log_names.c.id.in_(some))
            # Such as a bulk revocation of this person's: the act stays, whom it was about does not.
            naming = or_(*(func.instr(acts.c.parameters, one) > 0 for one in some))
            forgotten = update(acts).where(acts.c.parameters.is_not(None), naming)
            self._connection.execute(forgotten.values(parameters=None, salt=None, reason=None))

    def _drop(self, table: Table, condition: ColumnElement[bool]) -> None:
        self._connection.execute(delete(table).where(condition))

    def _texts(self, statement: Any) -> tuple[str, ...]:  # noqa: ANN401 - a statement of one column
        return tuple(self._connection.execute(statement).scalars())


def _of(subject_id: str) -> Any:  # noqa: ANN401 - a sub-select
    return select(credentials.c.credential_id).where(credentials.c.subject_id == subject_id)


def _changing(erasure: Erasure) -> dict[str, Any]:
    return {
        "subject_id": erasure.subject_id,
        "state": erasure.state.value,
        "locked_until": erasure.locked_until,
        "deleted_at": erasure.deleted_at,
        "backups_until": erasure.backups_until,
        "certificate": erasure.certificate,
    }


def _erasure(row: Row[Any]) -> Erasure:
    return Erasure(
        erasure_id=row.erasure_id,
        act_id=row.act_id,
        request_digest=row.request_digest,
        subject_id=row.subject_id,
        ground=ErasureGround(row.ground),
        state=ErasureState(row.state),
        began_at=row.began_at,
        locked_until=row.locked_until,
        deleted_at=row.deleted_at,
        backups_until=row.backups_until,
        certificate=row.certificate,
    )
