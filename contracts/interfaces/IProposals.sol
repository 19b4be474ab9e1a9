// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MemberId, ProposalId} from "../types/Identifiers.sol";

/// @title Proposals: how members decide together
/// @notice A proposal is a call that the consortium would make. Members approve it; each approval ripens for the
/// timelock before it counts, so a late approval can never skip the delay; it counts only while its member is active
/// and still has the governance account that gave it. A proposal executes with as many ripe approvals as the larger
/// of the quorum when it was proposed and the quorum now, before it expires, once.
interface IProposals {
    /// @notice How the consortium decides. The quorum of N members is ceil(N * numerator / denominator), yet never
    /// more than the larger of ceil(2N / 3) and N - 1, so that one lost member of three or more cannot lock out the
    /// rest; of two members, both must approve.
    /// @param quorumNumerator numerator of the share of members that must approve
    /// @param quorumDenominator denominator of that share
    /// @param timelock seconds an approval must ripen
    /// @param proposalLifetime seconds after which a proposal expires
    struct Rules {
        uint16 quorumNumerator;
        uint16 quorumDenominator;
        uint64 timelock;
        uint64 proposalLifetime;
    }

    /// @notice Where a proposal stands.
    enum ProposalState {
        NONE,
        OPEN,
        EXPIRED,
        CANCELLED,
        EXECUTED
    }

    /// @notice A proposal as it stands in this block.
    /// @param state where it stands
    /// @param proposer who proposed it
    /// @param proposedAt block time of the proposal
    /// @param expiresAt time from which it can no longer be approved or executed
    /// @param timelock seconds its approvals ripen, if the rules do not say longer now
    /// @param required ripe approvals needed now
    /// @param approvals approvals of active members, ripe or not
    /// @param ripe approvals that count now
    struct Proposal {
        ProposalState state;
        MemberId proposer;
        uint64 proposedAt;
        uint64 expiresAt;
        uint64 timelock;
        uint256 required;
        uint256 approvals;
        uint256 ripe;
    }

    /// @notice A call was proposed. The calldata stands here only; its digest is part of the identifier.
    /// @param proposal identifier
    /// @param proposer who proposed, and by that approves
    /// @param target contract to be called by the consortium
    /// @param data calldata
    /// @param salt tells proposals of the same call apart
    /// @param expiresAt time from which it can no longer be approved or executed
    /// @param quorum ripe approvals needed at the least
    event ProposalCreated(
        ProposalId indexed proposal,
        MemberId indexed proposer,
        address indexed target,
        bytes data,
        bytes32 salt,
        uint64 expiresAt,
        uint256 quorum
    );

    /// @notice A member approved.
    /// @param proposal which proposal
    /// @param member who approved
    /// @param ripeAt time from which the approval counts under the present rules
    event ProposalApproved(ProposalId indexed proposal, MemberId indexed member, uint64 ripeAt);

    /// @notice A member took its approval back.
    /// @param proposal which proposal
    /// @param member whose approval
    event ApprovalWithdrawn(ProposalId indexed proposal, MemberId indexed member);

    /// @notice The proposer cancelled its proposal.
    /// @param proposal which proposal
    event ProposalCancelled(ProposalId indexed proposal);

    /// @notice A proposal was executed.
    /// @param proposal which proposal
    /// @param member who sent the execution
    event ProposalExecuted(ProposalId indexed proposal, MemberId indexed member);

    /// @notice The rules of deciding changed.
    /// @param quorumNumerator numerator of the share of members that must approve
    /// @param quorumDenominator denominator of that share
    /// @param timelock seconds an approval must ripen
    /// @param proposalLifetime seconds after which a proposal expires
    event RulesChanged(
        uint16 quorumNumerator, uint16 quorumDenominator, uint64 timelock, uint64 proposalLifetime
    );

