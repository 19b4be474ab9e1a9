// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAttestationRegistry} from "../interfaces/IAttestationRegistry.sol";

/// @title The Merkle root of credential digests, as OpenZeppelin's `standard-v1` tree has it
/// @dev That tree is an array of 2n - 1 nodes in which node i hashes nodes 2i + 1 and 2i + 2 and the sorted leaves stand
/// at the end in reverse. Read backwards it is a queue: take two, append their hash. The queue never holds more than n
/// nodes, so a ring of n words in memory is all it needs, which matters because memory is priced by its square.
library MerkleRoot {
    uint256 internal constant MAXIMUM_DIGESTS = 8192;

    /// @dev Refuses an empty, oversized, unsorted or repeating batch, then answers its root.
    function compute(bytes32[] calldata digests) internal pure returns (bytes32 root) {
        uint256 count = digests.length;
        if (count == 0) revert IAttestationRegistry.BatchEmpty();
        if (count > MAXIMUM_DIGESTS) revert IAttestationRegistry.BatchTooLarge(count, MAXIMUM_DIGESTS);
        uint256 fault;
        // Everything is written beyond the free memory pointer and nothing of it is used later.
        assembly ("memory-safe") {
            let ring := mload(0x40)
            let end := add(ring, shl(5, count))
            let source := digests.offset
            let previous := 0
            for { let slot := ring } lt(slot, end) { slot := add(slot, 0x20) } {
                mstore(0x00, calldataload(source))
                mstore(0x00, keccak256(0x00, 0x20))
                let leaf := keccak256(0x00, 0x20)
                // No leaf is zero, short of a preimage of zero; so the first one always passes.
                if iszero(gt(leaf, previous)) {
                    fault := add(1, shr(5, sub(slot, ring)))
                    break
                }
                mstore(slot, leaf)
                previous := leaf
                source := add(source, 0x20)
            }
            if iszero(fault) {
                let read := ring
                let write := ring
                for { let pairs := sub(count, 1) } pairs { pairs := sub(pairs, 1) } {
                    let a := mload(read)
                    read := add(read, 0x20)
                    if eq(read, end) { read := ring }
                    let b := mload(read)
                    read := add(read, 0x20)
                    if eq(read, end) { read := ring }
                    // A pair is hashed in ascending order, whichever side each stood on.
                    let less := lt(a, b)
                    mstore(shl(5, iszero(less)), a)
                    mstore(shl(5, less), b)
                    mstore(write, keccak256(0x00, 0x40))
                    write := add(write, 0x20)
                    if eq(write, end) { write := ring }
                }
                root := mload(read)
            }
        }
        if (fault != 0) revert IAttestationRegistry.BatchNotAscending(fault - 1);
    }
}
