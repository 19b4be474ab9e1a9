"""Keep issued credentials, joined with what the ledger's index says of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, exists, func, insert, select, update

from jeung.domain.chain import IntentState
from jeung.domain.credentials import (
    AnchoringState,
    CredentialRecord,
    CredentialView,
    RevocationProgress,
    Selection,
    StatusReference,
)
from jeung.domain.identifiers import CredentialDigest, MemberId, SchemaId
from jeung.domain.key_storage import KeyStorage
from jeung.domain.ledger import CredentialStatus
from jeung.errors import NotFound
from jeung.ports.pages import Page
from node.store.cursors import cursor_after, page_size, row_of_cursor
from node.store.schema import attest_works, attestations, batches, credentials, status_words, status_works
from node.store.words import INDEXES_PER_WORD, status_in_word

_PENDING = IntentState.PENDING.value

_ADD = insert(credentials)
_ADD_WORK = insert(attest_works)
_WANT = (
    update(credentials)
    .where(credentials.c.credential_id == bindparam("wanted"))
    .values(wanted_status=bindparam("new_status"))
)
_PLACE = select(credentials.c.list_number, credentials.c.status_index).where(
    credentials.c.credential_id == bindparam("wanted")
)
_DROP_WAITING = delete(status_works).where(
    status_works.c.list_number == bindparam("list"),
    status_works.c.status_index == bindparam("index"),
    status_works.c.state == _PENDING,
)
_ADD_CHANGE = insert(status_works)
_REVOKED = CredentialStatus.REVOKED.value
_UNFINISHED = (IntentState.PENDING.value, IntentState.SENT.value)
_ON_ITS_WAY = exists(
    select(status_works.c.change_id).where(
        status_works.c.list_number == credentials.c.list_number,
        status_works.c.status_index == credentials.c.status_index,
        status_works.c.state.in_(_UNFINISHED),
    )
)
_LAST_EXPIRY = select(func.max(credentials.c.expires_at)).where(credentials.c.signing_key_id == bindparam("key"))
_WAITING_CHANGES = select(func.count()).where(status_works.c.state.in_(_UNFINISHED))

# The recovered facts only: an attestation of the same digest by another member, or under another schema, is none.
_ATTESTED = exists(
    select(attestations.c.digest)
    .join(batches, batches.c.number == attestations.c.batch_number)
    .where(
        attestations.c.digest == credentials.c.digest,
        batches.c.issuer == bindparam("own"),
        batches.c.schema_id == credentials.c.schema_id,
    )
)
_VIEWS = select(credentials, _ATTESTED.label("attested"), status_words.c.word).outerjoin(
    status_words,
    and_(
        status_words.c.issuer == bindparam("own"),
        status_words.c.list_number == credentials.c.list_number,
        status_words.c.word_index == credentials.c.status_index // INDEXES_PER_WORD,
    ),
)
_GET = _VIEWS.where(credentials.c.credential_id == bindparam("wanted"))
_FAMILY = _VIEWS.where(credentials.c.family_id == bindparam("wanted")).order_by(credentials.c.number)
_SUBJECT = _VIEWS.where(credentials.c.subject_id == bindparam("wanted")).order_by(credentials.c.number)
_PAGE = (
    _VIEWS.where(credentials.c.number > bindparam("after")).order_by(credentials.c.number).limit(bindparam("most"))
)
_NEWEST = (
    _VIEWS.where(credentials.c.number < bindparam("after"))
    .order_by(credentials.c.number.desc())
    .limit(bindparam("most"))
)
_OF_SUBJECT = credentials.c.subject_id == bindparam("wanted")
_PAGES = {
    (False, False): _PAGE,
    (False, True): _PAGE.where(_OF_SUBJECT),
    (True, False): _NEWEST,
    (True, True): _NEWEST.where(_OF_SUBJECT),
}
"""The pages: newest first or not, of one subject or of all."""
_BEYOND_ALL = 2**63 - 1


class SqlCredentials:
    """Keep issued credentials (jeung.ports.store.Credentials)."""

    def __init__(self, connection: Connection, own: MemberId) -> None:
        self._connection = connection
        self._own = own

    def add_family(self, records: Sequence[CredentialRecord]) -> None:
        """Keep the copies of one family and put their digests into the outbox.

        Raises:
            Conflict: an id, a digest or a place in a status list is taken.
        """
        if not records:
            return
        self._connection.execute(_ADD, [_columns(record) for record in records])
        self._connection.execute(
            _ADD_WORK,
            [
                {
                    "credential_id": record.credential_id,
                    "family_id": record.family_id,
                    "schema_id": record.schema,
                    "digest": record.digest,
                    "created_at": record.issued_at,
                    "state": _PENDING,
                    "retry_at": 0,
                }
                for record in records
            ],
        )

    def get(self, credential_id: str) -> CredentialView | None:
        """Give one copy, joined with the ledger's index."""
        row = self._connection.execute(_GET, {"own": self._own, "wanted": credential_id}).first()
        return None if row is None else _view(row)

    def family(self, family_id: str) -> Sequence[CredentialView]:
        """Give every copy of a family in order of issue."""
        return [_view(row) for row in self._connection.execute(_FAMILY, {"own": self._own, "wanted": family_id})]

    def of_subject(self, subject_id: str) -> Sequence[CredentialView]:
        """Give every copy ever issued to a subject, in order of issue."""
        return [_view(row) for row in self._connection.execute(_SUBJECT, {"own": self._own, "wanted": subject_id})]

    def page(
        self, *, cursor: str | None, limit: int, subject_id: str | None = None, newest_first: bool = False
    ) -> Page[CredentialView]:
        """Give credentials in order of issue or the other way round, at most 1,000 a page.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        size = page_size(limit)
        begin = _BEYOND_ALL if newest_first else 0
        values: dict[str, Any] = {"own": self._own, "after": row_of_cursor(cursor) if cursor else begin}
        if subject_id is not None:
            values["wanted"] = subject_id
        statement = _PAGES[newest_first, subject_id is not None]
        rows = self._connection.execute(statement, {**values, "most": size + 1}).all()
        more = cursor_after(rows[size - 1].number) if len(rows) > size else None
        return Page([_view(row) for row in rows[:size]], more)

    def want_status(self, credential_ids: Sequence[str], status: CredentialStatus, at: int) -> None:
        """Record the wanted status of copies and put the changes into the outbox, in place of waiting ones.

        Raises:
            NotFound: one of the credentials is unknown; nothing is recorded then.
        """
        changes = []
        for credential_id in credential_ids:
            place = self._connection.execute(_PLACE, {"wanted": credential_id}).first()
            if place is None:
                raise NotFound("There is no such credential.")
            changes.append((place.list_number, place.status_index))
        if not changes:
            return
        wanted = [{"wanted": credential_id, "new_status": status.value} for credential_id in credential_ids]
        self._connection.execute(_WANT, wanted)
        self._connection.execute(_DROP_WAITING, [{"list": number, "index": index} for number, index in changes])
        self._connection.execute(
            _ADD_CHANGE,
            [
                {
                    "list_number": list_number,
                    "status_index": index,
                    "status": status.value,
                    "created_at": at,
                    "state": _PENDING,
                    "retry_at": 0,
                }
                for list_number, index in changes
            ],
        )

    def unrevoked(self, selection: Selection, limit: int) -> Sequence[str]:
        """Give the ids of selected copies that nobody wanted revoked yet, in the order of their places."""
        statement = (
            select(credentials.c.credential_id)
            .where(*_selected(selection, self._own), credentials.c.wanted_status != _REVOKED)
            .order_by(credentials.c.list_number, credentials.c.status_index)
            .limit(limit)
        )
        return self._connection.execute(statement).scalars().all()

    def revoke_all(self, credential_ids: Sequence[str], at: int) -> None:
        """Want copies revoked as `want_status` does, many at once."""
        self.want_status(credential_ids, CredentialStatus.REVOKED, at)

    def progress(self, selection: Selection) -> RevocationProgress:
        """Count what a selection holds and how far its revocation has come."""
        statement = select(
            func.count(),
            func.count().filter(credentials.c.wanted_status == _REVOKED),
            func.count().filter(credentials.c.wanted_status == _REVOKED, _ON_ITS_WAY),
        ).where(*_selected(selection, self._own))
        return RevocationProgress(*self._connection.execute(statement).one())

    def last_expiry(self, signing_key_id: str) -> int | None:
        """Give when the last copy that a key signed expires, seconds UTC; None where it signed none."""
        found: int | None = self._connection.execute(_LAST_EXPIRY, {"key": signing_key_id}).scalar()
        return found

    def waiting_changes(self) -> int:
        """Count the changes of status that are not on the chain yet."""
        return int(self._connection.execute(_WAITING_CHANGES).scalar_one())


def _selected(selection: Selection, own: MemberId) -> list[ColumnElement[bool]]:
    wanted = (
        (credentials.c.signing_key_id, selection.signing_key_id),
        (credentials.c.family_id, selection.family_id),
        (credentials.c.subject_id, selection.subject_id),
        (credentials.c.schema_id, selection.schema),
    )
    found: list[ColumnElement[bool]] = [column == value for column, value in wanted if value is not None]
    if selection.issued_from is not None:
        found.append(credentials.c.issued_at >= selection.issued_from)
    if selection.issued_until is not None:
        found.append(credentials.c.issued_at < selection.issued_until)
    if selection.attested_from is not None:
        # The earliest attestation counts: what stood before that time stands.
        found.append(~_attested_before(selection.attested_from, own))
    return found


def _attested_before(time: int, own: MemberId) -> ColumnElement[bool]:
    return exists(
        select(attestations.c.digest)
        .join(batches, batches.c.number == attestations.c.batch_number)
        .where(
            attestations.c.digest == credentials.c.digest,
            batches.c.issuer == own,
            batches.c.schema_id == credentials.c.schema_id,
            batches.c.block_time < time,
        )
    )


def _columns(record: CredentialRecord) -> dict[str, Any]:
    return {
        "credential_id": record.credential_id,
        "family_id": record.family_id,
        "subject_id": record.subject_id,
        "proofing_id": record.proofing_id,
        "schema_id": record.schema,
        "digest": record.digest,
        "list_number": record.status.list_number,
        "status_index": record.status.index,
        "wanted_status": record.wanted_status.value,
        "signing_key_id": record.signing_key_id,
        "issued_at": record.issued_at,
        "expires_at": record.expires_at,
        "sealed": record.sealed,
        "key_storage": record.key_storage.value,
    }


def _view(row: Row[Any]) -> CredentialView:
    record = CredentialRecord(
        credential_id=row.credential_id,
        family_id=row.family_id,
        subject_id=row.subject_id,
        proofing_id=row.proofing_id,
        schema=SchemaId(row.schema_id),
        digest=CredentialDigest(row.digest),
        status=StatusReference(row.list_number, row.status_index),
        wanted_status=CredentialStatus(row.wanted_status),
        signing_key_id=row.signing_key_id,
        issued_at=row.issued_at,
        expires_at=row.expires_at,
        sealed=row.sealed,
        key_storage=KeyStorage(row.key_storage),
    )
    return CredentialView(
        record=record,
        anchoring=AnchoringState.ATTESTED if row.attested else AnchoringState.PENDING,
        ledger_status=status_in_word(row.word, row.status_index),
    )
