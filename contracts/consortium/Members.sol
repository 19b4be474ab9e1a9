// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMembers} from "../interfaces/IMembers.sol";
import {MemberId, NO_MEMBER} from "../types/Identifiers.sol";
import {ROLE_ALL, ROLE_SUPERVISOR} from "../types/Roles.sol";
import {CanonicalUrl} from "./CanonicalUrl.sol";

/// @title The register of members
/// @dev Members are few, so counts are taken by walking all of them: a stored count would go stale by itself when a
/// suspension lapses.
abstract contract Members is IMembers {
    uint256 internal constant MAXIMUM_MEMBERS = 512;
    uint256 internal constant MINIMUM_MEMBERS = 2;
    uint64 internal constant SUSPENSION = 7 days;
    uint64 internal constant SUSPENSION_PAUSE = 7 days;

    struct MemberRecord {
        MemberStatus status;
        uint8 roles;
        bool forCause;
        uint64 admittedAt;
        uint64 suspendedUntil;
        uint64 removedSince;
        MemberId suspendedBy;
        GovernanceAccount[] governance;
        string[] urls;
        // Until when each supervisor's last suspension of this member ran.
        mapping(MemberId supervisor => uint64 until) lastSuspension;
        Spell spell;
    }

    // Unconfirmed suspensions by one supervisor, all begun within seven days of the first.
    struct Spell {
        uint64 begunAt;
        uint64 lapsesAt;
    }

    MemberId[] private _members;
    mapping(MemberId member => MemberRecord record) private _records;
    mapping(bytes32 urlDigest => MemberId member) private _urlOwners;
    // Governance and operator accounts alike, present and former: an account serves one member for ever.
    mapping(address account => MemberId member) private _accountOwners;

    /// @dev Lets only an executed proposal in.
    modifier onlySelf() {
        if (msg.sender != address(this)) revert ConsortiumOnly(msg.sender);
        _;
    }

    /// @inheritdoc IMembers
    function admitMember(string calldata url, address governance, uint8 roles)
        external
        onlySelf
        returns (MemberId member)
    {
        member = _admit(url, governance, roles);
        _requireQuorumReachable();
    }

    /// @inheritdoc IMembers
    function addUrl(MemberId member, string calldata url) external onlySelf {
        MemberRecord storage record = _present(member);
        _takeUrl(member, url);
        record.urls.push(url);
        emit MemberUrlAdded(member, url);
    }

    /// @inheritdoc IMembers
    function setRoles(MemberId member, uint8 roles) external onlySelf {
        MemberRecord storage record = _present(member);
        _requireRoles(roles);
        record.roles = roles;
        emit RolesChanged(member, roles);
    }

    /// @inheritdoc IMembers
    function setGovernanceAccount(MemberId member, address account) external {
        MemberRecord storage record = _present(member);
        if (msg.sender != address(this)) {
            if (memberByGovernance(msg.sender) != member) revert GovernanceAccountOfAnother(msg.sender, member);
            MemberStatus status = _statusOf(record);
            if (status != MemberStatus.ACTIVE) revert MemberNotActive(member, status);
        }
        _takeAccount(member, account);
        record.governance.push(GovernanceAccount(account, uint64(block.timestamp)));
        emit GovernanceAccountChanged(member, account);
    }

    /// @inheritdoc IMembers
    function suspendMember(MemberId member, bytes32 reasonDigest) external {
        MemberId supervisor = _activeCaller();
        if (_records[supervisor].roles & ROLE_SUPERVISOR == 0) revert SupervisorOnly(supervisor);
        MemberRecord storage record = _present(member);
        if (record.roles & ROLE_SUPERVISOR != 0) revert SupervisorProtected(member);
        uint64 last = record.lastSuspension[supervisor];
        if (last != 0 && block.timestamp < last + SUSPENSION_PAUSE) {
            revert SuspensionTooSoon(member, supervisor, last + SUSPENSION_PAUSE);
        }
        _continueOrBeginSpell(member, supervisor);
        uint64 until = uint64(block.timestamp) + SUSPENSION;
        record.lastSuspension[supervisor] = until;
        _suspend(member, supervisor, until, reasonDigest);
    }

    /// @inheritdoc IMembers
    function suspendByQuorum(MemberId member, bytes32 reasonDigest) external onlySelf {
        _present(member);
        _suspend(member, NO_MEMBER, 0, reasonDigest);
    }

    /// @inheritdoc IMembers
    function confirmSuspension(MemberId member) external onlySelf {
        MemberRecord storage record = _suspended(member);
        if (record.suspendedUntil == 0) revert MemberNotSuspended(member, MemberStatus.SUSPENDED);
        record.suspendedUntil = 0;
        // Whom the quorum proves right need not wait before it can help again.
        delete _records[record.suspendedBy].spell;
        emit SuspensionConfirmed(member);
    }

    /// @inheritdoc IMembers
    function reinstate(MemberId member) external onlySelf {
        MemberRecord storage record = _suspended(member);
        record.status = MemberStatus.ACTIVE;
        record.suspendedUntil = 0;
        record.suspendedBy = NO_MEMBER;
        emit MemberReinstated(member);
    }

    /// @inheritdoc IMembers
    function removeMember(MemberId member, uint64 effectiveSince, bool forCause) external onlySelf {
        MemberRecord storage record = _present(member);
        uint64 blockTime = uint64(block.timestamp);
        if (effectiveSince > blockTime) revert TimeInFuture(effectiveSince, blockTime);
        if (effectiveSince == 0) effectiveSince = blockTime;
        record.status = MemberStatus.REMOVED;
        record.forCause = forCause;
        record.removedSince = effectiveSince;
        record.suspendedUntil = 0;
        record.suspendedBy = NO_MEMBER;
        (uint256 remaining,) = memberCounts();
        if (remaining < MINIMUM_MEMBERS) revert MembersTooFew(remaining, MINIMUM_MEMBERS);
        _requireQuorumReachable();
        emit MemberRemoved(member, effectiveSince, forCause);
    }

    /// @inheritdoc IMembers
    function memberById(MemberId member) external view returns (Member memory found) {
        MemberRecord storage record = _records[member];
        if (record.status == MemberStatus.NONE) return found;
        found.status = _statusOf(record);
        found.roles = record.roles;
        found.forCause = record.forCause;
        found.admittedAt = record.admittedAt;
        found.removedSince = record.removedSince;
        found.governance = _governanceAccount(member);
        if (found.status == MemberStatus.SUSPENDED) {
            found.suspendedUntil = record.suspendedUntil;
            found.suspendedBy = record.suspendedBy;
        }
    }

    /// @inheritdoc IMembers
    function standing(MemberId member) external view returns (MemberStatus status, uint8 roles) {
        MemberRecord storage record = _records[member];
        return (_statusOf(record), record.roles);
    }

    /// @inheritdoc IMembers
    function memberByUrl(string calldata url) external view returns (MemberId member) {
        return _urlOwners[keccak256(bytes(url))];
    }

    /// @inheritdoc IMembers
    function urls(MemberId member) external view returns (string[] memory) {
        return _records[member].urls;
    }

    /// @inheritdoc IMembers
    function governanceHistory(MemberId member) external view returns (GovernanceAccount[] memory) {
        return _records[member].governance;
    }

    /// @inheritdoc IMembers
    function members() external view returns (MemberId[] memory) {
        return _members;
    }

    /// @inheritdoc IMembers
    function memberByGovernance(address account) public view returns (MemberId member) {
        member = _accountOwners[account];
        if (member != NO_MEMBER && _governanceAccount(member) != account) return NO_MEMBER;
    }

    /// @inheritdoc IMembers
    function memberCounts() public view returns (uint256 remaining, uint256 active) {
        uint256 length = _members.length;
        for (uint256 i = 0; i < length; ++i) {
            MemberStatus status = _statusOf(_records[_members[i]]);
            if (status != MemberStatus.REMOVED) ++remaining;
            if (status == MemberStatus.ACTIVE) ++active;
        }
    }

    /// @dev Answers how many of `remaining` members must approve.
    function _quorumOf(uint256 remaining) internal view virtual returns (uint256);

    function _admit(string memory url, address governance, uint8 roles) internal returns (MemberId member) {
        if (_members.length == MAXIMUM_MEMBERS) revert MembersTooMany(MAXIMUM_MEMBERS);
        _requireRoles(roles);
        member = MemberId.wrap(keccak256(bytes(url)));
        _takeUrl(member, url);
        _takeAccount(member, governance);
        MemberRecord storage record = _records[member];
        record.status = MemberStatus.ACTIVE;
        record.roles = roles;
        record.admittedAt = uint64(block.timestamp);
        record.governance.push(GovernanceAccount(governance, uint64(block.timestamp)));
        record.urls.push(url);
        _members.push(member);
        emit MemberAdmitted(member, url, governance, roles);
    }

    /// @dev Binds an account to a member for ever; whoever holds it can never serve anyone else.
    function _takeAccount(MemberId member, address account) internal {
        if (account == address(0)) revert AccountMissing();
        MemberId owner = _accountOwners[account];
        if (owner != NO_MEMBER) revert AccountTaken(account, owner);
        _accountOwners[account] = member;
    }

    /// @dev The one condition that keeps the consortium able to act; every function that could break it ends here.
    function _requireQuorumReachable() internal view {
        (uint256 remaining, uint256 active) = memberCounts();
        uint256 required = _quorumOf(remaining);
        if (active < required) revert QuorumUnreachable(active, required);
    }

    /// @dev Answers the member that the caller governs, be it suspended.
    function _presentCaller() internal view returns (MemberId member) {
        member = memberByGovernance(msg.sender);
        if (member == NO_MEMBER) revert GovernanceAccountUnknown(msg.sender);
        _present(member);
    }

    /// @dev Answers the active member that the caller governs.
    function _activeCaller() internal view returns (MemberId member) {
        member = _presentCaller();
        _requireActive(member);
    }

    function _requireActive(MemberId member) internal view {
        MemberStatus status = _statusOf(_records[member]);
        if (status != MemberStatus.ACTIVE) revert MemberNotActive(member, status);
    }

    /// @dev Answers the record of a member that exists, removed or not.
    function _known(MemberId member) internal view returns (MemberRecord storage record) {
        record = _records[member];
        if (record.status == MemberStatus.NONE) revert MemberUnknown(member);
    }

    /// @dev Answers the record of a member that was not removed.
    function _present(MemberId member) internal view returns (MemberRecord storage record) {
        record = _known(member);
        if (record.status == MemberStatus.REMOVED) revert MemberGone(member);
    }

    function _statusOf(MemberRecord storage record) internal view returns (MemberStatus status) {
        status = record.status;
        if (status == MemberStatus.SUSPENDED) {
            uint64 until = record.suspendedUntil;
            if (until != 0 && until <= block.timestamp) return MemberStatus.ACTIVE;
        }
    }

    function _recordOf(MemberId member) internal view returns (MemberRecord storage) {
        return _records[member];
    }

    function _ownerOf(address account) internal view returns (MemberId) {
        return _accountOwners[account];
    }

    function _governanceAccount(MemberId member) internal view returns (address) {
        GovernanceAccount[] storage accounts = _records[member].governance;
        return accounts[accounts.length - 1].account;
    }

    /// @dev Counts a member's governance accounts; an approval is good for the account that gave it only.
    function _governanceEpoch(MemberId member) internal view returns (uint32) {
        return uint32(_records[member].governance.length);
    }

    /// @dev Without a pause, a supervisor that suspends one member after the other would leave just a quorum of active
    /// members for ever, itself among them: a veto on everything, its own removal included.
    function _continueOrBeginSpell(MemberId member, MemberId supervisor) private {
        Spell storage spell = _records[supervisor].spell;
        uint64 blockTime = uint64(block.timestamp);
        if (blockTime >= spell.begunAt + SUSPENSION) {
            uint64 allowedFrom = spell.lapsesAt + SUSPENSION_PAUSE;
            if (blockTime < allowedFrom) revert SuspensionTooSoon(member, supervisor, allowedFrom);
            spell.begunAt = blockTime;
        }
        spell.lapsesAt = blockTime + SUSPENSION;
    }

    function _suspend(MemberId member, MemberId by, uint64 until, bytes32 reasonDigest) private {
        MemberRecord storage record = _records[member];
        _requireActive(member);
        record.status = MemberStatus.SUSPENDED;
        record.suspendedUntil = until;
        record.suspendedBy = by;
        _requireQuorumReachable();
        emit MemberSuspended(member, by, reasonDigest, until);
    }

    function _takeUrl(MemberId member, string memory url) private {
        if (!CanonicalUrl.isCanonical(url)) revert UrlNotCanonical(url);
        bytes32 digest = keccak256(bytes(url));
        MemberId owner = _urlOwners[digest];
        if (owner != NO_MEMBER) revert UrlTaken(url, owner);
        _urlOwners[digest] = member;
    }

    function _suspended(MemberId member) private view returns (MemberRecord storage record) {
        record = _present(member);
        MemberStatus status = _statusOf(record);
        if (status != MemberStatus.SUSPENDED) revert MemberNotSuspended(member, status);
    }

    function _requireRoles(uint8 roles) private pure {
        if (roles == 0 || roles & ~ROLE_ALL != 0) revert RolesUnknown(roles);
    }
}
