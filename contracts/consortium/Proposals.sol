// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {IProposals} from "../interfaces/IProposals.sol";
import {MemberId, ProposalId} from "../types/Identifiers.sol";
import {Members} from "./Members.sol";

/// @title How the members decide
abstract contract Proposals is Members, IProposals, EIP712, Nonces {
    bytes32 private constant APPROVAL_TYPEHASH =
        keccak256("Approval(bytes32 proposal,bytes32 member,uint256 nonce,uint256 deadline)");
    uint256 private constant MAXIMUM_DATA = 32 * 1024;
    uint64 private constant MAXIMUM_TIMELOCK = 30 days;
    uint64 private constant MAXIMUM_LIFETIME = 365 days;
    // What must be left to execute in once the first approval is ripe.
    uint64 private constant MINIMUM_EXECUTION_TIME = 1 hours;

    uint16 private immutable FLOOR_NUMERATOR;
    uint16 private immutable FLOOR_DENOMINATOR;
    uint64 private immutable FLOOR_TIMELOCK;

    struct Approval {
        uint64 givenAt;
        // How many governance accounts the member had had: a new account does not inherit the old one's word.
        uint32 governanceEpoch;
        bool listed;
    }

    struct ProposalRecord {
        MemberId proposer;
        uint64 proposedAt;
        uint64 expiresAt;
        uint64 timelock;
        uint16 quorum;
        bool cancelled;
        bool executed;
        MemberId[] approvers;
        mapping(MemberId member => Approval approval) approvals;
    }

    Rules private _rules;
    mapping(ProposalId proposal => ProposalRecord record) private _proposals;

    /// @dev The deployment's own quorum share is the floor, and never less than two thirds.
    constructor(Rules memory initial, uint64 timelockFloor) EIP712("Jeung Consortium", "1") {
        bool tooLow = 3 * uint256(initial.quorumNumerator) < 2 * uint256(initial.quorumDenominator);
        if (tooLow || timelockFloor == 0) revert RulesOutOfBounds(initial);
        FLOOR_NUMERATOR = initial.quorumNumerator;
        FLOOR_DENOMINATOR = initial.quorumDenominator;
        FLOOR_TIMELOCK = timelockFloor;
        _setRules(initial, initial.quorumNumerator, initial.quorumDenominator, timelockFloor);
    }

    /// @inheritdoc IProposals
    function propose(address target, bytes calldata data, bytes32 salt) external returns (ProposalId proposal) {
        MemberId member = _activeCaller();
        if (target.code.length == 0) revert ProposalTargetWithoutCode(target);
        if (data.length > MAXIMUM_DATA) revert ProposalDataTooLarge(data.length, MAXIMUM_DATA);
        proposal = proposalIdOf(member, target, data, salt);
        ProposalRecord storage record = _proposals[proposal];
        if (record.proposedAt != 0) revert ProposalExists(proposal);
        record.proposer = member;
        record.proposedAt = uint64(block.timestamp);
        record.expiresAt = uint64(block.timestamp) + _rules.proposalLifetime;
        record.timelock = _rules.timelock;
        record.quorum = uint16(quorum());
        emit ProposalCreated(proposal, member, target, data, salt, record.expiresAt, record.quorum);
        _approve(proposal, record, member);
    }

    /// @inheritdoc IProposals
    function approve(ProposalId proposal) external {
        _approve(proposal, _open(proposal), _activeCaller());
    }

    /// @inheritdoc IProposals
    function approveBySignature(
        ProposalId proposal,
        MemberId member,
        uint256 deadline,
        bytes calldata signature
    ) external {
        if (block.timestamp > deadline) revert ApprovalOverdue(deadline, block.timestamp);
        ProposalRecord storage record = _open(proposal);
        _present(member);
        _requireActive(member);
        // The account comes from the register; the signature must be that account's, whatever the caller claims.
        address account = _governanceAccount(member);
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(APPROVAL_TYPEHASH, proposal, member, _useNonce(account), deadline))
        );
        if (!SignatureChecker.isValidSignatureNow(account, digest, signature)) {
            revert ApprovalSignatureWrong(member, account);
        }
        _approve(proposal, record, member);
    }

    /// @inheritdoc IProposals
    function withdrawApproval(ProposalId proposal) external {
        ProposalRecord storage record = _open(proposal);
        MemberId member = _presentCaller();
        // A signed approval that is still under way must not bring back what is taken back here; and where it has not
        // arrived yet, which is all that a member that approved off line may want to stop, nothing stands to take back.
        _useNonce(msg.sender);
        if (!_approvalStands(record, member)) return;
        record.approvals[member].givenAt = 0;
        emit ApprovalWithdrawn(proposal, member);
    }

    /// @inheritdoc IProposals
    function cancel(ProposalId proposal) external {
        ProposalRecord storage record = _open(proposal);
        MemberId member = _presentCaller();
        if (member != record.proposer) revert ProposalOfAnother(proposal, member);
        record.cancelled = true;
        emit ProposalCancelled(proposal);
    }

    /// @inheritdoc IProposals
    function execute(ProposalId proposal, address target, bytes calldata data, bytes32 salt)
        external
        returns (bytes memory result)
    {
        MemberId member = _activeCaller();
        ProposalRecord storage record = _open(proposal);
        ProposalId offered = proposalIdOf(record.proposer, target, data, salt);
        if (offered != proposal) revert ProposalMismatch(proposal, offered);
        (, uint256 ripe) = _countApprovals(record);
        uint256 required = _required(record);
        if (ripe < required) revert ProposalNotRipe(proposal, ripe, required);
        record.executed = true;
        emit ProposalExecuted(proposal, member);
        return Address.functionCall(target, data);
    }

    /// @inheritdoc IProposals
    function setRules(Rules calldata newRules) external onlySelf {
        _setRules(newRules, FLOOR_NUMERATOR, FLOOR_DENOMINATOR, FLOOR_TIMELOCK);
        _requireQuorumReachable();
    }

    /// @inheritdoc IProposals
    function proposalById(ProposalId proposal) external view returns (Proposal memory found) {
        ProposalRecord storage record = _proposals[proposal];
        found.state = _stateOf(record);
        if (found.state == ProposalState.NONE) return found;
        found.proposer = record.proposer;
        found.proposedAt = record.proposedAt;
        found.expiresAt = record.expiresAt;
        found.timelock = record.timelock;
        found.required = _required(record);
        (found.approvals, found.ripe) = _countApprovals(record);
    }

    /// @inheritdoc IProposals
    function approvalOf(ProposalId proposal, MemberId member) external view returns (uint64 givenAt) {
        ProposalRecord storage record = _proposals[proposal];
        return _approvalStands(record, member) ? record.approvals[member].givenAt : 0;
    }

    /// @inheritdoc IProposals
    function rules() external view returns (Rules memory) {
        return _rules;
    }

    /// @inheritdoc IProposals
    function floors()
        external
        view
        returns (uint16 quorumNumerator, uint16 quorumDenominator, uint64 timelock)
    {
        return (FLOOR_NUMERATOR, FLOOR_DENOMINATOR, FLOOR_TIMELOCK);
    }

    /// @inheritdoc IProposals
    function proposalIdOf(MemberId proposer, address target, bytes calldata data, bytes32 salt)
        public
        view
        returns (ProposalId proposal)
    {
        return ProposalId.wrap(
            keccak256(abi.encode(block.chainid, address(this), proposer, target, keccak256(data), salt))
        );
    }

    /// @inheritdoc IProposals
    function quorum() public view returns (uint256 approvals) {
        (uint256 remaining,) = memberCounts();
        return _quorumOf(remaining);
    }

    /// @dev The rules' share, but never so much that one lost member of three or more could lock out the rest.
    function _quorumOf(uint256 remaining) internal view override returns (uint256) {
        uint256 share = Math.ceilDiv(remaining * _rules.quorumNumerator, _rules.quorumDenominator);
        return Math.min(share, Math.max(Math.ceilDiv(2 * remaining, 3), remaining - 1));
    }

    function _approve(ProposalId proposal, ProposalRecord storage record, MemberId member) private {
        if (_approvalStands(record, member)) revert ApprovalExists(proposal, member);
        if (!record.approvals[member].listed) record.approvers.push(member);
        record.approvals[member] = Approval(uint64(block.timestamp), _governanceEpoch(member), true);
        emit ProposalApproved(proposal, member, uint64(block.timestamp) + _ripening(record));
    }

    function _setRules(Rules memory offered, uint16 floorNumerator, uint16 floorDenominator, uint64 floorTimelock)
        private
    {
        bool shareFits = offered.quorumDenominator != 0 && offered.quorumNumerator <= offered.quorumDenominator
            && uint256(offered.quorumNumerator) * floorDenominator
                >= uint256(floorNumerator) * offered.quorumDenominator;
        bool timelockFits = offered.timelock >= floorTimelock && offered.timelock <= MAXIMUM_TIMELOCK;
        bool lifetimeFits = offered.proposalLifetime <= MAXIMUM_LIFETIME && timelockFits
            && offered.proposalLifetime >= offered.timelock + MINIMUM_EXECUTION_TIME;
        if (!shareFits || !lifetimeFits) revert RulesOutOfBounds(offered);
        _rules = offered;
        emit RulesChanged(
            offered.quorumNumerator, offered.quorumDenominator, offered.timelock, offered.proposalLifetime
        );
    }

    function _open(ProposalId proposal) private view returns (ProposalRecord storage record) {
        record = _proposals[proposal];
        ProposalState state = _stateOf(record);
        if (state != ProposalState.OPEN) revert ProposalNotOpen(proposal, state);
    }

    function _stateOf(ProposalRecord storage record) private view returns (ProposalState) {
        if (record.proposedAt == 0) return ProposalState.NONE;
        if (record.executed) return ProposalState.EXECUTED;
        if (record.cancelled) return ProposalState.CANCELLED;
        return block.timestamp < record.expiresAt ? ProposalState.OPEN : ProposalState.EXPIRED;
    }

    /// @dev The stricter of what held when it was proposed and what holds now.
    function _required(ProposalRecord storage record) private view returns (uint256) {
        return Math.max(record.quorum, quorum());
    }

    /// @dev The longer of what held when it was proposed and what holds now, in seconds.
    function _ripening(ProposalRecord storage record) private view returns (uint64) {
        return record.timelock > _rules.timelock ? record.timelock : _rules.timelock;
    }

    function _approvalStands(ProposalRecord storage record, MemberId member) private view returns (bool) {
        Approval memory approval = record.approvals[member];
        // slither-disable-next-line incorrect-equality
        return approval.givenAt != 0 && approval.governanceEpoch == _governanceEpoch(member);
    }

    /// @dev Counts what active members said by their present accounts, and how much of it is ripe.
    function _countApprovals(ProposalRecord storage record) private view returns (uint256 given, uint256 ripe) {
        uint256 ripening = _ripening(record);
        uint256 length = record.approvers.length;
        for (uint256 i = 0; i < length; ++i) {
            MemberId member = record.approvers[i];
            if (!_approvalStands(record, member)) continue;
            if (_statusOf(_recordOf(member)) != MemberStatus.ACTIVE) continue;
            ++given;
            if (record.approvals[member].givenAt + ripening <= block.timestamp) ++ripe;
        }
    }
}
