// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {KeyThumbprint, MemberId} from "../types/Identifiers.sol";
import {IGoverned} from "./IGoverned.sol";

/// @title The members' public keys by thumbprint: since when, until when, for what
/// @notice Changed by a member's governance account only. Each member has its own name space, so that nobody can
/// occupy a key of another's. One key serves one purpose for ever. A revocation only moves earlier and never into the
/// past; a compromise only moves earlier; both stand with the block that recorded them, so that what was known at any
/// block can be told.
interface IKeyRegistry is IGoverned {
    /// @notice What a key is for.
    enum KeyPurpose {
        NONE,
        CREDENTIAL_SIGNING,
        STATUS_SIGNING,
        REQUEST_SIGNING,
        TOKEN_SIGNING,
        RECEIPT_SIGNING,
        WEBHOOK_SIGNING,
        LOG_CHECKPOINT_SIGNING,
        WITNESS_COSIGNING
    }

    /// @notice What a key was at a time. Where several hold, the first of COMPROMISED, REVOKED, NOT_YET_VALID,
    /// EXPIRED, ACTIVE is answered.
    enum KeyState {
        UNKNOWN,
        NOT_YET_VALID,
        ACTIVE,
        EXPIRED,
        REVOKED,
        COMPROMISED
    }

    /// @notice A key's record by what is known now.
    /// @param purpose what it is for; NONE if unknown
    /// @param notBefore first second at which it is good
    /// @param notAfter first second at which it is no longer good
    /// @param registeredAtBlock block that registered it
    /// @param revokedAt time from which it is revoked; 0 if it is not
    /// @param compromisedSince time from which it is compromised; 0 if it is not
    struct Key {
        KeyPurpose purpose;
        uint64 notBefore;
        uint64 notAfter;
        uint64 registeredAtBlock;
        uint64 revokedAt;
        uint64 compromisedSince;
    }

    /// @notice A key was registered.
    /// @param member whose key
    /// @param thumbprint RFC 7638 SHA-256 thumbprint
    /// @param purpose what it is for
    /// @param notBefore first second at which it is good
    /// @param notAfter first second at which it is no longer good
    event KeyRegistered(
        MemberId indexed member,
        KeyThumbprint indexed thumbprint,
        KeyPurpose indexed purpose,
        uint64 notBefore,
        uint64 notAfter
    );

    /// @notice A key was revoked in good order; what it signed before stays good.
    /// @param member whose key
    /// @param thumbprint which key
    /// @param revokedAt time from which it is revoked
    event KeyRevoked(MemberId indexed member, KeyThumbprint indexed thumbprint, uint64 revokedAt);

    /// @notice A key was declared compromised; what it signed at or after `since` is void.
    /// @param member whose key
    /// @param thumbprint which key
    /// @param since time from which it is compromised
    event KeyCompromised(MemberId indexed member, KeyThumbprint indexed thumbprint, uint64 since);

    /// @notice Refuses an empty thumbprint.
    error KeyThumbprintMissing();
    /// @notice Refuses the purpose NONE.
    error KeyPurposeMissing();
    /// @notice Refuses to register a key twice, be it for another purpose.
    /// @param member whose key
    /// @param thumbprint which key
    error KeyExists(MemberId member, KeyThumbprint thumbprint);
    /// @notice Refuses a key the member never registered.
    /// @param member whose key
    /// @param thumbprint which key
    error KeyUnknown(MemberId member, KeyThumbprint thumbprint);
    /// @notice Refuses a validity that begins in the past or ends before it begins.
    /// @param notBefore what was offered
    /// @param notAfter what was offered
    /// @param blockTime time of this block
    error KeyPeriodWrong(uint64 notBefore, uint64 notAfter, uint64 blockTime);
    /// @notice Refuses a revocation in the past, or one that is not earlier than what stands.
    /// @param revokedAt what was offered
    /// @param standing what stands; 0 if nothing does
    /// @param blockTime time of this block
    error KeyRevocationTimeWrong(uint64 revokedAt, uint64 standing, uint64 blockTime);
    /// @notice Refuses a compromise without a time, in the future, or not earlier than what stands.
    /// @param since what was offered
    /// @param standing what stands; 0 if nothing does
    /// @param blockTime time of this block
    error KeyCompromiseTimeWrong(uint64 since, uint64 standing, uint64 blockTime);

    /// @notice Registers a key of the calling member. Only by an active member's governance account.
    /// @param thumbprint RFC 7638 SHA-256 thumbprint
    /// @param purpose what it is for
    /// @param notBefore first second at which it is good, not in the past; 0 stands for this block's time
    /// @param notAfter first second at which it is no longer good
    function registerKey(KeyThumbprint thumbprint, KeyPurpose purpose, uint64 notBefore, uint64 notAfter)
        external;

    /// @notice Revokes a key of the calling member in good order. Allowed while suspended.
    /// @param thumbprint which key
    /// @param revokedAt time from which it is revoked, not in the past; 0 stands for this block's time
    function revokeKey(KeyThumbprint thumbprint, uint64 revokedAt) external;

    /// @notice Declares a key of the calling member compromised. Allowed while suspended.
    /// @param thumbprint which key
    /// @param since time from which it is compromised: not in the future, earlier than any declared before; it may
    /// lie before the registration
    function declareCompromised(KeyThumbprint thumbprint, uint64 since) external;

    /// @notice Declares a key of any member, removed ones included, compromised. Only by an executed proposal.
    /// @param member whose key
    /// @param thumbprint which key
    /// @param since as for the member itself
    function declareCompromisedByQuorum(MemberId member, KeyThumbprint thumbprint, uint64 since) external;

    /// @notice Answers what a key was at a time, by what had been recorded at a block.
    /// @param member whose key
    /// @param thumbprint which key
    /// @param time any time, past or future
    /// @param knownAtBlock entries recorded at or before the end of this block count
    /// @return what it was
    function keyStateAt(MemberId member, KeyThumbprint thumbprint, uint64 time, uint256 knownAtBlock)
        external
        view
        returns (KeyState);

    /// @notice Reads a key by what is known now.
    /// @param member whose key
    /// @param thumbprint which key
    /// @return the record; all zero if unknown
    function keyOf(MemberId member, KeyThumbprint thumbprint) external view returns (Key memory);

    /// @notice Lists every key a member ever registered.
    /// @param member whose keys
    /// @return every thumbprint, oldest first
    function keys(MemberId member) external view returns (KeyThumbprint[] memory);
}
