"""What every store must do with questions to the chain."""

from dataclasses import replace

import pytest

from jeung.domain.questions import LedgerQuestion, QuestionKind
from jeung.errors import Conflict
from tests.common import rows
from tests.common.stores import Subject

QUESTION = LedgerQuestion(
    "sim_1", QuestionKind.SIMULATION, {"steps": [{"time": 5}]}, created_at=rows.NOW, expires_at=rows.NOW + 600
)
ANSWER = {"block": 9, "steps": []}


def test_a_question_waits_until_it_is_answered_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.questions.add(QUESTION)
        assert tx.questions.get("sim_2") is None
        assert tx.questions.waiting(rows.NOW, 5) == [QUESTION]
        tx.questions.answer("sim_1", ANSWER, rows.NOW + 1)
        tx.questions.answer("sim_1", {"block": 10}, rows.NOW + 2)
        tx.questions.answer("sim_2", ANSWER, rows.NOW + 1)
        assert tx.questions.waiting(rows.NOW, 5) == []
        assert tx.questions.get("sim_1") == replace(QUESTION, answer=ANSWER, answered_at=rows.NOW + 1)


def test_questions_wait_in_their_order_and_not_beyond_their_expiry(kept: Subject) -> None:
    later = replace(QUESTION, question_id="sim_0", created_at=rows.NOW + 1)
    with kept.store.write() as tx:
        for question in (later, QUESTION):
            tx.questions.add(question)
        assert [one.question_id for one in tx.questions.waiting(rows.NOW, 5)] == ["sim_1", "sim_0"]
        assert len(tx.questions.waiting(rows.NOW, 1)) == 1
        assert tx.questions.waiting(QUESTION.expires_at, 5) == []


def test_a_question_stands_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.questions.add(QUESTION)
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.questions.add(QUESTION)
