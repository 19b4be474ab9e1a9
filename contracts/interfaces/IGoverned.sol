// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What every contract of the consortium has in common
interface IGoverned {
    /// @notice Refuses a call that only the consortium may make, by an executed proposal.
    /// @param caller who called
    error ConsortiumOnly(address caller);
    /// @notice Refuses to be deployed beside a peer that has no code.
    /// @param peer address given for the peer
    error PeerWithoutCode(address peer);

    /// @notice Reads the consortium this contract obeys, fixed at deployment.
    /// @return its address
    function consortium() external view returns (address);
}
