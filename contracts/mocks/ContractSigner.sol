// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A contract account that lets one key sign for it, for tests only
contract ContractSigner is IERC1271 {
    address private immutable KEY_HOLDER;

    /// @param keyHolder account whose signatures are this contract's
    constructor(address keyHolder) {
        KEY_HOLDER = keyHolder;
    }

    /// @notice Makes any call in this contract's name.
    /// @param target contract to be called
    /// @param data calldata
    /// @return result what the call returned
    function act(address target, bytes calldata data) external returns (bytes memory result) {
        bool done;
        (done, result) = target.call(data);
        if (!done) {
            assembly ("memory-safe") {
                revert(add(result, 0x20), mload(result))
            }
        }
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address recovered, ECDSA.RecoverError problem,) = ECDSA.tryRecoverCalldata(hash, signature);
        bool good = problem == ECDSA.RecoverError.NoError && recovered == KEY_HOLDER;
        return good ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
