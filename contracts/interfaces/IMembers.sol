// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberId} from "../types/Identifiers.sol";

/// @title Members of the consortium: their names, governance accounts, roles and standing
/// @notice A member is known for ever by the keccak256 of its first canonical URL. A canonical URL has a lower-case
/// scheme (`https` or `http`) and host, no default port, no user, query or fragment, no trailing slash, plain ASCII,
/// at most 256 bytes. A URL and an account belong to one member for ever.
interface IMembers {
    /// @notice A member's standing. A suspension whose time has passed reads ACTIVE again.
    enum MemberStatus {
        NONE,
        ACTIVE,
        SUSPENDED,
        REMOVED
    }

    /// @notice What the constructor needs to know of a founding member.
    /// @param url first canonical URL, which fixes the member's identifier
    /// @param governance account that votes and administers for the member
    /// @param roles bit mask of Roles.sol
    struct Founder {
        string url;
        address governance;
        uint8 roles;
    }

    /// @notice A member as it stands in this block.
    /// @param status standing now, lapsed suspensions counted as ended
    /// @param roles bit mask of Roles.sol
    /// @param forCause true if the member was removed for cause
    /// @param admittedAt block time of admission
    /// @param suspendedUntil end of a temporary suspension; 0 while SUSPENDED means until reinstated
    /// @param removedSince time from which the removal takes effect; 0 if not removed
    /// @param suspendedBy supervisor that suspended; the empty identifier if the quorum did
    /// @param governance present governance account
    struct Member {
        MemberStatus status;
        uint8 roles;
        bool forCause;
        uint64 admittedAt;
        uint64 suspendedUntil;
        uint64 removedSince;
        MemberId suspendedBy;
        address governance;
    }

    /// @notice One entry of a member's history of governance accounts.
    /// @param account the account
    /// @param since block time from which it governs, until the next entry's
    struct GovernanceAccount {
        address account;
        uint64 since;
    }

    /// @notice A member was admitted.
    /// @param member identifier, keccak256 of the URL
    /// @param url first canonical URL
    /// @param governance account that votes and administers for the member
    /// @param roles bit mask of Roles.sol
    event MemberAdmitted(MemberId indexed member, string url, address governance, uint8 roles);

    /// @notice A member got one more URL; earlier ones stay its own.
    /// @param member whose URL
    /// @param url canonical URL
    event MemberUrlAdded(MemberId indexed member, string url);

    /// @notice A member's roles were replaced.
    /// @param member whose roles
    /// @param roles bit mask of Roles.sol
    event RolesChanged(MemberId indexed member, uint8 roles);

    /// @notice A member's governance account was replaced; approvals given by the earlier one no longer count.
    /// @param member whose account
    /// @param account new governance account
    event GovernanceAccountChanged(MemberId indexed member, address indexed account);

    /// @notice A member was suspended.
    /// @param member who was suspended
    /// @param suspendedBy supervisor that did it; the empty identifier if the quorum did
    /// @param reasonDigest digest of the reason, which is kept off chain
    /// @param until time at which the suspension lapses; 0 if it lasts until the quorum reinstates
    event MemberSuspended(
        MemberId indexed member, MemberId indexed suspendedBy, bytes32 reasonDigest, uint64 until
    );

    /// @notice The quorum confirmed a supervisor's suspension, which from now on does not lapse.
    /// @param member who stays suspended
    event SuspensionConfirmed(MemberId indexed member);

    /// @notice The quorum ended a suspension.
    /// @param member who is active again
    event MemberReinstated(MemberId indexed member);

    /// @notice A member left or was expelled; it never comes back under the same identifier.
    /// @param member who was removed
    /// @param effectiveSince time from which the removal takes effect, never in the future
    /// @param forCause true if attestations made at or after `effectiveSince` are void; an orderly exit voids nothing
    event MemberRemoved(MemberId indexed member, uint64 effectiveSince, bool forCause);

    /// @notice Refuses a call to a function that only an executed proposal may make.
    /// @param caller who called
    error ConsortiumOnly(address caller);
    /// @notice Refuses a URL that is not in canonical form.
    /// @param url what was offered
    error UrlNotCanonical(string url);
    /// @notice Refuses a URL that a member has or had.
    /// @param url what was offered
    /// @param member whose it is
    error UrlTaken(string url, MemberId member);
    /// @notice Refuses an account that already serves, or once served, a member in any function.
    /// @param account what was offered
    /// @param member whose it is
    error AccountTaken(address account, MemberId member);
    /// @notice Refuses the zero account.
    error AccountMissing();
    /// @notice Refuses an empty or unknown set of roles.
    /// @param roles what was offered
    error RolesUnknown(uint8 roles);
    /// @notice Refuses an identifier that no member has.
    /// @param member what was asked for
    error MemberUnknown(MemberId member);
    /// @notice Refuses an act that needs an active member.
    /// @param member who acted or is concerned
    /// @param status its standing
    error MemberNotActive(MemberId member, MemberStatus status);
    /// @notice Refuses to confirm or end a suspension that is not there, or is not of the kind needed.
    /// @param member who is concerned
    /// @param status its standing
    error MemberNotSuspended(MemberId member, MemberStatus status);
    /// @notice Refuses an act for or by a member that was removed.
    /// @param member who is concerned
    error MemberGone(MemberId member);
    /// @notice Refuses one member too many; views iterate over all.
    /// @param maximum how many may ever be admitted
    error MembersTooMany(uint256 maximum);
    /// @notice Refuses to leave fewer members than may govern; one alone never does.
    /// @param remaining how many there would be
    /// @param minimum how many there must be
    error MembersTooFew(uint256 remaining, uint256 minimum);
    /// @notice Refuses what would leave fewer active members than the quorum needs.
    /// @param active active members there would be
    /// @param quorum approvals that would be needed
    error QuorumUnreachable(uint256 active, uint256 quorum);
    /// @notice Refuses a caller that is no member's present governance account.
    /// @param caller who called
    error GovernanceAccountUnknown(address caller);
    /// @notice Refuses a member's account where the member itself or the consortium must act.
    /// @param caller who called
    /// @param member whose act it is
    error GovernanceAccountOfAnother(address caller, MemberId member);
    /// @notice Refuses a suspension by a member without the supervisor's role.
    /// @param member who called
    error SupervisorOnly(MemberId member);
    /// @notice Refuses that one supervisor suspends another.
    /// @param member who was to be suspended
    error SupervisorProtected(MemberId member);
    /// @notice Refuses that a supervisor suspends again so soon: the same member, or anybody once its first suspension
    /// has lapsed unconfirmed.
    /// @param member who was to be suspended
    /// @param supervisor who called
    /// @param allowedFrom time from which it may
    error SuspensionTooSoon(MemberId member, MemberId supervisor, uint64 allowedFrom);
    /// @notice Refuses a time that lies in the future where only the past makes sense.
    /// @param time what was offered
    /// @param blockTime time of this block
    error TimeInFuture(uint64 time, uint64 blockTime);

