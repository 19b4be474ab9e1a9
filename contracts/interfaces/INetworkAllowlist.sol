// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberId, NodeId} from "../types/Identifiers.sol";
import {IGoverned} from "./IGoverned.sol";
import {IMembers} from "./IMembers.sol";

/// @title Which chain nodes may take part in the network, and which accounts may send transactions
/// @notice Lets in by executed proposal only. Out goes faster: the entry's own member removes it at once, suspended or
/// not, and an active supervisor isolates the entries of a member that is suspended, for as long as the suspension
/// runs and seven days at the most. So isolation has every bound that suspension has: never a supervisor by another,
/// never so many members that a quorum is out of reach, and it lapses unless the quorum acts.
///
/// The accounts by which members decide and act need no entry and cannot be isolated: the present governance account and
/// the operator accounts in good standing of every member that was not removed are permitted as the Consortium knows
/// them. A vote can therefore neither be locked out by the network nor wait for it, rotating an operator needs no vote,
/// and a suspended member can still tighten.
///
/// The contract enforces nothing by itself: each member's reconciler carries it into its own chain nodes.
interface INetworkAllowlist is IGoverned {
    /// @notice Where a chain node is reached: what an enode URL says. Exactly one of `ip` and `domain` is given.
    /// @param keyX first half of the node's secp256k1 public key
    /// @param keyY second half; (keyX, keyY) is a point of the curve
    /// @param ip IPv6 address, an IPv4 address as ::ffff:a.b.c.d; zero if `domain` is given
    /// @param domain lower-case domain name of at most 253 bytes; empty if `ip` is given
    /// @param port TCP port, not zero
    /// @param discoveryPort UDP port; zero for a node that runs no discovery
    struct Endpoint {
        bytes32 keyX;
        bytes32 keyY;
        bytes16 ip;
        string domain;
        uint16 port;
        uint16 discoveryPort;
    }

    /// @notice One spell in which a node or an account stood in the list.
    /// @param member for whom it stood
    /// @param addedAt block time at which it was added
    /// @param removedAt block time at which it was removed; 0 while it stands
    /// @param isolatedUntil end of its last isolation, if the member's suspension does not end it before; 0 if none
    struct Listing {
        MemberId member;
        uint64 addedAt;
        uint64 removedAt;
        uint64 isolatedUntil;
    }

    /// @notice A node was added.
    /// @param node keccak256(abi.encode(endpoint))
    /// @param member whose node it is
    /// @param keyX first half of the node's public key
    /// @param keyY second half
    /// @param ip IPv6 address, or IPv4 as ::ffff:a.b.c.d, or zero
    /// @param domain domain name, or empty
    /// @param port TCP port
    /// @param discoveryPort UDP port; zero for none
    event NodeAdded(
        NodeId indexed node,
        MemberId indexed member,
        bytes32 keyX,
        bytes32 keyY,
        bytes16 ip,
        string domain,
        uint16 port,
        uint16 discoveryPort
    );

    /// @notice A node was removed.
    /// @param node which node
    /// @param member whose it was
    /// @param removedBy the member itself; the empty identifier if the quorum did it
    event NodeRemoved(NodeId indexed node, MemberId indexed member, MemberId indexed removedBy);

    /// @notice A supervisor isolated a node of a suspended member.
    /// @param node which node
    /// @param member whose it is
    /// @param supervisor who did it
    /// @param until time at which the isolation lapses, if the suspension does not end before
    event NodeIsolated(NodeId indexed node, MemberId indexed member, MemberId indexed supervisor, uint64 until);

    /// @notice An account was added.
    /// @param account which account
    /// @param member for whom it sends
    event AccountAdded(address indexed account, MemberId indexed member);

    /// @notice An account was removed.
    /// @param account which account
    /// @param member for whom it sent
    /// @param removedBy the member itself; the empty identifier if the quorum did it
    event AccountRemoved(address indexed account, MemberId indexed member, MemberId indexed removedBy);

    /// @notice A supervisor isolated an account of a suspended member.
    /// @param account which account
    /// @param member for whom it sends
    /// @param supervisor who did it
    /// @param until time at which the isolation lapses, if the suspension does not end before
    event AccountIsolated(
        address indexed account, MemberId indexed member, MemberId indexed supervisor, uint64 until
    );

