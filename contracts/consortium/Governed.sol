// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IConsortium} from "../interfaces/IConsortium.sol";
import {IGoverned} from "../interfaces/IGoverned.sol";

/// @title What a contract needs to obey the consortium
/// @dev The consortium is fixed at construction: looking it up would cost more than an attestation, and would hand
/// every rule to whoever can change the answer.
abstract contract Governed is IGoverned {
    IConsortium internal immutable CONSORTIUM;

    constructor(IConsortium consortium_) {
        _requireCode(address(consortium_));
        CONSORTIUM = consortium_;
    }

    /// @dev Lets only an executed proposal in.
    modifier onlyConsortium() {
        if (msg.sender != address(CONSORTIUM)) revert ConsortiumOnly(msg.sender);
        _;
    }

    /// @inheritdoc IGoverned
    function consortium() external view returns (address) {
        return address(CONSORTIUM);
    }

    function _requireCode(address peer) internal view {
        if (peer.code.length == 0) revert PeerWithoutCode(peer);
    }
}
