// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOperators} from "../interfaces/IOperators.sol";
import {MemberId} from "../types/Identifiers.sol";
import {Members} from "./Members.sol";

/// @title The register of operator accounts
abstract contract Operators is Members, IOperators {
    // The account's member stands in the register of accounts; this is the rest, in one slot.
    struct OperatorRecord {
        OperatorPurpose purpose;
        uint64 authorizedAt;
        uint64 retiredAt;
        uint64 compromisedSince;
    }

    mapping(address account => OperatorRecord record) private _operators;
    mapping(MemberId member => address[] accounts) private _operatorAccounts;

    /// @inheritdoc IOperators
    function authorizeOperator(OperatorPurpose purpose, address account) external {
        MemberId member = _activeCaller();
        if (purpose == OperatorPurpose.NONE) revert OperatorPurposeMissing();
        _takeAccount(member, account);
        _operators[account].purpose = purpose;
        _operators[account].authorizedAt = uint64(block.timestamp);
        _operatorAccounts[member].push(account);
        emit OperatorAuthorized(member, purpose, account);
    }

    /// @inheritdoc IOperators
    function retireOperator(OperatorPurpose purpose, address account) external {
        MemberId member = _presentCaller();
        OperatorRecord storage record = _operatorRecord(member, purpose, account);
        if (record.retiredAt != 0) revert OperatorAlreadyRetired(account, record.retiredAt);
        record.retiredAt = uint64(block.timestamp);
        emit OperatorRetired(member, purpose, account);
    }

    /// @inheritdoc IOperators
    function declareOperatorCompromised(OperatorPurpose purpose, address account, uint64 since) external {
        _declareCompromised(_presentCaller(), purpose, account, since);
    }

    /// @inheritdoc IOperators
    function declareOperatorCompromisedByQuorum(
        MemberId member,
        OperatorPurpose purpose,
        address account,
        uint64 since
    ) external onlySelf {
        _declareCompromised(member, purpose, account, since);
    }

    /// @inheritdoc IOperators
    function operatorOf(address account) external view returns (Operator memory found) {
        OperatorRecord storage record = _operators[account];
        if (record.purpose == OperatorPurpose.NONE) return found;
        return Operator(
            _ownerOf(account), record.purpose, record.authorizedAt, record.retiredAt, record.compromisedSince
        );
    }

    /// @inheritdoc IOperators
    function operators(MemberId member) external view returns (address[] memory) {
        return _operatorAccounts[member];
    }

    /// @inheritdoc IOperators
    function actingFor(address account, OperatorPurpose purpose)
        external
        view
        returns (MemberId member, MemberStatus status, uint8 roles)
    {
        OperatorRecord memory record = _operators[account];
        if (purpose == OperatorPurpose.NONE || record.purpose != purpose) revert OperatorUnknown(account, purpose);
        if (record.compromisedSince != 0) revert OperatorNotTrusted(account, record.compromisedSince);
        if (record.retiredAt != 0) revert OperatorAlreadyRetired(account, record.retiredAt);
        member = _ownerOf(account);
        MemberRecord storage owner = _recordOf(member);
        return (member, _statusOf(owner), owner.roles);
    }

    function _declareCompromised(MemberId member, OperatorPurpose purpose, address account, uint64 since) private {
        OperatorRecord storage record = _operatorRecord(member, purpose, account);
        uint64 declared = record.compromisedSince;
        if (since > block.timestamp) revert TimeInFuture(since, uint64(block.timestamp));
        if (since == 0 || (declared != 0 && since >= declared)) {
            revert OperatorCompromiseNotEarlier(account, since, declared);
        }
        record.compromisedSince = since;
        emit OperatorCompromised(member, purpose, account, since);
    }

    /// @dev Answers the record of a member's own account, so that nobody can retire or disown another's.
    function _operatorRecord(MemberId member, OperatorPurpose purpose, address account)
        private
        view
        returns (OperatorRecord storage record)
    {
        record = _operators[account];
        if (purpose == OperatorPurpose.NONE || record.purpose != purpose || _ownerOf(account) != member) {
            revert OperatorUnknown(account, purpose);
        }
    }
}
