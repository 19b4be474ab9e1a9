// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../consortium/Governed.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {ILogAnchor} from "../interfaces/ILogAnchor.sol";
import {IMembers} from "../interfaces/IMembers.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {MemberId, NO_MEMBER} from "../types/Identifiers.sol";

/// @title Anchors of the members' transparency logs
/// @dev The member is never an argument: it is whoever the caller serves, so nobody anchors in another's name.
contract LogAnchor is ILogAnchor, Governed {
    mapping(MemberId member => mapping(uint64 epoch => Anchor newest)) private _anchors;
    // The first epoch is everybody's from the beginning and costs nothing.
    mapping(MemberId member => uint64 count) private _opened;

    /// @param consortium_ whom to obey
    constructor(IConsortium consortium_) Governed(consortium_) {}

    /// @inheritdoc ILogAnchor
    function anchor(uint64 epoch, uint64 size, bytes32 root) external {
        MemberId member = _caller();
        if (size == 0) revert LogAnchorEmpty();
        if (epoch != epochOf(member)) revert LogEpochNotPresent(epoch, epochOf(member));
        Anchor storage standing = _anchors[member][epoch];
        if (size < standing.size) revert LogAnchorShrinks(size, standing.size);
        if (size == standing.size) {
            if (root != standing.root) revert LogAnchorForked(size, root, standing.root);
            revert LogAnchorExists(size);
        }
        _anchors[member][epoch] = Anchor(size, uint64(block.timestamp), root);
        emit LogAnchored(member, epoch, size, root, msg.sender);
    }

    /// @inheritdoc ILogAnchor
    function openEpoch(MemberId member, uint64 epoch) external onlyConsortium {
        // slither-disable-next-line unused-return
        (IMembers.MemberStatus status,) = CONSORTIUM.standing(member);
        if (status == IMembers.MemberStatus.NONE) revert IMembers.MemberUnknown(member);
        if (status == IMembers.MemberStatus.REMOVED) revert IMembers.MemberGone(member);
        if (epoch != epochOf(member) + 1) revert LogEpochNotPresent(epoch, epochOf(member));
        ++_opened[member];
        emit LogEpochOpened(member, epoch);
    }

    /// @inheritdoc ILogAnchor
    function anchorOf(MemberId member, uint64 epoch) external view returns (Anchor memory) {
        return _anchors[member][epoch];
    }

    /// @inheritdoc ILogAnchor
    function epochOf(MemberId member) public view returns (uint64) {
        return _opened[member] + 1;
    }

    /// @dev Answers the member that the caller governs or attests for now, be it suspended.
    function _caller() private view returns (MemberId member) {
        IMembers.MemberStatus status;
        member = CONSORTIUM.memberByGovernance(msg.sender);
        if (member == NO_MEMBER) {
            // slither-disable-next-line unused-return
            (member, status,) = CONSORTIUM.actingFor(msg.sender, IOperators.OperatorPurpose.ATTEST);
        } else {
            // slither-disable-next-line unused-return
            (status,) = CONSORTIUM.standing(member);
        }
        if (status == IMembers.MemberStatus.REMOVED) revert IMembers.MemberGone(member);
    }
}