    /// @notice Refuses a proposal that exists already, which makes sending one again harmless.
    /// @param proposal its identifier
    error ProposalExists(ProposalId proposal);
    /// @notice Refuses a proposal that is not open: unknown, expired, cancelled or executed.
    /// @param proposal which proposal
    /// @param state where it stands
    error ProposalNotOpen(ProposalId proposal, ProposalState state);
    /// @notice Refuses a target without code.
    /// @param target what was offered
    error ProposalTargetWithoutCode(address target);
    /// @notice Refuses calldata larger than a proposal may carry.
    /// @param size bytes offered
    /// @param maximum bytes allowed
    error ProposalDataTooLarge(uint256 size, uint256 maximum);
    /// @notice Refuses to execute another call than the one that was approved.
    /// @param proposal what was named
    /// @param offered identifier of the call that was offered
    error ProposalMismatch(ProposalId proposal, ProposalId offered);
    /// @notice Refuses that anyone but the proposer cancels.
    /// @param proposal which proposal
    /// @param member who called
    error ProposalOfAnother(ProposalId proposal, MemberId member);
    /// @notice Refuses to execute before enough approvals are ripe.
    /// @param proposal which proposal
    /// @param ripe approvals that count now
    /// @param required approvals needed
    error ProposalNotRipe(ProposalId proposal, uint256 ripe, uint256 required);
    /// @notice Refuses a second approval by the same member.
    /// @param proposal which proposal
    /// @param member who approved already
    error ApprovalExists(ProposalId proposal, MemberId member);
    /// @notice Refuses a signed approval after its deadline.
    /// @param deadline last second at which it was good
    /// @param blockTime time of this block
    error ApprovalOverdue(uint256 deadline, uint256 blockTime);
    /// @notice Refuses a signature that the member's governance account did not make.
    /// @param member who should have signed
    /// @param account whose signature was expected
    error ApprovalSignatureWrong(MemberId member, address account);
    /// @notice Refuses rules below the floors fixed at deployment, or out of bounds.
    /// @param offered what was offered
    error RulesOutOfBounds(Rules offered);

    /// @notice Proposes a call and approves it. Only by an active member's governance account.
    /// The identifier is keccak256(abi.encode(chain id, this contract, proposer, target, keccak256(data), salt)).
    /// @param target contract to be called by the consortium
    /// @param data calldata, at most 32 KiB
    /// @param salt tells proposals of the same call apart
    /// @return proposal identifier
    function propose(address target, bytes calldata data, bytes32 salt) external returns (ProposalId proposal);

    /// @notice Approves an open proposal. Only by an active member's governance account.
    /// @param proposal which proposal
    function approve(ProposalId proposal) external;

    /// @notice Approves by a signature that anyone may bring: EIP-712
    /// `Approval(bytes32 proposal,bytes32 member,uint256 nonce,uint256 deadline)` in the domain
    /// ("Jeung Consortium", "1"), by the member's governance account (EOA or EIP-1271), with that account's nonce.
    /// @param proposal which proposal
    /// @param member who approves
    /// @param deadline last second at which the signature is good
    /// @param signature 65 bytes r, s, v of an EOA, or what the contract account wants
    function approveBySignature(
        ProposalId proposal,
        MemberId member,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Takes back an approval of an open proposal, if one stands, and in any case uses up the calling account's
    /// nonce: every approval it signed that nobody has brought yet is void. Allowed while suspended.
    /// @param proposal which proposal
    function withdrawApproval(ProposalId proposal) external;

    /// @notice Cancels the caller's own open proposal. Allowed while suspended.
    /// @param proposal which proposal
    function cancel(ProposalId proposal) external;

    /// @notice Executes a proposal. Only by an active member's governance account.
    /// @param proposal which proposal
    /// @param target contract to be called, as proposed
    /// @param data calldata, as proposed
    /// @param salt as proposed
    /// @return result what the call returned
    function execute(ProposalId proposal, address target, bytes calldata data, bytes32 salt)
        external
        returns (bytes memory result);

    /// @notice Changes how the consortium decides. Only by an executed proposal, never below the floors.
    /// @param newRules what holds from now on, for open proposals too where it is stricter
    function setRules(Rules calldata newRules) external;

    /// @notice Computes a proposal's identifier.
    /// @param proposer who proposes
    /// @param target contract to be called
    /// @param data calldata
    /// @param salt tells proposals of the same call apart
    /// @return proposal identifier
    function proposalIdOf(MemberId proposer, address target, bytes calldata data, bytes32 salt)
        external
        view
        returns (ProposalId proposal);

    /// @notice Reads a proposal as it stands in this block.
    /// @param proposal which proposal
    /// @return the proposal; all zero if unknown
    function proposalById(ProposalId proposal) external view returns (Proposal memory);

    /// @notice Reads when a member approved.
    /// @param proposal which proposal
    /// @param member whose approval
    /// @return givenAt block time of the approval; 0 if there is none or it no longer counts
    function approvalOf(ProposalId proposal, MemberId member) external view returns (uint64 givenAt);

    /// @notice Reads how many approvals a proposal made now would need.
    /// @return approvals
    function quorum() external view returns (uint256 approvals);

    /// @notice Reads the rules that hold.
    /// @return the rules
    function rules() external view returns (Rules memory);

    /// @notice Reads what the rules can never go below, fixed at deployment.
    /// @return quorumNumerator numerator of the least share
    /// @return quorumDenominator denominator of the least share
    /// @return timelock least seconds an approval must ripen
    function floors()
        external
        view
        returns (uint16 quorumNumerator, uint16 quorumDenominator, uint64 timelock);
}
