"""Erasures in memory, and the deletion of everything that leads to a person."""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import replace

from jeung.domain.chain import IntentState
from jeung.domain.erasure import Erasure, ErasureState, SubjectRecords
from jeung.domain.identifiers import MemberId
from jeung.domain.ledger import CredentialStatus
from jeung.errors import Conflict, NotFound
from jeung.ports.pages import Page
from tests.common.memory.database import Tables
from tests.common.memory.issued import MemoryCredentials
from tests.common.memory.paging import page_of


class MemoryErasures:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, erasure: Erasure) -> None:
        taken = erasure.subject_id is not None and self.of_subject(erasure.subject_id) is not None
        if taken or erasure.erasure_id in self._tables.erasures:
            raise Conflict
        self._tables.erasures[erasure.erasure_id] = erasure

    def get(self, erasure_id: str) -> Erasure | None:
        return self._tables.erasures.get(erasure_id)

    def of_subject(self, subject_id: str) -> Erasure | None:
        return next((one for one in self._tables.erasures.values() if one.subject_id == subject_id), None)

    def replace(self, erasure: Erasure) -> None:
        if erasure.erasure_id not in self._tables.erasures:
            raise NotFound
        self._tables.erasures[erasure.erasure_id] = erasure

    def in_states(self, states: Collection[ErasureState], limit: int) -> Sequence[Erasure]:
        return [one for one in self._tables.erasures.values() if one.state in states][:limit]

    def lapsed(self, now: int, limit: int) -> Sequence[Erasure]:
        locked = [one for one in self._tables.erasures.values() if one.state is ErasureState.LOCKED]
        return sorted(
            (one for one in locked if (one.locked_until or 0) <= now), key=lambda one: one.locked_until or 0
        )[:limit]

    def page(self, *, cursor: str | None, limit: int) -> Page[Erasure]:
        return page_of(list(reversed(self._tables.erasures.values())), cursor, limit)


class MemoryLogNames:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def of(self, identifier: str, at: int) -> str:
        names = self._tables.log_names
        return names.setdefault(identifier, f"{identifier.partition('_')[0]}-{secrets.token_hex(16)}")


class MemorySubjects:
    def __init__(self, tables: Tables, own: MemberId) -> None:
        self._tables = tables
        self._own = own

    def records(self, subject_id: str) -> SubjectRecords | None:
        tables = self._tables
        opened = sorted(
            (one for one in tables.proofings.values() if one.subject_id == subject_id),
            key=lambda one: (one.opened_at, one.proofing_id),
        )
        if subject_id not in tables.data_keys and not opened:
            return None
        issued = [one for one in tables.credentials.values() if one.subject_id == subject_id]
        offers = tuple(one.offer_id for one in tables.offers.values() if one.subject_id == subject_id)
        grants = tuple(one.grant_id for one in tables.grants.values() if one.subject_id == subject_id)
        asked = (one for one in tables.authorizations.values() if one.offer_id in offers or one.grant_id in grants)
        return SubjectRecords(
            subject_id=subject_id,
            has_key=subject_id in tables.data_keys,
            proofings=tuple((one.proofing_id, one.state) for one in opened),
            families=tuple(dict.fromkeys(one.family_id for one in issued)),
            credentials=tuple(one.credential_id for one in issued),
            offers=offers,
            grants=grants,
            authorizations=tuple(one.request_id for one in asked),
        )

    def end_offers(self, records: SubjectRecords) -> None:
        tables = self._tables
        for offer_id in records.offers:
            del tables.offers[offer_id]
        for grant_id in records.grants:
            del tables.grants[grant_id]
        for request_id in records.authorizations:
            del tables.authorizations[request_id]
        for key, deferred in list(tables.deferred.items()):
            if deferred.grant_id in records.grants:
                del tables.deferred[key]
        for key, note in list(tables.notifications.items()):
            if note.grant_id in records.grants or note.family_id in records.families:
                del tables.notifications[key]

    def empty_credentials(self, subject_id: str) -> None:
        for one in self._of(subject_id):
            self._tables.credentials[one] = replace(self._tables.credentials[one], sealed=b"")
            work = self._tables.attest_works.get(one)
            if work is not None and work.state is IntentState.PENDING:
                del self._tables.attest_works[one]

    def unsettled(self, subject_id: str) -> int:
        works = self._tables.attest_works
        moving = {IntentState.PENDING, IntentState.SENT}
        return sum(
            view.ledger_status is not CredentialStatus.REVOKED
            or (view.record.credential_id in works and works[view.record.credential_id].state in moving)
            for view in MemoryCredentials(self._tables, self._own).of_subject(subject_id)
        )

    def forget_credentials(self, subject_id: str) -> int:
        tables, gone = self._tables, self._of(subject_id)
        for one in gone:
            record = tables.credentials.pop(one)
            tables.attest_works.pop(one, None)
            place = record.status.list_number, record.status.index
            tables.erased_digests.add(record.digest)
            tables.erased_places.add(place)
            for change_id, wanted in list(tables.status_changes_wanted.items()):
                if wanted[:2] == place:
                    del tables.status_changes_wanted[change_id]
                    tables.status_works.pop(change_id, None)
        return len(gone)

    def forget_proofings(self, subject_id: str) -> None:
        for one in list(self._tables.proofings.values()):
            if one.subject_id == subject_id:
                del self._tables.proofings[one.proofing_id]

    def forget_traces(self, ids: Sequence[str]) -> None:
        for one in ids:
            self._tables.log_names.pop(one, None)
            for key, (_, result_id) in list(self._tables.requests.items()):
                if result_id == one:
                    del self._tables.requests[key]
            for act in list(self._tables.acts.values()):
                if one in str(act.parameters):
                    self._tables.acts[act.act_id] = replace(act, parameters=None, salt=None, reason=None)

    def _of(self, subject_id: str) -> list[str]:
        return [one.credential_id for one in self._tables.credentials.values() if one.subject_id == subject_id]
