// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {ILogAnchor} from "../../contracts/interfaces/ILogAnchor.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {MemberId} from "../../contracts/types/Identifiers.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract LogAnchorTest is Fixture {
    bytes32 private constant ROOT = bytes32("root");

    function setUp() public override {
        super.setUp();
        _authorizeOperators();
    }

    function _anchor(address account, uint64 epoch, uint64 size, bytes32 root) private {
        vm.prank(account);
        logAnchor.anchor(epoch, size, root);
    }

    function _refused(address account, uint64 epoch, uint64 size, bytes32 root, bytes memory problem) private {
        vm.expectRevert(problem);
        _anchor(account, epoch, size, root);
    }

    function _openEpoch(MemberId member, uint64 epoch) private pure returns (bytes memory) {
        return abi.encodeCall(ILogAnchor.openEpoch, (member, epoch));
    }

    function test_operator_and_governance_account_anchor_for_their_member() public {
        vm.expectEmit(true, true, true, true, address(logAnchor));
        emit ILogAnchor.LogAnchored(bank, 1, 5, ROOT, bankAttest);
        _anchor(bankAttest, 1, 5, ROOT);
        vm.warp(START + 7);
        _anchor(bankGov, 1, 9, bytes32("later"));
        ILogAnchor.Anchor memory newest = logAnchor.anchorOf(bank, 1);
        equal(newest.size, 9, "size");
        equal(newest.anchoredAt, START + 7, "time");
        check(newest.root == bytes32("later"), "root");
        equal(logAnchor.anchorOf(broker, 1).size, 0, "nobody else's");
    }

    function test_nobody_else_anchors() public {
        bytes memory unknown = abi.encodeWithSelector(
            IOperators.OperatorUnknown.selector, stranger, IOperators.OperatorPurpose.ATTEST
        );
        _refused(stranger, 1, 5, ROOT, unknown);
        unknown = abi.encodeWithSelector(
            IOperators.OperatorUnknown.selector, bankStatus, IOperators.OperatorPurpose.ATTEST
        );
        _refused(bankStatus, 1, 5, ROOT, unknown);
        vm.prank(bankGov);
        consortium.declareOperatorCompromised(IOperators.OperatorPurpose.ATTEST, bankAttest, START);
        _refused(
            bankAttest,
            1,
            5,
            ROOT,
            abi.encodeWithSelector(IOperators.OperatorNotTrusted.selector, bankAttest, START)
        );
    }

    function test_size_never_shrinks_and_of_one_size_there_is_one_root(uint64 first, uint64 second, bytes32 root)
        public
    {
        vm.assume(first != 0);
        _anchor(bankAttest, 1, first, ROOT);
        bytes memory problem;
        if (second == 0) problem = abi.encodeWithSelector(ILogAnchor.LogAnchorEmpty.selector);
        else if (second < first) {
            problem = abi.encodeWithSelector(ILogAnchor.LogAnchorShrinks.selector, second, first);
        } else if (second == first && root == ROOT) {
            problem = abi.encodeWithSelector(ILogAnchor.LogAnchorExists.selector, first);
        } else if (second == first) {
            problem = abi.encodeWithSelector(ILogAnchor.LogAnchorForked.selector, first, root, ROOT);
        }
        if (problem.length != 0) {
            _refused(bankAttest, 1, second, root, problem);
            check(logAnchor.anchorOf(bank, 1).root == ROOT, "what stands, stands");
        } else {
            _anchor(bankAttest, 1, second, root);
            equal(logAnchor.anchorOf(bank, 1).size, second, "grown");
        }
    }

    function test_suspended_member_goes_on_accounting_for_itself_and_a_removed_one_does_not() public {
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, bytes32(0));
        _anchor(brokerAttest, 1, 5, ROOT);
        _anchor(brokerGov, 1, 6, ROOT);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        _refused(brokerGov, 1, 7, ROOT, abi.encodeWithSelector(IMembers.MemberGone.selector, broker));
    }

    function test_only_the_consortium_opens_an_epoch_and_each_once() public {
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, bankGov));
        vm.prank(bankGov);
        logAnchor.openEpoch(bank, 2);
        bytes memory wrong = abi.encodeWithSelector(ILogAnchor.LogEpochNotPresent.selector, 3, 1);
        _decideFails(address(logAnchor), _openEpoch(bank, 3), wrong);
        _decide(address(logAnchor), _openEpoch(bank, 2));
        equal(logAnchor.epochOf(bank), 2, "the bank's");
        equal(logAnchor.epochOf(broker), 1, "the others stay");
        wrong = abi.encodeWithSelector(ILogAnchor.LogEpochNotPresent.selector, 2, 2);
        _decideFails(address(logAnchor), _openEpoch(bank, 2), wrong);
    }

    function test_epoch_that_was_closed_takes_nothing_and_the_new_one_begins_anew() public {
        _anchor(bankAttest, 1, 5, ROOT);
        _decide(address(logAnchor), _openEpoch(bank, 2));
        _refused(bankAttest, 1, 6, ROOT, abi.encodeWithSelector(ILogAnchor.LogEpochNotPresent.selector, 1, 2));
        _refused(bankAttest, 3, 6, ROOT, abi.encodeWithSelector(ILogAnchor.LogEpochNotPresent.selector, 3, 2));
        _anchor(bankAttest, 2, 1, bytes32("anew"));
        equal(logAnchor.anchorOf(bank, 1).size, 5, "the old one stays");
        equal(logAnchor.anchorOf(bank, 2).size, 1, "the new one");
    }

    function test_no_epoch_is_opened_for_whoever_is_no_member() public {
        MemberId nobody = MemberId.wrap(bytes32("nobody"));
        bytes memory unknown = abi.encodeWithSelector(IMembers.MemberUnknown.selector, nobody);
        _decideFails(address(logAnchor), _openEpoch(nobody, 2), unknown);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        bytes memory gone = abi.encodeWithSelector(IMembers.MemberGone.selector, broker);
        _decideFails(address(logAnchor), _openEpoch(broker, 2), gone);
    }
}
