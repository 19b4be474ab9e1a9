// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {MemberId, NO_MEMBER} from "../../contracts/types/Identifiers.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract OperatorsTest is Fixture {
    IOperators.OperatorPurpose private constant ATTEST = IOperators.OperatorPurpose.ATTEST;
    IOperators.OperatorPurpose private constant STATUS = IOperators.OperatorPurpose.STATUS;

    function setUp() public override {
        super.setUp();
        _authorizeOperators();
    }

    function _expectUnknown(address account, IOperators.OperatorPurpose purpose) private {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorUnknown.selector, account, purpose));
    }

    function test_authorized_operator_acts_for_its_member() public {
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IOperators.OperatorAuthorized(exchange, STATUS, address(0xE1));
        vm.prank(exchangeGov);
        consortium.authorizeOperator(STATUS, address(0xE1));
        (MemberId member, IMembers.MemberStatus status, uint8 roles) =
            consortium.actingFor(address(0xE1), STATUS);
        equal(member, exchange, "member");
        check(status == IMembers.MemberStatus.ACTIVE, "status");
        equal(roles, 2, "roles");
        equal(consortium.operators(bank).length, 2, "history");
        IOperators.Operator memory found = consortium.operatorOf(bankAttest);
        equal(found.member, bank, "owner");
        equal(found.authorizedAt, START, "authorized at");
        equal(consortium.operatorOf(stranger).member, NO_MEMBER, "stranger");
        equal(consortium.operatorOf(bankGov).member, NO_MEMBER, "governance account");
    }

    function test_operator_of_one_purpose_does_not_serve_another() public {
        _expectUnknown(bankAttest, STATUS);
        consortium.actingFor(bankAttest, STATUS);
        _expectUnknown(bankAttest, IOperators.OperatorPurpose.NONE);
        consortium.actingFor(bankAttest, IOperators.OperatorPurpose.NONE);
    }

    function test_stranger_and_governance_account_are_no_operators() public {
        _expectUnknown(stranger, ATTEST);
        consortium.actingFor(stranger, ATTEST);
        _expectUnknown(bankGov, IOperators.OperatorPurpose.NONE);
        consortium.actingFor(bankGov, IOperators.OperatorPurpose.NONE);
    }

    function test_only_a_governance_account_authorizes() public {
        vm.expectRevert(abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, bankAttest));
        vm.prank(bankAttest);
        consortium.authorizeOperator(ATTEST, address(0xE1));
    }

    function test_account_serves_one_member_and_one_purpose_for_ever() public {
        bytes memory taken = abi.encodeWithSelector(IMembers.AccountTaken.selector, bankAttest, bank);
        vm.expectRevert(taken);
        vm.prank(bankGov);
        consortium.authorizeOperator(STATUS, bankAttest);
        vm.prank(bankGov);
        consortium.retireOperator(ATTEST, bankAttest);
        vm.expectRevert(taken);
        vm.prank(bankGov);
        consortium.authorizeOperator(ATTEST, bankAttest);
        vm.expectRevert(taken);
        vm.prank(brokerGov);
        consortium.authorizeOperator(ATTEST, bankAttest);
        vm.expectRevert(taken);
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, bankAttest);
    }

    function test_purpose_and_account_are_needed() public {
        vm.expectRevert(abi.encodeWithSelector(IOperators.OperatorPurposeMissing.selector));
        vm.prank(bankGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.NONE, address(0xE1));
        vm.expectRevert(abi.encodeWithSelector(IMembers.AccountMissing.selector));
        vm.prank(bankGov);
        consortium.authorizeOperator(ATTEST, address(0));
    }

    function test_retired_operator_acts_no_more() public {
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IOperators.OperatorRetired(bank, ATTEST, bankAttest);
        vm.prank(bankGov);
        consortium.retireOperator(ATTEST, bankAttest);
        bytes memory retired =
            abi.encodeWithSelector(IOperators.OperatorAlreadyRetired.selector, bankAttest, START);
        vm.expectRevert(retired);
        consortium.actingFor(bankAttest, ATTEST);
        vm.expectRevert(retired);
        vm.prank(bankGov);
        consortium.retireOperator(ATTEST, bankAttest);
    }

    function test_nobody_retires_or_disowns_an_account_of_another_member() public {
        _expectUnknown(bankAttest, ATTEST);
        vm.prank(brokerGov);
        consortium.retireOperator(ATTEST, bankAttest);
        _expectUnknown(bankAttest, ATTEST);
        vm.prank(brokerGov);
        consortium.declareOperatorCompromised(ATTEST, bankAttest, START);
        _decideFails(
            address(consortium),
            abi.encodeCall(
                IOperators.declareOperatorCompromisedByQuorum, (broker, ATTEST, bankAttest, START)
            ),
            abi.encodeWithSelector(IOperators.OperatorUnknown.selector, bankAttest, ATTEST)
        );
    }

    function test_wrong_purpose_is_refused_for_retiring_and_disowning() public {
        _expectUnknown(bankAttest, STATUS);
        vm.prank(bankGov);
        consortium.retireOperator(STATUS, bankAttest);
        _expectUnknown(stranger, IOperators.OperatorPurpose.NONE);
        vm.prank(bankGov);
        consortium.declareOperatorCompromised(IOperators.OperatorPurpose.NONE, stranger, START);
    }

    function test_compromise_only_moves_earlier_and_is_never_cleared() public {
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IOperators.OperatorCompromised(bank, ATTEST, bankAttest, START - 10);
        vm.prank(bankGov);
        consortium.declareOperatorCompromised(ATTEST, bankAttest, START - 10);
        uint64[3] memory refused = [START - 10, START, 0];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IOperators.OperatorCompromiseNotEarlier.selector, bankAttest, refused[i], START - 10
                )
            );
            vm.prank(bankGov);
            consortium.declareOperatorCompromised(ATTEST, bankAttest, refused[i]);
        }
        vm.prank(bankGov);
        consortium.declareOperatorCompromised(ATTEST, bankAttest, START - 20);
        vm.expectRevert(
            abi.encodeWithSelector(IOperators.OperatorNotTrusted.selector, bankAttest, START - 20)
        );
        consortium.actingFor(bankAttest, ATTEST);
    }

    function test_compromise_is_not_in_the_future() public {
        vm.expectRevert(abi.encodeWithSelector(IMembers.TimeInFuture.selector, START + 1, START));
        vm.prank(bankGov);
        consortium.declareOperatorCompromised(ATTEST, bankAttest, START + 1);
    }

    function test_suspended_member_may_disown_and_retire_but_not_authorize() public {
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, bytes32("reason"));
        vm.prank(brokerGov);
        consortium.declareOperatorCompromised(ATTEST, brokerAttest, START);
        vm.prank(brokerGov);
        consortium.retireOperator(STATUS, brokerStatus);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.MemberNotActive.selector, broker, IMembers.MemberStatus.SUSPENDED
            )
        );
        vm.prank(brokerGov);
        consortium.authorizeOperator(ATTEST, address(0xE1));
    }

    function test_quorum_disowns_accounts_of_removed_members_too() public {
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, true)));
        vm.expectRevert(abi.encodeWithSelector(IMembers.MemberGone.selector, broker));
        vm.prank(brokerGov);
        consortium.declareOperatorCompromised(ATTEST, brokerAttest, START);
        _decide(
            address(consortium),
            abi.encodeCall(
                IOperators.declareOperatorCompromisedByQuorum, (broker, ATTEST, brokerAttest, START)
            )
        );
        equal(consortium.operatorOf(brokerAttest).compromisedSince, START, "since");
    }
}
