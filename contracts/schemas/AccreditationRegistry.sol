// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../consortium/Governed.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IMembers} from "../interfaces/IMembers.sol";
import {ISchemaRegistry} from "../interfaces/ISchemaRegistry.sol";
import {MemberId, SchemaId} from "../types/Identifiers.sol";
import {ROLE_ISSUER} from "../types/Roles.sol";

/// @title Accreditations
/// @dev A grant fills one slot, so that judging an attestation reads as little as can be.
contract AccreditationRegistry is IAccreditationRegistry, Governed {
    // One attestation asks about every grant of its pair at the worst.
    uint256 private constant MAXIMUM_GRANTS = 128;

    ISchemaRegistry private immutable SCHEMAS;
    // slither-disable-next-line uninitialized-state
    mapping(MemberId member => mapping(SchemaId schema => Grant[] grants)) private _grants;

    /// @param consortium_ whom to obey
    /// @param schemas_ where the schemas stand
    constructor(IConsortium consortium_, ISchemaRegistry schemas_) Governed(consortium_) {
        _requireCode(address(schemas_));
        SCHEMAS = schemas_;
    }

    /// @inheritdoc IAccreditationRegistry
    function grant(MemberId member, SchemaId schema, uint64 validFrom, uint64 validUntil)
        external
        onlyConsortium
        returns (uint256 grantIndex)
    {
        uint64 blockTime = uint64(block.timestamp);
        if (validFrom == 0) validFrom = blockTime;
        if (validFrom < blockTime || validUntil <= validFrom) {
            revert AccreditationPeriodWrong(validFrom, validUntil, blockTime);
        }
        (IMembers.MemberStatus status, uint8 roles) = CONSORTIUM.standing(member);
        bool present = status == IMembers.MemberStatus.ACTIVE || status == IMembers.MemberStatus.SUSPENDED;
        if (!present || roles & ROLE_ISSUER == 0) revert AccreditationMemberNotIssuer(member, roles);
        ISchemaRegistry.Schema memory found = SCHEMAS.schemaById(schema);
        if (found.registeredAt == 0 || found.deprecatedAt != 0) revert AccreditationSchemaNotOpen(schema);
        Grant[] storage list = _grants[member][schema];
        grantIndex = list.length;
        if (grantIndex == MAXIMUM_GRANTS) revert AccreditationGrantsTooMany(member, schema, MAXIMUM_GRANTS);
        list.push(Grant(validFrom, validUntil, 0, 0));
        emit AccreditationGranted(member, schema, grantIndex, validFrom, validUntil);
    }

    /// @inheritdoc IAccreditationRegistry
    function withdraw(MemberId member, SchemaId schema, uint256 grantIndex, uint64 effectiveSince)
        external
        onlyConsortium
    {
        Grant[] storage list = _grants[member][schema];
        if (grantIndex >= list.length) revert AccreditationGrantUnknown(member, schema, grantIndex);
        Grant storage entry = list[grantIndex];
        uint64 blockTime = uint64(block.timestamp);
        uint64 standing = entry.withdrawnSince;
        if (effectiveSince == 0) effectiveSince = blockTime;
        if (effectiveSince > blockTime || (standing != 0 && effectiveSince >= standing)) {
            revert AccreditationWithdrawalTimeWrong(effectiveSince, standing, blockTime);
        }
        entry.withdrawnSince = effectiveSince;
        entry.withdrawnAt = blockTime;
        emit AccreditationWithdrawn(member, schema, grantIndex, effectiveSince);
    }

    /// @inheritdoc IAccreditationRegistry
    function accreditedAt(MemberId member, SchemaId schema, uint64 time) external view returns (bool) {
        Grant[] storage list = _grants[member][schema];
        // The latest grant is the likeliest to hold.
        for (uint256 i = list.length; i > 0; --i) {
            Grant memory entry = list[i - 1];
            bool withdrawn = entry.withdrawnSince != 0 && entry.withdrawnSince <= time;
            if (entry.validFrom <= time && time < entry.validUntil && !withdrawn) return true;
        }
        return false;
    }

    /// @inheritdoc IAccreditationRegistry
    function grants(MemberId member, SchemaId schema) external view returns (Grant[] memory) {
        return _grants[member][schema];
    }
}
