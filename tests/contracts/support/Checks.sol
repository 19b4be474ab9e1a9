// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberId} from "../../../contracts/types/Identifiers.sol";

/// @dev Checks that say what differed.
abstract contract Checks {
    error NotTrue(string what);
    error NumbersDiffer(string what, uint256 got, uint256 expected);
    error WordsDiffer(string what, bytes32 got, bytes32 expected);
    error AddressesDiffer(string what, address got, address expected);

    function check(bool condition, string memory what) internal pure {
        if (!condition) revert NotTrue(what);
    }

    function equal(uint256 got, uint256 expected, string memory what) internal pure {
        if (got != expected) revert NumbersDiffer(what, got, expected);
    }

    function equal(bytes32 got, bytes32 expected, string memory what) internal pure {
        if (got != expected) revert WordsDiffer(what, got, expected);
    }

    function equal(address got, address expected, string memory what) internal pure {
        if (got != expected) revert AddressesDiffer(what, got, expected);
    }

    function equal(MemberId got, MemberId expected, string memory what) internal pure {
        equal(MemberId.unwrap(got), MemberId.unwrap(expected), what);
    }

    /// @dev Folds any number into a range, so that fuzzing wastes no run.
    function within(uint256 number, uint256 least, uint256 most) internal pure returns (uint256) {
        return least + number % (most - least + 1);
    }
}
