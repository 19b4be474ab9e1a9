// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../consortium/Governed.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IMembers} from "../interfaces/IMembers.sol";
import {INetworkAllowlist} from "../interfaces/INetworkAllowlist.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {MemberId, NO_MEMBER, NodeId} from "../types/Identifiers.sol";
import {ROLE_SUPERVISOR} from "../types/Roles.sol";
import {NodeEndpoint} from "./NodeEndpoint.sol";

/// @title The allowlist of the network
contract NetworkAllowlist is INetworkAllowlist, Governed {
    uint256 private constant MAXIMUM_NODES = 16;
    uint256 private constant MAXIMUM_ACCOUNTS = 32;
    uint64 private constant ISOLATION = 7 days;
    uint64 private constant ISOLATION_PAUSE = 7 days;

    struct Standing {
        uint32 nodes;
        uint32 accounts;
    }

    mapping(NodeId node => Endpoint endpoint) private _endpoints;
    mapping(NodeId node => Listing[] spells) private _nodeListings;
    mapping(address account => Listing[] spells) private _accountListings;
    mapping(MemberId member => NodeId[] nodes) private _memberNodes;
    mapping(MemberId member => address[] accounts) private _memberAccounts;
    mapping(MemberId member => Standing standing) private _standing;

    /// @param consortium_ whom to obey
    constructor(IConsortium consortium_) Governed(consortium_) {}

    /// @inheritdoc INetworkAllowlist
    function addNode(MemberId member, Endpoint calldata endpoint) external onlyConsortium returns (NodeId node) {
        _requirePresent(member);
        NodeEndpoint.requireWellFormed(endpoint);
        node = NodeId.wrap(keccak256(abi.encode(endpoint)));
        Listing[] storage spells = _nodeListings[node];
        if (_stands(spells)) revert NodeAlreadyListed(node, _last(spells).member);
        if (++_standing[member].nodes > MAXIMUM_NODES) revert AllowlistFull(member, MAXIMUM_NODES);
        if (spells.length == 0) _endpoints[node] = endpoint;
        if (!_wasListedFor(spells, member)) _memberNodes[member].push(node);
        spells.push(Listing(member, uint64(block.timestamp), 0, 0));
        emit NodeAdded(
            node,
            member,
            endpoint.keyX,
            endpoint.keyY,
            endpoint.ip,
            endpoint.domain,
            endpoint.port,
            endpoint.discoveryPort
        );
    }

    /// @inheritdoc INetworkAllowlist
    function removeNode(NodeId node) external {
        Listing storage listing = _nodeListing(node);
        MemberId member = listing.member;
        MemberId by = _remover(member);
        listing.removedAt = uint64(block.timestamp);
        --_standing[member].nodes;
        emit NodeRemoved(node, member, by);
    }

    /// @inheritdoc INetworkAllowlist
    function isolateNode(NodeId node) external {
        Listing storage listing = _nodeListing(node);
        (MemberId supervisor, uint64 until) = _isolate(listing);
        emit NodeIsolated(node, listing.member, supervisor, until);
    }

    /// @inheritdoc INetworkAllowlist
    function addAccount(MemberId member, address account) external onlyConsortium {
        _requirePresent(member);
        if (account == address(0)) revert NetworkAccountMissing();
        _requireServesNobody(account);
        Listing[] storage spells = _accountListings[account];
        if (_stands(spells)) revert NetworkAccountAlreadyListed(account, _last(spells).member);
        if (++_standing[member].accounts > MAXIMUM_ACCOUNTS) revert AllowlistFull(member, MAXIMUM_ACCOUNTS);
        if (!_wasListedFor(spells, member)) _memberAccounts[member].push(account);
        spells.push(Listing(member, uint64(block.timestamp), 0, 0));
        emit AccountAdded(account, member);
    }

    /// @inheritdoc INetworkAllowlist
    function removeAccount(address account) external {
        Listing storage listing = _accountListing(account);
        MemberId member = listing.member;
        MemberId by = _remover(member);
        listing.removedAt = uint64(block.timestamp);
        --_standing[member].accounts;
        emit AccountRemoved(account, member, by);
    }

    /// @inheritdoc INetworkAllowlist
    function isolateAccount(address account) external {
        Listing storage listing = _accountListing(account);
        _requireServesNobody(account);
        (MemberId supervisor, uint64 until) = _isolate(listing);
        emit AccountIsolated(account, listing.member, supervisor, until);
    }

    /// @inheritdoc INetworkAllowlist
    function nodePermitted(NodeId node) external view returns (bool) {
        return _permitted(_nodeListings[node]);
    }

    /// @inheritdoc INetworkAllowlist
    function accountPermitted(address account) external view returns (bool) {
        return _serves(account) != NO_MEMBER || _permitted(_accountListings[account]);
    }

    /// @inheritdoc INetworkAllowlist
    function endpointOf(NodeId node) external view returns (Endpoint memory) {
        return _endpoints[node];
    }

    /// @inheritdoc INetworkAllowlist
    function nodeHistory(NodeId node) external view returns (Listing[] memory) {
        return _nodeListings[node];
    }

    /// @inheritdoc INetworkAllowlist
    function accountHistory(address account) external view returns (Listing[] memory) {
        return _accountListings[account];
    }

    /// @inheritdoc INetworkAllowlist
    function nodesOf(MemberId member) external view returns (NodeId[] memory) {
        return _memberNodes[member];
    }

    /// @inheritdoc INetworkAllowlist
    function accountsOf(MemberId member) external view returns (address[] memory) {
        return _memberAccounts[member];
    }

    /// @inheritdoc INetworkAllowlist
    function standingOf(MemberId member) external view returns (uint256 nodes, uint256 accounts) {
        Standing storage standing = _standing[member];
        return (standing.nodes, standing.accounts);
    }

    /// @dev Binds an isolation to a suspension, which has the bounds that keep the consortium able to act.
    function _isolate(Listing storage listing) private returns (MemberId supervisor, uint64 until) {
        supervisor = CONSORTIUM.memberByGovernance(msg.sender);
        (IMembers.MemberStatus status, uint8 roles) = CONSORTIUM.standing(supervisor);
        if (status != IMembers.MemberStatus.ACTIVE || roles & ROLE_SUPERVISOR == 0) {
            revert IsolationNotBySupervisor(msg.sender);
        }
        IMembers.Member memory member = CONSORTIUM.memberById(listing.member);
        if (member.status != IMembers.MemberStatus.SUSPENDED) {
            revert IsolationWithoutSuspension(listing.member, member.status);
        }
        uint64 blockTime = uint64(block.timestamp);
        uint64 last = listing.isolatedUntil;
        if (last != 0 && blockTime < last + ISOLATION_PAUSE) revert IsolationTooSoon(last + ISOLATION_PAUSE);
        // A suspension by the quorum has no end of its own, an isolation by one supervisor always has.
        until = member.suspendedUntil == 0 ? blockTime + ISOLATION : member.suspendedUntil;
        listing.isolatedUntil = until;
    }

    function _nodeListing(NodeId node) private view returns (Listing storage) {
        Listing[] storage spells = _nodeListings[node];
        if (!_stands(spells)) revert NodeNotListed(node);
        return _last(spells);
    }

    function _accountListing(address account) private view returns (Listing storage) {
        Listing[] storage spells = _accountListings[account];
        if (!_stands(spells)) revert NetworkAccountNotListed(account);
        return _last(spells);
    }

    /// @dev Answers who removes: the member whose entry it is, or the empty identifier for the quorum.
    function _remover(MemberId member) private view returns (MemberId) {
        if (msg.sender == address(CONSORTIUM)) return NO_MEMBER;
        if (CONSORTIUM.memberByGovernance(msg.sender) != member) revert AllowlistEntryOfAnother(msg.sender, member);
        _requirePresent(member);
        return member;
    }

    function _requirePresent(MemberId member) private view {
        IMembers.MemberStatus status = _statusOf(member);
        if (!_present(status)) revert AllowlistMemberNotPresent(member, status);
    }

    function _requireServesNobody(address account) private view {
        MemberId member = _serves(account);
        if (member != NO_MEMBER) revert NetworkAccountServes(account, member);
    }

    function _permitted(Listing[] storage spells) private view returns (bool) {
        if (!_stands(spells)) return false;
        Listing storage listing = _last(spells);
        IMembers.MemberStatus status = _statusOf(listing.member);
        if (status == IMembers.MemberStatus.SUSPENDED) return listing.isolatedUntil <= block.timestamp;
        return status == IMembers.MemberStatus.ACTIVE;
    }

    /// @dev Answers which member an account governs or operates for in good standing; the empty identifier for none.
    function _serves(address account) private view returns (MemberId member) {
        member = CONSORTIUM.memberByGovernance(account);
        if (member == NO_MEMBER) {
            IOperators.Operator memory operator = CONSORTIUM.operatorOf(account);
            if (operator.retiredAt == 0 && operator.compromisedSince == 0) member = operator.member;
        }
        if (!_present(_statusOf(member))) return NO_MEMBER;
    }

    function _statusOf(MemberId member) private view returns (IMembers.MemberStatus status) {
        // slither-disable-next-line unused-return
        (status,) = CONSORTIUM.standing(member);
    }

    function _present(IMembers.MemberStatus status) private pure returns (bool) {
        return status == IMembers.MemberStatus.ACTIVE || status == IMembers.MemberStatus.SUSPENDED;
    }

    function _stands(Listing[] storage spells) private view returns (bool) {
        uint256 count = spells.length;
        return count != 0 && spells[count - 1].removedAt == 0;
    }

    function _last(Listing[] storage spells) private view returns (Listing storage) {
        return spells[spells.length - 1];
    }

    /// @dev Walks the spells of one entry, each of which cost a vote.
    function _wasListedFor(Listing[] storage spells, MemberId member) private view returns (bool) {
        for (uint256 i = spells.length; i > 0; --i) {
            if (spells[i - 1].member == member) return true;
        }
        return false;
    }
}
