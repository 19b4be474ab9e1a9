// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consortium} from "../../../../contracts/consortium/Consortium.sol";
import {IMembers} from "../../../../contracts/interfaces/IMembers.sol";
import {MemberId, ProposalId} from "../../../../contracts/types/Identifiers.sol";
import {Checks} from "../Checks.sol";
import {vm} from "../Vm.sol";

/// @dev Shows, wherever the consortium stands, how it decides something from there: its active members and nobody else
/// propose, approve and execute. Nothing of it stays.
contract Rehearsal is Checks {
    /// @dev Undoes everything, and says that it went well.
    error WentWell(uint256 voices);

    string private constant URL = "https://rehearsal.example";
    Consortium private immutable CONSORTIUM;

    constructor(Consortium consortium) {
        CONSORTIUM = consortium;
    }

    /// @dev Plays a decision through and takes it back. The clock is a cheat code's and no part of what a revert undoes.
    function play() external {
        uint256 time = block.timestamp;
        try this.decide() {
            revert NotTrue("a rehearsal ends with its reversal");
        } catch (bytes memory outcome) {
            vm.warp(time);
            check(bytes4(outcome) == WentWell.selector, "from any state, active members still decide");
        }
    }

    function decide() external {
        MemberId[] memory members = CONSORTIUM.members();
        MemberId first = _firstActive(members);
        bytes memory data = abi.encodeCall(IMembers.addUrl, (first, URL));
        address proposer = CONSORTIUM.memberById(first).governance;
        vm.prank(proposer);
        ProposalId proposal = CONSORTIUM.propose(address(CONSORTIUM), data, "rehearsal");
        uint256 voices = 1;
        for (uint256 i = 0; i < members.length; ++i) {
            IMembers.Member memory member = CONSORTIUM.memberById(members[i]);
            if (member.status != IMembers.MemberStatus.ACTIVE || member.governance == proposer) continue;
            vm.prank(member.governance);
            CONSORTIUM.approve(proposal);
            ++voices;
        }
        vm.warp(block.timestamp + CONSORTIUM.rules().timelock);
        vm.prank(proposer);
        CONSORTIUM.execute(proposal, address(CONSORTIUM), data, "rehearsal");
        check(CONSORTIUM.memberByUrl(URL) == first, "and it takes effect");
        revert WentWell(voices);
    }

    function _firstActive(MemberId[] memory members) private view returns (MemberId) {
        for (uint256 i = 0; i < members.length; ++i) {
            (IMembers.MemberStatus status,) = CONSORTIUM.standing(members[i]);
            if (status == IMembers.MemberStatus.ACTIVE) return members[i];
        }
        revert NotTrue("somebody is active");
    }
}
