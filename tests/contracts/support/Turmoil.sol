// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consortium} from "../../../contracts/consortium/Consortium.sol";
import {IMembers} from "../../../contracts/interfaces/IMembers.sol";
import {IProposals} from "../../../contracts/interfaces/IProposals.sol";
import {IKeyRegistry} from "../../../contracts/interfaces/IKeyRegistry.sol";
import {IStatusRegistry} from "../../../contracts/interfaces/IStatusRegistry.sol";
import {KeyRegistry} from "../../../contracts/keys/KeyRegistry.sol";
import {StatusRegistry} from "../../../contracts/status/StatusRegistry.sol";
import {KeyThumbprint, MemberId, NO_MEMBER, ProposalId} from "../../../contracts/types/Identifiers.sol";
import {Checks} from "./Checks.sol";
import {Indexes} from "./Indexes.sol";
import {vm} from "./Vm.sol";

/// @dev Lets everybody try everything in any order, keeps its own books, and fails as soon as the contracts did what
/// the books do not allow. Refusals are expected and swallowed.
contract Turmoil is Checks {
    struct Call {
        address target;
        bytes data;
        bytes32 salt;
        uint256 quorum;
    }

    KeyThumbprint private constant KEY = KeyThumbprint.wrap(bytes32("key"));
    uint32 private constant INDEXES = 16;

    Consortium private immutable CONSORTIUM;
    StatusRegistry private immutable STATUSES;
    KeyRegistry private immutable KEYS;

    // Every account that ever governed; the books of approvals are kept by account.
    address[] private _accounts;
    ProposalId[] private _proposals;
    mapping(ProposalId proposal => Call call) private _calls;
    mapping(ProposalId proposal => mapping(address account => uint256 time)) private _approvals;
    mapping(MemberId member => mapping(uint32 index => bool yes)) private _revoked;
    mapping(MemberId member => uint64 since) private _compromised;
    mapping(MemberId member => bool yes) private _removed;
    uint256 private _historySize;
    uint160 private _fresh = 0x10000;
    uint256 public executions;
    uint256 public revocations;

    constructor(Consortium consortium, StatusRegistry statuses, KeyRegistry keys, address[] memory accounts) {
        (CONSORTIUM, STATUSES, KEYS) = (consortium, statuses, keys);
        _accounts = accounts;
    }

    function propose(uint8 who, uint8 what, uint8 whom) external {
        Call memory call = _act(what, whom);
        call.salt = bytes32(_proposals.length);
        call.quorum = CONSORTIUM.quorum();
        address account = _account(who);
        (bool done, bytes memory result) =
            _try(account, address(CONSORTIUM), abi.encodeCall(IProposals.propose, (call.target, call.data, call.salt)));
        if (!done) return;
        _requireStanding(account, IMembers.MemberStatus.ACTIVE);
        ProposalId proposal = abi.decode(result, (ProposalId));
        _proposals.push(proposal);
        _calls[proposal] = call;
        _approvals[proposal][account] = block.timestamp;
    }

    function approve(uint8 who, uint8 which) external {
        if (_proposals.length == 0) return;
        (address account, ProposalId proposal) = (_account(who), _proposal(which));
        IMembers.MemberStatus status = _status(account);
        (bool done,) = _try(account, address(CONSORTIUM), abi.encodeCall(IProposals.approve, (proposal)));
        if (!done) return;
        check(status == IMembers.MemberStatus.ACTIVE, "only active members approve");
        _approvals[proposal][account] = block.timestamp;
    }

    function withdraw(uint8 who, uint8 which) external {
        if (_proposals.length == 0) return;
        (address account, ProposalId proposal) = (_account(who), _proposal(which));
        (bool done,) = _try(account, address(CONSORTIUM), abi.encodeCall(IProposals.withdrawApproval, (proposal)));
        if (done) _approvals[proposal][account] = 0;
    }

    function execute(uint8 who, uint8 which) external {
        if (_proposals.length == 0) return;
        (address account, ProposalId proposal) = (_account(who), _proposal(which));
        Call memory call = _calls[proposal];
        uint256 ripe = _ripe(proposal);
        uint256 quorum = CONSORTIUM.quorum();
        (bool done,) = _try(
            account,
            address(CONSORTIUM),
            abi.encodeCall(IProposals.execute, (proposal, call.target, call.data, call.salt))
        );
        if (!done) return;
        check(ripe >= quorum && ripe >= call.quorum, "no act without a quorum of ripe approvals");
        ++executions;
        _afterwards();
    }

    /// @dev Carries a proposal as far as it gets, so that executions are not left to luck.
    function rally(uint8 which) external {
        if (_proposals.length == 0) return;
        for (uint256 i = 0; i < _accounts.length; ++i) {
            this.approve(uint8(i), which);
        }
    }

    function suspend(uint8 who, uint8 whom) external {
        MemberId member = _member(whom);
        address account = _account(who);
        (, uint8 roles) = CONSORTIUM.standing(CONSORTIUM.memberByGovernance(account));
        (bool done,) = _try(account, address(CONSORTIUM), abi.encodeCall(IMembers.suspendMember, (member, bytes32(0))));
        if (done) check(roles & 4 != 0, "only supervisors suspend");
        _afterwards();
    }

    function rotate(uint8 who) external {
        address account = _account(who);
        MemberId member = CONSORTIUM.memberByGovernance(account);
        address fresh = address(++_fresh);
        (bool done,) =
            _try(account, address(CONSORTIUM), abi.encodeCall(IMembers.setGovernanceAccount, (member, fresh)));
        if (done) _accounts.push(fresh);
        _afterwards();
    }

    function setStatus(uint8 who, uint8 status, uint8 index) external {
        address account = _account(who);
        MemberId member = CONSORTIUM.memberByGovernance(account);
        IMembers.MemberStatus standing = _status(account);
        IStatusRegistry.Status wanted = IStatusRegistry.Status(status % 4);
        uint32 place = index % INDEXES;
        (bool done,) = _try(
            account,
            address(STATUSES),
            abi.encodeCall(IStatusRegistry.setStatuses, (0, wanted, Indexes.one(place)))
        );
        if (!done) return;
        bool tightened = wanted == IStatusRegistry.Status.REVOKED || wanted == IStatusRegistry.Status.SUSPENDED;
        bool suspended = standing == IMembers.MemberStatus.SUSPENDED;
        check(standing == IMembers.MemberStatus.ACTIVE || (suspended && tightened), "suspended only tighten");
        if (wanted == IStatusRegistry.Status.REVOKED) {
            _revoked[member][place] = true;
            ++revocations;
        }
    }

    function compromise(uint8 who, uint16 ago) external {
        address account = _account(who);
        MemberId member = CONSORTIUM.memberByGovernance(account);
        _try(
            account,
            address(KEYS),
            abi.encodeCall(
                IKeyRegistry.registerKey,
                (KEY, IKeyRegistry.KeyPurpose.CREDENTIAL_SIGNING, 0, type(uint64).max)
            )
        );
        uint64 since = uint64(block.timestamp) - ago;
        (bool done,) =
            _try(account, address(KEYS), abi.encodeCall(IKeyRegistry.declareCompromised, (KEY, since)));
        if (!done) return;
        check(_compromised[member] == 0 || since < _compromised[member], "compromise only moves earlier");
        _compromised[member] = since;
    }

    function pass(uint24 time) external {
        vm.warp(block.timestamp + time % 2 days);
        vm.roll(block.number + 1);
    }

    /// @dev Every revocation in the books still stands.
    function requireRevocationsStand() external view {
        MemberId[] memory members = CONSORTIUM.members();
        for (uint256 i = 0; i < members.length; ++i) {
            for (uint32 index = 0; index < INDEXES; ++index) {
                if (!_revoked[members[i]][index]) continue;
                bool stands = STATUSES.statusOf(members[i], 0, index) == IStatusRegistry.Status.REVOKED;
                check(stands, "REVOKED is terminal");
            }
        }
    }

    /// @dev Every compromise in the books still stands, at the time declared or earlier.
    function requireCompromisesStand() external view {
        MemberId[] memory members = CONSORTIUM.members();
        for (uint256 i = 0; i < members.length; ++i) {
            equal(KEYS.keyOf(members[i], KEY).compromisedSince, _compromised[members[i]], "compromise stands");
        }
    }

    function _act(uint8 what, uint8 whom) private returns (Call memory call) {
        MemberId member = _member(whom);
        call.target = address(CONSORTIUM);
        uint256 kind = what % 9;
        if (kind == 0) {
            string memory url = string.concat("https://m", string(abi.encodePacked(uint8(97 + ++_fresh % 26), "x")));
            call.data = abi.encodeCall(IMembers.admitMember, (url, address(++_fresh), whom % 7 + 1));
            _accounts.push(address(_fresh));
        } else if (kind == 1) {
            call.data = abi.encodeCall(IMembers.removeMember, (member, 0, whom % 2 == 0));
        } else if (kind == 2) {
            call.data = abi.encodeCall(IMembers.suspendByQuorum, (member, bytes32(0)));
        } else if (kind == 3) {
            call.data = abi.encodeCall(IMembers.confirmSuspension, (member));
        } else if (kind == 4) {
            call.data = abi.encodeCall(IMembers.reinstate, (member));
        } else if (kind == 5) {
            uint16 numerator = uint16(within(whom, 2, 5));
            call.data = abi.encodeCall(IProposals.setRules, (IProposals.Rules(numerator, 5, 2 days, 14 days)));
        } else if (kind == 6) {
            call.data = abi.encodeCall(IMembers.setRoles, (member, whom % 7 + 1));
        } else if (kind == 7) {
            call.target = address(STATUSES);
            call.data = abi.encodeCall(
                IStatusRegistry.setStatusesByQuorum,
                (member, 0, IStatusRegistry.Status(what % 3), Indexes.one(whom % INDEXES))
            );
        } else {
            call.data = abi.encodeCall(IMembers.setGovernanceAccount, (member, address(++_fresh)));
            _accounts.push(address(_fresh));
        }
    }

    /// @dev What must hold after anything that touches members.
    function _afterwards() private {
        (uint256 remaining, uint256 active) = CONSORTIUM.memberCounts();
        check(active >= CONSORTIUM.quorum(), "the consortium is never locked out");
        check(remaining >= 2, "one alone never governs");
        MemberId[] memory members = CONSORTIUM.members();
        uint256 size = members.length;
        for (uint256 i = 0; i < members.length; ++i) {
            size += CONSORTIUM.urls(members[i]).length + CONSORTIUM.governanceHistory(members[i]).length;
            (IMembers.MemberStatus status,) = CONSORTIUM.standing(members[i]);
            bool removed = status == IMembers.MemberStatus.REMOVED;
            check(removed || !_removed[members[i]], "nobody comes back");
            _removed[members[i]] = removed;
        }
        check(size >= _historySize, "history only grows");
        _historySize = size;
    }

    function _try(address account, address target, bytes memory data) private returns (bool done, bytes memory result) {
        vm.prank(account);
        return target.call(data);
    }

    /// @dev Counts by the books: accounts that approved long enough ago and govern an active member now.
    function _ripe(ProposalId proposal) private view returns (uint256 ripe) {
        for (uint256 i = 0; i < _accounts.length; ++i) {
            uint256 given = _approvals[proposal][_accounts[i]];
            bool old = given != 0 && given + CONSORTIUM.rules().timelock <= block.timestamp;
            if (old && _status(_accounts[i]) == IMembers.MemberStatus.ACTIVE) ++ripe;
        }
    }

    function _requireStanding(address account, IMembers.MemberStatus expected) private view {
        check(_status(account) == expected, "standing");
    }

    function _status(address account) private view returns (IMembers.MemberStatus status) {
        MemberId member = CONSORTIUM.memberByGovernance(account);
        if (member == NO_MEMBER) return IMembers.MemberStatus.NONE;
        (status,) = CONSORTIUM.standing(member);
    }

    function _account(uint8 who) private view returns (address) {
        return _accounts[who % _accounts.length];
    }

    function _member(uint8 whom) private view returns (MemberId) {
        MemberId[] memory members = CONSORTIUM.members();
        return members[whom % members.length];
    }

    /// @dev Prefers the latest proposals, which have not expired.
    function _proposal(uint8 which) private view returns (ProposalId) {
        return _proposals[_proposals.length - 1 - which % (_proposals.length < 4 ? _proposals.length : 4)];
    }
}
