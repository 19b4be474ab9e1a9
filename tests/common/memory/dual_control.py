"""Acts of two people in memory."""

from collections.abc import Collection, Sequence

from jeung.domain.dual_control import Act, ActState
from jeung.errors import Conflict, NotFound
from jeung.ports.pages import Page
from tests.common.memory.database import Tables
from tests.common.memory.paging import page_of


class MemoryActs:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, act: Act) -> None:
        if act.act_id in self._tables.acts:
            raise Conflict
        self._tables.acts[act.act_id] = act

    def get(self, act_id: str) -> Act | None:
        return self._tables.acts.get(act_id)

    def replace(self, act: Act) -> None:
        if act.act_id not in self._tables.acts:
            raise NotFound
        self._tables.acts[act.act_id] = act

    def in_states(self, states: Collection[ActState], limit: int) -> Sequence[Act]:
        return [act for act in self._tables.acts.values() if act.state in states][:limit]

    def page(self, *, cursor: str | None, limit: int) -> Page[Act]:
        return page_of(list(reversed(self._tables.acts.values())), cursor, limit)
