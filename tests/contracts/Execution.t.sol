// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consortium} from "../../contracts/consortium/Consortium.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IProposals} from "../../contracts/interfaces/IProposals.sol";
import {ProposalId} from "../../contracts/types/Identifiers.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

/// @dev A member's account that, whenever it is called, makes a call of its own to the consortium.
contract Reenterer {
    Consortium private immutable CONSORTIUM;
    bytes private _call;

    constructor(Consortium consortium) {
        CONSORTIUM = consortium;
    }

    function arm(bytes calldata call) external {
        _call = call;
    }

    function strike() external {
        (bool done, bytes memory result) = address(CONSORTIUM).call(_call);
        if (done) return;
        assembly ("memory-safe") {
            revert(add(result, 0x20), mload(result))
        }
    }
}

/// @dev What is called may call back, and several proposals may be executed in one block.
contract ExecutionTest is Fixture {
    function test_execution_from_within_the_execution_is_refused() public {
        Reenterer account = new Reenterer(consortium);
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, address(account));
        bytes memory data = abi.encodeCall(Reenterer.strike, ());
        (ProposalId proposal, bytes32 salt) = _carry(address(account), data);
        // A member's account may execute, so what it calls back for is refused for being executed already.
        account.arm(abi.encodeCall(IProposals.execute, (proposal, address(account), data, salt)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IProposals.ProposalNotOpen.selector, proposal, IProposals.ProposalState.EXECUTED
            )
        );
        vm.prank(bankGov);
        consortium.execute(proposal, address(account), data, salt);
        account.arm(abi.encodeCall(IMembers.addUrl, (broker, "https://broker2.example")));
        vm.expectRevert(_only(address(account)));
        vm.prank(bankGov);
        consortium.execute(proposal, address(account), data, salt);
    }

    function test_removals_that_ripen_together_stop_before_the_consortium_is_locked_out() public {
        bytes memory first = abi.encodeCall(IMembers.removeMember, (exchange, 0, false));
        bytes memory second = abi.encodeCall(IMembers.removeMember, (broker, 0, false));
        bytes memory third = abi.encodeCall(IMembers.removeMember, (supervisor, 0, false));
        (ProposalId one, bytes32 oneSalt) = _carry(address(consortium), first);
        (ProposalId two, bytes32 twoSalt) = _carry(address(consortium), second);
        (ProposalId three, bytes32 threeSalt) = _carry(address(consortium), third);
        vm.prank(bankGov);
        consortium.execute(one, address(consortium), first, oneSalt);
        vm.prank(bankGov);
        consortium.execute(two, address(consortium), second, twoSalt);
        // The approvals of those who were removed no longer count, and the quorum of the proposal's time still holds.
        vm.expectRevert(abi.encodeWithSelector(IProposals.ProposalNotRipe.selector, three, 2, 3));
        vm.prank(bankGov);
        consortium.execute(three, address(consortium), third, threeSalt);
        _decide(address(consortium), abi.encodeCall(IMembers.addUrl, (bank, "https://bank2.example")));
    }
}
