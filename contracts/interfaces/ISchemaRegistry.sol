// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SchemaId} from "../types/Identifiers.sol";
import {IGoverned} from "./IGoverned.sol";

/// @title The credential types of the consortium
/// @notice A schema is known by the SHA-256 of the exact bytes of its type metadata, computed here and emitted with
/// them, so that every member mirrors the same bytes from the chain. Schemas are appended, deprecated, never changed.
interface ISchemaRegistry is IGoverned {
    /// @notice A schema's record.
    /// @param registeredAt block time of registration; 0 if unknown
    /// @param deprecatedAt block time of deprecation; 0 if not deprecated
    /// @param vct the credential type's URL, one per schema version, the same for every issuer
    struct Schema {
        uint64 registeredAt;
        uint64 deprecatedAt;
        string vct;
    }

    /// @notice A schema was registered.
    /// @param schema SHA-256 of the metadata
    /// @param vct the credential type's URL
    /// @param metadata exact bytes of the type metadata
    event SchemaRegistered(SchemaId indexed schema, string vct, bytes metadata);

    /// @notice A schema was deprecated: no new accreditations for it.
    /// @param schema which schema
    event SchemaDeprecated(SchemaId indexed schema);

    /// @notice Refuses metadata that is empty or too large.
    /// @param size bytes offered
    /// @param maximum bytes allowed
    error SchemaMetadataSizeWrong(uint256 size, uint256 maximum);
    /// @notice Refuses a `vct` that is empty, longer than 256 bytes, or holds anything but printable ASCII without
    /// space, quote or backslash.
    /// @param vct what was offered
    error SchemaVctMalformed(string vct);
    /// @notice Refuses to register the same metadata twice.
    /// @param schema its identifier
    error SchemaExists(SchemaId schema);
    /// @notice Refuses a second schema for the same `vct`.
    /// @param vct what was offered
    /// @param schema whose it is
    error SchemaVctTaken(string vct, SchemaId schema);
    /// @notice Refuses an identifier that no schema has.
    /// @param schema what was asked for
    error SchemaUnknown(SchemaId schema);
    /// @notice Refuses what needs a schema that is not deprecated.
    /// @param schema which schema
    /// @param deprecatedAt since when it is
    error SchemaAlreadyDeprecated(SchemaId schema, uint64 deprecatedAt);

    /// @notice Registers a schema. Only by an executed proposal.
    /// @param metadata exact bytes of the type metadata, 1 to 16,384
    /// @param vct the credential type's URL
    /// @return schema SHA-256 of the metadata
    function registerSchema(bytes calldata metadata, string calldata vct) external returns (SchemaId schema);

    /// @notice Deprecates a schema, for ever. Only by an executed proposal.
    /// @param schema which schema
    function deprecateSchema(SchemaId schema) external;

    /// @notice Reads a schema.
    /// @param schema which schema
    /// @return the record; all zero if unknown
    function schemaById(SchemaId schema) external view returns (Schema memory);

    /// @notice Finds a schema by its credential type's URL.
    /// @param vct the credential type's URL, byte for byte
    /// @return schema its identifier; zero if unknown
    function schemaByVct(string calldata vct) external view returns (SchemaId schema);

    /// @notice Lists every schema.
    /// @return every identifier in the order of registration
    function schemas() external view returns (SchemaId[] memory);
}
