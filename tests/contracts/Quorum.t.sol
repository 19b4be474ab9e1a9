// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consortium} from "../../contracts/consortium/Consortium.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IProposals} from "../../contracts/interfaces/IProposals.sol";
import {MemberId, ProposalId} from "../../contracts/types/Identifiers.sol";
import {ROLE_ISSUER} from "../../contracts/types/Roles.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @dev Rules and members change while proposals are open: the stricter of then and now holds.
contract QuorumTest is Fixture {
    bytes32 private constant SALT = bytes32("salt");

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

    function _setRules(IProposals.Rules memory rules) private {
        _decide(address(consortium), abi.encodeCall(IProposals.setRules, (rules)));
    }

    /// @dev Founders https://maa, https://mab … with accounts from 0x1000 on.
    function _many(uint256 size) private pure returns (IMembers.Founder[] memory founders) {
        founders = new IMembers.Founder[](size);
        for (uint256 i = 0; i < size; ++i) {
            founders[i] = IMembers.Founder(
                string.concat("https://m", string(abi.encodePacked(uint8(97 + i / 26), uint8(97 + i % 26)))),
                address(uint160(0x1000 + i)),
                ROLE_ISSUER
            );
        }
    }

    /// @dev However often a member changes its mind or its account, it has one voice.
    function test_approval_taken_back_and_given_again_counts_once() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(brokerGov);
            consortium.withdrawApproval(proposal);
            _approve(brokerGov, proposal);
        }
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, address(0xF5));
        _approve(address(0xF5), proposal);
        equal(consortium.proposalById(proposal).approvals, 2, "approvals");
        vm.warp(START + TIMELOCK);
        _expectNotRipe(proposal, 2, 3);
        _execute(bankGov, proposal);
    }

    function test_quorum_is_the_larger_of_proposal_and_execution() public {
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        _decide(
            address(consortium),
            abi.encodeCall(IMembers.admitMember, ("https://fifth.example", address(0xF5), ROLE_ISSUER))
        );
        equal(consortium.quorum(), 4, "quorum of five");
        _expectNotRipe(proposal, 3, 4);
        _execute(bankGov, proposal);
    }

    function test_quorum_at_proposal_holds_after_a_member_left() public {
        _decide(
            address(consortium),
            abi.encodeCall(IMembers.admitMember, ("https://fifth.example", address(0xF5), ROLE_ISSUER))
        );
        uint64 begun = uint64(block.timestamp);
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        MemberId fifth = consortium.memberByUrl("https://fifth.example");
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (fifth, 0, false)));
        equal(consortium.quorum(), 3, "quorum of four");
        vm.warp(begun + 2 * TIMELOCK);
        _expectNotRipe(proposal, 3, 4);
        _execute(bankGov, proposal);
    }

    function test_longer_timelock_holds_for_open_proposals_too() public {
        IProposals.Rules memory slower = IProposals.Rules(2, 3, 2 * TIMELOCK, LIFETIME);
        (ProposalId change, bytes32 salt) =
            _carry(address(consortium), abi.encodeCall(IProposals.setRules, (slower)));
        ProposalId proposal = _propose();
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        uint256 begun = block.timestamp;
        vm.prank(bankGov);
        consortium.execute(
            change, address(consortium), abi.encodeCall(IProposals.setRules, (slower)), salt
        );
        vm.warp(begun + TIMELOCK);
        _expectNotRipe(proposal, 0, 3);
        _execute(bankGov, proposal);
        vm.warp(begun + 2 * TIMELOCK);
        _execute(bankGov, proposal);
    }

    /// @dev Else a lowered delay would ripen at once what was proposed when everybody counted on the longer one.
    function test_longer_timelock_of_the_time_of_proposal_holds_after_it_was_lowered() public {
        _setRules(IProposals.Rules(2, 3, 2 * TIMELOCK, LIFETIME));
        bytes memory faster = abi.encodeCall(IProposals.setRules, (_rules()));
        (ProposalId change, bytes32 salt) = _carry(address(consortium), faster);
        ProposalId proposal = _propose();
        uint256 begun = block.timestamp;
        vm.warp(begun + TIMELOCK);
        vm.prank(bankGov);
        consortium.execute(change, address(consortium), faster, salt);
        equal(consortium.rules().timelock, TIMELOCK, "lowered");
        _approve(brokerGov, proposal);
        _approve(exchangeGov, proposal);
        vm.warp(begun + 3 * TIMELOCK - 1);
        _expectNotRipe(proposal, 1, 3);
        _execute(bankGov, proposal);
        vm.warp(begun + 3 * TIMELOCK);
        _execute(bankGov, proposal);
    }

    function test_unanimity_still_lets_one_member_be_lost() public {
        _decide(
            address(consortium),
            abi.encodeCall(IProposals.setRules, (IProposals.Rules(1, 1, TIMELOCK, LIFETIME)))
        );
        equal(consortium.quorum(), 3, "quorum");
    }

    /// @dev EIP-7825 lets a transaction use 2^24 gas; whoever walks all members must stay below.
    function test_largest_consortium_decides_within_the_gas_of_one_transaction() public {
        uint256 size = 512;
        consortium = new Consortium(_many(size), _rules(), TIMELOCK);
        MemberId first = consortium.members()[0];
        bytes memory data = abi.encodeCall(IMembers.removeMember, (first, 0, false));
        vm.prank(address(0x1000));
        ProposalId proposal = consortium.propose(address(consortium), data, SALT);
        for (uint256 i = 1; i < size; ++i) {
            _approve(address(uint160(0x1000 + i)), proposal);
        }
        vm.warp(START + TIMELOCK);
        uint256 before = gasleft();
        vm.prank(address(0x1001));
        consortium.execute(proposal, address(consortium), data, SALT);
        // All is warm here: add what 512 cold reads of five slots would cost more.
        uint256 cold = size * 5 * 2000;
        uint256 used = before - gasleft() + cold;
        check(used < 1 << 24, "gas");
    }

    function testFuzz_quorum_is_two_thirds_rounded_up(uint8 extra) public {
        uint256 size = within(extra, 2, 40);
        uint256 got = new Consortium(_many(size), _rules(), TIMELOCK).quorum();
        check(3 * got >= 2 * size && 3 * (got - 1) < 2 * size, "two thirds rounded up");
    }
}
