// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {Operators} from "./Operators.sol";
import {Proposals} from "./Proposals.sol";

/// @title The consortium
/// @dev Three registers in one contract, because every act of one asks the other two and must see the same block.
contract Consortium is IConsortium, Operators, Proposals {
    /// @param founders founding members, at least two; the deployer is none unless named here
    /// @param initialRules how the consortium decides; its quorum share is the floor for ever, at least two thirds
    /// @param timelockFloor least seconds an approval must ripen under any later rules, at least one
    constructor(Founder[] memory founders, Rules memory initialRules, uint64 timelockFloor)
        Proposals(initialRules, timelockFloor)
    {
        if (founders.length < MINIMUM_MEMBERS) revert MembersTooFew(founders.length, MINIMUM_MEMBERS);
        for (uint256 i = 0; i < founders.length; ++i) {
            _admit(founders[i].url, founders[i].governance, founders[i].roles);
        }
    }
}
