// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {INetworkAllowlist} from "../../../contracts/interfaces/INetworkAllowlist.sol";
import {NodeId} from "../../../contracts/types/Identifiers.sol";

/// @dev Endpoints with genuine points of the curve, whatever the seed.
library Endpoints {
    uint256 private constant FIELD = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEFFFFFC2F;

    /// @dev Makes an endpoint at an IPv4 address of 10.0.0.0/8.
    function make(uint256 seed) internal view returns (INetworkAllowlist.Endpoint memory endpoint) {
        (endpoint.keyX, endpoint.keyY) = point(seed);
        endpoint.ip = ipv4(0x0a000000 | (uint32(seed) & 0x00ffffff));
        (endpoint.port, endpoint.discoveryPort) = (30303, 30303);
    }

    function ipv4(uint32 host) internal pure returns (bytes16) {
        return bytes16(uint128(0xffff00000000) | host);
    }

    function id(INetworkAllowlist.Endpoint memory endpoint) internal pure returns (NodeId) {
        return NodeId.wrap(keccak256(abi.encode(endpoint)));
    }

    /// @dev Finds a point by trying x after x: half of all have one.
    function point(uint256 seed) internal view returns (bytes32, bytes32) {
        for (uint256 x = uint256(keccak256(abi.encode(seed))) % FIELD;; x = addmod(x, 1, FIELD)) {
            uint256 square = addmod(mulmod(mulmod(x, x, FIELD), x, FIELD), 7, FIELD);
            // The field's size is 3 modulo 4, so this power is a root wherever there is one.
            uint256 y = _power(square, (FIELD + 1) / 4);
            if (mulmod(y, y, FIELD) == square) return (bytes32(x), bytes32(y));
        }
        revert();
    }

    function _power(uint256 base, uint256 exponent) private view returns (uint256) {
        (bool done, bytes memory result) =
            address(5).staticcall(abi.encode(uint256(32), uint256(32), uint256(32), base, exponent, FIELD));
        require(done);
        return abi.decode(result, (uint256));
    }
}
