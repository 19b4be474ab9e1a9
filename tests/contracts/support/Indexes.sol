// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Packs status indexes as the registry takes them: three big-endian bytes each.
library Indexes {
    function pack(uint32[] memory indexes) internal pure returns (bytes memory packed) {
        for (uint256 i = 0; i < indexes.length; ++i) {
            packed = bytes.concat(packed, bytes3(uint24(indexes[i])));
        }
    }

    function one(uint32 index) internal pure returns (bytes memory) {
        return bytes.concat(bytes3(uint24(index)));
    }

    function three(uint32 a, uint32 b, uint32 c) internal pure returns (bytes memory) {
        return bytes.concat(one(a), one(b), one(c));
    }

    /// @dev Packs `count` indexes that follow each other.
    function row(uint32 first, uint32 count) internal pure returns (bytes memory packed) {
        packed = new bytes(3 * count);
        for (uint32 i = 0; i < count; ++i) {
            bytes3 index = bytes3(uint24(first + i));
            (packed[3 * i], packed[3 * i + 1], packed[3 * i + 2]) = (index[0], index[1], index[2]);
        }
    }
}
