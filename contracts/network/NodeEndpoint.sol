// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CanonicalUrl} from "../consortium/CanonicalUrl.sol";
import {INetworkAllowlist} from "../interfaces/INetworkAllowlist.sol";

/// @title The one way to write where a chain node is reached
/// @notice A list with an entry that a chain node refuses cannot be carried into it whole, so entries that no chain node
/// takes are refused here. An address is kept as a number: text has several spellings.
library NodeEndpoint {
    // SEC 2, section 2.4.1: y^2 = x^3 + 7 over this field.
    uint256 private constant FIELD = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;
    // ::ffff:0.0.0.0, which means every address and so none.
    bytes16 private constant IPV4_ANY = bytes16(uint128(type(uint16).max) << 32);

    /// @dev Refuses an endpoint that is none.
    function requireWellFormed(INetworkAllowlist.Endpoint calldata endpoint) internal pure {
        if (!_onCurve(uint256(endpoint.keyX), uint256(endpoint.keyY))) {
            revert INetworkAllowlist.NodeKeyNotOnCurve(endpoint.keyX, endpoint.keyY);
        }
        bool named = bytes(endpoint.domain).length != 0;
        bool hostFits = named
            ? endpoint.ip == 0 && CanonicalUrl.isDomain(endpoint.domain)
            : endpoint.ip != 0 && endpoint.ip != IPV4_ANY;
        if (!hostFits) revert INetworkAllowlist.NodeHostMalformed(endpoint.ip, endpoint.domain);
        if (endpoint.port == 0) revert INetworkAllowlist.NodePortMissing();
    }

    /// @dev No point has y = 0 here, and (0, 0) is none, so nothing needs an exception.
    function _onCurve(uint256 x, uint256 y) private pure returns (bool) {
        if (x >= FIELD || y >= FIELD) return false;
        uint256 right = addmod(mulmod(mulmod(x, x, FIELD), x, FIELD), 7, FIELD);
        return mulmod(y, y, FIELD) == right;
    }
}
