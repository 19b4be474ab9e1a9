// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Consortium} from "../../contracts/consortium/Consortium.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IProposals} from "../../contracts/interfaces/IProposals.sol";
import {MemberId, ProposalId} from "../../contracts/types/Identifiers.sol";
import {ROLE_ISSUER} from "../../contracts/types/Roles.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract ProposalsTest is Fixture {
    bytes32 private constant SALT = bytes32("salt");

    /// @dev A harmless call: one more URL for the broker.
    function _data() private view returns (bytes memory) {
        return abi.encodeCall(IMembers.addUrl, (broker, "https://broker2.example"));
    }

    function _propose() private returns (ProposalId) {
        vm.prank(bankGov);
        return consortium.propose(address(consortium), _data(), SALT);
    }

    function _approve(address account, ProposalId proposal) private {
        vm.prank(account);
        consortium.approve(proposal);
    }

    function _execute(address account, ProposalId proposal) private {
        vm.prank(account);
        consortium.execute(proposal, address(consortium), _data(), SALT);
    }

    function _expectNotRipe(ProposalId proposal, uint256 ripe, uint256 required) private {
        vm.expectRevert(
            abi.encodeWithSelector(IProposals.ProposalNotRipe.selector, proposal, ripe, required)
        );
    }

    function _expectNotOpen(ProposalId proposal, IProposals.ProposalState state) private {
        vm.expectRevert(abi.encodeWithSelector(IProposals.ProposalNotOpen.selector, proposal, state));
    }

    function test_proposal_executes_with_a_quorum_of_ripe_approvals() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        vm.warp(START + TIMELOCK);
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IProposals.ProposalExecuted(proposal, bank);
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IMembers.MemberUrlAdded(broker, "https://broker2.example");
        _execute(bankGov, proposal);
        equal(consortium.memberByUrl("https://broker2.example"), broker, "url");
        check(consortium.proposalById(proposal).state == IProposals.ProposalState.EXECUTED, "state");
    }

    function test_proposing_counts_as_approval_and_tells_the_whole_call() public {
        bytes memory data = _data();
        ProposalId expected = ProposalId.wrap(
            keccak256(
                abi.encode(block.chainid, address(consortium), bank, address(consortium), keccak256(data), SALT)
            )
        );
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IProposals.ProposalCreated(
            expected, bank, address(consortium), data, SALT, START + LIFETIME, 3
        );
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IProposals.ProposalApproved(expected, bank, START + TIMELOCK);
        check(!(_propose() != expected), "identifier");
        equal(consortium.proposalById(expected).approvals, 1, "approvals");
        equal(consortium.approvalOf(expected, bank), START, "given at");
    }

    function test_below_the_quorum_nothing_executes() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        vm.warp(START + TIMELOCK);
        _expectNotRipe(proposal, 2, 3);
        _execute(bankGov, proposal);
    }

    function test_one_second_before_the_timelock_nothing_executes() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        vm.warp(START + TIMELOCK - 1);
        _expectNotRipe(proposal, 0, 3);
        _execute(bankGov, proposal);
    }

    function test_a_late_approval_cannot_skip_the_delay() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        vm.warp(START + TIMELOCK);
        _approve(exchangeGov, proposal);
        _expectNotRipe(proposal, 2, 3);
        _execute(exchangeGov, proposal);
        vm.warp(START + 2 * TIMELOCK);
        _execute(exchangeGov, proposal);
    }

    function test_executed_proposal_does_not_execute_again() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        vm.warp(START + TIMELOCK);
        _execute(bankGov, proposal);
        _expectNotOpen(proposal, IProposals.ProposalState.EXECUTED);
        _execute(bankGov, proposal);
    }

    function test_same_proposal_twice_is_refused_which_makes_sending_again_harmless() public {
        ProposalId proposal = _propose();
        vm.expectRevert(abi.encodeWithSelector(IProposals.ProposalExists.selector, proposal));
        _propose();
    }

    function test_same_call_by_another_member_is_another_proposal() public {
        ProposalId proposal = _propose();
        vm.prank(brokerGov);
        ProposalId other = consortium.propose(address(consortium), _data(), SALT);
        check(other != proposal, "identifier");
        equal(consortium.proposalById(proposal).approvals, 1, "approvals");
    }

    function test_stranger_proposes_approves_executes_and_cancels_nothing() public {
        ProposalId proposal = _propose();
        bytes memory problem = abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, stranger);
        vm.expectRevert(problem);
        vm.prank(stranger);
        consortium.propose(address(consortium), _data(), SALT);
        vm.expectRevert(problem);
        _approve(stranger, proposal);
        vm.expectRevert(problem);
        _execute(stranger, proposal);
        vm.expectRevert(problem);
        vm.prank(stranger);
        consortium.cancel(proposal);
        vm.expectRevert(problem);
        vm.prank(stranger);
        consortium.withdrawApproval(proposal);
    }

    function test_operator_account_has_no_vote() public {
        _authorizeOperators();
        ProposalId proposal = _propose();
        vm.expectRevert(abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, brokerAttest));
        _approve(brokerAttest, proposal);
    }

    function test_target_without_code_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IProposals.ProposalTargetWithoutCode.selector, stranger));
        vm.prank(bankGov);
        consortium.propose(stranger, _data(), SALT);
    }

    function test_oversized_calldata_is_refused() public {
        bytes memory data = new bytes(32 * 1024 + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IProposals.ProposalDataTooLarge.selector, 32 * 1024 + 1, 32 * 1024)
        );
        vm.prank(bankGov);
        consortium.propose(address(consortium), data, SALT);
    }

    function test_another_call_than_the_approved_one_is_refused() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        vm.warp(START + TIMELOCK);
        bytes memory other = abi.encodeCall(IMembers.removeMember, (broker, 0, true));
        ProposalId offered = consortium.proposalIdOf(bank, address(consortium), other, SALT);
        vm.expectRevert(abi.encodeWithSelector(IProposals.ProposalMismatch.selector, proposal, offered));
        vm.prank(bankGov);
        consortium.execute(proposal, address(consortium), other, SALT);
    }

    function test_unknown_proposal_is_refused() public {
        ProposalId unknown = ProposalId.wrap(bytes32("unknown"));
        _expectNotOpen(unknown, IProposals.ProposalState.NONE);
        _approve(bankGov, unknown);
        _expectNotOpen(unknown, IProposals.ProposalState.NONE);
        _execute(bankGov, unknown);
    }

    function test_expired_proposal_is_neither_approved_nor_executed() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        vm.warp(START + LIFETIME);
        _expectNotOpen(proposal, IProposals.ProposalState.EXPIRED);
        _execute(bankGov, proposal);
        _expectNotOpen(proposal, IProposals.ProposalState.EXPIRED);
        _approve(supervisorGov, proposal);
        vm.warp(START + LIFETIME - 1);
        _execute(bankGov, proposal);
    }

    function test_cancelled_proposal_is_dead_and_only_its_proposer_cancels() public {
        ProposalId proposal = _propose();
        vm.expectRevert(abi.encodeWithSelector(IProposals.ProposalOfAnother.selector, proposal, broker));
        vm.prank(brokerGov);
        consortium.cancel(proposal);
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IProposals.ProposalCancelled(proposal);
        vm.prank(bankGov);
        consortium.cancel(proposal);
        _expectNotOpen(proposal, IProposals.ProposalState.CANCELLED);
        _approve(brokerGov, proposal);
    }

    function test_second_approval_is_refused() public {
        ProposalId proposal = _propose();
        vm.expectRevert(abi.encodeWithSelector(IProposals.ApprovalExists.selector, proposal, bank));
        _approve(bankGov, proposal);
    }

    function test_withdrawn_approval_does_not_count_and_ripens_anew() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        vm.warp(START + TIMELOCK);
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IProposals.ApprovalWithdrawn(proposal, exchange);
        vm.prank(exchangeGov);
        consortium.withdrawApproval(proposal);
        _expectNotRipe(proposal, 2, 3);
        _execute(bankGov, proposal);
        _approve(exchangeGov, proposal);
        _expectNotRipe(proposal, 2, 3);
        _execute(bankGov, proposal);
        vm.warp(START + 2 * TIMELOCK);
        _execute(bankGov, proposal);
    }

    function test_withdrawing_what_was_never_given_changes_no_approval_and_tells_nobody_of_one() public {
        ProposalId proposal = _propose();
        vm.recordLogs();
        vm.prank(brokerGov);
        consortium.withdrawApproval(proposal);
        equal(vm.getRecordedLogs().length, 0, "events");
        equal(consortium.proposalById(proposal).approvals, 1, "approvals");
        _approve(brokerGov, proposal);
        equal(consortium.proposalById(proposal).approvals, 2, "it may still approve");
    }

    function test_nobody_but_a_member_withdraws_and_only_from_what_is_open() public {
        ProposalId proposal = _propose();
        vm.expectRevert(abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, stranger));
        vm.prank(stranger);
        consortium.withdrawApproval(proposal);
        vm.prank(bankGov);
        consortium.cancel(proposal);
        vm.expectRevert(
            abi.encodeWithSelector(
                IProposals.ProposalNotOpen.selector, proposal, IProposals.ProposalState.CANCELLED
            )
        );
        vm.prank(bankGov);
        consortium.withdrawApproval(proposal);
    }

    function test_approval_of_a_member_suspended_since_does_not_count() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        vm.warp(START + TIMELOCK);
        vm.prank(supervisorGov);
        consortium.suspendMember(exchange, bytes32("reason"));
        _expectNotRipe(proposal, 2, 3);
        _execute(bankGov, proposal);
    }

    function test_suspended_member_neither_proposes_approves_nor_executes() public {
        ProposalId proposal = _propose();
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, bytes32("reason"));
        bytes memory problem = abi.encodeWithSelector(
            IMembers.MemberNotActive.selector, broker, IMembers.MemberStatus.SUSPENDED
        );
        vm.expectRevert(problem);
        _approve(brokerGov, proposal);
        vm.expectRevert(problem);
        _execute(brokerGov, proposal);
        vm.expectRevert(problem);
        vm.prank(brokerGov);
        consortium.propose(address(consortium), _data(), SALT);
    }

    function test_suspended_member_may_still_withdraw_and_cancel() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, bytes32("reason"));
        vm.prank(brokerGov);
        consortium.withdrawApproval(proposal);
        equal(consortium.approvalOf(proposal, broker), 0, "approval");
    }

    function test_approval_of_a_replaced_governance_account_is_void() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        vm.warp(START + TIMELOCK);
        vm.prank(exchangeGov);
        consortium.setGovernanceAccount(exchange, address(0xE2));
        _expectNotRipe(proposal, 2, 3);
        _execute(bankGov, proposal);
        equal(consortium.approvalOf(proposal, exchange), 0, "approval");
        _approve(address(0xE2), proposal);
        _expectNotRipe(proposal, 2, 3);
        _execute(bankGov, proposal);
    }

    function test_refusal_of_the_call_itself_comes_through_and_leaves_the_proposal_open() public {
        bytes memory data = abi.encodeCall(IMembers.addUrl, (broker, "https://bank.example"));
        (ProposalId proposal, bytes32 salt) = _carry(address(consortium), data);
        vm.expectRevert(abi.encodeWithSelector(IMembers.UrlTaken.selector, "https://bank.example", bank));
        vm.prank(bankGov);
        consortium.execute(proposal, address(consortium), data, salt);
        check(consortium.proposalById(proposal).state == IProposals.ProposalState.OPEN, "state");
    }

    function test_rules_change_only_by_an_executed_proposal() public {
        vm.expectRevert(_only(bankGov));
        vm.prank(bankGov);
        consortium.setRules(_rules());
    }

    function _expectRulesRefused(IProposals.Rules memory offered) private {
        _decideFails(
            address(consortium),
            abi.encodeCall(IProposals.setRules, (offered)),
            abi.encodeWithSelector(IProposals.RulesOutOfBounds.selector, offered)
        );
    }

    function test_rules_never_fall_below_the_floors() public {
        _expectRulesRefused(IProposals.Rules(1, 2, TIMELOCK, LIFETIME));
        _expectRulesRefused(IProposals.Rules(2, 3, TIMELOCK - 1, LIFETIME));
    }

    function test_rules_out_of_bounds_are_refused() public {
        _expectRulesRefused(IProposals.Rules(0, 0, TIMELOCK, LIFETIME));
        _expectRulesRefused(IProposals.Rules(4, 3, TIMELOCK, LIFETIME));
        _expectRulesRefused(IProposals.Rules(2, 3, 30 days + 1, 365 days));
        _expectRulesRefused(IProposals.Rules(2, 3, TIMELOCK, 365 days + 1));
        _expectRulesRefused(IProposals.Rules(2, 3, TIMELOCK, TIMELOCK + 1 hours - 1));
        _expectRulesRefused(IProposals.Rules(2, 3, type(uint64).max, LIFETIME));
    }

    function test_stricter_rules_hold_from_then_on() public {
        _decide(
            address(consortium),
            abi.encodeCall(IProposals.setRules, (IProposals.Rules(3, 4, TIMELOCK, LIFETIME)))
        );
        equal(consortium.rules().quorumNumerator, 3, "numerator");
        (uint16 numerator, uint16 denominator, uint64 timelock) = consortium.floors();
        equal(numerator, 2, "floor numerator");
        equal(denominator, 3, "floor denominator");
        equal(timelock, TIMELOCK, "floor timelock");
    }

    function test_deployment_below_two_thirds_or_without_a_delay_is_refused() public {
        IProposals.Rules memory low = IProposals.Rules(65, 100, TIMELOCK, LIFETIME);
        vm.expectRevert(abi.encodeWithSelector(IProposals.RulesOutOfBounds.selector, low));
        new Consortium(_founders(), low, TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(IProposals.RulesOutOfBounds.selector, _rules()));
        new Consortium(_founders(), _rules(), 0);
        vm.expectRevert(abi.encodeWithSelector(IProposals.RulesOutOfBounds.selector, _rules()));
        new Consortium(_founders(), _rules(), TIMELOCK + 1);
    }}
