// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

uint256 constant LIST_SIZE = 1 << 20;
uint256 constant STATUSES_PER_WORD = 128;
uint256 constant WORDS_PER_LIST = LIST_SIZE / STATUSES_PER_WORD;

/// @title Two-bit statuses, 128 to a storage word, and packed indexes, three big-endian bytes each
/// @dev Written in assembly because the two storage accesses of a word leave little of the gas a revocation may cost:
/// the compiler's checks of each index and each array access took more than a fifth of it. Each word is read once and
/// written once, however many of its statuses change.
library StatusWords {
    uint256 internal constant INDEX_SIZE = 3;

    /// @dev Reads one packed index.
    function read(bytes calldata indexes, uint256 place) internal pure returns (uint256) {
        return uint24(bytes3(indexes[INDEX_SIZE * place:]));
    }

    /// @dev Sets one status for packed indexes. The caller has checked that there is at least one and that the last lies
    /// in the list, which bounds all others if they ascend; it must revert unless they do, and if `terminal` is not 0.
    /// @param words the list
    /// @param wanted status to be set: 0 VALID, 1 REVOKED, 2 SUSPENDED
    /// @param indexes packed indexes
    /// @return differences not 0 if any status differs now
    /// @return unordered not 0 if an index is not greater than its predecessor
    /// @return terminal one more than the first index that is REVOKED and was to be left; 0 if there is none
    function set(uint256[WORDS_PER_LIST] storage words, uint256 wanted, bytes calldata indexes)
        internal
        returns (uint256 differences, uint256 unordered, uint256 terminal)
    {
        assembly ("memory-safe") {
            let cursor := indexes.offset
            let end := add(cursor, indexes.length)
            let index := shr(232, calldataload(cursor))
            for {} lt(cursor, end) {} {
                let wordIndex := shr(7, index)
                // The lower bit of each status of this word that is named.
                let named := 0
                for {} 1 {} {
                    // slither-disable-next-line incorrect-shift
                    named := or(named, shl(shl(1, and(index, 127)), 1))
                    cursor := add(cursor, 3)
                    // Behind the last index stands one that is greater than all and in no word.
                    let following := or(shr(232, calldataload(cursor)), sub(lt(cursor, end), 1))
                    unordered := or(unordered, iszero(gt(following, index)))
                    index := following
                    if xor(shr(7, index), wordIndex) { break }
                }
                let slot := add(words.slot, wordIndex)
                let statuses := sload(slot)
                // REFUSED is never stored, so the lower bit alone tells REVOKED, which only REVOKED may overwrite.
                let left := and(statuses, named)
                if gt(left, mul(left, eq(wanted, 1))) {
                    terminal := add(shl(7, wordIndex), 1)
                    for {} iszero(and(left, 1)) { left := shr(2, left) } { terminal := add(terminal, 1) }
                    break
                }
                let next := or(and(statuses, not(mul(named, 3))), mul(named, wanted))
                differences := or(differences, xor(next, statuses))
                sstore(slot, next)
            }
        }
    }
}
