// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../consortium/Governed.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {ISchemaRegistry} from "../interfaces/ISchemaRegistry.sol";
import {SchemaId} from "../types/Identifiers.sol";

/// @title The credential types of the consortium
contract SchemaRegistry is ISchemaRegistry, Governed {
    uint256 private constant MAXIMUM_METADATA = 16 * 1024;
    uint256 private constant MAXIMUM_VCT = 256;

    SchemaId[] private _schemas;
    mapping(SchemaId schema => Schema record) private _records;
    mapping(bytes32 vctDigest => SchemaId schema) private _byVct;

    /// @param consortium_ whom to obey
    constructor(IConsortium consortium_) Governed(consortium_) {}

    /// @inheritdoc ISchemaRegistry
    function registerSchema(bytes calldata metadata, string calldata vct)
        external
        onlyConsortium
        returns (SchemaId schema)
    {
        if (metadata.length == 0 || metadata.length > MAXIMUM_METADATA) {
            revert SchemaMetadataSizeWrong(metadata.length, MAXIMUM_METADATA);
        }
        _requireWellFormed(vct);
        schema = SchemaId.wrap(sha256(metadata));
        if (_records[schema].registeredAt != 0) revert SchemaExists(schema);
        SchemaId holder = _byVct[keccak256(bytes(vct))];
        if (SchemaId.unwrap(holder) != bytes32(0)) revert SchemaVctTaken(vct, holder);
        _byVct[keccak256(bytes(vct))] = schema;
        _records[schema] = Schema(uint64(block.timestamp), 0, vct);
        _schemas.push(schema);
        emit SchemaRegistered(schema, vct, metadata);
    }

    /// @inheritdoc ISchemaRegistry
    function deprecateSchema(SchemaId schema) external onlyConsortium {
        Schema storage record = _records[schema];
        if (record.registeredAt == 0) revert SchemaUnknown(schema);
        if (record.deprecatedAt != 0) revert SchemaAlreadyDeprecated(schema, record.deprecatedAt);
        record.deprecatedAt = uint64(block.timestamp);
        emit SchemaDeprecated(schema);
    }

    /// @inheritdoc ISchemaRegistry
    function schemaById(SchemaId schema) external view returns (Schema memory) {
        return _records[schema];
    }

    /// @inheritdoc ISchemaRegistry
    function schemaByVct(string calldata vct) external view returns (SchemaId schema) {
        return _byVct[keccak256(bytes(vct))];
    }

    /// @inheritdoc ISchemaRegistry
    function schemas() external view returns (SchemaId[] memory) {
        return _schemas;
    }

    /// @dev Anything else would need an escape somewhere: in JSON, in a URL or in a log.
    function _requireWellFormed(string calldata vct) private pure {
        bytes calldata text = bytes(vct);
        if (text.length == 0 || text.length > MAXIMUM_VCT) revert SchemaVctMalformed(vct);
        for (uint256 i = 0; i < text.length; ++i) {
            bytes1 c = text[i];
            if (c <= 0x20 || c >= 0x7f || c == '"' || c == "\\") revert SchemaVctMalformed(vct);
        }
    }
}
