// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Actors, World} from "./Actors.sol";
import {Acts} from "./Acts.sol";
import {Histories} from "./Histories.sol";
import {Votes} from "./Votes.sol";

/// @dev Lets everybody try everything in any order, keeps its own books, and fails as soon as the contracts did what the
/// books do not allow. Refusals are expected and swallowed.
contract Turmoil is Votes, Acts, Histories {
    constructor(World memory world_, uint256[] memory founderKeys) Actors(world_, founderKeys) {
        _remember();
    }
}
