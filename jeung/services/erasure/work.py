"""Carry erasures to their end in the worker, from whatever point a process that died left them at.

REVOKING → once the ledger shows every copy revoked, credentials are deleted; with them the proofing and the data key,
or, where the law keeps the proofing, the subject stays LOCKED until that duty lapses.
ERASING → once the write-ahead log is empty, so that no deleted row survives in it, the certificate is signed: ERASED.

Each arrow is one transaction that looks first at what is there.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from jeung.domain.erasure import Erasure, ErasureState, RetentionRules, SubjectRecords
from jeung.errors import KeyUnavailable
from jeung.ports.custody import Signer
from jeung.ports.store import Store, Transaction
from jeung.ports.world import Clock
from jeung.services.acts import log
from jeung.services.erasure.certificate import certificate

AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class ErasureWork:
    """Drive erasures.

    `note` tells the journal outside of the database, before anything is deleted for good; what it raises holds the
    erasure up. `scrub` clears the disk of what was deleted and tells whether it could.
    """

    store: Store
    clock: Clock
    signer: Signer
    url: str
    rules: RetentionRules
    scrub: Callable[[], bool]
    note: Callable[[Erasure], None]

    def step(self) -> bool:
        """Take every erasure one step further where it can go; tell whether more can be done at once."""
        moved = [self._settled(one) for one in self._in(ErasureState.REVOKING)]
        # By their time and not by their age: a duty that runs for years does not stand before one that has lapsed.
        with self.store.read() as tx:
            lapsed = tx.erasures.lapsed(self.clock.now(), AT_ONCE)
        moved += [self._lapsed(one) for one in lapsed]
        erasing = self._in(ErasureState.ERASING)
        if erasing and self.scrub():
            moved += [self._certified(one) for one in erasing]
        return any(moved)

    def _in(self, state: ErasureState) -> list[Erasure]:
        with self.store.read() as tx:
            return list(tx.erasures.in_states((state,), AT_ONCE))

    def _settled(self, found: Erasure) -> bool:
        """Delete what was issued, once all of it is revoked on the chain."""
        now = self.clock.now()
        try:
            self.note(found)
        except KeyUnavailable:
            return False
        with self.store.read() as tx:
            if found.subject_id is None or tx.subjects.unsettled(found.subject_id):
                return False
        with self.store.write() as tx:
            erasure, records = _present(tx, found, ErasureState.REVOKING)
            if erasure is None or records is None:
                return False
            copies = tx.subjects.forget_credentials(records.subject_id)
            log(tx, "credentials_erased", {"erasure": erasure.erasure_id, "copies": copies}, now)
            if erasure.locked_until is not None and now < erasure.locked_until:
                tx.subjects.forget_traces((*records.credentials, *records.families))
                tx.erasures.replace(replace(erasure, state=ErasureState.LOCKED))
                log(tx, "subject_locked", {"erasure": erasure.erasure_id}, now)
            else:
                self._delete(tx, erasure, records, now)
        return True

    def _lapsed(self, found: Erasure) -> bool:
        """Delete what was kept back, once no law keeps it."""
        now = self.clock.now()
        with self.store.write() as tx:
            erasure, records = _present(tx, found, ErasureState.LOCKED)
            if erasure is None or records is None:
                return False
            self._delete(tx, erasure, records, now)
        return True

    def _delete(self, tx: Transaction, erasure: Erasure, records: SubjectRecords, now: int) -> None:
        tx.data_keys.destroy(records.subject_id)
        tx.subjects.forget_proofings(records.subject_id)
        tx.subjects.forget_traces(records.ids)
        until = now + self.rules.backup_s
        gone = replace(erasure, subject_id=None, state=ErasureState.ERASING, deleted_at=now, backups_until=until)
        tx.erasures.replace(gone)

    def _certified(self, found: Erasure) -> bool:
        now = self.clock.now()
        try:
            signed = certificate(found, url=self.url, signer=self.signer, now=now)
        except KeyUnavailable:
            # Everything is deleted; the certificate follows when there is a key.
            return False
        with self.store.write() as tx:
            erasure = tx.erasures.get(found.erasure_id)
            if erasure is None or erasure.state is not ErasureState.ERASING:
                return False
            tx.erasures.replace(replace(erasure, state=ErasureState.ERASED, certificate=signed))
            log(tx, "subject_erased", {"erasure": erasure.erasure_id, "act": erasure.act_id}, now)
        return False


def _present(tx: Transaction, found: Erasure, state: ErasureState) -> tuple[Erasure | None, SubjectRecords | None]:
    """Read an erasure again in the transaction that changes it, and what there is of its subject."""
    erasure = tx.erasures.get(found.erasure_id)
    if erasure is None or erasure.state is not state or erasure.subject_id is None:
        return None, None
    subject_id = erasure.subject_id
    return erasure, tx.subjects.records(subject_id) or SubjectRecords(subject_id, has_key=False)
