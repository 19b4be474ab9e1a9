"""A proposal is read in words, with its effect while it is open, and with what it still lacks."""

from dataclasses import replace

import pytest

from jeung.domain.chain import ChainCall
from jeung.domain.identifiers import ProposalId, to_hex
from jeung.errors import NotFound
from jeung.services.decisions import UNREADABLE
from node.chain.abi import encode_call
from tests.common.consortium import account
from tests.common.parties import EXCHANGE, VCT
from tests.unit.jeung.services.governing import ACCREDITATIONS, RIPENING_S, STATUSES, Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_an_open_proposal_is_read_with_its_effect(stage: Stage) -> None:
    decision = stage.decisions.proposal(stage.propose())
    assert decision.words.en.startswith(f"Accredit {EXCHANGE} to issue {VCT} from the time of execution until ")
    (change,) = decision.changes
    assert (change.label, change.before) == ("accreditation", None)
    assert (decision.contract, decision.former, decision.call) == ("AccreditationRegistry", False, stage.call)
    assert (decision.required, decision.executable_at, decision.proposer) == (2, None, EXCHANGE)
    assert stage.decisions.proposals() == [decision]


def test_enough_approvals_say_when_it_can_be_executed(stage: Stage) -> None:
    proposal = stage.propose()
    stage.parties.clock.advance(10)
    stage.approve(proposal, "bank")
    decision = stage.decisions.proposal(proposal)
    assert decision.executable_at == stage.now + RIPENING_S
    assert [vote.counts for vote in decision.votes] == [True, True]


def test_a_suspended_members_approval_does_not_count(stage: Stage) -> None:
    proposal = stage.propose()
    stage.approve(proposal, "bank")
    args = {"suspendedBy": "0x" + "00" * 32, "reasonDigest": "0x", "until": 0}
    stage.parties.chain.about_member("MemberSuspended", stage.parties.bank.member, **args)
    decision = stage.decisions.proposal(proposal)
    assert decision.executable_at is None
    assert [vote.counts for vote in decision.votes] == [True, False]


@pytest.mark.parametrize("event", ["ProposalExecuted", "ProposalCancelled"])
def test_a_closed_proposal_has_no_effect_to_show(stage: Stage, event: str) -> None:
    proposal = stage.propose()
    stage.end(event, proposal)
    assert stage.decisions.proposal(proposal).changes == ()


def test_an_expired_proposal_has_no_effect_to_show(stage: Stage) -> None:
    proposal = stage.propose()
    stage.parties.clock.advance(8 * 86_400)
    assert stage.decisions.proposal(proposal).changes == ()


@pytest.mark.parametrize("trailing", [b"\0", b"\0" * 32], ids=["byte", "word"])
def test_calldata_that_could_be_read_in_two_ways_is_not_put_into_words(stage: Stage, trailing: bytes) -> None:
    decision = stage.decisions.proposal(stage.propose(data=encode_call(stage.call, {}) + trailing))
    assert (decision.call, decision.words, decision.changes) == (None, UNREADABLE, ())


def test_a_function_that_nobody_governs_is_not_put_into_words(stage: Stage) -> None:
    view = ChainCall("AccreditationRegistry", "grants", ("0x" + "00" * 32, "0x" + "00" * 32))
    decision = stage.decisions.proposal(stage.propose(view))
    assert (decision.call, decision.words) == (view, UNREADABLE)


def test_a_target_that_was_never_named_has_no_name_and_a_former_one_is_called_so(stage: Stage) -> None:
    strange = stage.decisions.proposal(stage.propose(target=account(999)))
    assert (strange.contract, strange.former, strange.words) == ("", False, UNREADABLE)
    stage.parties.chain.name_contract("AccreditationRegistry", account(903))
    assert stage.decisions.proposal(stage.propose(target=ACCREDITATIONS)).former


def test_an_unknown_proposal_is_not_found(stage: Stage) -> None:
    with pytest.raises(NotFound):
        stage.decisions.proposal(ProposalId(b"q" * 32))


def test_a_call_is_read_before_anybody_proposes_it(stage: Stage) -> None:
    words, changes = stage.decisions.read_call(stage.call)
    assert words.ko.startswith(EXCHANGE)
    assert len(changes) == 1
    wrong = replace(stage.call, args=(to_hex(b"q" * 32),))
    assert stage.decisions.read_call(wrong) == (UNREADABLE, ())


def test_the_agenda_is_our_members(stage: Stage) -> None:
    stage.propose()
    stage.parties.clock.advance(5 * 86_400)
    (item,) = stage.decisions.agenda()
    assert item.ours


def test_longer_ripening_by_new_rules_delays_what_was_approved_before(stage: Stage) -> None:
    proposal = stage.propose()
    stage.approve(proposal, "bank")
    given = stage.now
    rules = {"quorumNumerator": 2, "quorumDenominator": 3, "proposalLifetime": 7 * 86_400}
    for timelock, ripening in ((3 * RIPENING_S, 3 * RIPENING_S), (RIPENING_S // 2, RIPENING_S)):
        stage.parties.chain.emit("Consortium", "RulesChanged", {**rules, "timelock": timelock})
        assert stage.decisions.proposal(proposal).executable_at == given + ripening


def test_what_we_proposed_is_ours(stage: Stage) -> None:
    assert not stage.decisions.proposal(stage.propose()).ours


def test_statuses_set_by_the_quorum_are_shown_before_and_after(stage: Stage) -> None:
    stage.parties.chain.name_contract("StatusRegistry", STATUSES)
    call = ChainCall("StatusRegistry", "setStatusesByQuorum", (to_hex(stage.parties.bank.member), 0, 2, [3, 4]))
    (change,) = stage.decisions.proposal(stage.propose(call, target=STATUSES)).changes
    assert change.before is not None
    assert change.after is not None
    assert (change.before.en, change.after.en) == ("valid", "suspended")
