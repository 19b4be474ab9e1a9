"""Keep what is asked of the chain until the worker has answered."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from jeung.domain.questions import LedgerQuestion, QuestionKind
from node.store.schema_governance import ledger_questions

_ADD = insert(ledger_questions)
_GET = select(ledger_questions).where(ledger_questions.c.question_id == bindparam("wanted"))
_WAITING = (
    select(ledger_questions)
    .where(ledger_questions.c.answer.is_(None), ledger_questions.c.expires_at > bindparam("now"))
    .order_by(ledger_questions.c.created_at, ledger_questions.c.question_id)
    .limit(bindparam("most"))
)
_ANSWER = (
    update(ledger_questions)
    .where(ledger_questions.c.question_id == bindparam("wanted"), ledger_questions.c.answer.is_(None))
    .values(answer=bindparam("found"), answered_at=bindparam("at"))
)


class SqlLedgerQuestions:
    """Keep what is asked of the chain (jeung.ports.store.LedgerQuestions)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, question: LedgerQuestion) -> None:
        """Keep a new question.

        Raises:
            Conflict: its id stands already.
        """
        self._connection.execute(
            _ADD,
            {
                "question_id": question.question_id,
                "kind": question.kind.value,
                "asked": _written(question.asked),
                "created_at": question.created_at,
                "expires_at": question.expires_at,
                "answer": None if question.answer is None else _written(question.answer),
                "answered_at": question.answered_at,
            },
        )

    def get(self, question_id: str) -> LedgerQuestion | None:
        """Give a question with its answer, until the janitor removes it after its expiry."""
        row = self._connection.execute(_GET, {"wanted": question_id}).first()
        return None if row is None else _question(row)

    def waiting(self, now: int, limit: int) -> Sequence[LedgerQuestion]:
        """Give questions without an answer that have not expired, oldest first."""
        return [_question(row) for row in self._connection.execute(_WAITING, {"now": now, "most": limit})]

    def answer(self, question_id: str, answer: Mapping[str, Any], at: int) -> None:
        """Keep the answer of a question; one that has an answer keeps it."""
        self._connection.execute(_ANSWER, {"wanted": question_id, "found": _written(answer), "at": at})


def _written(document: Mapping[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def _question(row: Row[Any]) -> LedgerQuestion:
    return LedgerQuestion(
        question_id=row.question_id,
        kind=QuestionKind(row.kind),
        asked=json.loads(row.asked),
        created_at=row.created_at,
        expires_at=row.expires_at,
        answer=None if row.answer is None else json.loads(row.answer),
        answered_at=row.answered_at,
    )
