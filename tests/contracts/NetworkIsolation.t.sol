// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {INetworkAllowlist} from "../../contracts/interfaces/INetworkAllowlist.sol";
import {MemberId, NodeId} from "../../contracts/types/Identifiers.sol";
import {Endpoints} from "./support/Endpoints.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @dev What a supervisor may do to the network at once, and how that ends.
contract NetworkIsolationTest is Fixture {
    address private constant RELAYER = address(0xAE1A);
    NodeId private node;

    function setUp() public override {
        super.setUp();
        INetworkAllowlist.Endpoint memory endpoint = Endpoints.make(1);
        vm.prank(address(consortium));
        node = allowlist.addNode(broker, endpoint);
        vm.prank(address(consortium));
        allowlist.addAccount(broker, RELAYER);
    }

    function _suspend(MemberId member) private {
        vm.prank(supervisorGov);
        consortium.suspendMember(member, 0);
    }

    function _isolate() private {
        vm.prank(supervisorGov);
        allowlist.isolateNode(node);
    }

    function test_suspension_alone_leaves_the_member_on_the_network() public {
        _suspend(broker);
        check(allowlist.nodePermitted(node) && allowlist.accountPermitted(RELAYER), "still in");
        check(allowlist.accountPermitted(brokerGov), "it must be able to tighten");
    }

    function test_isolation_holds_from_the_block_on_until_the_suspension_lapses() public {
        _suspend(broker);
        vm.expectEmit(true, true, true, true, address(allowlist));
        emit INetworkAllowlist.NodeIsolated(node, broker, supervisor, START + 7 days);
        _isolate();
        vm.expectEmit(true, true, true, true, address(allowlist));
        emit INetworkAllowlist.AccountIsolated(RELAYER, broker, supervisor, START + 7 days);
        vm.prank(supervisorGov);
        allowlist.isolateAccount(RELAYER);
        check(!allowlist.nodePermitted(node) && !allowlist.accountPermitted(RELAYER), "out");
        check(allowlist.accountPermitted(brokerGov), "its governance account is not");
        equal(allowlist.nodeHistory(node)[0].isolatedUntil, START + 7 days, "until");
        vm.warp(START + 7 days - 1);
        check(!allowlist.nodePermitted(node), "to the last second");
        vm.warp(START + 7 days);
        check(allowlist.nodePermitted(node) && allowlist.accountPermitted(RELAYER), "back");
    }

    /// @dev An isolation that outlasted its suspension would hold into the next one, which another supervisor began.
    function test_isolation_that_comes_late_ends_with_its_suspension_all_the_same() public {
        _suspend(broker);
        vm.warp(START + 5 days);
        _isolate();
        equal(allowlist.nodeHistory(node)[0].isolatedUntil, START + 7 days, "until");
        vm.warp(START + 7 days);
        vm.prank(address(consortium));
        consortium.suspendByQuorum(broker, 0);
        check(allowlist.nodePermitted(node), "suspended anew, and not isolated");
    }

    function test_reinstatement_ends_isolation() public {
        _suspend(broker);
        _isolate();
        vm.prank(address(consortium));
        consortium.reinstate(broker);
        check(allowlist.nodePermitted(node), "back");
    }

    function test_isolation_lapses_though_the_suspension_was_confirmed() public {
        _suspend(broker);
        _isolate();
        vm.prank(address(consortium));
        consortium.confirmSuspension(broker);
        check(!allowlist.nodePermitted(node), "out");
        vm.warp(START + 7 days);
        check(allowlist.nodePermitted(node), "the quorum did not remove it");
    }

    function test_under_a_suspension_by_quorum_isolation_lasts_seven_days() public {
        vm.prank(address(consortium));
        consortium.suspendByQuorum(broker, 0);
        _isolate();
        equal(allowlist.nodeHistory(node)[0].isolatedUntil, START + 7 days, "until");
    }

    function test_member_that_is_not_suspended_is_not_isolated() public {
        bytes memory problem = abi.encodeWithSelector(
            INetworkAllowlist.IsolationWithoutSuspension.selector, broker, IMembers.MemberStatus.ACTIVE
        );
        vm.expectRevert(problem);
        _isolate();
        vm.expectRevert(problem);
        vm.prank(supervisorGov);
        allowlist.isolateAccount(RELAYER);
    }

    function test_supervisor_isolates_no_other_supervisor() public {
        vm.prank(address(consortium));
        consortium.setRoles(broker, 4);
        vm.expectRevert(abi.encodeWithSelector(IMembers.SupervisorProtected.selector, broker));
        _suspend(broker);
        vm.expectRevert(
            abi.encodeWithSelector(
                INetworkAllowlist.IsolationWithoutSuspension.selector, broker, IMembers.MemberStatus.ACTIVE
            )
        );
        _isolate();
    }

    function test_nobody_but_an_active_supervisor_isolates() public {
        _suspend(broker);
        address[4] memory callers = [bankGov, brokerGov, stranger, address(consortium)];
        for (uint256 i = 0; i < callers.length; ++i) {
            bytes memory problem =
                abi.encodeWithSelector(INetworkAllowlist.IsolationNotBySupervisor.selector, callers[i]);
            vm.expectRevert(problem);
            vm.prank(callers[i]);
            allowlist.isolateNode(node);
            vm.expectRevert(problem);
            vm.prank(callers[i]);
            allowlist.isolateAccount(RELAYER);
        }
    }

    function test_suspended_or_former_supervisor_isolates_nothing() public {
        vm.prank(address(consortium));
        consortium.suspendByQuorum(supervisor, 0);
        bytes memory problem =
            abi.encodeWithSelector(INetworkAllowlist.IsolationNotBySupervisor.selector, supervisorGov);
        vm.expectRevert(problem);
        _isolate();
        vm.prank(address(consortium));
        consortium.reinstate(supervisor);
        vm.prank(address(consortium));
        consortium.setRoles(supervisor, 2);
        vm.expectRevert(problem);
        _isolate();
    }

    function test_isolation_is_not_renewed_before_its_pause() public {
        vm.prank(address(consortium));
        consortium.suspendByQuorum(broker, 0);
        _isolate();
        bytes memory problem = abi.encodeWithSelector(INetworkAllowlist.IsolationTooSoon.selector, START + 14 days);
        vm.expectRevert(problem);
        _isolate();
        vm.warp(START + 14 days - 1);
        vm.expectRevert(problem);
        _isolate();
        vm.warp(START + 14 days);
        _isolate();
        check(!allowlist.nodePermitted(node), "out again");
    }

    function test_what_does_not_stand_or_serves_is_not_isolated() public {
        _suspend(broker);
        NodeId unknown = Endpoints.id(Endpoints.make(2));
        vm.expectRevert(abi.encodeWithSelector(INetworkAllowlist.NodeNotListed.selector, unknown));
        vm.prank(supervisorGov);
        allowlist.isolateNode(unknown);
        vm.expectRevert(abi.encodeWithSelector(INetworkAllowlist.NetworkAccountNotListed.selector, brokerGov));
        vm.prank(supervisorGov);
        allowlist.isolateAccount(brokerGov);
    }

    /// @dev An entry may be older than the account's service.
    function test_listed_account_that_serves_by_now_is_not_isolated() public {
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, RELAYER);
        _suspend(broker);
        vm.expectRevert(
            abi.encodeWithSelector(INetworkAllowlist.NetworkAccountServes.selector, RELAYER, broker)
        );
        vm.prank(supervisorGov);
        allowlist.isolateAccount(RELAYER);
        check(allowlist.accountPermitted(RELAYER), "it governs");
    }
}
