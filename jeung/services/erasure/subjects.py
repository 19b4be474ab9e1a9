"""Show what stands under a subject, what became of erasures, and what the law keeps of a locked one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.crypto import canonical_json
from jeung.domain.erasure import Erasure, ErasureState, SubjectRecords
from jeung.domain.proofing import Proofing
from jeung.errors import Conflict, NotFound, SubjectErased
from jeung.ports.custody import Vault
from jeung.ports.pages import Page
from jeung.ports.store import Store
from jeung.ports.world import Clock
from jeung.services.acts import log
from jeung.services.proofing import person_context

MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class SubjectView:
    """Pair a subject's records, by ids alone, with its erasure where one has begun."""

    records: SubjectRecords
    erasure: Erasure | None


@dataclass(frozen=True, slots=True)
class RetainedRecord:
    """Give one proofing that the law keeps of a locked subject, opened."""

    proofing: Proofing
    person: Mapping[str, Any] = field(repr=False)


class SubjectService:
    """Look up subjects and erasures."""

    def __init__(self, *, store: Store, vault: Vault, clock: Clock) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    def get(self, subject_id: str) -> SubjectView:
        """Give what stands under a subject.

        Raises:
            NotFound: nothing does: it was never there, or everything is deleted.
        """
        with self._store.read() as tx:
            records = tx.subjects.records(subject_id)
            if records is None:
                raise NotFound("no such subject")
            return SubjectView(records, tx.erasures.of_subject(subject_id))

    def erasure(self, erasure_id: str) -> Erasure:
        """Give an erasure, with its certificate once it is done.

        Raises:
            NotFound: no such erasure.
        """
        with self._store.read() as tx:
            erasure = tx.erasures.get(erasure_id)
        if erasure is None:
            raise NotFound("no such erasure")
        return erasure

    def erasures(self, *, cursor: str | None = None, limit: int = 50) -> Page[Erasure]:
        """Give erasures, newest first, at most 200 at once.

        Raises:
            MalformedInput: the cursor is not one of ours.
        """
        with self._store.read() as tx:
            return tx.erasures.page(cursor=cursor, limit=max(1, min(limit, MAX_PAGE)))

    def read_retained(self, subject_id: str, *, reader: str) -> list[RetainedRecord]:
        """Open what is kept of a locked subject for an audit; who read it is logged first.

        Raises:
            NotFound: no such subject.
            Conflict: the subject is not locked.
            SubjectErased: its data key is destroyed.
            SealBroken: the sealed bytes were changed or moved.
        """
        with self._store.write() as tx:
            erasure, records = tx.erasures.of_subject(subject_id), tx.subjects.records(subject_id)
            if records is None:
                raise NotFound("no such subject")
            if erasure is None or erasure.state is not ErasureState.LOCKED:
                raise Conflict("the subject is not locked")
            log(tx, "retained_record_read", {"subject": subject_id, "client": reader}, self._clock.now())
            wrapped = tx.data_keys.get(subject_id)
            if wrapped is None:
                raise SubjectErased
            opened = []
            for proofing in filter(None, (tx.proofings.get(proofing_id) for proofing_id, _ in records.proofings)):
                context = person_context(proofing.proofing_id)
                plaintext = self._vault.open(wrapped, subject_id, context, proofing.sealed_person)
                opened.append(RetainedRecord(proofing, canonical_json.parse_object(plaintext)))
            return opened
