// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Governed} from "../consortium/Governed.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IMembers} from "../interfaces/IMembers.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {IStatusRegistry} from "../interfaces/IStatusRegistry.sol";
import {MemberId, NO_MEMBER} from "../types/Identifiers.sol";

/// @title The statuses of credentials
/// @dev Indexes come ascending, so each word is read once and written once, however many of its statuses change.
contract StatusRegistry is IStatusRegistry, Governed {
    using BitMaps for BitMaps.BitMap;

    uint256 private constant LIST_SIZE = 1 << 20;
    uint256 private constant STATUSES_PER_WORD = 128;
    uint256 private constant MAXIMUM_INDEXES = 8192;

    // Who sets statuses: it decides what is allowed, not what is stored.
    struct Change {
        MemberId issuer;
        uint32 list;
        Status status;
    }

    // The changes that one member's operators made in a window of time.
    struct Window {
        uint64 number;
        uint64 changes;
    }

    IStatusRegistry private immutable PREDECESSOR;
    uint32 private immutable CAP;
    uint32 private immutable WINDOW_LENGTH;

    bool private _closed;
    mapping(MemberId issuer => mapping(uint32 list => mapping(uint256 wordIndex => uint256 statuses))) private _words;
    // Words taken over from the predecessor; never written where there is none.
    mapping(MemberId issuer => mapping(uint32 list => BitMaps.BitMap words)) private _inherited;
    mapping(MemberId issuer => Window window) private _windows;

    /// @param consortium_ whom to obey
    /// @param predecessor_ registry whose statuses this one inherits, or zero; it must be closed before this one opens
    /// @param cap_ changes that operators of one issuer may make in one window
    /// @param windowLength_ seconds of a window
    constructor(IConsortium consortium_, IStatusRegistry predecessor_, uint32 cap_, uint32 windowLength_)
        Governed(consortium_)
    {
        if (address(predecessor_) != address(0)) _requireCode(address(predecessor_));
        if (cap_ == 0 || windowLength_ == 0) revert StatusLimitMissing();
        PREDECESSOR = predecessor_;
        CAP = cap_;
        WINDOW_LENGTH = windowLength_;
    }

    /// @inheritdoc IStatusRegistry
    function setStatuses(uint32 list, Status status, uint32[] calldata indexes) external {
        (MemberId issuer, IMembers.MemberStatus standing, bool capped) = _caller();
        bool allowed = standing == IMembers.MemberStatus.ACTIVE
            || (standing == IMembers.MemberStatus.SUSPENDED && status != Status.VALID);
        if (!allowed) revert StatusIssuerNotActive(issuer, status);
        uint256 changes = _set(Change(issuer, list, status), indexes);
        if (capped) _count(issuer, changes);
    }

    /// @inheritdoc IStatusRegistry
    function setStatusesByQuorum(MemberId issuer, uint32 list, Status status, uint32[] calldata indexes)
        external
        onlyConsortium
    {
        if (status == Status.VALID) revert StatusNotAllowed(status);
        (IMembers.MemberStatus standing,) = CONSORTIUM.standing(issuer);
        if (standing == IMembers.MemberStatus.NONE) revert IMembers.MemberUnknown(issuer);
        _set(Change(issuer, list, status), indexes);
    }

    /// @inheritdoc IStatusRegistry
    function close() external onlyConsortium {
        if (_closed) revert StatusRegistryIsClosed();
        _closed = true;
        emit StatusRegistryClosed();
    }

    /// @inheritdoc IStatusRegistry
    function statusOf(MemberId issuer, uint32 list, uint32 index) external view returns (Status) {
        if (index >= LIST_SIZE) revert StatusIndexOutOfRange(index, LIST_SIZE);
        return Status((word(issuer, list, index / STATUSES_PER_WORD) >> _shiftOf(index)) & 3);
    }

    /// @inheritdoc IStatusRegistry
    function changesInWindow(MemberId issuer) external view returns (uint256 changes) {
        Window memory window = _windows[issuer];
        return window.number == _windowNumber() ? window.changes : 0;
    }

    /// @inheritdoc IStatusRegistry
    function cap() external view returns (uint32) {
        return CAP;
    }

    /// @inheritdoc IStatusRegistry
    function windowLength() external view returns (uint32) {
        return WINDOW_LENGTH;
    }

    /// @inheritdoc IStatusRegistry
    function predecessor() external view returns (address) {
        return address(PREDECESSOR);
    }

    /// @inheritdoc IStatusRegistry
    function closed() external view returns (bool) {
        return _closed;
    }

    /// @inheritdoc IStatusRegistry
    function word(MemberId issuer, uint32 list, uint256 wordIndex) public view returns (uint256) {
        if (address(PREDECESSOR) != address(0) && !_inherited[issuer][list].get(wordIndex)) {
            return PREDECESSOR.word(issuer, list, wordIndex);
        }
        return _words[issuer][list][wordIndex];
    }

    /// @dev Sets a status for many indexes and answers how many of them changed.
    function _set(Change memory change, uint32[] calldata indexes) private returns (uint256 changes) {
        if (change.status == Status.REFUSED) revert StatusNotAllowed(change.status);
        if (indexes.length == 0 || indexes.length > MAXIMUM_INDEXES) {
            revert StatusIndexCountWrong(indexes.length, MAXIMUM_INDEXES);
        }
        if (_closed) revert StatusRegistryIsClosed();
        if (address(PREDECESSOR) != address(0) && !PREDECESSOR.closed()) {
            revert StatusPredecessorStillOpen(address(PREDECESSOR));
        }
        uint256 last = indexes[indexes.length - 1];
        if (last >= LIST_SIZE) revert StatusIndexOutOfRange(uint32(last), LIST_SIZE);
        mapping(uint256 wordIndex => uint256 statuses) storage words = _words[change.issuer][change.list];
        uint256 position = 0;
        while (position < indexes.length) {
            uint256 wordIndex = indexes[position] / STATUSES_PER_WORD;
            uint256 before = address(PREDECESSOR) == address(0)
                ? words[wordIndex]
                : word(change.issuer, change.list, wordIndex);
            uint256 changed;
            uint256 statuses;
            (position, statuses, changed) = _changeWord(change, indexes, position, before);
            if (changed == 0) continue;
            changes += changed;
            words[wordIndex] = statuses;
            if (address(PREDECESSOR) != address(0)) _inherited[change.issuer][change.list].set(wordIndex);
        }
        if (changes != 0) emit StatusesSet(change.issuer, change.list, change.status, indexes);
    }

    /// @dev Applies the indexes that fall into one word; answers where the next word's begin, the word and how many of
    /// its statuses changed. Refuses to leave REVOKED, whoever asks.
    function _changeWord(Change memory change, uint32[] calldata indexes, uint256 position, uint256 statuses)
        private
        pure
        returns (uint256 next, uint256 after_, uint256 changed)
    {
        uint256 index = indexes[position];
        uint256 end = (index / STATUSES_PER_WORD + 1) * STATUSES_PER_WORD;
        uint256 wanted = uint256(change.status);
        while (true) {
            uint256 shift = _shiftOf(index);
            uint256 standing = (statuses >> shift) & 3;
            if (standing != wanted) {
                if (standing == uint256(Status.REVOKED)) {
                    revert StatusTerminal(change.issuer, change.list, uint32(index));
                }
                statuses ^= (standing ^ wanted) << shift;
                unchecked {
                    ++changed;
                }
            }
            unchecked {
                ++position;
            }
            if (position == indexes.length) break;
            uint256 following = indexes[position];
            if (following <= index) revert StatusIndexesNotAscending(position);
            index = following;
            if (index >= end) break;
        }
        return (position, statuses, changed);
    }

    /// @dev Adds to the changes of the present window and refuses more than the cap.
    function _count(MemberId issuer, uint256 changes) private {
        Window memory window = _windows[issuer];
        uint64 number = _windowNumber();
        uint256 total = changes + (window.number == number ? window.changes : 0);
        if (total > CAP) revert StatusCapExceeded(issuer, total, CAP);
        _windows[issuer] = Window(number, uint64(total));
    }

    /// @dev Answers for whom the caller sets statuses, that member's standing, and whether the cap counts.
    function _caller() private view returns (MemberId issuer, IMembers.MemberStatus standing, bool capped) {
        issuer = CONSORTIUM.memberByGovernance(msg.sender);
        if (issuer != NO_MEMBER) {
            (standing,) = CONSORTIUM.standing(issuer);
            return (issuer, standing, false);
        }
        (issuer, standing,) = CONSORTIUM.actingFor(msg.sender, IOperators.OperatorPurpose.STATUS);
        return (issuer, standing, true);
    }

    function _windowNumber() private view returns (uint64) {
        return uint64(block.timestamp / WINDOW_LENGTH);
    }

    function _shiftOf(uint256 index) private pure returns (uint256) {
        return (index % STATUSES_PER_WORD) * 2;
    }
}
