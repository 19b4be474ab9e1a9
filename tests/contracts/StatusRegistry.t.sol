// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {IStatusRegistry} from "../../contracts/interfaces/IStatusRegistry.sol";
import {StatusRegistry} from "../../contracts/status/StatusRegistry.sol";
import {MemberId} from "../../contracts/types/Identifiers.sol";
import {Indexes} from "./support/Indexes.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract StatusRegistryTest is Fixture {
    IStatusRegistry.Status private constant VALID = IStatusRegistry.Status.VALID;
    IStatusRegistry.Status private constant REVOKED = IStatusRegistry.Status.REVOKED;
    IStatusRegistry.Status private constant SUSPENDED = IStatusRegistry.Status.SUSPENDED;
    IStatusRegistry.Status private constant REFUSED = IStatusRegistry.Status.REFUSED;
    uint32 private constant LIST = 3;

    function setUp() public override {
        super.setUp();
        _authorizeOperators();
    }

    function _set(address caller, IStatusRegistry.Status status, bytes memory indexes) private {
        vm.prank(caller);
        statuses.setStatuses(LIST, status, indexes);
    }

    function _is(IStatusRegistry.Status expected, MemberId member, uint32 index, string memory what) private view {
        equal(uint256(statuses.statusOf(member, LIST, index)), uint256(expected), what);
    }

    function _expectTerminal(uint32 index) private {
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusTerminal.selector, bank, LIST, index));
    }

    function test_statuses_are_set_in_one_event_and_packed_lowest_index_first() public {
        bytes memory indexes = Indexes.three(0, 127, 128);
        vm.expectEmit(true, true, true, true, address(statuses));
        emit IStatusRegistry.StatusesSet(bank, LIST, REVOKED, indexes);
        _set(bankStatus, REVOKED, indexes);
        _is(REVOKED, bank, 0, "first");
        _is(VALID, bank, 1, "between");
        _is(REVOKED, bank, 127, "last of the word");
        _is(REVOKED, bank, 128, "first of the next word");
        equal(statuses.word(bank, LIST, 0), 1 | (uint256(1) << 254), "word");
        equal(statuses.word(bank, LIST, 1), 1, "next word");
        equal(statuses.changesInWindow(bank), 3, "changes");
    }

    function test_suspended_credential_is_reinstated() public {
        _set(bankStatus, SUSPENDED, Indexes.one(5));
        _is(SUSPENDED, bank, 5, "suspended");
        _set(bankStatus, VALID, Indexes.one(5));
        _is(VALID, bank, 5, "valid again");
        equal(statuses.word(bank, LIST, 0), 0, "word");
    }

    /// @dev The mistake of a peer: REVOKED back to ACTIVE.
    function test_revoked_is_terminal_for_everyone() public {
        _set(bankStatus, REVOKED, Indexes.one(5));
        _expectTerminal(5);
        _set(bankStatus, VALID, Indexes.one(5));
        _expectTerminal(5);
        _set(bankGov, VALID, Indexes.one(5));
        _expectTerminal(5);
        _set(bankGov, SUSPENDED, Indexes.one(5));
        _decideFails(
            address(statuses),
            abi.encodeCall(IStatusRegistry.setStatusesByQuorum, (bank, LIST, SUSPENDED, Indexes.one(5))),
            abi.encodeWithSelector(IStatusRegistry.StatusTerminal.selector, bank, LIST, 5)
        );
        _is(REVOKED, bank, 5, "still");
    }

    function test_one_terminal_index_refuses_the_whole_call() public {
        _set(bankStatus, REVOKED, Indexes.one(200));
        _expectTerminal(200);
        _set(bankStatus, SUSPENDED, Indexes.three(1, 200, 300));
        _is(VALID, bank, 1, "nothing half");
    }

    function test_same_status_again_changes_nothing_emits_nothing_and_costs_no_cap() public {
        _set(bankStatus, REVOKED, Indexes.three(1, 2, 3));
        vm.recordLogs();
        _set(bankStatus, REVOKED, Indexes.three(1, 2, 3));
        equal(vm.getRecordedLogs().length, 0, "events");
        equal(statuses.changesInWindow(bank), 3, "changes");
    }

    function test_partly_known_statuses_are_set_and_all_count() public {
        _set(bankStatus, REVOKED, Indexes.one(2));
        _set(bankStatus, REVOKED, Indexes.three(1, 2, 3));
        equal(statuses.changesInWindow(bank), 4, "changes");
        _is(REVOKED, bank, 3, "third");
    }

    /// @dev The mistake of a peer: any issuer overwrites another's record.
    function test_nobody_reaches_another_issuers_list() public {
        _set(bankStatus, REVOKED, Indexes.one(7));
        _set(brokerStatus, SUSPENDED, Indexes.one(7));
        _is(REVOKED, bank, 7, "the bank's");
        _is(SUSPENDED, broker, 7, "the broker's own");
    }

    function test_only_status_operator_and_governance_account_set_statuses() public {
        address[2] memory callers = [stranger, bankAttest];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IOperators.OperatorUnknown.selector, callers[i], IOperators.OperatorPurpose.STATUS
                )
            );
            _set(callers[i], REVOKED, Indexes.one(1));
        }
        vm.prank(bankGov);
        consortium.retireOperator(IOperators.OperatorPurpose.STATUS, bankStatus);
        vm.expectRevert(
            abi.encodeWithSelector(IOperators.OperatorAlreadyRetired.selector, bankStatus, START)
        );
        _set(bankStatus, REVOKED, Indexes.one(1));
    }

    function test_refused_is_never_stored() public {
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusNotAllowed.selector, REFUSED));
        _set(bankStatus, REFUSED, Indexes.one(1));
        _decideFails(
            address(statuses),
            abi.encodeCall(IStatusRegistry.setStatusesByQuorum, (bank, LIST, REFUSED, Indexes.one(1))),
            abi.encodeWithSelector(IStatusRegistry.StatusNotAllowed.selector, REFUSED)
        );
    }

    function test_empty_or_too_many_indexes_are_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusIndexCountWrong.selector, 0, 8192));
        _set(bankStatus, REVOKED, "");
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusIndexCountWrong.selector, 8193, 8192));
        _set(bankGov, REVOKED, Indexes.row(0, 8193));
    }

    function test_torn_index_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusIndexesTorn.selector, 4));
        _set(bankStatus, REVOKED, hex"00000100");
    }

    function test_word_beyond_the_list_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusWordOutOfRange.selector, 8192, 8192));
        statuses.word(bank, LIST, 8192);
    }

    function test_unsorted_or_repeated_indexes_are_refused_within_and_across_words() public {
        bytes memory indexes = Indexes.three(4, 3, 5);
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusIndexesNotAscending.selector, 1));
        _set(bankStatus, REVOKED, indexes);
        indexes = Indexes.three(1, 5, 5);
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusIndexesNotAscending.selector, 2));
        _set(bankStatus, REVOKED, indexes);
        indexes = Indexes.three(500, 600, 100);
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusIndexesNotAscending.selector, 2));
        _set(bankStatus, REVOKED, indexes);
    }

    function test_index_beyond_the_list_is_refused() public {
        uint32 size = 1 << 20;
        bytes memory problem =
            abi.encodeWithSelector(IStatusRegistry.StatusIndexOutOfRange.selector, size, size);
        vm.expectRevert(problem);
        _set(bankStatus, REVOKED, Indexes.one(size));
        vm.expectRevert(problem);
        statuses.statusOf(bank, LIST, size);
        // In the middle such an index cannot ascend to the last one, and nothing of it stays in another list's storage.
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusIndexesNotAscending.selector, 2));
        _set(bankStatus, REVOKED, Indexes.three(1, size, 2));
        _set(bankStatus, REVOKED, Indexes.one(size - 1));
        _is(REVOKED, bank, size - 1, "last");
    }

    function test_operator_is_capped_per_window_and_the_governance_account_is_not() public {
        _set(bankStatus, REVOKED, Indexes.row(0, CAP));
        vm.expectRevert(
            abi.encodeWithSelector(IStatusRegistry.StatusCapExceeded.selector, bank, CAP + 1, CAP)
        );
        _set(bankStatus, REVOKED, Indexes.one(1000));
        _is(VALID, bank, 1000, "refused");
        _set(bankGov, REVOKED, Indexes.row(1000, 2 * CAP));
        _set(brokerStatus, REVOKED, Indexes.one(1));
        vm.warp((block.timestamp / WINDOW + 1) * WINDOW);
        equal(statuses.changesInWindow(bank), 0, "new window");
        _set(bankStatus, REVOKED, Indexes.row(5000, CAP));
        vm.expectRevert(
            abi.encodeWithSelector(IStatusRegistry.StatusCapExceeded.selector, bank, CAP + 1, CAP)
        );
        _set(bankStatus, SUSPENDED, Indexes.one(9000));
    }

    function test_suspended_issuer_only_tightens() public {
        _set(brokerStatus, SUSPENDED, Indexes.one(1));
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, bytes32("reason"));
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusIssuerNotActive.selector, broker, VALID));
        _set(brokerStatus, VALID, Indexes.one(1));
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusIssuerNotActive.selector, broker, VALID));
        _set(brokerGov, VALID, Indexes.one(1));
        _set(brokerStatus, REVOKED, Indexes.one(1));
        _set(brokerGov, SUSPENDED, Indexes.one(2));
        _is(REVOKED, broker, 1, "revoked");
        _is(SUSPENDED, broker, 2, "suspended");
    }

    function test_removed_issuer_sets_nothing_and_the_quorum_tightens_for_it() public {
        _set(brokerStatus, SUSPENDED, Indexes.one(1));
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, true)));
        bytes memory problem =
            abi.encodeWithSelector(IStatusRegistry.StatusIssuerNotActive.selector, broker, REVOKED);
        vm.expectRevert(problem);
        _set(brokerStatus, REVOKED, Indexes.one(1));
        vm.expectRevert(problem);
        _set(brokerGov, REVOKED, Indexes.one(1));
        _decide(
            address(statuses),
            abi.encodeCall(IStatusRegistry.setStatusesByQuorum, (broker, LIST, REVOKED, Indexes.three(1, 2, 3)))
        );
        _is(REVOKED, broker, 1, "revoked");
    }

    function test_quorum_never_lifts_and_nobody_else_acts_for_the_quorum() public {
        _set(bankStatus, SUSPENDED, Indexes.one(1));
        _decideFails(
            address(statuses),
            abi.encodeCall(IStatusRegistry.setStatusesByQuorum, (bank, LIST, VALID, Indexes.one(1))),
            abi.encodeWithSelector(IStatusRegistry.StatusNotAllowed.selector, VALID)
        );
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, supervisorGov));
        vm.prank(supervisorGov);
        statuses.setStatusesByQuorum(bank, LIST, REVOKED, Indexes.one(1));
        MemberId unknown = MemberId.wrap(bytes32("unknown"));
        _decideFails(
            address(statuses),
            abi.encodeCall(IStatusRegistry.setStatusesByQuorum, (unknown, LIST, REVOKED, Indexes.one(1))),
            abi.encodeWithSelector(IMembers.MemberUnknown.selector, unknown)
        );
    }

    function test_cap_and_window_are_needed() public {
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusLimitMissing.selector));
        new StatusRegistry(consortium, IStatusRegistry(address(0)), 0, WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IStatusRegistry.StatusLimitMissing.selector));
        new StatusRegistry(consortium, IStatusRegistry(address(0)), CAP, 0);
        equal(statuses.cap(), CAP, "cap");
        equal(statuses.windowLength(), WINDOW, "window");
    }

    /// @dev Any ascending indexes: exactly they change, and a second status goes over the first.
    function testFuzz_exactly_the_named_indexes_change(uint32[12] memory gaps, bool revoke) public {
        uint32[] memory indexes = new uint32[](gaps.length);
        uint32 index = 0;
        for (uint256 i = 0; i < gaps.length; ++i) {
            index += 1 + gaps[i] % 300;
            indexes[i] = index;
        }
        IStatusRegistry.Status status = revoke ? REVOKED : SUSPENDED;
        _set(bankStatus, status, Indexes.pack(indexes));
        uint256 next = 0;
        for (uint32 i = 0; i <= index + 1; ++i) {
            bool named = next < indexes.length && indexes[next] == i;
            if (named) ++next;
            if (named || i % 29 == 0) _is(named ? status : VALID, bank, i, "status");
        }
    }
}
