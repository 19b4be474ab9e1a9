// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IKeyRegistry} from "../../contracts/interfaces/IKeyRegistry.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {IProposals} from "../../contracts/interfaces/IProposals.sol";
import {KeyThumbprint, ProposalId} from "../../contracts/types/Identifiers.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @dev A member loses its governance key, or has it stolen: the others give it another account by quorum.
contract RecoveryTest is Fixture {
    uint256 private constant FRESH_KEY = 0xF8;
    bytes32 private constant APPROVAL_TYPEHASH =
        keccak256("Approval(bytes32 proposal,bytes32 member,uint256 nonce,uint256 deadline)");
    KeyThumbprint private constant KEY = KeyThumbprint.wrap(bytes32("key"));
    address private immutable fresh = vm.addr(FRESH_KEY);

    bytes private urlCall;

    function setUp() public override {
        super.setUp();
        urlCall = abi.encodeCall(IMembers.addUrl, (bank, "https://bank2.example"));
    }

    function _recoveryCall(address account) private view returns (bytes memory) {
        return abi.encodeCall(IMembers.setGovernanceAccount, (broker, account));
    }

    /// @dev Carries a decision by bank, exchange and supervisor alone.
    function _withoutBroker(bytes memory data, bytes32 salt) private returns (ProposalId proposal) {
        vm.prank(bankGov);
        proposal = consortium.propose(address(consortium), data, salt);
        vm.prank(exchangeGov);
        consortium.approve(proposal);
        vm.prank(supervisorGov);
        consortium.approve(proposal);
        vm.warp(block.timestamp + TIMELOCK);
    }

    function _recover(address account) private {
        ProposalId proposal = _withoutBroker(_recoveryCall(account), "recovery");
        vm.prank(bankGov);
        consortium.execute(proposal, address(consortium), _recoveryCall(account), "recovery");
    }

    function test_quorum_without_the_member_gives_it_another_account_and_history_keeps_both() public {
        _recover(fresh);
        equal(consortium.memberByGovernance(fresh), broker, "present account");
        IMembers.GovernanceAccount[] memory history = consortium.governanceHistory(broker);
        equal(history.length, 2, "accounts");
        equal(history[0].account, brokerGov, "lost one");
        equal(history[0].since, START, "lost one since");
        equal(history[1].account, fresh, "fresh one");
        equal(history[1].since, START + TIMELOCK, "fresh one since");
    }

    function test_lost_account_can_do_nothing_more() public {
        vm.prank(brokerGov);
        ProposalId own = consortium.propose(address(consortium), urlCall, "own");
        vm.prank(bankGov);
        ProposalId other = consortium.propose(address(consortium), urlCall, "other");
        _recover(fresh);
        bytes memory problem = abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, brokerGov);
        vm.expectRevert(problem);
        vm.prank(brokerGov);
        consortium.approve(other);
        vm.expectRevert(problem);
        vm.prank(brokerGov);
        consortium.withdrawApproval(own);
        vm.expectRevert(problem);
        vm.prank(brokerGov);
        consortium.cancel(own);
        vm.expectRevert(problem);
        vm.prank(brokerGov);
        consortium.propose(address(consortium), urlCall, "more");
        vm.expectRevert(problem);
        vm.prank(brokerGov);
        consortium.execute(own, address(consortium), urlCall, "own");
        vm.expectRevert(problem);
        vm.prank(brokerGov);
        keyRegistry.registerKey(KEY, IKeyRegistry.KeyPurpose.CREDENTIAL_SIGNING, 0, type(uint64).max);
        vm.expectRevert(
            abi.encodeWithSelector(IMembers.GovernanceAccountOfAnother.selector, brokerGov, broker)
        );
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, address(0xF9));
    }

    function test_lost_accounts_approvals_count_no_more_and_the_fresh_one_gives_its_own() public {
        vm.prank(brokerGov);
        ProposalId pending = consortium.propose(address(consortium), urlCall, "pending");
        vm.prank(bankGov);
        consortium.approve(pending);
        vm.prank(exchangeGov);
        consortium.approve(pending);
        _recover(fresh);
        // Ripe by now, had the lost account's word stood.
        equal(consortium.approvalOf(pending, broker), 0, "void");
        vm.expectRevert(abi.encodeWithSelector(IProposals.ProposalNotRipe.selector, pending, 2, 3));
        vm.prank(bankGov);
        consortium.execute(pending, address(consortium), urlCall, "pending");
        vm.prank(fresh);
        consortium.approve(pending);
        vm.expectRevert(abi.encodeWithSelector(IProposals.ProposalNotRipe.selector, pending, 2, 3));
        vm.prank(bankGov);
        consortium.execute(pending, address(consortium), urlCall, "pending");
        vm.warp(block.timestamp + TIMELOCK);
        vm.prank(fresh);
        consortium.execute(pending, address(consortium), urlCall, "pending");
    }

    function test_approval_the_lost_account_signed_is_worth_nothing_afterwards() public {
        vm.prank(bankGov);
        ProposalId pending = consortium.propose(address(consortium), urlCall, "pending");
        uint256 deadline = block.timestamp + 30 days;
        bytes32 content = keccak256(abi.encode(APPROVAL_TYPEHASH, pending, broker, 0, deadline));
        bytes32 domain = _domain("Jeung Consortium", block.chainid, address(consortium));
        bytes memory signature =
            _signature(BROKER_KEY, keccak256(abi.encodePacked(hex"1901", domain, content)));
        _recover(fresh);
        vm.expectRevert(abi.encodeWithSelector(IProposals.ApprovalSignatureWrong.selector, broker, fresh));
        consortium.approveBySignature(pending, broker, deadline, signature);
    }

    function test_fresh_account_takes_over_what_is_the_members() public {
        _authorizeOperators();
        vm.prank(brokerGov);
        keyRegistry.registerKey(KEY, IKeyRegistry.KeyPurpose.CREDENTIAL_SIGNING, 0, type(uint64).max);
        vm.prank(brokerGov);
        ProposalId own = consortium.propose(address(consortium), urlCall, "own");
        _recover(fresh);
        vm.prank(fresh);
        consortium.retireOperator(IOperators.OperatorPurpose.ATTEST, brokerAttest);
        vm.prank(fresh);
        keyRegistry.declareCompromised(KEY, START);
        vm.prank(fresh);
        consortium.cancel(own);
        equal(keyRegistry.keyOf(broker, KEY).compromisedSince, START, "since");
    }

    /// @dev The thief's last weapon: whoever governs a member may name any account that serves nobody.
    function test_thief_who_takes_the_fresh_account_first_spoils_the_recovery_unless_suspended() public {
        ProposalId spoilt = _withoutBroker(_recoveryCall(fresh), "spoilt");
        vm.prank(brokerGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.STATUS, fresh);
        vm.expectRevert(abi.encodeWithSelector(IMembers.AccountTaken.selector, fresh, broker));
        vm.prank(bankGov);
        consortium.execute(spoilt, address(consortium), _recoveryCall(fresh), "spoilt");
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, "stolen");
        address another = address(0xFA);
        ProposalId recovery = _withoutBroker(_recoveryCall(another), "again");
        bytes memory suspended = abi.encodeWithSelector(
            IMembers.MemberNotActive.selector, broker, IMembers.MemberStatus.SUSPENDED
        );
        vm.expectRevert(suspended);
        vm.prank(brokerGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.STATUS, another);
        vm.expectRevert(suspended);
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, another);
        vm.prank(bankGov);
        consortium.execute(recovery, address(consortium), _recoveryCall(another), "again");
        equal(consortium.memberByGovernance(another), broker, "recovered");
        // Suspended still, it disowns what the thief made its own.
        vm.prank(another);
        consortium.declareOperatorCompromised(IOperators.OperatorPurpose.STATUS, fresh, START);
    }

    function test_recovered_account_is_permitted_on_the_network_in_the_same_block() public {
        _recover(fresh);
        check(allowlist.accountPermitted(fresh), "fresh");
        check(!allowlist.accountPermitted(brokerGov), "lost");
    }

    function test_nobody_recovers_without_a_quorum() public {
        vm.prank(bankGov);
        ProposalId proposal = consortium.propose(address(consortium), _recoveryCall(fresh), "two");
        vm.prank(exchangeGov);
        consortium.approve(proposal);
        vm.warp(block.timestamp + TIMELOCK);
        vm.expectRevert(abi.encodeWithSelector(IProposals.ProposalNotRipe.selector, proposal, 2, 3));
        vm.prank(bankGov);
        consortium.execute(proposal, address(consortium), _recoveryCall(fresh), "two");
        vm.expectRevert(
            abi.encodeWithSelector(IMembers.GovernanceAccountOfAnother.selector, supervisorGov, broker)
        );
        vm.prank(supervisorGov);
        consortium.setGovernanceAccount(broker, fresh);
    }
}
