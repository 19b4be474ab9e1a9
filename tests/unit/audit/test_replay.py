"""The replay finds every unrightful act in a history, and nothing in a rightful one."""

from collections.abc import Callable

import pytest

from audit import rules
from audit.findings import Rule
from audit.replay import Replay, replay
from audit.source import Log
from audit.state import State
from tests.unit.audit.acts import (
    BANK_ID,
    EXCHANGE_ID,
    NOBODY,
    NOW,
    STRANGER,
    add_node,
    agreed,
    compromise,
    grant,
    key,
    open_epoch,
    proposal_id,
    propose,
    remove,
    remove_node,
    suspend,
    trust,
    wait,
    withdraw,
)
from tests.unit.audit.histories import RIGHTFUL, UNRIGHTFUL
from tests.unit.audit.history import (
    CHAIN_ID,
    CONSORTIUM,
    EXCHANGE,
    FOUNDED,
    REGULATOR,
    SCHEMA,
    History,
    digest,
    founded,
    member_id,
    packed,
)


def found(history: History) -> list[Rule]:
    """Replay as if all of it were the founding: the quorum rule has tests of its own."""
    return [finding.rule for finding in replay(history.blank(), history.events)]


def found_after_founding(history: History) -> list[Rule]:
    return [finding.rule for finding in replay(State(genesis=FOUNDED - 1, chain_id=CHAIN_ID), history.events)]


@pytest.mark.parametrize("name", RIGHTFUL)
def test_a_rightful_history_has_no_findings(name: str) -> None:
    assert found(RIGHTFUL[name]()) == []


@pytest.mark.parametrize("name", UNRIGHTFUL)
def test_an_unrightful_act_is_found_by_its_own_rule(name: str) -> None:
    history, rule = UNRIGHTFUL[name]
    assert found(history()) == [rule]


ACTS: dict[str, Callable[[History], History]] = {
    "admission": lambda history: history.admit("http://new.example", 2),
    "removal": lambda history: remove(history, member=EXCHANGE_ID),
    "grant": lambda history: grant(history, index=1, begin=history.now),
    "withdrawal": withdraw,
    "wallet provider": trust,
    "suspension by nobody": lambda history: suspend(history, by=NOBODY, member=EXCHANGE_ID),
    "node": add_node,
    "epoch of a log": open_epoch,
    "closing": lambda history: history.add("StatusRegistry", "StatusRegistryClosed"),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_act_of_the_quorum_without_an_executed_proposal_is_found(name: str) -> None:
    assert found_after_founding(ACTS[name](founded())) == [rules.ACT_WITHOUT_QUORUM]


def test_an_act_in_the_transaction_of_an_executed_proposal_is_rightful() -> None:
    args = {"member": EXCHANGE_ID, "effectiveSince": 1_000_000, "forCause": True}
    assert found_after_founding(agreed(founded()).also("Consortium", "MemberRemoved", **args)) == []


def test_an_executed_proposal_covers_no_later_transaction() -> None:
    history = agreed(founded()).admit("http://new.example", 2)
    assert found_after_founding(history) == [rules.ACT_WITHOUT_QUORUM]


def test_the_quorum_may_revoke_what_a_removed_member_issued() -> None:
    history = remove(founded())
    state = State(genesis=history.events[-1][0].block_number, chain_id=CHAIN_ID)
    args = {"issuer": BANK_ID, "list": 0, "status": 1, "indexes": packed(4)}
    # The two members that remain agree; the removed one proposes no more.
    propose(history, proposer=EXCHANGE_ID, proposal=proposal_id(EXCHANGE_ID))
    for url in (EXCHANGE, REGULATOR):
        ids = {"proposal": proposal_id(EXCHANGE_ID), "member": member_id(url)}
        history.add("Consortium", "ProposalApproved", **ids, ripeAt=0)
    wait(history).add("Consortium", "ProposalExecuted", proposal=proposal_id(EXCHANGE_ID), member=EXCHANGE_ID)
    assert replay(state, history.also("StatusRegistry", "StatusesSet", **args).events) == []


def test_a_node_taken_out_by_nobody_without_an_executed_proposal_is_found() -> None:
    history = add_node(founded())
    state = State(genesis=history.events[-1][0].block_number, chain_id=CHAIN_ID)
    assert [finding.rule for finding in replay(state, remove_node(history).events)] == [rules.ACT_WITHOUT_QUORUM]


def test_a_removed_member_takes_no_node_out() -> None:
    history = remove(add_node(founded()))
    state = State(genesis=history.events[-1][0].block_number, chain_id=CHAIN_ID)
    findings = replay(state, remove_node(history, by=BANK_ID).events)
    assert [finding.rule for finding in findings] == [rules.ACT_WITHOUT_STANDING]


def test_a_removed_member_sets_no_status() -> None:
    history = remove(founded())
    state = State(genesis=history.events[-1][0].block_number, chain_id=CHAIN_ID)
    findings = replay(state, history.set_statuses(1, packed(4)).events)
    assert [finding.rule for finding in findings] == [rules.ACT_WITHOUT_STANDING]


def test_a_suspended_member_changes_no_account_of_its_own() -> None:
    history = suspend(founded())
    state = State(genesis=history.events[-1][0].block_number, chain_id=CHAIN_ID)
    history.add("Consortium", "GovernanceAccountChanged", member=BANK_ID, account=STRANGER)
    assert [finding.rule for finding in replay(state, history.events)] == [rules.ACT_WITHOUT_STANDING]


def test_a_removed_member_declares_no_key_compromised() -> None:
    history = remove(key(founded(), begin=NOW))
    state = State(genesis=history.events[-1][0].block_number, chain_id=CHAIN_ID)
    findings = replay(state, compromise(history, 900).events)
    assert [finding.rule for finding in findings] == [rules.ACT_WITHOUT_STANDING]


def test_an_account_of_another_member_does_not_attest_for_the_issuer_it_names() -> None:
    assert rules.ATTESTED_BY_STRANGER in found(founded().attest(1, issuer=EXCHANGE))


def test_a_log_without_its_events_shape_is_found() -> None:
    run = Replay(State())
    run.reject(Log(CONSORTIUM, (), b"", 5, "0x", 1, "0xab"))
    assert [finding.rule for finding in run.take_findings()] == [rules.HISTORY_BROKEN]


def test_the_earliest_attestation_of_a_digest_counts() -> None:
    history = founded().attest(1).attest(1, 2)
    state = history.blank()
    replay(state, history.events)
    first = state.digests.find(BANK_ID, SCHEMA, "0x" + digest(1).hex())
    assert first is not None
    assert first.block == FOUNDED


def test_a_replay_in_two_halves_gives_the_state_of_one() -> None:
    history = founded().attest(1, 2).set_statuses(2, packed(1, 130)).set_statuses(1, packed(130))
    whole, halves = history.blank(), history.blank()
    replay(whole, history.events)
    replay(halves, history.events[: FOUNDED + 1])
    digests = halves.digests
    halves = State.from_json(halves.as_json())
    halves.digests = digests
    replay(halves, history.events[FOUNDED + 1 :])
    assert halves == whole
    assert whole.words(BANK_ID, 0) == {0: 2 << 2, 1: 1 << 4}