    /// @notice Admits a member. Only by an executed proposal.
    /// @param url first canonical URL
    /// @param governance account that votes and administers for the member
    /// @param roles bit mask of Roles.sol
    /// @return member the new identifier
    function admitMember(string calldata url, address governance, uint8 roles) external returns (MemberId member);

    /// @notice Gives a member one more URL. Only by an executed proposal.
    /// @param member whose URL
    /// @param url canonical URL
    function addUrl(MemberId member, string calldata url) external;

    /// @notice Replaces a member's roles. Only by an executed proposal.
    /// @param member whose roles
    /// @param roles bit mask of Roles.sol
    function setRoles(MemberId member, uint8 roles) external;

    /// @notice Replaces a member's governance account, and with it voids the approvals the earlier one gave.
    /// By an executed proposal, or by the member's own present governance account while the member is active.
    /// @param member whose account
    /// @param account new governance account
    function setGovernanceAccount(MemberId member, address account) external;

    /// @notice Suspends a member at once, for seven days. Only by an active supervisor; never another supervisor,
    /// never so many that a quorum is out of reach, and not the same member again by the same supervisor before seven
    /// days have passed after the lapse. A supervisor may suspend several members within seven days of the first; then
    /// nobody before seven days have passed after the last lapse, unless the quorum confirmed one of them. In that
    /// pause all members can vote, so that no supervisor alone keeps the others from deciding.
    /// @param member who is to be suspended
    /// @param reasonDigest digest of the reason, which is kept off chain
    function suspendMember(MemberId member, bytes32 reasonDigest) external;

    /// @notice Suspends a member until the quorum reinstates it. Only by an executed proposal.
    /// @param member who is to be suspended
    /// @param reasonDigest digest of the reason, which is kept off chain
    function suspendByQuorum(MemberId member, bytes32 reasonDigest) external;

    /// @notice Makes a supervisor's suspension last until the quorum reinstates, and spares the supervisor the pause
    /// before it suspends others. Only by an executed proposal.
    /// @param member who is suspended
    function confirmSuspension(MemberId member) external;

    /// @notice Ends a suspension. Only by an executed proposal.
    /// @param member who is suspended
    function reinstate(MemberId member) external;

    /// @notice Removes a member for ever. Only by an executed proposal.
    /// @param member who goes
    /// @param effectiveSince time from which it takes effect, not in the future; 0 stands for this block's time
    /// @param forCause true if attestations made at or after that time become void
    function removeMember(MemberId member, uint64 effectiveSince, bool forCause) external;

    /// @notice Reads a member as it stands in this block.
    /// @param member whose
    /// @return the member; all zero if unknown
    function memberById(MemberId member) external view returns (Member memory);

    /// @notice Reads a member's standing and roles; what other contracts ask on every write.
    /// @param member whose
    /// @return status standing now
    /// @return roles bit mask of Roles.sol
    function standing(MemberId member) external view returns (MemberStatus status, uint8 roles);

    /// @notice Finds the member that has or had a URL.
    /// @param url canonical URL, byte for byte
    /// @return member the member, or the empty identifier
    function memberByUrl(string calldata url) external view returns (MemberId member);

    /// @notice Finds the member whose present governance account this is.
    /// @param account governance account
    /// @return member the member, or the empty identifier
    function memberByGovernance(address account) external view returns (MemberId member);

    /// @notice Reads every URL of a member in the order they were added.
    /// @param member whose
    /// @return every URL, oldest first
    function urls(MemberId member) external view returns (string[] memory);

    /// @notice Reads every governance account a member had.
    /// @param member whose
    /// @return every account, oldest first; the last one governs
    function governanceHistory(MemberId member) external view returns (GovernanceAccount[] memory);

    /// @notice Lists every member ever admitted.
    /// @return every identifier in the order of admission, removed members included
    function members() external view returns (MemberId[] memory);

    /// @notice Counts those who may vote.
    /// @return remaining members not removed: the N of the quorum
    /// @return active members that may approve now
    function memberCounts() external view returns (uint256 remaining, uint256 active);
}
