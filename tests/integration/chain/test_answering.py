"""Trials and signed approvals against real chains: what is tried is what then happens."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from jeung.domain.chain import ChainAccount, ChainCall, IntentState
from jeung.domain.governance.approvals import SignedApproval
from jeung.domain.identifiers import ProposalId
from jeung.errors import ApprovalGiven
from jeung.services.approvals import ApprovalService
from jeung.services.simulations import Questioner, Simulation, SimulationService
from node.chain.answering import Answerer
from node.chain.hexes import address_of, hex_of
from node.runtime.governing import ArtifactDecoder
from tests.common.chain import EXCHANGE_URL, SCHEMA, Chain, Member, Prepared, agree, hardhat, prepare
from tests.common.memory.world import SystemEntropy

pytestmark = pytest.mark.chain

BROKER, ELSEWHERE = "http://localhost:8105", "0x" + "42" * 20
YEAR_S = 365 * 86_400


class Governor:
    """Ask for a member, and let its worker answer."""

    def __init__(self, member: Member) -> None:
        self.member = member
        store, clock, entropy = member.kept.store, member.clock, SystemEntropy()
        questions = Questioner(store=store, clock=clock, entropy=entropy)
        self.answerer = Answerer(member.chain.rpc, store, member.book, clock)
        self.simulations = SimulationService(
            ledger=member.kept.ledger,
            decoder=ArtifactDecoder(),
            questions=questions,
            clock=clock,
            governance=member.party.signer.address(ChainAccount.GOVERNANCE),
        )
        self.approvals = ApprovalService(
            store=store,
            ledger=member.kept.ledger,
            questions=questions,
            clock=clock,
            entropy=entropy,
            own=member.party.member,
            chain_id=member.deployment.chain_id,
        )

    def tried(self, contract: str, function: str, *args: Any) -> Simulation:  # noqa: ANN401 - JSON arguments
        trial = self.simulations.try_proposal(ChainCall(contract, function, args))
        self.answerer.step()
        return self.simulations.simulation(trial.simulation_id)

    def proposed(self, contract: str, function: str, *args: Any) -> ProposalId:  # noqa: ANN401 - JSON arguments
        call = {"contract": contract, "function": function, "args": list(args)}
        self.member.intend("Consortium", "propose", contract, call, "0x" + "07" * 32)
        self.member.turn()
        with self.member.kept.ledger.view() as view:
            return list(view.registry.proposals)[-1]

    def signed(self, proposal: ProposalId, by: Member) -> SignedApproval:
        pending = self.approvals.ask(proposal, by.party.member)
        self.answerer.step()
        request = self.approvals.asked(pending.request_id).request
        assert request is not None
        raw = by.party.signer.sign(ChainAccount.GOVERNANCE, request.message())
        return SignedApproval.of(request, raw[:64] + bytes([raw[64] + 27]))


@pytest.fixture
def exchange(prepared: Prepared, member_of: Callable[..., Member]) -> Member:
    return member_of(prepared.exchange)


@pytest.fixture
def governor(bank: Member) -> Governor:
    return Governor(bank)


def test_a_good_proposal_is_accepted_and_changes_what_it_then_changes(
    governor: Governor, bank: Member, exchange: Member
) -> None:
    account = exchange.party.signer.address(ChainAccount.ATTEST)
    trial = governor.tried("Consortium", "admitMember", BROKER, account, 3)
    assert trial.accepted
    assert trial.simulated
    assert {change.label for change in trial.changes} == {"address", "roles", "governance", "status", "quorum"}
    agree([bank, exchange], "Consortium", "admitMember", BROKER, account, 3)
    with bank.kept.ledger.view() as view:
        assert view.registry.member_at(BROKER) is not None


@pytest.mark.parametrize(
    ("contract", "function", "args", "error", "said"),
    [
        ("Consortium", "admitMember", (BROKER + "/", ELSEWHERE, 3), "UrlNotCanonical", BROKER + "/"),
        ("Consortium", "admitMember", (EXCHANGE_URL, ELSEWHERE, 3), "UrlTaken", EXCHANGE_URL),
        ("Consortium", "setRules", ([1, 2, 1, 86_400],), "RulesOutOfBounds", "floors"),
        ("Consortium", "reinstate", ("0x" + "99" * 32,), "MemberUnknown", "unknown"),
        ("AccreditationRegistry", "grant", ("0x" + "99" * 32, hex_of(SCHEMA), 0, 1), "MemberUnknown", "unknown"),
    ],
    ids=["url", "url-taken", "rules", "unknown-member", "grant-to-unknown"],
)
def test_a_proposal_that_would_fail_is_refused_in_words(
    governor: Governor, contract: str, function: str, args: tuple[Any, ...], error: str, said: str
) -> None:
    trial = governor.tried(contract, function, *args)
    assert not trial.accepted
    ours, inner = trial.steps
    assert ours.accepted
    assert inner.error is not None
    assert inner.refusal is not None
    if error in ("UrlNotCanonical", "UrlTaken", "RulesOutOfBounds"):
        assert inner.error == error
        assert said in inner.refusal.en
    assert trial.changes == ()


def test_arguments_that_fit_no_function_are_refused_without_asking_the_chain(governor: Governor) -> None:
    trial = governor.tried("Consortium", "reinstate", 5)
    assert [(step.name, step.accepted, step.error) for step in trial.steps] == [
        ("propose", False, "call_not_encodable")
    ]


def test_an_act_that_is_not_ours_is_refused_before_the_call(governor: Governor, exchange: Member) -> None:
    proposal = governor.proposed("SchemaRegistry", "deprecateSchema", hex_of(SCHEMA))
    exchange.turn()
    other = Governor(exchange)
    trial = other.simulations.try_vote("cancel", proposal)
    other.answerer.step()
    done = other.simulations.simulation(trial.simulation_id)
    assert [step.error for step in done.steps] == ["ProposalOfAnother"]
    early = governor.simulations.try_vote("execute", proposal)
    governor.answerer.step()
    done = governor.simulations.simulation(early.simulation_id)
    assert [(step.name, step.error) for step in done.steps] == [("execute", "ProposalNotRipe"), ("call", None)]
    assert "are needed" in (done.steps[0].refusal.en if done.steps[0].refusal else "")


def test_an_execution_that_would_work_is_said_to_work(governor: Governor, exchange: Member) -> None:
    """The bug: the call was tried after its own execution, and so refused for having been done already."""
    account = exchange.party.signer.address(ChainAccount.ATTEST)
    proposal = governor.proposed("Consortium", "admitMember", BROKER, account, 3)
    exchange.turn()
    exchange.intend("Consortium", "approve", hex_of(proposal))
    exchange.turn()
    governor.member.turn(9)
    trial = governor.simulations.try_vote("execute", proposal)
    governor.answerer.step()
    done = governor.simulations.simulation(trial.simulation_id)
    assert [(step.name, step.error) for step in done.steps] == [("execute", None), ("call", None)]
    assert done.accepted
    assert done.simulated
    assert "address" in {change.label for change in done.changes}


def test_a_call_that_is_overdue_once_it_is_ripe_is_refused(governor: Governor, exchange: Member) -> None:
    """The bug: an approval's trial was made at a time at which the approval could not be ripe yet."""
    with governor.member.kept.ledger.view() as view:
        rules = view.registry.rules
        bank = governor.member.party.member
    assert rules is not None
    soon = governor.member.clock.now() + rules.timelock_s
    proposal = governor.proposed("AccreditationRegistry", "grant", hex_of(bank), hex_of(SCHEMA), 0, soon)
    exchange.turn()
    other = Governor(exchange)
    trial = other.simulations.try_vote("approve", proposal)
    other.answerer.step()
    done = other.simulations.simulation(trial.simulation_id)
    assert [step.accepted for step in done.steps] == [True, False]


