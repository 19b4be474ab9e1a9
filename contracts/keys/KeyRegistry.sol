// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checkpoints} from "@openzeppelin/contracts/utils/structs/Checkpoints.sol";
import {Governed} from "../consortium/Governed.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IKeyRegistry} from "../interfaces/IKeyRegistry.sol";
import {IMembers} from "../interfaces/IMembers.sol";
import {KeyThumbprint, MemberId, NO_MEMBER} from "../types/Identifiers.sol";

/// @title The members' public keys
/// @dev Revocations and compromises are checkpoints by block: each later one lies earlier in time, so the last one
/// recorded at or before a block is all that was known then.
contract KeyRegistry is IKeyRegistry, Governed {
    using Checkpoints for Checkpoints.Trace208;

    struct KeyRecord {
        KeyPurpose purpose;
        uint64 notBefore;
        uint64 notAfter;
        uint64 registeredAtBlock;
        Checkpoints.Trace208 revocations;
        Checkpoints.Trace208 compromises;
    }

    mapping(MemberId member => mapping(KeyThumbprint thumbprint => KeyRecord record)) private _records;
    mapping(MemberId member => KeyThumbprint[] thumbprints) private _keys;

    /// @param consortium_ whom to obey
    constructor(IConsortium consortium_) Governed(consortium_) {}

    /// @inheritdoc IKeyRegistry
    function registerKey(KeyThumbprint thumbprint, KeyPurpose purpose, uint64 notBefore, uint64 notAfter)
        external
    {
        (MemberId member, IMembers.MemberStatus status) = _caller();
        if (status != IMembers.MemberStatus.ACTIVE) revert IMembers.MemberNotActive(member, status);
        if (KeyThumbprint.unwrap(thumbprint) == bytes32(0)) revert KeyThumbprintMissing();
        if (purpose == KeyPurpose.NONE) revert KeyPurposeMissing();
        KeyRecord storage record = _records[member][thumbprint];
        if (record.purpose != KeyPurpose.NONE) revert KeyExists(member, thumbprint);
        uint64 blockTime = uint64(block.timestamp);
        if (notBefore == 0) notBefore = blockTime;
        if (notBefore < blockTime || notAfter <= notBefore) revert KeyPeriodWrong(notBefore, notAfter, blockTime);
        record.purpose = purpose;
        record.notBefore = notBefore;
        record.notAfter = notAfter;
        record.registeredAtBlock = uint64(block.number);
        _keys[member].push(thumbprint);
        emit KeyRegistered(member, thumbprint, purpose, notBefore, notAfter);
    }

    /// @inheritdoc IKeyRegistry
    function revokeKey(KeyThumbprint thumbprint, uint64 revokedAt) external {
        (MemberId member,) = _caller();
        KeyRecord storage record = _known(member, thumbprint);
        uint64 blockTime = uint64(block.timestamp);
        uint64 standing = uint64(record.revocations.latest());
        if (revokedAt == 0) revokedAt = blockTime;
        if (revokedAt < blockTime || (standing != 0 && revokedAt >= standing)) {
            revert KeyRevocationTimeWrong(revokedAt, standing, blockTime);
        }
        _record(record.revocations, revokedAt);
        emit KeyRevoked(member, thumbprint, revokedAt);
    }

    /// @inheritdoc IKeyRegistry
    function declareCompromised(KeyThumbprint thumbprint, uint64 since) external {
        (MemberId member,) = _caller();
        _declareCompromised(member, thumbprint, since);
    }

    /// @inheritdoc IKeyRegistry
    function declareCompromisedByQuorum(MemberId member, KeyThumbprint thumbprint, uint64 since)
        external
        onlyConsortium
    {
        _declareCompromised(member, thumbprint, since);
    }

    /// @inheritdoc IKeyRegistry
    function keyStateAt(MemberId member, KeyThumbprint thumbprint, uint64 time, uint256 knownAtBlock)
        external
        view
        returns (KeyState)
    {
        KeyRecord storage record = _records[member][thumbprint];
        if (record.purpose == KeyPurpose.NONE || record.registeredAtBlock > knownAtBlock) return KeyState.UNKNOWN;
        uint48 known = knownAtBlock > type(uint48).max ? type(uint48).max : uint48(knownAtBlock);
        uint208 since = record.compromises.upperLookupRecent(known);
        if (since != 0 && since <= time) return KeyState.COMPROMISED;
        uint208 revokedAt = record.revocations.upperLookupRecent(known);
        if (revokedAt != 0 && revokedAt <= time) return KeyState.REVOKED;
        if (time < record.notBefore) return KeyState.NOT_YET_VALID;
        return time < record.notAfter ? KeyState.ACTIVE : KeyState.EXPIRED;
    }

    /// @inheritdoc IKeyRegistry
    function keyOf(MemberId member, KeyThumbprint thumbprint) external view returns (Key memory) {
        KeyRecord storage record = _records[member][thumbprint];
        return Key(
            record.purpose,
            record.notBefore,
            record.notAfter,
            record.registeredAtBlock,
            uint64(record.revocations.latest()),
            uint64(record.compromises.latest())
        );
    }

    /// @inheritdoc IKeyRegistry
    function keys(MemberId member) external view returns (KeyThumbprint[] memory) {
        return _keys[member];
    }

    function _declareCompromised(MemberId member, KeyThumbprint thumbprint, uint64 since) private {
        KeyRecord storage record = _known(member, thumbprint);
        uint64 blockTime = uint64(block.timestamp);
        uint64 standing = uint64(record.compromises.latest());
        if (since == 0 || since > blockTime || (standing != 0 && since >= standing)) {
            revert KeyCompromiseTimeWrong(since, standing, blockTime);
        }
        _record(record.compromises, since);
        emit KeyCompromised(member, thumbprint, since);
    }

    /// @dev Two records of one block become one; the events keep both, and only the earlier time holds anyway.
    function _record(Checkpoints.Trace208 storage trace, uint64 time) private {
        // slither-disable-next-line unused-return
        trace.push(uint48(block.number), uint208(time));
    }

    /// @dev Answers the member that the caller governs now, be it suspended, and its standing.
    function _caller() private view returns (MemberId member, IMembers.MemberStatus status) {
        member = CONSORTIUM.memberByGovernance(msg.sender);
        if (member == NO_MEMBER) revert IMembers.GovernanceAccountUnknown(msg.sender);
        // slither-disable-next-line unused-return
        (status,) = CONSORTIUM.standing(member);
        if (status == IMembers.MemberStatus.REMOVED) revert IMembers.MemberGone(member);
    }

    function _known(MemberId member, KeyThumbprint thumbprint) private view returns (KeyRecord storage record) {
        record = _records[member][thumbprint];
        if (record.purpose == KeyPurpose.NONE) revert KeyUnknown(member, thumbprint);
    }
}
