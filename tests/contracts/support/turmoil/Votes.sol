// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMembers} from "../../../../contracts/interfaces/IMembers.sol";
import {IProposals} from "../../../../contracts/interfaces/IProposals.sol";
import {MemberId, ProposalId} from "../../../../contracts/types/Identifiers.sol";
import {vm} from "../Vm.sol";
import {Decisions} from "./Decisions.sol";
import {Memory} from "./Memory.sol";

/// @dev Proposing, approving in every way, taking back, executing, suspending, and the passing of time, with books of
/// who approved what when: by them, not by what the contract says of itself, is an execution judged.
abstract contract Votes is Decisions, Memory {
    struct Proposed {
        address target;
        bytes data;
        bytes32 salt;
        uint256 kind;
        uint256 quorum;
        uint256 timelock;
    }

    bytes32 private constant APPROVAL_TYPEHASH =
        keccak256("Approval(bytes32 proposal,bytes32 member,uint256 nonce,uint256 deadline)");

    ProposalId[] private _proposals;
    mapping(ProposalId proposal => Proposed call) private _calls;
    mapping(ProposalId proposal => mapping(address account => uint256 time)) private _approvals;
    mapping(uint256 kind => uint256 times) public executed;
    uint256 public signedApprovals;

    function propose(uint8 who, uint8 what, uint8 whom) external remembered {
        uint256 kind = what % KINDS;
        // Once closed, the status registry takes nothing more: seldom enough to leave something to see.
        if (kind == CLOSE && whom != 255) return;
        _propose(accountAt(who), kind, whom);
    }

    function approve(uint8 who, uint8 which) external remembered {
        if (_proposals.length != 0) _approve(accountAt(who), _proposal(which));
    }

    function approveBySignature(uint8 who, uint8 which, uint8 relayer, bool forged) external remembered {
        if (_proposals.length == 0) return;
        (address account, ProposalId proposal) = (accountAt(who), _proposal(which));
        MemberId member = servedBy(account);
        uint256 deadline = block.timestamp + 1 hours;
        bytes32 content =
            keccak256(abi.encode(APPROVAL_TYPEHASH, proposal, member, world.consortium.nonces(account), deadline));
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", _domain(), content));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(forged ? 0xBAD : keyOf[account], digest);
        IMembers.MemberStatus standing = standingOf(account);
        vm.prank(address(uint160(0xE000) + relayer));
        try world.consortium.approveBySignature(proposal, member, deadline, abi.encodePacked(r, s, v)) {
            check(!forged && standing == IMembers.MemberStatus.ACTIVE, "only active members sign");
            equal(governanceOf(member), account, "by their present account");
            _approvals[proposal][account] = block.timestamp;
            ++signedApprovals;
        } catch {}
    }

    function withdraw(uint8 who, uint8 which) external remembered {
        if (_proposals.length == 0) return;
        (address account, ProposalId proposal) = (accountAt(who), _proposal(which));
        bytes memory data = abi.encodeCall(IProposals.withdrawApproval, (proposal));
        (bool done,) = act(account, address(world.consortium), data, true);
        if (done) _approvals[proposal][account] = 0;
    }

    function cancel(uint8 who, uint8 which) external remembered {
        if (_proposals.length == 0) return;
        bytes memory data = abi.encodeCall(IProposals.cancel, (_proposal(which)));
        act(accountAt(who), address(world.consortium), data, true);
    }

    function execute(uint8 who, uint8 which) external remembered {
        if (_proposals.length != 0) _execute(accountAt(who), _proposal(which));
    }

    /// @dev Carries a decision as far as it gets, so that what is reached is not left to luck. Those who are suspended,
    /// or left, try as well. `how` spoils it: an odd number waits a second too little; the next bit lets no more approve
    /// than must; the next two lose an approver by suspension, by a new account, or by second thoughts.
    function decide(uint8 what, uint8 whom, uint8 how) external remembered {
        uint256 kind = what % KINDS;
        if (kind != CLOSE || whom == 255) _decide(kind, whom, how);
    }

    /// @dev Decides much in a row, every other time about members: what they may do to each other is the most delicate.
    function govern(uint64 seed) external remembered {
        for (uint256 i = 0; i < 4; ++i) {
            (uint256 kind, uint256 whom) = (seed % 256 % (i % 2 == 0 ? ABOUT_MEMBERS : CLOSE), seed / 256 % 256);
            _decide(kind, whom, i == 3 ? seed % 64 : 0);
            seed = uint64(uint256(keccak256(abi.encode(seed))));
        }
    }

    /// @dev Drives the consortium to the edge: many members, as many of them suspended as can be, then one is removed.
    function press(uint8 whom) external remembered {
        for (uint256 i = world.consortium.members().length; i < 6; ++i) {
            _decide(ADMIT, whom, 0);
        }
        for (uint256 i = 0; i < 3; ++i) {
            _decide(SUSPEND, uint256(whom) + i, 0);
        }
        _decide(REMOVE, uint256(whom) + 3, 0);
    }

    /// @dev Calls a governed function without a vote.
    function meddle(uint8 who, uint8 what, uint8 whom) external remembered {
        uint256 kind = what % KINDS;
        Call memory call = decision(kind, whom);
        address account = who == 255 ? address(0xBAD) : accountAt(who);
        bool suspendedMayToo = kind == REMOVE_NODE || kind == REMOVE_ACCOUNT;
        (bool done,) = act(account, call.target, call.data, suspendedMayToo);
        check(!done || suspendedMayToo || kind == SET_GOVERNANCE, "no act without quorum");
    }

    function suspend(uint8 who, uint8 whom) external remembered {
        address account = accountAt(who);
        (, uint8 roles) = world.consortium.standing(world.consortium.memberByGovernance(account));
        uint256 quorum = world.consortium.quorum();
        bytes memory data = abi.encodeCall(IMembers.suspendMember, (memberAt(whom), bytes32(0)));
        (bool done,) = act(account, address(world.consortium), data, false);
        if (done) check(roles & 4 != 0, "only supervisors suspend");
        equal(world.consortium.quorum(), quorum, "suspending never moves the quorum");
    }

    function pass(uint24 time) external remembered {
        _pass(time % 2 days);
    }

    function _decide(uint256 kind, uint256 whom, uint256 how) private {
        MemberId[] memory members = world.consortium.members();
        address proposer;
        for (uint256 i = 0; i < members.length && standingOf(proposer) != IMembers.MemberStatus.ACTIVE; ++i) {
            proposer = governanceOf(members[(whom + i) % members.length]);
        }
        uint256 before = _proposals.length;
        _propose(proposer, kind, whom);
        if (_proposals.length == before) return;
        ProposalId proposal = _proposals[before];
        uint256 wanted = how & 2 == 0 ? members.length : world.consortium.quorum();
        for (uint256 i = 0; i < members.length; ++i) {
            if (world.consortium.proposalById(proposal).approvals == wanted) break;
            _approve(governanceOf(members[(whom + i) % members.length]), proposal);
        }
        _lose(members[(whom + how / 16) % members.length], how / 4 % 4, proposal);
        _pass(world.consortium.rules().timelock - how % 2);
        for (uint256 i = 0; i < members.length; ++i) {
            _execute(governanceOf(members[i]), proposal);
        }
    }

    function _lose(MemberId member, uint256 how, ProposalId proposal) private {
        MemberId[] memory members = world.consortium.members();
        address account = governanceOf(member);
        bytes memory data = abi.encodeCall(IMembers.suspendMember, (member, bytes32(0)));
        for (uint256 i = 0; i < members.length && how == 1; ++i) {
            act(governanceOf(members[i]), address(world.consortium), data, false);
        }
        if (how == 2) {
            data = abi.encodeCall(IMembers.setGovernanceAccount, (member, newAccount()));
            act(account, address(world.consortium), data, false);
        } else if (how == 3) {
            data = abi.encodeCall(IProposals.withdrawApproval, (proposal));
            (bool done,) = act(account, address(world.consortium), data, true);
            if (done) _approvals[proposal][account] = 0;
        }
    }

    function _pass(uint256 time) internal {
        uint256 quorum = world.consortium.quorum();
        vm.warp(block.timestamp + time);
        vm.roll(block.number + 1);
        equal(world.consortium.quorum(), quorum, "lapsing never moves the quorum");
    }

    function _propose(address account, uint256 kind, uint256 whom) private {
        Call memory call = decision(kind, whom);
        bytes32 salt = bytes32(_proposals.length);
        (uint256 quorum, uint256 timelock) = (world.consortium.quorum(), world.consortium.rules().timelock);
        bytes memory data = abi.encodeCall(IProposals.propose, (call.target, call.data, salt));
        (bool done, bytes memory result) = act(account, address(world.consortium), data, false);
        if (!done) return;
        ProposalId proposal = abi.decode(result, (ProposalId));
        _proposals.push(proposal);
        _calls[proposal] = Proposed(call.target, call.data, salt, kind, quorum, timelock);
        _approvals[proposal][account] = block.timestamp;
    }

    function _approve(address account, ProposalId proposal) private {
        bytes memory data = abi.encodeCall(IProposals.approve, (proposal));
        (bool done,) = act(account, address(world.consortium), data, false);
        if (done) _approvals[proposal][account] = block.timestamp;
    }

    function _execute(address account, ProposalId proposal) private {
        Proposed memory call = _calls[proposal];
        uint256 ripe = _ripe(proposal, call.timelock);
        uint256 quorum = world.consortium.quorum();
        bytes memory data = abi.encodeCall(IProposals.execute, (proposal, call.target, call.data, call.salt));
        (bool done,) = act(account, address(world.consortium), data, false);
        if (!done) return;
        check(ripe >= quorum && ripe >= call.quorum, "no act without a quorum of ripe approvals");
        if (call.kind == SUSPEND) equal(world.consortium.quorum(), quorum, "suspending never moves the quorum");
        ++executed[call.kind];
    }

    /// @dev Counts by the books: accounts that approved long enough ago and govern an active member now.
    function _ripe(ProposalId proposal, uint256 timelock) private view returns (uint256 ripe) {
        uint256 present = world.consortium.rules().timelock;
        if (present > timelock) timelock = present;
        MemberId[] memory members = world.consortium.members();
        for (uint256 i = 0; i < members.length; ++i) {
            address account = governanceOf(members[i]);
            uint256 given = _approvals[proposal][account];
            if (given == 0 || given + timelock > block.timestamp) continue;
            if (standingOf(account) == IMembers.MemberStatus.ACTIVE) ++ripe;
        }
    }

    function _domain() private view returns (bytes32) {
        bytes32 typeHash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 name = keccak256("Jeung Consortium");
        return keccak256(abi.encode(typeHash, name, keccak256("1"), block.chainid, world.consortium));
    }

    /// @dev Prefers the latest proposals, which have not expired.
    function _proposal(uint256 which) private view returns (ProposalId) {
        return _proposals[_proposals.length - 1 - which % (_proposals.length < 4 ? _proposals.length : 4)];
    }
}
