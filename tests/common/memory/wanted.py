"""Intents and questions to the chain in memory; an intent's state is the state of its work in the outbox."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from jeung.domain.chain import Intent
from jeung.domain.questions import LedgerQuestion
from jeung.errors import Conflict
from jeung.ports.pages import Page
from tests.common.memory.database import Tables, Work
from tests.common.memory.paging import page_of


class MemoryIntents:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, intent: Intent) -> Intent:
        for standing in self._tables.intents.values():
            if standing.dedupe_key == intent.dedupe_key:
                return intent_with_state(self._tables, standing)
        if intent.intent_id in self._tables.intents:
            raise Conflict
        self._tables.intents[intent.intent_id] = intent
        self._tables.intent_works[intent.intent_id] = Work(intent.intent_id, intent.state)
        return intent

    def standing(self, dedupe_key: str) -> Intent | None:
        for intent in self._tables.intents.values():
            if intent.dedupe_key == dedupe_key:
                return intent_with_state(self._tables, intent)
        return None

    def get(self, intent_id: str) -> Intent | None:
        intent = self._tables.intents.get(intent_id)
        return None if intent is None else intent_with_state(self._tables, intent)

    def page(self, *, cursor: str | None, limit: int) -> Page[Intent]:
        rows = [intent_with_state(self._tables, intent) for intent in reversed(self._tables.intents.values())]
        return page_of(rows, cursor, limit)


class MemoryLedgerQuestions:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, question: LedgerQuestion) -> None:
        if question.question_id in self._tables.questions:
            raise Conflict
        self._tables.questions[question.question_id] = question

    def get(self, question_id: str) -> LedgerQuestion | None:
        return self._tables.questions.get(question_id)

    def waiting(self, now: int, limit: int) -> Sequence[LedgerQuestion]:
        rows = [row for row in self._tables.questions.values() if row.answer is None and row.expires_at > now]
        return sorted(rows, key=lambda row: (row.created_at, row.question_id))[:limit]

    def answer(self, question_id: str, answer: Mapping[str, Any], at: int) -> None:
        standing = self._tables.questions.get(question_id)
        if standing is not None and standing.answer is None:
            self._tables.questions[question_id] = replace(standing, answer=answer, answered_at=at)


def intent_with_state(tables: Tables, intent: Intent) -> Intent:
    """Join an intent with where its work stands."""
    work = tables.intent_works[intent.intent_id]
    return replace(intent, state=work.state, transaction=work.transaction, failure=work.failure)
