"""Issued credentials, status indexes and status tokens in memory."""

from collections.abc import Sequence
from dataclasses import replace

from jeung.domain.chain import IntentState
from jeung.domain.credentials import AnchoringState, CredentialRecord, CredentialView, RevocationProgress, Selection
from jeung.domain.identifiers import MemberId
from jeung.domain.ledger import CredentialStatus
from jeung.errors import Conflict, NotFound
from jeung.ports.pages import Page
from jeung.ports.store import StatusListToken
from tests.common.memory.database import Tables, Work
from tests.common.memory.paging import page_of
from tests.common.memory.words import status_in


class MemoryCredentials:
    def __init__(self, tables: Tables, own: MemberId) -> None:
        self._tables = tables
        self._own = own

    def add_family(self, records: Sequence[CredentialRecord]) -> None:
        for record in records:
            if record.credential_id in self._tables.credentials or any(
                other.digest == record.digest or other.status == record.status
                for other in self._tables.credentials.values()
            ):
                raise Conflict
            self._tables.credentials[record.credential_id] = record
            self._tables.attest_works[record.credential_id] = Work(record.credential_id, IntentState.PENDING)

    def get(self, credential_id: str) -> CredentialView | None:
        record = self._tables.credentials.get(credential_id)
        return None if record is None else self._view(record)

    def family(self, family_id: str) -> Sequence[CredentialView]:
        return [self._view(record) for record in self._tables.credentials.values() if record.family_id == family_id]

    def of_subject(self, subject_id: str) -> Sequence[CredentialView]:
        return [self._view(record) for record in self._tables.credentials.values() if record.subject_id == subject_id]

    def page(
        self, *, cursor: str | None, limit: int, subject_id: str | None = None, newest_first: bool = False
    ) -> Page[CredentialView]:
        rows = [record for record in self._tables.credentials.values() if subject_id in (None, record.subject_id)]
        if newest_first:
            rows.reverse()
        page = page_of(rows, cursor, limit)
        return Page([self._view(record) for record in page.items], page.next_cursor)

    def want_status(self, credential_ids: Sequence[str], status: CredentialStatus, at: int) -> None:
        tables = self._tables
        if not set(credential_ids) <= set(tables.credentials):
            raise NotFound
        for credential_id in credential_ids:
            record = replace(tables.credentials[credential_id], wanted_status=status)
            tables.credentials[credential_id] = record
            place = record.status.list_number, record.status.index
            for change_id, work in list(tables.status_works.items()):
                if work.state is IntentState.PENDING and tables.status_changes_wanted[change_id][:2] == place:
                    del tables.status_works[change_id]
            change_id = tables.next_change
            tables.next_change += 1
            tables.status_changes_wanted[change_id] = (*place, status, at)
            tables.status_works[change_id] = Work(change_id, IntentState.PENDING)

    def unrevoked(self, selection: Selection, limit: int) -> Sequence[str]:
        found = [
            record
            for record in self._tables.credentials.values()
            if self._is_selected(record, selection) and record.wanted_status is not CredentialStatus.REVOKED
        ]
        found.sort(key=lambda record: (record.status.list_number, record.status.index))
        return [record.credential_id for record in found[:limit]]

    def revoke_all(self, credential_ids: Sequence[str], at: int) -> None:
        self.want_status(credential_ids, CredentialStatus.REVOKED, at)

    def progress(self, selection: Selection) -> RevocationProgress:
        selected = [record for record in self._tables.credentials.values() if self._is_selected(record, selection)]
        revoked = [record for record in selected if record.wanted_status is CredentialStatus.REVOKED]
        open_places = {self._tables.status_changes_wanted[change_id][:2] for change_id in self._open_changes()}
        waiting = [record for record in revoked if (record.status.list_number, record.status.index) in open_places]
        return RevocationProgress(len(selected), len(revoked), len(waiting))

    def _is_selected(self, record: CredentialRecord, selection: Selection) -> bool:
        attested = self._tables.attested.get((self._own, record.schema, record.digest))
        since = selection.attested_from
        return _fits(record, selection) and (since is None or attested is None or attested.block_time >= since)

    def last_expiry(self, signing_key_id: str) -> int | None:
        found = [
            record.expires_at
            for record in self._tables.credentials.values()
            if record.signing_key_id == signing_key_id
        ]
        return max(found, default=None)

    def waiting_changes(self) -> int:
        return len(self._open_changes())

    def _open_changes(self) -> list[int]:
        unfinished = (IntentState.PENDING, IntentState.SENT)
        return [change_id for change_id, work in self._tables.status_works.items() if work.state in unfinished]

    def _view(self, record: CredentialRecord) -> CredentialView:
        attested = (self._own, record.schema, record.digest) in self._tables.attested
        list_number, index = record.status.list_number, record.status.index
        return CredentialView(
            record=record,
            anchoring=AnchoringState.ATTESTED if attested else AnchoringState.PENDING,
            ledger_status=status_in(self._tables.words, self._own, list_number, index),
        )


def _fits(record: CredentialRecord, selection: Selection) -> bool:
    wanted = (
        (selection.signing_key_id, record.signing_key_id),
        (selection.family_id, record.family_id),
        (selection.subject_id, record.subject_id),
        (selection.schema, record.schema),
    )
    return (
        all(one is None or one == other for one, other in wanted)
        and (selection.issued_from is None or record.issued_at >= selection.issued_from)
        and (selection.issued_until is None or record.issued_at < selection.issued_until)
    )


class MemoryStatusIndexes:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def reserve(self, count: int) -> range:
        first_list, wrapped_key, begin = self._last()
        self._tables.groups[-1] = first_list, wrapped_key, begin + count
        return range(begin, begin + count)

    def group(self) -> tuple[int, bytes]:
        return self._last()[:2]

    def open_group(self, first_list: int, wrapped_key: bytes) -> None:
        if self._tables.groups and first_list <= self._tables.groups[-1][0]:
            raise Conflict
        self._tables.groups.append((first_list, wrapped_key, 0))

    def _last(self) -> tuple[int, bytes, int]:
        if not self._tables.groups:
            raise NotFound
        return self._tables.groups[-1]


class MemoryStatusTokens:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def get(self, list_number: int) -> StatusListToken | None:
        return self._tables.status_tokens.get(list_number)

    def put(self, token: StatusListToken) -> None:
        self._tables.status_tokens[token.list_number] = token

    def open_lists(self) -> Sequence[int]:
        return sorted({record.status.list_number for record in self._tables.credentials.values()})
