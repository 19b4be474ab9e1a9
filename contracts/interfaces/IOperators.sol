// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberId} from "../types/Identifiers.sol";
import {IMembers} from "./IMembers.sol";

/// @title Operator accounts: the hot accounts that attest and set statuses for a member, one purpose each
/// @notice An account serves one member and one purpose for ever. Retiring ends it; a declared compromise is never
/// taken back and its time only moves earlier.
interface IOperators {
    /// @notice What an operator account may do for its member.
    enum OperatorPurpose {
        NONE,
        ATTEST,
        STATUS
    }

    /// @notice An operator account's record.
    /// @param member whose account; the empty identifier if unknown
    /// @param purpose what it may do
    /// @param authorizedAt block time of its authorization
    /// @param retiredAt block time at which it was retired; 0 if it was not
    /// @param compromisedSince time from which its acts are void; 0 if never declared
    struct Operator {
        MemberId member;
        OperatorPurpose purpose;
        uint64 authorizedAt;
        uint64 retiredAt;
        uint64 compromisedSince;
    }

    /// @notice An account was authorized to act for a member.
    /// @param member for whom
    /// @param purpose to do what
    /// @param account which account
    event OperatorAuthorized(
        MemberId indexed member, OperatorPurpose indexed purpose, address indexed account
    );

    /// @notice An account was retired in good order; what it did stays good.
    /// @param member whose account
    /// @param purpose what it did
    /// @param account which account
    event OperatorRetired(MemberId indexed member, OperatorPurpose indexed purpose, address indexed account);

    /// @notice An account was declared compromised; what it did at or after `since` is void.
    /// @param member whose account
    /// @param purpose what it did
    /// @param account which account
    /// @param since time from which its acts are void
    event OperatorCompromised(
        MemberId indexed member, OperatorPurpose indexed purpose, address indexed account, uint64 since
    );

    /// @notice Refuses an account that is no operator of the member for the purpose.
    /// @param account which account
    /// @param purpose what it wanted to do
    error OperatorUnknown(address account, OperatorPurpose purpose);
    /// @notice Refuses an operator account that was retired.
    /// @param account which account
    /// @param retiredAt when
    error OperatorAlreadyRetired(address account, uint64 retiredAt);
    /// @notice Refuses an operator account that was declared compromised.
    /// @param account which account
    /// @param since since when
    error OperatorNotTrusted(address account, uint64 since);
    /// @notice Refuses the purpose NONE.
    error OperatorPurposeMissing();
    /// @notice Refuses a compromise without a time, or one that is not earlier than what is declared already.
    /// @param account which account
    /// @param since what was offered
    /// @param declared what stands
    error OperatorCompromiseNotEarlier(address account, uint64 since, uint64 declared);

    /// @notice Authorizes an account to act for the calling member. Only by an active member's governance account.
    /// @param purpose to do what
    /// @param account which account; never one that served before
    function authorizeOperator(OperatorPurpose purpose, address account) external;

    /// @notice Retires an account of the calling member in good order. Allowed while suspended.
    /// @param purpose what it does
    /// @param account which account
    function retireOperator(OperatorPurpose purpose, address account) external;

    /// @notice Declares an account of the calling member compromised. Allowed while suspended, and after retirement.
    /// @param purpose what it does
    /// @param account which account
    /// @param since time from which its acts are void: not in the future, earlier than any declared before
    function declareOperatorCompromised(OperatorPurpose purpose, address account, uint64 since) external;

    /// @notice Declares an account of any member, removed ones included, compromised. Only by an executed proposal.
    /// @param member whose account
    /// @param purpose what it does
    /// @param account which account
    /// @param since time from which its acts are void: not in the future, earlier than any declared before
    function declareOperatorCompromisedByQuorum(
        MemberId member,
        OperatorPurpose purpose,
        address account,
        uint64 since
    ) external;

    /// @notice Reads an operator account's record.
    /// @param account which account
    /// @return the record; all zero if unknown
    function operatorOf(address account) external view returns (Operator memory);

    /// @notice Lists every operator account a member ever had.
    /// @param member whose
    /// @return every account, oldest first
    function operators(MemberId member) external view returns (address[] memory);

    /// @notice Answers for whom an account may act now, or reverts; what other contracts ask on every write.
    /// The caller must still judge the member's standing and roles.
    /// @param account which account
    /// @param purpose what it wants to do
    /// @return member for whom it acts
    /// @return status the member's standing now
    /// @return roles the member's roles
    function actingFor(address account, OperatorPurpose purpose)
        external
        view
        returns (MemberId member, IMembers.MemberStatus status, uint8 roles);
}
