// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Governed} from "../consortium/Governed.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IMembers} from "../interfaces/IMembers.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {IStatusRegistry} from "../interfaces/IStatusRegistry.sol";
import {MemberId, NO_MEMBER} from "../types/Identifiers.sol";
import {LIST_SIZE, STATUSES_PER_WORD, StatusWords, WORDS_PER_LIST} from "./StatusWords.sol";

/// @title The statuses of credentials
contract StatusRegistry is IStatusRegistry, Governed {
    using BitMaps for BitMaps.BitMap;

    uint256 private constant MAXIMUM_INDEXES = 8192;

    // The changes that one member's operators made in a window of time.
    struct Window {
        uint64 number;
        uint64 changes;
    }

    IStatusRegistry private immutable PREDECESSOR;
    uint32 private immutable CAP;
    uint32 private immutable WINDOW_LENGTH;

    bool private _closed;
    mapping(MemberId issuer => mapping(uint32 list => uint256[WORDS_PER_LIST] words)) private _words;
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
    function setStatuses(uint32 list, Status status, bytes calldata indexes) external {
        (MemberId issuer, IMembers.MemberStatus standing, bool capped) = _caller();
        bool allowed = standing == IMembers.MemberStatus.ACTIVE
            || (standing == IMembers.MemberStatus.SUSPENDED && status != Status.VALID);
        if (!allowed) revert StatusIssuerNotActive(issuer, status);
        bool changed = _set(issuer, list, status, indexes);
        if (capped && changed) _count(issuer, indexes.length / StatusWords.INDEX_SIZE);
    }

    /// @inheritdoc IStatusRegistry
    function setStatusesByQuorum(MemberId issuer, uint32 list, Status status, bytes calldata indexes)
        external
        onlyConsortium
    {
        if (status == Status.VALID) revert StatusNotAllowed(status);
        // slither-disable-next-line unused-return
        (IMembers.MemberStatus standing,) = CONSORTIUM.standing(issuer);
        if (standing == IMembers.MemberStatus.NONE) revert IMembers.MemberUnknown(issuer);
        _set(issuer, list, status, indexes);
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
        uint256 shift = (index % STATUSES_PER_WORD) * 2;
        return Status((word(issuer, list, index / STATUSES_PER_WORD) >> shift) & 3);
    }

    /// @inheritdoc IStatusRegistry
    function changesInWindow(MemberId issuer) external view returns (uint256 changes) {
        Window memory window = _windows[issuer];
        // slither-disable-next-line incorrect-equality
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
        if (wordIndex >= WORDS_PER_LIST) revert StatusWordOutOfRange(wordIndex, WORDS_PER_LIST);
        if (address(PREDECESSOR) != address(0) && !_inherited[issuer][list].get(wordIndex)) {
            return PREDECESSOR.word(issuer, list, wordIndex);
        }
        return _words[issuer][list][wordIndex];
    }

    /// @dev Sets a status for many indexes and answers whether that changed anything.
    function _set(MemberId issuer, uint32 list, Status status, bytes calldata indexes)
        private
        returns (bool changed)
    {
        if (status == Status.REFUSED) revert StatusNotAllowed(status);
        if (indexes.length % StatusWords.INDEX_SIZE != 0) revert StatusIndexesTorn(indexes.length);
        uint256 count = indexes.length / StatusWords.INDEX_SIZE;
        if (count == 0 || count > MAXIMUM_INDEXES) revert StatusIndexCountWrong(count, MAXIMUM_INDEXES);
        if (_closed) revert StatusRegistryIsClosed();
        // The last index is the greatest of a list that ascends, and the rest must ascend to it.
        uint256 last = StatusWords.read(indexes, count - 1);
        if (last >= LIST_SIZE) revert StatusIndexOutOfRange(last, LIST_SIZE);
        if (address(PREDECESSOR) != address(0)) _inherit(issuer, list, indexes);
        (uint256 differences, uint256 unordered, uint256 terminal) =
            StatusWords.set(_words[issuer][list], uint256(status), indexes);
        if (unordered != 0) revert StatusIndexesNotAscending(_firstOutOfOrder(indexes));
        if (terminal != 0) revert StatusTerminal(issuer, list, uint32(terminal - 1));
        changed = differences != 0;
        if (changed) emit StatusesSet(issuer, list, status, indexes);
    }

    /// @dev Takes over from the predecessor every word that is about to change and has not been taken over yet.
    function _inherit(MemberId issuer, uint32 list, bytes calldata indexes) private {
        if (!PREDECESSOR.closed()) revert StatusPredecessorStillOpen(address(PREDECESSOR));
        BitMaps.BitMap storage inherited = _inherited[issuer][list];
        uint256 count = indexes.length / StatusWords.INDEX_SIZE;
        for (uint256 i = 0; i < count; ++i) {
            uint256 index = StatusWords.read(indexes, i);
            if (index >= LIST_SIZE) revert StatusIndexOutOfRange(index, LIST_SIZE);
            uint256 wordIndex = index / STATUSES_PER_WORD;
            if (inherited.get(wordIndex)) continue;
            inherited.set(wordIndex);
            // slither-disable-next-line calls-loop
            _words[issuer][list][wordIndex] = PREDECESSOR.word(issuer, list, wordIndex);
        }
    }

    /// @dev Adds to the changes of the present window and refuses more than the cap.
    function _count(MemberId issuer, uint256 changes) private {
        Window memory window = _windows[issuer];
        uint64 number = _windowNumber();
        // slither-disable-next-line incorrect-equality
        uint256 total = changes + (window.number == number ? window.changes : 0);
        if (total > CAP) revert StatusCapExceeded(issuer, total, CAP);
        _windows[issuer] = Window(number, uint64(total));
    }

    /// @dev Answers for whom the caller sets statuses, that member's standing, and whether the cap counts. A
    /// governance account is never an operator; whoever is neither gets the operator's refusal.
    function _caller() private view returns (MemberId issuer, IMembers.MemberStatus standing, bool capped) {
        // slither-disable-next-line unused-return
        try CONSORTIUM.actingFor(msg.sender, IOperators.OperatorPurpose.STATUS) returns (
            MemberId member, IMembers.MemberStatus status, uint8
        ) {
            return (member, status, true);
        } catch (bytes memory refusal) {
            issuer = CONSORTIUM.memberByGovernance(msg.sender);
            if (issuer == NO_MEMBER) {
                assembly ("memory-safe") {
                    revert(add(refusal, 0x20), mload(refusal))
                }
            }
            // slither-disable-next-line unused-return
            (standing,) = CONSORTIUM.standing(issuer);
        }
    }

    /// @dev Finds the first index that is not greater than its predecessor, where there is one.
    function _firstOutOfOrder(bytes calldata indexes) private pure returns (uint256 place) {
        place = 1;
        while (StatusWords.read(indexes, place) > StatusWords.read(indexes, place - 1)) ++place;
    }

    function _windowNumber() private view returns (uint64) {
        return uint64(block.timestamp / WINDOW_LENGTH);
    }
}
