"""Data keys and proofings in memory."""

from jeung.domain.proofing import Proofing
from jeung.errors import Conflict, NotFound
from jeung.ports.pages import Page
from tests.common.memory.database import Tables
from tests.common.memory.paging import page_of


class MemoryDataKeys:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, owner: str, wrapped: bytes, created_at: int) -> None:
        if owner in self._tables.data_keys:
            raise Conflict
        self._tables.data_keys[owner] = wrapped

    def get(self, owner: str) -> bytes | None:
        return self._tables.data_keys.get(owner)

    def destroy(self, owner: str) -> bool:
        return self._tables.data_keys.pop(owner, None) is not None


class MemoryProofings:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, proofing: Proofing) -> None:
        if proofing.proofing_id in self._tables.proofings:
            raise Conflict
        self._tables.proofings[proofing.proofing_id] = proofing

    def get(self, proofing_id: str) -> Proofing | None:
        return self._tables.proofings.get(proofing_id)

    def replace(self, proofing: Proofing) -> None:
        standing = self._tables.proofings.get(proofing.proofing_id)
        if standing is None:
            raise NotFound
        if proofing.checks[: len(standing.checks)] != standing.checks:
            raise Conflict
        self._tables.proofings[proofing.proofing_id] = proofing

    def page(self, *, cursor: str | None, limit: int) -> Page[Proofing]:
        rows = sorted(self._tables.proofings.values(), key=lambda row: (row.opened_at, row.proofing_id), reverse=True)
        return page_of(rows, cursor, limit)
