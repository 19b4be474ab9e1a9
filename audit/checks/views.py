"""Ask contracts through their views and compare the answers with what the events gave."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit import rules
from audit.decoding import Undecodable, decode_view, encode_view
from audit.findings import Finding
from audit.source import ChainReader
from audit.state import State

Progress = Callable[[int, int], None]
"""Called with how many questions were asked, and how many there are."""


@dataclass(frozen=True, slots=True)
class Question:
    """Pair a view call at an address with the answer the events demand; `pick` takes the part to compare."""

    address: str
    contract: str
    function: str
    args: tuple[object, ...]
    subject: str
    expected: object
    pick: Callable[[Any], object] = lambda answer: answer


def compare(
    reader: ChainReader, state: State, questions: Iterable[Question], progress: Progress = lambda done, total: None
) -> tuple[list[Finding], int]:
    """Ask everything at `state.block`; give findings and how many questions there were.

    Raises:
        AuditImpossible: the chain does not answer for that block.
    """
    asked = list(questions)
    calls = [
        (question.address, encode_view(question.contract, question.function, *question.args)) for question in asked
    ]
    answers = reader.views(calls, state.block, lambda done: progress(done, len(asked)))
    findings = []
    for question, answer in zip(asked, answers, strict=True):
        fault = _fault(question, answer)
        if fault is not None:
            message = f"{question.contract}.{question.function} {fault}"
            findings.append(Finding(rules.STORAGE_MISMATCH, question.subject, message, state.block))
    return findings, len(asked)


def _fault(question: Question, answer: bytes | None) -> str | None:
    if answer is None:
        return "refuses to answer"
    try:
        actual = question.pick(decode_view(question.contract, question.function, answer))
    except Undecodable:
        return "answers in another shape than its ABI says"
    return None if actual == question.expected else "differs from the events"


def grouped(state: State, contract: str, records: Mapping[str, Mapping[str, Any]]) -> dict[str, list[str]]:
    """Give the keys of records by the address that holds them; the present address is there even without any."""
    groups: dict[str, list[str]] = {address: [] for address in state.addresses(contract)[-1:]}
    for key, record in records.items():
        groups.setdefault(record["at"], []).append(key)
    return groups