def test_an_approval_signed_off_line_is_brought_by_another_member(governor: Governor, exchange: Member) -> None:
    proposal = governor.proposed("SchemaRegistry", "deprecateSchema", hex_of(SCHEMA))
    intent = governor.approvals.submit(governor.signed(proposal, exchange))
    governor.member.turn()
    assert governor.member.intent(intent.intent_id).state is IntentState.DONE
    with governor.member.kept.ledger.view() as view:
        approvers = {member for member, _ in view.registry.proposals[proposal].approvals}
    assert approvers == {governor.member.party.member, exchange.party.member}
    with pytest.raises(ApprovalGiven):
        governor.approvals.ask(proposal, exchange.party.member)


def test_a_signature_whose_nonce_was_used_up_is_refused_by_the_chain(governor: Governor, exchange: Member) -> None:
    proposal = governor.proposed("SchemaRegistry", "deprecateSchema", hex_of(SCHEMA))
    signed = governor.signed(proposal, exchange)
    exchange.turn()
    # Nothing stands that could be taken back; what was signed is void all the same.
    exchange.intend("Consortium", "withdrawApproval", hex_of(proposal))
    exchange.turn()
    governor.member.turn()
    intent = governor.approvals.submit(signed)
    governor.member.turn()
    found = governor.member.intent(intent.intent_id)
    assert (found.state, found.failure) == (IntentState.FAILED, "ApprovalSignatureWrong")


