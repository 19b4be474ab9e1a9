"""Figures by member and time are what the events say, narrowed to the range and the member that were asked for."""

import pytest

from audit.log.seen import SeenLog
from audit.report.facts import gather
from tests.unit.audit.acts import (
    BANK_ID,
    EXCHANGE_ID,
    agreed,
    compromise,
    key,
    propose,
    register_profile,
    remove,
    revoke_key,
    suspend,
    withdraw,
)
from tests.unit.audit.history import BANK, EXCHANGE, FOUNDED, GENESIS, REGULATOR, History, founded, packed
from tests.unit.audit.report.story import observed


def busy() -> History:
    """Attest four credentials in two batches, suspend two, reinstate one, revoke one."""
    history = founded().attest(1, 2, 3).attest(4).set_statuses(2, packed(1, 2)).set_statuses(0, packed(2))
    return history.set_statuses(1, packed(1))


def test_what_a_member_did_is_counted_by_credential_and_index() -> None:
    facts = gather(observed(busy()))
    acts = {one.url: dict(one.acts) for one in facts.members}
    assert acts[BANK] == {"attested": 4, "suspended": 2, "reinstated": 1, "revoked": 1}
    assert acts[EXCHANGE] == acts[REGULATOR] == {}
    assert (facts.batches, facts.total("attested"), facts.total("revoked")) == (2, 4, 1)


def test_every_slot_holds_what_happened_in_it() -> None:
    facts = gather(observed(busy()))
    ((url, issued),) = facts.issued
    ((_, changed),) = facts.changed
    assert (url, sum(issued), sum(changed)) == (BANK, 4, 4)
    first = facts.slots.of(GENESIS + 10 * FOUNDED)
    assert issued[first] == 3


def test_what_happened_before_the_range_is_left_out() -> None:
    facts = gather(observed(busy(), first=FOUNDED + 1))
    assert (facts.batches, facts.total("attested"), facts.total("suspended")) == (1, 1, 2)
    assert gather(observed(busy(), first=FOUNDED + 4)).issued == ()


def test_a_report_on_one_member_shows_nobody_else() -> None:
    facts = gather(observed(key(busy(), begin=GENESIS + 500, member=BANK_ID), member=EXCHANGE_ID))
    assert [one.url for one in facts.members] == [EXCHANGE]
    assert (facts.issued, facts.changed, facts.keys, facts.grants) == ((), (), (), ())


def test_members_stand_as_they_do_at_the_last_block() -> None:
    facts = gather(observed(remove(suspend(founded()))))
    bank = next(one for one in facts.members if one.url == BANK)
    assert bank.standing == "removed"
    assert bank.removed_at is not None
    assert len(bank.suspensions) == 1
    assert (bank.roles, bank.admitted_at) == ((1,), GENESIS + 10)


def test_keys_tell_what_ended_them() -> None:
    history = key(founded(), begin=GENESIS + 70)
    (untouched,) = gather(observed(history)).keys
    assert (untouched.member, untouched.revoked_at, untouched.compromised_since) == (BANK, None, None)
    (ended,) = gather(observed(compromise(revoke_key(history, GENESIS + 900), GENESIS + 60))).keys
    assert (ended.revoked_at, ended.compromised_since) == (GENESIS + 900, GENESIS + 60)


def test_grants_tell_their_withdrawal() -> None:
    (grant,) = gather(observed(founded())).grants
    assert grant.withdrawn_since is None
    (withdrawn,) = gather(observed(withdraw(founded()))).grants
    assert withdrawn.withdrawn_since is not None


def test_anchors_are_the_newest_of_each_log_and_of_the_member_asked_for() -> None:
    observation = observed(founded())
    anchor = {"size": 7, "root": "0x" + "77" * 32, "anchored_at": GENESIS}
    observation.state.log_anchors = {f"{BANK_ID}/2/0xa": anchor, f"{EXCHANGE_ID}/1/0xa": anchor}
    assert [(one.member, one.epoch, one.size) for one in gather(observation).anchors] == [
        (BANK, 2, 7),
        (EXCHANGE, 1, 7),
    ]
    observation.report.member = BANK_ID
    assert [one.member for one in gather(observation).anchors] == [BANK]


def test_every_anchor_is_counted_and_who_has_none_is_named() -> None:
    observation = observed(founded())
    observation.state.log_anchors = {
        f"{BANK_ID}/1/0xa": {"size": 7, "root": "0x" + "77" * 32, "anchored_at": GENESIS},
    }
    observation.state.anchored = {f"{BANK_ID}/1": [[3, "0x"], [7, "0x"]]}
    facts = gather(observation)
    assert [one.count for one in facts.anchors] == [2]
    assert facts.unanchored == (EXCHANGE, REGULATOR)


def test_checkpoints_are_those_the_audit_read_of_the_member_asked_for() -> None:
    observation = observed(founded())
    observation.report.logs = [
        SeenLog(BANK_ID, 1, 9, "0x" + "99" * 32, ((EXCHANGE_ID, GENESIS),), 2),
        SeenLog(EXCHANGE_ID, 1, 8, "0x" + "88" * 32, (), 2),
    ]
    bank, exchange = gather(observation).checkpoints
    assert (bank.member, bank.size, bank.witnesses, bank.able) == (BANK, 9, ((EXCHANGE, GENESIS),), 2)
    assert exchange.witnesses == ()
    observation.report.member = EXCHANGE_ID
    assert [one.member for one in gather(observation).checkpoints] == [EXCHANGE]


def test_executed_proposals_tell_quorum_and_delay() -> None:
    (proposal,) = gather(observed(agreed(founded()))).proposals
    assert (proposal.outcome, proposal.approvals, proposal.quorum, proposal.timelock) == ("executed", 2, 2, 15)
    assert proposal.executed_at is not None
    assert proposal.executed_at - proposal.proposed_at >= 15
    assert proposal.proposer == BANK


def cancelled(history: History) -> History:
    proposal = next(iter(observed(history).state.proposals))
    return history.add("Consortium", "ProposalCancelled", proposal=proposal)


@pytest.mark.parametrize(
    ("history", "outcome"),
    [
        (lambda: propose(founded()), "open"),
        (lambda: register_profile(propose(founded(), lifetime=10)), "expired"),
        (lambda: cancelled(propose(founded())), "cancelled"),
    ],
    ids=["open", "expired", "cancelled"],
)
def test_a_proposal_that_was_not_executed_tells_why(history: object, outcome: str) -> None:
    (proposal,) = gather(observed(history())).proposals  # type: ignore[operator]
    assert (proposal.outcome, proposal.executed_at) == (outcome, None)


def test_a_proposal_before_the_range_is_left_out() -> None:
    assert gather(observed(agreed(founded()), first=FOUNDED + 1)).proposals == ()


def test_what_a_proposal_calls_is_named_where_it_can_be_read() -> None:
    history = propose(founded())
    observation = observed(history)
    ((_, record),) = observation.state.proposals.items()
    assert gather(observation).proposals[0].call == "?"
    observation.state.contracts["SchemaRegistry"] = [[record["target"], 0]]
    assert gather(observation).proposals[0].call == "SchemaRegistry.?"
    record["data"] = "0x" + selector("SchemaRegistry", "deprecateSchema").hex() + "11" * 32
    assert gather(observation).proposals[0].call == "SchemaRegistry.deprecateSchema"


def selector(contract: str, name: str) -> bytes:
    from audit.decoding import selector_of

    return selector_of(contract, name)
