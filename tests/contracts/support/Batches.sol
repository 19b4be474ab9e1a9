// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev Digests in the order a batch needs, and the tree's root by its plain definition.
library Batches {
    function leaf(bytes32 digest) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(digest))));
    }

    /// @dev Makes distinct digests in ascending order of their leaves.
    function make(uint256 count, bytes32 seed) internal pure returns (bytes32[] memory digests) {
        digests = new bytes32[](count);
        for (uint256 i = 0; i < count; ++i) {
            bytes32 digest = keccak256(abi.encode(seed, i));
            uint256 place = i;
            while (place > 0 && leaf(digests[place - 1]) > leaf(digest)) {
                digests[place] = digests[place - 1];
                --place;
            }
            digests[place] = digest;
        }
    }

    /// @dev The array of 2n - 1 nodes as `standard-v1` describes it, without any of the contract's economies.
    function root(bytes32[] memory digests) internal pure returns (bytes32) {
        uint256 count = digests.length;
        bytes32[] memory tree = new bytes32[](2 * count - 1);
        for (uint256 i = 0; i < count; ++i) {
            tree[tree.length - 1 - i] = leaf(digests[i]);
        }
        for (uint256 i = count - 1; i > 0; --i) {
            (bytes32 a, bytes32 b) = (tree[2 * i - 1], tree[2 * i]);
            tree[i - 1] = a < b ? keccak256(abi.encode(a, b)) : keccak256(abi.encode(b, a));
        }
        return tree[0];
    }
}
