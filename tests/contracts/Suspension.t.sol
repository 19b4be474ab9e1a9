// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IProposals} from "../../contracts/interfaces/IProposals.sol";
import {MemberId, NO_MEMBER, ProposalId} from "../../contracts/types/Identifiers.sol";
import {ROLE_ISSUER, ROLE_RELYING_PARTY, ROLE_SUPERVISOR} from "../../contracts/types/Roles.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract SuspensionTest is Fixture {
    bytes32 private constant REASON = bytes32("reason");

    function _suspend(MemberId member) private {
        vm.prank(supervisorGov);
        consortium.suspendMember(member, REASON);
    }

    function _status(MemberId member) private view returns (IMembers.MemberStatus status) {
        (status,) = consortium.standing(member);
    }

    function _admitTwo() private returns (MemberId fifth, MemberId sixth) {
        _decide(
            address(consortium),
            abi.encodeCall(IMembers.admitMember, ("https://fifth.example", address(0xF5), ROLE_ISSUER))
        );
        _decide(
            address(consortium),
            abi.encodeCall(IMembers.admitMember, ("https://sixth.example", address(0xF6), ROLE_ISSUER))
        );
        return (consortium.memberByGovernance(address(0xF5)), consortium.memberByGovernance(address(0xF6)));
    }

    function _expectNotSuspended(bytes memory data, MemberId member) private {
        _decideFails(
            address(consortium),
            data,
            abi.encodeWithSelector(
                IMembers.MemberNotSuspended.selector, member, IMembers.MemberStatus.ACTIVE
            )
        );
    }

    function test_supervisor_suspends_at_once_for_seven_days() public {
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IMembers.MemberSuspended(broker, supervisor, REASON, START + 7 days);
        _suspend(broker);
        IMembers.Member memory found = consortium.memberById(broker);
        check(found.status == IMembers.MemberStatus.SUSPENDED, "status");
        equal(found.suspendedUntil, START + 7 days, "until");
        equal(found.suspendedBy, supervisor, "by");
        vm.warp(START + 7 days - 1);
        check(_status(broker) == IMembers.MemberStatus.SUSPENDED, "until the last second");
        vm.warp(START + 7 days);
        check(_status(broker) == IMembers.MemberStatus.ACTIVE, "lapsed");
        found = consortium.memberById(broker);
        equal(found.suspendedUntil, 0, "no end any more");
        equal(found.suspendedBy, NO_MEMBER, "nobody any more");
    }

    function test_member_whose_suspension_lapsed_votes_again() public {
        _suspend(broker);
        vm.warp(START + 7 days);
        vm.prank(brokerGov);
        consortium.propose(address(consortium), "", bytes32(0));
    }

    function test_only_a_supervisor_suspends() public {
        vm.expectRevert(abi.encodeWithSelector(IMembers.SupervisorOnly.selector, bank));
        vm.prank(bankGov);
        consortium.suspendMember(broker, REASON);
        vm.expectRevert(abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, stranger));
        vm.prank(stranger);
        consortium.suspendMember(broker, REASON);
    }

    /// @dev The mistake of a peer: a role that, once given, cannot be withdrawn.
    function test_supervisor_whose_role_was_withdrawn_suspends_nobody() public {
        _decide(address(consortium), abi.encodeCall(IMembers.setRoles, (supervisor, ROLE_RELYING_PARTY)));
        vm.expectRevert(abi.encodeWithSelector(IMembers.SupervisorOnly.selector, supervisor));
        _suspend(broker);
    }

    function test_supervisor_never_suspends_a_supervisor() public {
        vm.expectRevert(abi.encodeWithSelector(IMembers.SupervisorProtected.selector, supervisor));
        _suspend(supervisor);
        _decide(
            address(consortium),
            abi.encodeCall(IMembers.admitMember, ("https://second.example", address(0xF5), ROLE_SUPERVISOR))
        );
        MemberId second = consortium.memberByGovernance(address(0xF5));
        vm.expectRevert(abi.encodeWithSelector(IMembers.SupervisorProtected.selector, second));
        _suspend(second);
    }

    function test_quorum_stays_within_reach() public {
        _suspend(broker);
        vm.expectRevert(abi.encodeWithSelector(IMembers.QuorumUnreachable.selector, 2, 3));
        _suspend(exchange);
        equal(consortium.quorum(), 3, "quorum");
        (uint256 remaining, uint256 active) = consortium.memberCounts();
        equal(remaining, 4, "remaining");
        equal(active, 3, "active");
    }

    function test_quorum_cannot_lock_itself_out_by_suspending_or_removing() public {
        _suspend(broker);
        _decideFails(
            address(consortium),
            abi.encodeCall(IMembers.suspendByQuorum, (exchange, REASON)),
            abi.encodeWithSelector(IMembers.QuorumUnreachable.selector, 2, 3)
        );
    }

    function test_removing_an_active_member_beside_suspended_ones_keeps_the_quorum() public {
        (MemberId fifth, MemberId sixth) = _admitTwo();
        _suspend(fifth);
        _suspend(sixth);
        // Six members, two suspended: four must approve and four can. Five would leave three that can.
        _decideFails(
            address(consortium),
            abi.encodeCall(IMembers.removeMember, (exchange, 0, false)),
            abi.encodeWithSelector(IMembers.QuorumUnreachable.selector, 3, 4)
        );
    }

    function test_stricter_share_is_refused_while_it_would_lock_out() public {
        (MemberId fifth, MemberId sixth) = _admitTwo();
        _suspend(fifth);
        _suspend(sixth);
        _decideFails(
            address(consortium),
            abi.encodeCall(IProposals.setRules, (IProposals.Rules(5, 6, TIMELOCK, LIFETIME))),
            abi.encodeWithSelector(IMembers.QuorumUnreachable.selector, 4, 5)
        );
    }

    function test_suspended_member_is_not_suspended_again() public {
        _suspend(broker);
        _decideFails(
            address(consortium),
            abi.encodeCall(IMembers.suspendByQuorum, (broker, REASON)),
            abi.encodeWithSelector(
                IMembers.MemberNotActive.selector, broker, IMembers.MemberStatus.SUSPENDED
            )
        );
    }

    function test_same_supervisor_waits_seven_days_after_the_lapse() public {
        _suspend(broker);
        vm.warp(START + 14 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.SuspensionTooSoon.selector, broker, supervisor, START + 14 days
            )
        );
        _suspend(broker);
        vm.warp(START + 14 days);
        _suspend(broker);
    }

    /// @dev Suspending one after the other kept as many suspended as can be, so nothing passed without the supervisor's
    /// own vote, its removal included.
    function test_supervisor_cannot_hold_a_veto_by_suspending_one_after_the_other() public {
        _suspend(broker);
        bytes memory data = abi.encodeCall(IMembers.removeMember, (supervisor, 0, true));
        vm.prank(bankGov);
        ProposalId removal = consortium.propose(address(consortium), data, "");
        vm.prank(exchangeGov);
        consortium.approve(removal);
        vm.warp(START + 7 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.SuspensionTooSoon.selector, exchange, supervisor, START + 14 days
            )
        );
        _suspend(exchange);
        vm.prank(brokerGov);
        consortium.approve(removal);
        vm.warp(START + 7 days + TIMELOCK);
        vm.prank(bankGov);
        consortium.execute(removal, address(consortium), data, "");
        check(_status(supervisor) == IMembers.MemberStatus.REMOVED, "removed");
    }

    function test_supervisor_suspends_again_once_all_its_suspensions_have_lapsed_for_seven_days() public {
        (MemberId fifth, MemberId sixth) = _admitTwo();
        uint256 begin = block.timestamp;
        _suspend(fifth);
        vm.warp(begin + 7 days - 1);
        _suspend(sixth);
        uint256 allowed = begin + 21 days - 1;
        bytes memory problem =
            abi.encodeWithSelector(IMembers.SuspensionTooSoon.selector, broker, supervisor, allowed);
        vm.warp(begin + 7 days);
        vm.expectRevert(problem);
        _suspend(broker);
        vm.warp(allowed - 1);
        vm.expectRevert(problem);
        _suspend(broker);
        vm.warp(allowed);
        _suspend(broker);
        vm.warp(allowed + 7 days - 1);
        _suspend(exchange);
        vm.warp(allowed + 7 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.SuspensionTooSoon.selector, bank, supervisor, allowed + 21 days - 1
            )
        );
        _suspend(bank);
    }

    function test_supervisor_that_was_confirmed_need_not_wait_for_others() public {
        _suspend(broker);
        _decide(address(consortium), abi.encodeCall(IMembers.confirmSuspension, (broker)));
        _decide(address(consortium), abi.encodeCall(IMembers.reinstate, (broker)));
        vm.warp(START + 8 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.SuspensionTooSoon.selector, broker, supervisor, START + 14 days
            )
        );
        _suspend(broker);
        _suspend(exchange);
        check(_status(exchange) == IMembers.MemberStatus.SUSPENDED, "suspended");
    }

    function test_one_supervisors_pause_is_not_anothers() public {
        _decide(
            address(consortium),
            abi.encodeCall(IMembers.admitMember, ("https://second.example", address(0xF5), ROLE_SUPERVISOR))
        );
        uint256 begin = block.timestamp;
        _suspend(broker);
        vm.warp(begin + 7 days);
        vm.prank(address(0xF5));
        consortium.suspendMember(broker, REASON);
        check(_status(broker) == IMembers.MemberStatus.SUSPENDED, "suspended");
    }

    function test_same_supervisor_cannot_undo_a_reinstatement() public {
        _suspend(broker);
        _decide(address(consortium), abi.encodeCall(IMembers.reinstate, (broker)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.SuspensionTooSoon.selector, broker, supervisor, START + 14 days
            )
        );
        _suspend(broker);
    }

    function test_confirmed_suspension_does_not_lapse() public {
        _suspend(broker);
        _decide(address(consortium), abi.encodeCall(IMembers.confirmSuspension, (broker)));
        vm.warp(START + 365 days);
        check(_status(broker) == IMembers.MemberStatus.SUSPENDED, "status");
        _decideFails(
            address(consortium),
            abi.encodeCall(IMembers.confirmSuspension, (broker)),
            abi.encodeWithSelector(
                IMembers.MemberNotSuspended.selector, broker, IMembers.MemberStatus.SUSPENDED
            )
        );
        _decide(address(consortium), abi.encodeCall(IMembers.reinstate, (broker)));
        check(_status(broker) == IMembers.MemberStatus.ACTIVE, "reinstated");
    }

    function test_lapsed_suspension_can_neither_be_confirmed_nor_ended() public {
        _suspend(broker);
        vm.warp(START + 7 days);
        _expectNotSuspended(abi.encodeCall(IMembers.confirmSuspension, (broker)), broker);
        _expectNotSuspended(abi.encodeCall(IMembers.reinstate, (broker)), broker);
    }

    function test_quorum_suspends_without_end_and_may_suspend_a_supervisor() public {
        _decide(address(consortium), abi.encodeCall(IMembers.suspendByQuorum, (supervisor, REASON)));
        IMembers.Member memory found = consortium.memberById(supervisor);
        check(found.status == IMembers.MemberStatus.SUSPENDED, "status");
        equal(found.suspendedUntil, 0, "until");
        equal(found.suspendedBy, NO_MEMBER, "by");
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.MemberNotActive.selector, supervisor, IMembers.MemberStatus.SUSPENDED
            )
        );
        _suspend(broker);
    }

    function test_suspended_member_can_be_removed() public {
        _suspend(broker);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, START, true)));
        check(_status(broker) == IMembers.MemberStatus.REMOVED, "status");
        vm.warp(START + 30 days);
        check(_status(broker) == IMembers.MemberStatus.REMOVED, "for ever");
    }
}
