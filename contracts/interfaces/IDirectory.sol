// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "./IGoverned.sol";

/// @title The directory: which contract goes by which name, now and at every block before
/// @notice Names are ASCII, left-aligned in a bytes32: "Consortium", "SchemaRegistry", "AccreditationRegistry",
/// "KeyRegistry", "AttestationRegistry", "StatusRegistry", "RelyingPartyRegistry", "NetworkAllowlist", "LogAnchor". It
/// serves discovery only: contracts know their peers from construction. Nothing is ever unnamed; a reader reads every
/// address a name ever had, from the block it was named to the block its successor was.
interface IDirectory is IGoverned {
    /// @notice One entry of a name's history.
    /// @param contractAddress what the name stood for
    /// @param fromBlock block from which it did, until the next entry's
    struct Entry {
        address contractAddress;
        uint64 fromBlock;
    }

    /// @notice A name was given to a contract.
    /// @param name ASCII, left-aligned
    /// @param contractAddress what it stands for from this block on
    /// @param index place in the name's history, from 0
    /// @param previous what it stood for before; zero at first
    event ContractNamed(
        bytes32 indexed name, address indexed contractAddress, uint256 index, address previous
    );

    /// @notice Refuses an empty name.
    error DirectoryNameMissing();
    /// @notice Refuses an address without code.
    /// @param name which name
    /// @param contractAddress what was offered
    error DirectoryAddressWithoutCode(bytes32 name, address contractAddress);
    /// @notice Refuses to name the same contract twice in a row.
    /// @param name which name
    /// @param contractAddress what it stands for already
    error DirectoryUnchanged(bytes32 name, address contractAddress);
    /// @notice Refuses as many names as addresses do not match.
    /// @param names how many names
    /// @param addresses how many addresses
    error DirectoryLengthsDiffer(uint256 names, uint256 addresses);

    /// @notice Gives a name to a contract. Only by an executed proposal.
    /// @param name ASCII, left-aligned
    /// @param contractAddress what it stands for from now on
    function set(bytes32 name, address contractAddress) external;

    /// @notice Reads what a name stands for.
    /// @param name ASCII, left-aligned
    /// @return the address; zero if the name was never given
    function current(bytes32 name) external view returns (address);

    /// @notice Reads everything a name ever stood for.
    /// @param name ASCII, left-aligned
    /// @return every entry, oldest first
    function history(bytes32 name) external view returns (Entry[] memory);

    /// @notice Lists every name ever given.
    /// @return every name in the order they were first given
    function names() external view returns (bytes32[] memory);
}
