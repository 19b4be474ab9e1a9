"""Describe what is asked of the chain itself: only the worker talks to it, so a question waits for its answer."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class QuestionKind(enum.StrEnum):
    """Say what is asked: how calls would fare, or which nonce an account's next signed approval carries."""

    SIMULATION = "simulation"
    APPROVAL_NONCE = "approval_nonce"


@dataclass(frozen=True, slots=True)
class LedgerQuestion:
    """Hold a question as JSON, and its answer once there is one; times are seconds UTC.

    After `expires_at` nobody answers any more, and the row is removed.
    """

    question_id: str
    kind: QuestionKind
    asked: Mapping[str, Any]
    created_at: int
    expires_at: int
    answer: Mapping[str, Any] | None = None
    answered_at: int | None = None
