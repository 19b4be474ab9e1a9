// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {IStatusRegistry} from "../../contracts/interfaces/IStatusRegistry.sol";
import {StatusRegistry} from "../../contracts/status/StatusRegistry.sol";
import {Indexes} from "./support/Indexes.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @dev A later registry stands where an earlier one ended.
contract StatusSuccessorTest is Fixture {
    StatusRegistry private successor;

    function setUp() public override {
        super.setUp();
        _authorizeOperators();
        _set(statuses, IStatusRegistry.Status.REVOKED, 5);
        _set(statuses, IStatusRegistry.Status.SUSPENDED, 6);
        successor = new StatusRegistry(consortium, statuses, CAP, WINDOW);
    }

    function _set(StatusRegistry registry, IStatusRegistry.Status status, uint32 index) private {
        vm.prank(bankStatus);
        registry.setStatuses(0, status, Indexes.one(index));
    }

    function _close(StatusRegistry registry) private {
        vm.prank(address(consortium));
        registry.close();
    }

    function test_successor_inherits_what_is_revoked_and_what_is_suspended() public {
        _close(statuses);
        check(successor.statusOf(bank, 0, 5) == IStatusRegistry.Status.REVOKED, "revoked");
        check(successor.statusOf(bank, 0, 6) == IStatusRegistry.Status.SUSPENDED, "suspended");
        _set(successor, IStatusRegistry.Status.SUSPENDED, 7);
        check(successor.statusOf(bank, 0, 5) == IStatusRegistry.Status.REVOKED, "revoked after a write");
        check(successor.statusOf(bank, 0, 7) == IStatusRegistry.Status.SUSPENDED, "own");
        _set(successor, IStatusRegistry.Status.VALID, 6);
        check(successor.statusOf(bank, 0, 6) == IStatusRegistry.Status.VALID, "reinstated here");
        check(statuses.statusOf(bank, 0, 6) == IStatusRegistry.Status.SUSPENDED, "untouched there");
        equal(successor.predecessor(), address(statuses), "predecessor");
    }

    function test_inherited_revocation_is_terminal() public {
        _close(statuses);
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusTerminal.selector, bank, 0, 5));
        _set(successor, IStatusRegistry.Status.VALID, 5);
    }

    function test_word_that_becomes_empty_is_not_inherited_again() public {
        _set(statuses, IStatusRegistry.Status.SUSPENDED, 300);
        _close(statuses);
        _set(successor, IStatusRegistry.Status.VALID, 300);
        equal(successor.word(bank, 0, 2), 0, "word");
    }

    function test_index_beyond_the_list_is_refused_before_anything_is_inherited() public {
        _close(statuses);
        vm.expectRevert(
            abi.encodeWithSelector(IStatusRegistry.StatusIndexOutOfRange.selector, 1 << 20, 1 << 20)
        );
        vm.prank(bankStatus);
        successor.setStatuses(0, IStatusRegistry.Status.REVOKED, Indexes.three(5, 1 << 20, 9));
    }

    function test_closed_registry_takes_no_more_changes() public {
        vm.expectEmit(true, true, true, true, address(statuses));
        emit IStatusRegistry.StatusRegistryClosed();
        _close(statuses);
        check(statuses.closed(), "closed");
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusRegistryIsClosed.selector));
        _set(statuses, IStatusRegistry.Status.REVOKED, 8);
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusRegistryIsClosed.selector));
        _close(statuses);
    }

    function test_successor_waits_until_the_predecessor_is_closed() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IStatusRegistry.StatusPredecessorStillOpen.selector, address(statuses)
            )
        );
        _set(successor, IStatusRegistry.Status.REVOKED, 8);
    }

    function test_only_the_consortium_closes() public {
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, bankGov));
        vm.prank(bankGov);
        statuses.close();
    }

    function test_predecessor_without_code_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IGoverned.PeerWithoutCode.selector, stranger));
        new StatusRegistry(consortium, IStatusRegistry(stranger), CAP, WINDOW);
    }
}
