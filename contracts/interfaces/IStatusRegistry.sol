// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberId} from "../types/Identifiers.sol";
import {IGoverned} from "./IGoverned.sol";

/// @title The statuses of credentials: numbered lists of two bits per index, for each issuer its own
/// @notice A list has 2^20 indexes, 128 to a word, the lowest index in the lowest bits. REVOKED is terminal. To
/// tighten is to suspend what is valid or to revoke; a suspended member may still tighten, and the quorum may for any
/// member, removed ones included. Setting the status that already stands changes nothing, which makes sending again
/// harmless. Indexes travel packed, three big-endian bytes each: as a `uint32[]` they cost, in calldata and event, more
/// gas than all that is done for a revocation besides its storage.
interface IStatusRegistry is IGoverned {
    /// @notice A credential's status. REFUSED is reserved and never stored.
    enum Status {
        VALID,
        REVOKED,
        SUSPENDED,
        REFUSED
    }

    /// @notice Statuses were set. Replaying these events in order rebuilds every list at any block.
    /// @param issuer whose list
    /// @param list number of the list
    /// @param status status that every index named has from now on
    /// @param indexes strictly ascending, three big-endian bytes each; some may have had the status before
    event StatusesSet(MemberId indexed issuer, uint32 indexed list, Status indexed status, bytes indexes);

    /// @notice The registry was closed: nothing in it changes any more, a successor takes over.
    event StatusRegistryClosed();

    /// @notice Refuses to leave REVOKED.
    /// @param issuer whose list
    /// @param list number of the list
    /// @param index which index
    error StatusTerminal(MemberId issuer, uint32 list, uint32 index);
    /// @notice Refuses a status that cannot be set, or cannot be set by the quorum.
    /// @param status what was offered
    error StatusNotAllowed(Status status);
    /// @notice Refuses no indexes, or too many at once.
    /// @param count how many were offered
    /// @param maximum how many are allowed
    error StatusIndexCountWrong(uint256 count, uint256 maximum);
    /// @notice Refuses indexes that do not ascend strictly.
    /// @param position place of the first index that is not greater than its predecessor
    error StatusIndexesNotAscending(uint256 position);
    /// @notice Refuses an index beyond the end of a list.
    /// @param index what was offered
    /// @param size indexes of a list
    error StatusIndexOutOfRange(uint256 index, uint256 size);
    /// @notice Refuses a word beyond the end of a list.
    /// @param wordIndex what was offered
    /// @param size words of a list
    error StatusWordOutOfRange(uint256 wordIndex, uint256 size);
    /// @notice Refuses packed indexes of which one is cut off.
    /// @param size bytes offered, no multiple of three
    error StatusIndexesTorn(uint256 size);
    /// @notice Refuses an operator more changes than it may make in one window; the governance account may.
    /// @param issuer whose window
    /// @param changes changes there would be in this window
    /// @param cap changes allowed
    error StatusCapExceeded(MemberId issuer, uint256 changes, uint256 cap);
    /// @notice Refuses that a suspended member lifts a status, or that a removed one sets any.
    /// @param issuer who called
    /// @param status what was offered
    error StatusIssuerNotActive(MemberId issuer, Status status);
    /// @notice Refuses a change after the registry was closed.
    error StatusRegistryIsClosed();
    /// @notice Refuses a change while the predecessor, whose statuses are inherited, is still open.
    /// @param predecessor its address
    error StatusPredecessorStillOpen(address predecessor);
    /// @notice Refuses a cap or a window of zero.
    error StatusLimitMissing();

    /// @notice Sets one status for indexes of a list of the calling account's member. By a STATUS operator, up to
    /// {cap} changes in a window of {windowLength} seconds, or by the governance account without limit. VALID needs an
    /// active member.
    /// @param list number of the list
    /// @param status VALID, REVOKED or SUSPENDED
    /// @param indexes 1 to 8,192 indexes, strictly ascending, below 2^20, packed
    function setStatuses(uint32 list, Status status, bytes calldata indexes) external;

    /// @notice Tightens statuses of any member, removed ones included. Only by an executed proposal.
    /// @param issuer whose list
    /// @param list number of the list
    /// @param status REVOKED or SUSPENDED
    /// @param indexes 1 to 8,192 indexes, strictly ascending, below 2^20, packed
    function setStatusesByQuorum(MemberId issuer, uint32 list, Status status, bytes calldata indexes) external;

    /// @notice Closes the registry for ever, before a successor takes over. Only by an executed proposal.
    function close() external;

    /// @notice Reads a status.
    /// @param issuer whose list
    /// @param list number of the list
    /// @param index which index
    /// @return the status
    function statusOf(MemberId issuer, uint32 list, uint32 index) external view returns (Status);

    /// @notice Reads 128 statuses: index 128 * wordIndex in the two lowest bits.
    /// @param issuer whose list
    /// @param list number of the list
    /// @param wordIndex which word, below 8,192
    /// @return the word, what is inherited from a predecessor included
    function word(MemberId issuer, uint32 list, uint256 wordIndex) external view returns (uint256);

    /// @notice Reads how many changes an issuer's operators made in the present window: a call that changed anything
    /// counts with all its indexes.
    /// @param issuer whose window
    /// @return changes so far
    function changesInWindow(MemberId issuer) external view returns (uint256 changes);

    /// @notice Reads the changes that operators of one issuer may make in one window.
    /// @return changes
    function cap() external view returns (uint32);

    /// @notice Reads the length of a window.
    /// @return seconds; windows begin at its multiples
    function windowLength() external view returns (uint32);

    /// @notice Reads the registry whose statuses this one inherits.
    /// @return its address, or zero
    function predecessor() external view returns (address);

    /// @notice Reads whether the registry is closed.
    /// @return true once it is
    function closed() external view returns (bool);
}
