// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IDirectory} from "../interfaces/IDirectory.sol";
import {Governed} from "./Governed.sol";

/// @title The directory
contract Directory is IDirectory, Governed {
    bytes32[] private _names;
    // slither-disable-next-line uninitialized-state
    mapping(bytes32 name => Entry[] entries) private _history;

    /// @param consortium_ whom to obey
    /// @param initialNames first names, ASCII, left-aligned
    /// @param initialAddresses what they stand for, in the same order
    constructor(IConsortium consortium_, bytes32[] memory initialNames, address[] memory initialAddresses)
        Governed(consortium_)
    {
        if (initialNames.length != initialAddresses.length) {
            revert DirectoryLengthsDiffer(initialNames.length, initialAddresses.length);
        }
        for (uint256 i = 0; i < initialNames.length; ++i) {
            _set(initialNames[i], initialAddresses[i]);
        }
    }

    /// @inheritdoc IDirectory
    function set(bytes32 name, address contractAddress) external onlyConsortium {
        _set(name, contractAddress);
    }

    /// @inheritdoc IDirectory
    function current(bytes32 name) external view returns (address) {
        Entry[] storage entries = _history[name];
        return entries.length == 0 ? address(0) : entries[entries.length - 1].contractAddress;
    }

    /// @inheritdoc IDirectory
    function history(bytes32 name) external view returns (Entry[] memory) {
        return _history[name];
    }

    /// @inheritdoc IDirectory
    function names() external view returns (bytes32[] memory) {
        return _names;
    }

    function _set(bytes32 name, address contractAddress) private {
        if (name == bytes32(0)) revert DirectoryNameMissing();
        if (contractAddress.code.length == 0) revert DirectoryAddressWithoutCode(name, contractAddress);
        Entry[] storage entries = _history[name];
        uint256 index = entries.length;
        address previous = address(0);
        if (index == 0) {
            _names.push(name);
        } else {
            previous = entries[index - 1].contractAddress;
            if (previous == contractAddress) revert DirectoryUnchanged(name, contractAddress);
        }
        entries.push(Entry(contractAddress, uint64(block.number)));
        emit ContractNamed(name, contractAddress, index, previous);
    }
}
