// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberId, SchemaId} from "../types/Identifiers.sol";
import {IGoverned} from "./IGoverned.sol";

/// @title Accreditations: which member may issue credentials of which schema, and when
/// @notice Grants are limited in time, never changed, and can be withdrawn with effect from a past time; what held at
/// any past time can always be answered.
interface IAccreditationRegistry is IGoverned {
    /// @notice One grant.
    /// @param validFrom first second at which it holds
    /// @param validUntil first second at which it no longer holds
    /// @param withdrawnSince time from which it is withdrawn; 0 if it is not
    /// @param withdrawnAt block time at which the withdrawal was last recorded; 0 if it is not withdrawn
    struct Grant {
        uint64 validFrom;
        uint64 validUntil;
        uint64 withdrawnSince;
        uint64 withdrawnAt;
    }

    /// @notice A member was accredited for a schema.
    /// @param member who may issue
    /// @param schema what it may issue
    /// @param grantIndex number of the grant among those of this member and schema, from 0
    /// @param validFrom first second at which it holds
    /// @param validUntil first second at which it no longer holds
    event AccreditationGranted(
        MemberId indexed member,
        SchemaId indexed schema,
        uint256 grantIndex,
        uint64 validFrom,
        uint64 validUntil
    );

    /// @notice A grant was withdrawn, or withdrawn from an earlier time on.
    /// @param member whose grant
    /// @param schema for what
    /// @param grantIndex which grant
    /// @param effectiveSince time from which it no longer holds
    event AccreditationWithdrawn(
        MemberId indexed member, SchemaId indexed schema, uint256 grantIndex, uint64 effectiveSince
    );

    /// @notice Refuses a grant that begins in the past or ends before it begins.
    /// @param validFrom what was offered
    /// @param validUntil what was offered
    /// @param blockTime time of this block
    error AccreditationPeriodWrong(uint64 validFrom, uint64 validUntil, uint64 blockTime);
    /// @notice Refuses a grant to a member that is removed, unknown or no issuer.
    /// @param member who was to be accredited
    /// @param roles its roles
    error AccreditationMemberNotIssuer(MemberId member, uint8 roles);
    /// @notice Refuses a grant for a schema that is unknown or deprecated.
    /// @param schema which schema
    error AccreditationSchemaNotOpen(SchemaId schema);
    /// @notice Refuses one grant too many for one member and schema; answers iterate over all.
    /// @param member whose grants
    /// @param schema for what
    /// @param maximum how many there may be
    error AccreditationGrantsTooMany(MemberId member, SchemaId schema, uint256 maximum);
    /// @notice Refuses a grant that does not exist.
    /// @param member whose grant
    /// @param schema for what
    /// @param grantIndex which grant
    error AccreditationGrantUnknown(MemberId member, SchemaId schema, uint256 grantIndex);
    /// @notice Refuses a withdrawal in the future, or one that is not earlier than what stands.
    /// @param effectiveSince what was offered
    /// @param withdrawnSince what stands; 0 if nothing does
    /// @param blockTime time of this block
    error AccreditationWithdrawalTimeWrong(uint64 effectiveSince, uint64 withdrawnSince, uint64 blockTime);

    /// @notice Accredits an issuer for a schema. Only by an executed proposal.
    /// @param member who may issue
    /// @param schema what it may issue
    /// @param validFrom first second at which it holds, not in the past; 0 stands for this block's time
    /// @param validUntil first second at which it no longer holds
    /// @return grantIndex number of the grant among those of this member and schema, from 0
    function grant(MemberId member, SchemaId schema, uint64 validFrom, uint64 validUntil)
        external
        returns (uint256 grantIndex);

    /// @notice Withdraws a grant; a second withdrawal can only take effect earlier. Only by an executed proposal.
    /// @param member whose grant, removed members included
    /// @param schema for what
    /// @param grantIndex which grant
    /// @param effectiveSince time from which it no longer holds, not in the future; 0 stands for this block's time
    function withdraw(MemberId member, SchemaId schema, uint256 grantIndex, uint64 effectiveSince) external;

    /// @notice Answers whether a member was accredited for a schema at a time, by what is known now.
    /// @param member who issues
    /// @param schema what it issues
    /// @param time any time, past or future
    /// @return true if some grant holds at that time and is not withdrawn with effect from that time or before
    function accreditedAt(MemberId member, SchemaId schema, uint64 time) external view returns (bool);

    /// @notice Reads every grant of a member for a schema.
    /// @param member whose grants
    /// @param schema for what
    /// @return every grant, oldest first
    function grants(MemberId member, SchemaId schema) external view returns (Grant[] memory);
}
