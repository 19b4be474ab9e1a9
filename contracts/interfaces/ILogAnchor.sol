// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberId} from "../types/Identifiers.sol";
import {IGoverned} from "./IGoverned.sol";

/// @title Where the members' transparency logs are anchored
/// @notice A checkpoint is how many entries a log had and the root over them. What stands here never shrinks, and of one
/// size there is one root; that a later checkpoint contains an earlier one is proved off chain. A log that lost entries
/// goes on in a new epoch, which only the consortium opens.
interface ILogAnchor is IGoverned {
    /// @notice The newest checkpoint of a log.
    /// @param size how many entries; 0 if nothing was anchored
    /// @param anchoredAt block time
    /// @param root RFC 6962 root over them
    struct Anchor {
        uint64 size;
        uint64 anchoredAt;
        bytes32 root;
    }

    /// @notice A checkpoint was anchored.
    /// @param member whose log
    /// @param epoch which of its logs, from 1
    /// @param size how many entries
    /// @param root RFC 6962 root over them
    /// @param account which of the member's accounts anchored it
    event LogAnchored(
        MemberId indexed member, uint64 indexed epoch, uint64 size, bytes32 root, address account
    );

    /// @notice A new epoch of a member's log was opened; the one before takes no more checkpoints.
    /// @param member whose log
    /// @param epoch which one
    event LogEpochOpened(MemberId indexed member, uint64 indexed epoch);

    /// @notice Refuses an empty checkpoint.
    error LogAnchorEmpty();
    /// @notice Refuses a checkpoint of an epoch that is not the member's present one.
    /// @param epoch what was offered
    /// @param present the present one
    error LogEpochNotPresent(uint64 epoch, uint64 present);
    /// @notice Refuses a checkpoint that stands already.
    /// @param size how many entries
    error LogAnchorExists(uint64 size);
    /// @notice Refuses a checkpoint of fewer entries than stand.
    /// @param size what was offered
    /// @param anchored what stands
    error LogAnchorShrinks(uint64 size, uint64 anchored);
    /// @notice Refuses another root of the same size.
    /// @param size how many entries
    /// @param root what was offered
    /// @param anchored what stands
    error LogAnchorForked(uint64 size, bytes32 root, bytes32 anchored);

    /// @notice Anchors a checkpoint of the calling member's log, by an ATTEST operator or the governance account.
    /// Allowed while suspended: who must account for what it did goes on doing so.
    /// @param epoch the member's present epoch
    /// @param size how many entries, at least as many as stand
    /// @param root RFC 6962 root over them
    function anchor(uint64 epoch, uint64 size, bytes32 root) external;

    /// @notice Opens the next epoch of a member's log. Only by an executed proposal.
    /// @param member whose log
    /// @param epoch the next one, so that a proposal opens one once
    function openEpoch(MemberId member, uint64 epoch) external;

    /// @notice Reads the newest checkpoint of a log.
    /// @param member whose log
    /// @param epoch which of its logs
    /// @return the checkpoint; all zero if nothing was anchored
    function anchorOf(MemberId member, uint64 epoch) external view returns (Anchor memory);

    /// @notice Reads a member's present epoch.
    /// @param member whose log
    /// @return the epoch; 1 for whoever never opened another
    function epochOf(MemberId member) external view returns (uint64);
}
