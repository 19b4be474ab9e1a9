"""Nonces, evidence and the event log in memory."""

from collections.abc import Sequence
from dataclasses import replace

from jeung.domain.receipts import Reading
from jeung.domain.verification import EvidenceRecord, IssuedNonce, LogEntry, SealedPresentation, WantedVouches
from jeung.errors import Conflict
from jeung.ports.pages import Page
from tests.common.memory.database import Tables
from tests.common.memory.paging import page_of


class MemoryNonces:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, nonce: IssuedNonce) -> None:
        if nonce.nonce in self._tables.nonces:
            raise Conflict
        self._tables.nonces[nonce.nonce] = nonce

    def get(self, nonce: str) -> IssuedNonce | None:
        return self._tables.nonces.get(nonce)

    def consume(self, nonce: str, at: int, evidence_id: str) -> bool:
        issued = self._tables.nonces.get(nonce)
        if issued is None or issued.used_at is not None:
            return False
        self._tables.nonces[nonce] = replace(issued, used_at=at, evidence_id=evidence_id)
        return True


class MemoryEvidence:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, record: EvidenceRecord, shown: SealedPresentation | None = None) -> None:
        if record.evidence_id in self._tables.evidence:
            raise Conflict
        self._tables.evidence[record.evidence_id] = record
        if shown is not None:
            self._tables.evidence_presentations[record.evidence_id] = shown

    def get(self, evidence_id: str) -> EvidenceRecord | None:
        return self._tables.evidence.get(evidence_id)

    def presentation(self, evidence_id: str) -> SealedPresentation | None:
        return self._tables.evidence_presentations.get(evidence_id)

    def page(self, *, cursor: str | None, limit: int) -> Page[EvidenceRecord]:
        return page_of(list(reversed(self._tables.evidence.values())), cursor, limit)

    def note_reading(self, record: EvidenceRecord, reading: Reading) -> None:
        self._tables.readings.append((record.evidence_id, reading))

    def readings(self, evidence_id: str, *, limit: int) -> list[Reading]:
        found = [reading for owner, reading in reversed(self._tables.readings) if owner == evidence_id]
        return found[:limit]


class MemoryEvidenceProofs:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def waiting(self, limit: int) -> Sequence[EvidenceRecord]:
        tables = self._tables
        known = list(tables.evidence)
        last = max((known.index(name) for name in tables.evidence_proofs if name in known), default=-1)
        behind = [tables.evidence[name] for name in known[last + 1 :]]
        return [record for record in behind if record.data_key_id in tables.data_keys][:limit]

    def add(self, evidence_id: str, data_key_id: str, sealed: bytes, at: int) -> None:
        if evidence_id in self._tables.evidence_proofs:
            raise Conflict
        if evidence_id in self._tables.evidence:
            self._tables.evidence_proofs[evidence_id] = sealed

    def get(self, evidence_id: str) -> bytes | None:
        return self._tables.evidence_proofs.get(evidence_id)


class MemoryBlockVouches:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def want(self, number: int, at: int) -> None:
        self._tables.block_vouches.setdefault(number, (WantedVouches(number, None, 0), at))

    def due(self, now: int, limit: int) -> Sequence[WantedVouches]:
        due = [
            (at, wanted.number) for wanted, at in self._tables.block_vouches.values() if at is not None and at <= now
        ]
        return [self._tables.block_vouches[number][0] for _, number in sorted(due)[:limit]]

    def keep(self, gathered: WantedVouches, due_at: int | None) -> None:
        if gathered.number in self._tables.block_vouches:
            self._tables.block_vouches[gathered.number] = gathered, due_at

    def get(self, number: int) -> bytes | None:
        found = self._tables.block_vouches.get(number)
        return None if found is None else found[0].gathered


class MemoryEventLog:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def append(self, entry: LogEntry) -> None:
        self._tables.events.append(entry)
