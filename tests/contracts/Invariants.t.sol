// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fixture} from "./support/Fixture.sol";
import {Turmoil} from "./support/Turmoil.sol";

/// @dev Whatever members do in whatever order. What must hold after each single act is checked by {Turmoil}, which
/// reverts where it does not; a revert of it fails these tests.
contract InvariantsTest is Fixture {
    Turmoil private turmoil;

    function setUp() public override {
        super.setUp();
        address[] memory accounts = new address[](4);
        (accounts[0], accounts[1], accounts[2], accounts[3]) = (bankGov, brokerGov, exchangeGov, supervisorGov);
        turmoil = new Turmoil(consortium, statuses, keyRegistry, accounts);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(turmoil);
    }

    function invariant_consortium_is_never_locked_out() public view {
        (uint256 remaining, uint256 active) = consortium.memberCounts();
        check(active >= consortium.quorum(), "active members reach the quorum");
        check(3 * consortium.quorum() >= 2 * remaining, "two thirds at the least");
    }

    function invariant_revoked_is_terminal() public view {
        turmoil.requireRevocationsStand();
    }

    function invariant_compromise_is_never_cleared() public view {
        turmoil.requireCompromisesStand();
    }

    /// @dev Shows that the books are not idle: the same acts, in a good order, get something done.
    function test_turmoil_can_execute_and_revoke() public {
        turmoil.propose(0, 6, 1);
        turmoil.rally(0);
        turmoil.pass(1 days);
        turmoil.pass(1 days);
        turmoil.execute(0, 0);
        equal(turmoil.executions(), 1, "executions");
        turmoil.setStatus(0, 1, 3);
        equal(turmoil.revocations(), 1, "revocations");
    }
}