    /// @notice Refuses a public key that is no point of the curve secp256k1.
    /// @param keyX first half
    /// @param keyY second half
    error NodeKeyNotOnCurve(bytes32 keyX, bytes32 keyY);
    /// @notice Refuses a host that is given twice or not at all, the address 0.0.0.0, or a malformed domain name.
    /// @param ip what was offered
    /// @param domain what was offered
    error NodeHostMalformed(bytes16 ip, string domain);
    /// @notice Refuses the TCP port 0.
    error NodePortMissing();
    /// @notice Refuses to add a node that stands in the list.
    /// @param node which node
    /// @param member whose it is
    error NodeAlreadyListed(NodeId node, MemberId member);
    /// @notice Refuses a node that does not stand in the list.
    /// @param node which node
    error NodeNotListed(NodeId node);
    /// @notice Refuses the zero account.
    error NetworkAccountMissing();
    /// @notice Refuses to add an account that stands in the list.
    /// @param account which account
    /// @param member whose it is
    error NetworkAccountAlreadyListed(address account, MemberId member);
    /// @notice Refuses an account that does not stand in the list.
    /// @param account which account
    error NetworkAccountNotListed(address account);
    /// @notice Refuses to add or isolate an account that is permitted because it governs or operates for a member: its
    /// entry would say nothing.
    /// @param account which account
    /// @param member whom it serves
    error NetworkAccountServes(address account, MemberId member);
    /// @notice Refuses one entry too many for a member.
    /// @param member which member
    /// @param maximum how many may stand at once
    error AllowlistFull(MemberId member, uint256 maximum);
    /// @notice Refuses an entry for, or an act by, a member that is unknown or removed.
    /// @param member which member
    /// @param status its standing
    error AllowlistMemberNotPresent(MemberId member, IMembers.MemberStatus status);
    /// @notice Refuses that anyone but its member or the consortium removes an entry.
    /// @param caller who called
    /// @param member whose entry it is
    error AllowlistEntryOfAnother(address caller, MemberId member);
    /// @notice Refuses isolation by a caller that is no active supervisor.
    /// @param caller who called
    error IsolationNotBySupervisor(address caller);
    /// @notice Refuses to isolate what belongs to a member that is not suspended: suspend it first.
    /// @param member which member
    /// @param status its standing
    error IsolationWithoutSuspension(MemberId member, IMembers.MemberStatus status);
    /// @notice Refuses to isolate an entry again before seven days have passed after the last lapse.
    /// @param allowedFrom time from which it may be
    error IsolationTooSoon(uint64 allowedFrom);

    /// @notice Adds a node. Only by an executed proposal.
    /// @param member whose node it is; not removed
    /// @param endpoint where it is reached
    /// @return node its identifier
    function addNode(MemberId member, Endpoint calldata endpoint) external returns (NodeId node);

    /// @notice Removes a node. By an executed proposal, or by the governance account of its member, suspended or not.
    /// @param node which node
    function removeNode(NodeId node) external;

    /// @notice Isolates a node of a suspended member until the suspension ends, seven days at the most. Only by an
    /// active supervisor, and not again before seven days have passed after the lapse.
    /// @param node which node
    function isolateNode(NodeId node) external;

    /// @notice Adds an account that may send transactions though it serves no member in the Consortium: one that carries
    /// others' signatures, or deploys. Only by an executed proposal.
    /// @param member who answers for it; not removed
    /// @param account which account
    function addAccount(MemberId member, address account) external;

    /// @notice Removes an account. By an executed proposal, or by the governance account of its member, suspended or not.
    /// @param account which account
    function removeAccount(address account) external;

    /// @notice Isolates an account of a suspended member, as `isolateNode` does a node.
    /// @param account which account
    function isolateAccount(address account) external;

    /// @notice Says whether a node may take part now: it stands in the list, its member was not removed, and no isolation
    /// runs.
    /// @param node which node
    /// @return true if it may
    function nodePermitted(NodeId node) external view returns (bool);

    /// @notice Says whether an account may send transactions now: it is the present governance account, or an operator
    /// account neither retired nor declared compromised, of a member that was not removed; or it stands in the list, its
    /// member was not removed, and no isolation runs.
    /// @param account which account
    /// @return true if it may
    function accountPermitted(address account) external view returns (bool);

    /// @notice Reads where a node is reached.
    /// @param node which node
    /// @return the endpoint; all zero if it was never added
    function endpointOf(NodeId node) external view returns (Endpoint memory);

    /// @notice Reads every spell in which a node stood in the list.
    /// @param node which node
    /// @return every spell, oldest first
    function nodeHistory(NodeId node) external view returns (Listing[] memory);

    /// @notice Reads every spell in which an account stood in the list.
    /// @param account which account
    /// @return every spell, oldest first
    function accountHistory(address account) external view returns (Listing[] memory);

    /// @notice Lists every node that ever stood in the list for a member.
    /// @param member whose
    /// @return every node, oldest first
    function nodesOf(MemberId member) external view returns (NodeId[] memory);

    /// @notice Lists every account that ever stood in the list for a member.
    /// @param member whose
    /// @return every account, oldest first
    function accountsOf(MemberId member) external view returns (address[] memory);

    /// @notice Counts what stands in the list for a member; at most 16 nodes and 32 accounts do.
    /// @param member whose
    /// @return nodes how many nodes
    /// @return accounts how many accounts
    function standingOf(MemberId member) external view returns (uint256 nodes, uint256 accounts);
}
