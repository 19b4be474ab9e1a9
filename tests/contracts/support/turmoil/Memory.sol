// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Actors} from "./Actors.sol";

/// @dev Remembers what was once said, and holds everything that is said later against it.
abstract contract Memory is Actors {
    mapping(bytes32 series => uint256 count) private _counts;
    mapping(bytes32 series => bytes32 digest) private _digests;
    mapping(bytes32 place => uint64 value) private _values;

    /// @dev Looks at everything after an act.
    modifier remembered() {
        _;
        _remember();
    }

    /// @dev Holds every history against memory, and remembers what is new.
    function _remember() internal virtual;

    /// @dev Takes a history's entries, each as the digest of what can never change in it.
    function grows(bytes32 series, bytes32[] memory entries) internal {
        uint256 known = _counts[series];
        check(entries.length >= known, "a history never shrinks");
        check(_digest(entries, known) == _digests[series], "no entry of a history changes");
        if (entries.length == known) return;
        _counts[series] = entries.length;
        _digests[series] = _digest(entries, entries.length);
    }

    /// @dev Takes a value that, once set, stays.
    function settles(bytes32 series, uint256 place, uint64 value) internal {
        bytes32 where = keccak256(abi.encode("settles", series, place));
        check(_values[where] == 0 || _values[where] == value, "what was settled stays");
        _values[where] = value;
    }

    /// @dev Takes a time that, once set, only moves earlier.
    function onlyEarlier(bytes32 series, uint256 place, uint64 value) internal {
        bytes32 where = keccak256(abi.encode("earlier", series, place));
        check(_values[where] == 0 || (value != 0 && value <= _values[where]), "a declared time only moves earlier");
        _values[where] = value;
    }

    /// @dev Takes a count that only grows, and what stands for it: the same count has the same.
    function onlyGrows(bytes32 series, uint256 count, bytes32 standing) internal {
        bytes32 place = keccak256(abi.encode("count", series));
        check(count >= _counts[place], "a count never shrinks");
        check(count > _counts[place] || standing == _digests[place], "of one count there is one content");
        (_counts[place], _digests[place]) = (count, standing);
    }

    function _digest(bytes32[] memory entries, uint256 count) private pure returns (bytes32 digest) {
        for (uint256 i = 0; i < count; ++i) {
            digest = keccak256(abi.encode(digest, entries[i]));
        }
    }
}
