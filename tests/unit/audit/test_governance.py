"""A vote counts as its member's only if its governance account of that time sent it, and acts can be read."""

from typing import Any

import pytest

from audit import rules
from audit.checks.governance import compare_governance, governance_at
from audit.decoding import selector_of
from audit.findings import AuditImpossible, Finding
from audit.replay import replay
from audit.source import ChainReader
from audit.state import State
from tests.unit.audit.acts import BANK_ID, EXCHANGE_ID, agreed
from tests.unit.audit.answers import FakeChain, answer_with
from tests.unit.audit.history import BANK, CONSORTIUM, EXCHANGE, SCHEMA, founded, member_id

APPROVE, BY_SIGNATURE = selector_of("Consortium", "approve"), selector_of("Consortium", "approveBySignature")
ACCOUNTS = {url: "0x" + member_id(url)[-40:] for url in (BANK, EXCHANGE)}


def lived() -> State:
    history = agreed(founded())
    state = history.blank()
    assert replay(state, history.events) == []
    state.contracts = {"Consortium": [[CONSORTIUM, 0]]}
    for proposal in state.proposals.values():
        proposal["target"] = CONSORTIUM
        proposal["data"] = "0x" + (selector_of("Consortium", "reinstate") + bytes(32)).hex()
    return state


def judged(patch: pytest.MonkeyPatch, state: State, **changed: Any) -> list[Finding]:  # noqa: ANN401
    """Judge votes that their own accounts sent, with whatever changed in every transaction."""
    votes = {vote[0]: vote for record in state.proposals.values() for vote in record["votes"]}

    def transaction(name: str) -> dict[str, Any]:
        url = BANK if votes[name][1] == BANK_ID else EXCHANGE
        sent = {"hash": name, "from": ACCOUNTS[url], "to": CONSORTIUM, "blockNumber": "0x1"}
        return {**sent, "input": "0x" + (APPROVE + bytes(32)).hex(), **changed}

    answer_with(patch, FakeChain(eth_getTransactionByHash=transaction))
    findings, looked_at = compare_governance(ChainReader("http://chain.example"), state, lambda done, total: None)
    assert looked_at == 3
    return findings


def test_votes_of_the_members_own_accounts_are_rightful(monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(monkeypatch, lived()) == []


def test_a_vote_sent_by_another_account_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    findings = judged(monkeypatch, lived(), **{"from": ACCOUNTS[BANK]})
    assert [(finding.rule, finding.member) for finding in findings] == [(rules.VOTE_BY_STRANGER, EXCHANGE_ID)]


@pytest.mark.parametrize(
    "changed", [{"input": "0x" + BY_SIGNATURE.hex()}, {"to": "0x" + "99" * 20}, {"to": None}], ids=str
)
def test_a_vote_handed_in_by_somebody_else_is_left_to_the_contract(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, object]
) -> None:
    assert judged(monkeypatch, lived(), **{"from": "0x" + "55" * 20, **changed}) == []


@pytest.mark.parametrize(
    "changed", [{"hash": "0x" + "99" * 32}, {"from": "0x1"}, {"input": 5}, {"blockNumber": None}]
)
def test_transactions_that_were_not_asked_for_are_refused(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, object]
) -> None:
    with pytest.raises(AuditImpossible):
        judged(monkeypatch, lived(), **changed)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("target", "0x" + "99" * 20, "none of the consortium's contracts"),
        ("data", "0x", "no call of Consortium"),
        ("data", "0x" + APPROVE.hex(), "no call of Consortium"),
    ],
)
def test_an_executed_call_that_cannot_be_read_is_found(
    monkeypatch: pytest.MonkeyPatch, field: str, value: str, reason: str
) -> None:
    state = lived()
    for proposal in state.proposals.values():
        proposal[field] = value
    (finding,) = judged(monkeypatch, state)
    assert finding.rule is rules.ACT_OPAQUE
    assert reason in finding.message


def test_what_was_never_executed_need_not_be_readable(monkeypatch: pytest.MonkeyPatch) -> None:
    state = lived()
    for proposal in state.proposals.values():
        proposal.update(executed_at=None, data="0x")
    assert judged(monkeypatch, state) == []


def test_the_governance_account_of_a_time_is_the_one_then() -> None:
    state = State(members={SCHEMA: {"governance": [["0xa", 5], ["0xb", 9]]}})
    assert [governance_at(state, SCHEMA, time) for time in (4, 5, 8, 9)] == ["", "0xa", "0xa", "0xb"]
    assert governance_at(state, "0xnobody", 9) == ""
