// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Directory} from "../../contracts/consortium/Directory.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {MemberId} from "../../contracts/types/Identifiers.sol";
import {Fixture} from "./support/Fixture.sol";
import {World} from "./support/turmoil/Actors.sol";
import {Rehearsal} from "./support/turmoil/Rehearsal.sol";
import {Turmoil} from "./support/turmoil/Turmoil.sol";

/// @dev Whatever members do in whatever order: every function of the consortium and its registries, by vote and without,
/// from accounts of every standing. What must hold after each single act (no act without a quorum of approvals that
/// ripened, none by the suspended but to tighten, no history changed, no declared time moved later, no quorum moved by
/// suspending) is checked by {Turmoil}, which reverts where it does not; a revert of it fails these tests.
contract InvariantsTest is Fixture {
    Turmoil private turmoil;
    Rehearsal private rehearsal;

    function setUp() public override {
        super.setUp();
        bytes32[] memory names = new bytes32[](1);
        address[] memory addresses = new address[](1);
        (names[0], addresses[0]) = ("KeyRegistry", address(keyRegistry));
        World memory world = World(
            consortium,
            new Directory(consortium, names, addresses),
            schemas,
            accreditations,
            keyRegistry,
            attestations,
            statuses,
            parties,
            allowlist,
            logAnchor
        );
        uint256[] memory keys = new uint256[](4);
        (keys[0], keys[1], keys[2], keys[3]) = (BANK_KEY, BROKER_KEY, EXCHANGE_KEY, SUPERVISOR_KEY);
        turmoil = new Turmoil(world, keys);
        rehearsal = new Rehearsal(consortium);
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(turmoil);
    }

    function invariant_from_any_state_active_members_still_decide() public {
        rehearsal.play();
        (uint256 remaining, uint256 active) = consortium.memberCounts();
        check(active >= consortium.quorum(), "active members reach the quorum");
        check(3 * consortium.quorum() >= 2 * remaining, "two thirds at the least");
        check(remaining >= 2, "one alone never governs");
    }

    function invariant_revoked_is_terminal_and_the_network_locks_no_voice_out() public view {
        turmoil.requireRevocationsStand();
        MemberId[] memory members = consortium.members();
        for (uint256 i = 0; i < members.length; ++i) {
            IMembers.Member memory member = consortium.memberById(members[i]);
            bool present = member.status != IMembers.MemberStatus.REMOVED;
            equal(allowlist.accountPermitted(member.governance) ? 1 : 0, present ? 1 : 0, "governance account");
        }
    }

    /// @dev Shows that the books are not idle: in a good order every kind of decision passes, and members act.
    function test_every_kind_of_decision_can_pass_in_the_turmoil() public {
        turmoil.register(0, 0);
        turmoil.authorize(0, true);
        turmoil.decide(10, 0, 0);
        turmoil.decide(12, 0, 0);
        turmoil.attest(16, 0);
        equal(turmoil.attestations(), 1, "attestations");
        turmoil.suspend(13, 1);
        turmoil.decide(5, 1, 0);
        turmoil.decide(6, 1, 0);
        uint8[27] memory whom = [
            4, 0, 4, 0, 1, 1, 1, 1, 2, 0, 1, 0, 0, 0, 0, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 255, 0
        ];
        for (uint8 kind = 0; kind < turmoil.KINDS(); ++kind) {
            // Each takes effect once: where order demands it, it was done before.
            if (turmoil.executed(kind) == 0) turmoil.decide(kind, whom[kind], 0);
            check(turmoil.executed(kind) != 0, string(abi.encodePacked("kind ", bytes1(65 + kind))));
        }
    }

    function test_turmoil_revokes_signs_and_isolates() public {
        turmoil.setStatus(0, 1, 3);
        equal(turmoil.revocations(), 1, "revocations");
        turmoil.setStatus(0, 0, 3);
        turmoil.setStatus(0, 2, 3);
        turmoil.requireRevocationsStand();
        turmoil.propose(0, 1, 0);
        turmoil.approveBySignature(5, 0, 0, true);
        equal(turmoil.signedApprovals(), 0, "forged approvals");
        turmoil.approveBySignature(5, 0, 0, false);
        equal(turmoil.signedApprovals(), 1, "signed approvals");
        turmoil.decide(21, 1, 0);
        turmoil.suspend(13, 1);
        turmoil.isolate(13, 1, true);
        equal(turmoil.isolations(), 1, "isolations");
        turmoil.anchor(1, 0, 3, 0);
        turmoil.anchor(1, 0, 2, 0);
        turmoil.anchor(1, 0, 3, 1);
        equal(turmoil.anchors(), 1, "anchors");
    }

    /// @dev What is done once is tried again later: the books would see it change.
    function test_what_is_settled_is_tried_again_in_vain() public {
        turmoil.authorize(0, true);
        turmoil.register(0, 0);
        turmoil.decide(10, 0, 0);
        turmoil.decide(12, 0, 0);
        for (uint16 i = 0; i < 6; ++i) {
            turmoil.pass(1 hours);
        }
        // What was known of the key meanwhile stays known, though it was stolen before.
        turmoil.endKey(0, 0, 8 hours, true);
        for (uint16 i = 0; i < 2; ++i) {
            turmoil.pass(2 hours);
            turmoil.disown(0, 1, 0, true);
            turmoil.disown(0, 1, 0, false);
            turmoil.endKey(0, 0, 100 + i, false);
            turmoil.endKey(0, 0, 0, true);
            turmoil.decide(11, 0, 0);
            turmoil.decide(13, 0, 0);
            turmoil.decide(19, 0, 0);
            turmoil.decide(7, 2, 0);
        }
    }

    function test_decision_does_not_pass_impatient_or_without_one_of_just_enough_voices() public {
        turmoil.decide(1, 0, 1);
        turmoil.decide(1, 0, 2 + 4 + 16);
        turmoil.decide(1, 0, 2 + 8 + 32);
        turmoil.decide(1, 0, 2 + 12 + 48);
        equal(turmoil.executed(1), 0, "executions");
    }
}