# Takes every signature that begins with 0x42: EIP-1271's magic value times whether it does.
TAKES_42 = "0x6064355f1a604214631626ba7e0260e01b5f5260205ff3"


@pytest.mark.parametrize(
    ("signature", "state", "failure"),
    [(b"\x42" * 130, IntentState.DONE, None), (b"\x41" * 130, IntentState.FAILED, "ApprovalSignatureWrong")],
    ids=["taken", "refused"],
)
def test_a_contract_account_judges_the_signature_of_its_approval(
    governor: Governor, exchange: Member, signature: bytes, state: IntentState, failure: str | None
) -> None:
    wallet = address_of(b"\xc0\xde" + secrets.token_bytes(18))
    governor.member.chain.rpc.call("anvil_setCode", wallet, TAKES_42)
    proposal = governor.proposed("SchemaRegistry", "deprecateSchema", hex_of(SCHEMA))
    exchange.turn()
    exchange.intend("Consortium", "setGovernanceAccount", hex_of(exchange.party.member), wallet)
    exchange.turn()
    governor.member.turn()
    pending = governor.approvals.ask(proposal, exchange.party.member)
    governor.answerer.step()
    request = governor.approvals.asked(pending.request_id).request
    assert request is not None
    assert (request.account, request.contract_account) == (wallet, True)
    intent = governor.approvals.submit(SignedApproval.of(request, signature))
    governor.member.turn()
    found = governor.member.intent(intent.intent_id)
    assert (found.state, found.failure) == (state, failure)


@pytest.mark.node_tools
def test_a_chain_without_simulation_is_asked_call_by_call(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("hardhat")
    with hardhat() as chain:
        member = _founded(folder, chain)
        try:
            governor = Governor(member)
            trial = governor.tried("Consortium", "admitMember", BROKER, ELSEWHERE, 3)
            assert (trial.accepted, trial.simulated) == (True, False)
            assert {change.label for change in trial.changes} == {
                "address",
                "roles",
                "governance",
                "status",
                "quorum",
            }
            refused = governor.tried("Consortium", "admitMember", BROKER + "/", ELSEWHERE, 3)
            assert refused.steps[1].error == "UrlNotCanonical"
        finally:
            member.close()


def _founded(folder: Any, chain: Chain) -> Member:  # noqa: ANN401 - pytest's path
    from node.settings import FeeMode, FeeSettings

    fees = FeeSettings(mode=FeeMode.MARKET)
    prepared = prepare(folder, chain, fees=fees)
    (folder / "node").mkdir()
    member = Member(folder / "node", chain, prepared.deployment, prepared.bank, fees=fees)
    member.follow()
    return member
