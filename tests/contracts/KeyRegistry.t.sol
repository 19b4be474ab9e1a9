// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {IKeyRegistry} from "../../contracts/interfaces/IKeyRegistry.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {KeyThumbprint} from "../../contracts/types/Identifiers.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract KeyRegistryTest is Fixture {
    KeyThumbprint private constant KEY = KeyThumbprint.wrap(bytes32("key"));
    IKeyRegistry.KeyPurpose private constant PURPOSE = IKeyRegistry.KeyPurpose.CREDENTIAL_SIGNING;

    function _register() private {
        vm.prank(bankGov);
        keyRegistry.registerKey(KEY, PURPOSE, START + 10, START + 100);
    }

    function _revoke(uint64 time) private {
        vm.prank(bankGov);
        keyRegistry.revokeKey(KEY, time);
    }

    function _compromise(uint64 since) private {
        vm.prank(bankGov);
        keyRegistry.declareCompromised(KEY, since);
    }

    function _is(IKeyRegistry.KeyState state, uint64 time, uint256 known, string memory what) private view {
        equal(uint256(keyRegistry.keyStateAt(bank, KEY, time, known)), uint256(state), what);
    }

    function test_key_lives_from_not_before_to_before_not_after() public {
        vm.expectEmit(true, true, true, true, address(keyRegistry));
        emit IKeyRegistry.KeyRegistered(bank, KEY, PURPOSE, START + 10, START + 100);
        _register();
        _is(IKeyRegistry.KeyState.NOT_YET_VALID, START + 9, 1000, "before");
        _is(IKeyRegistry.KeyState.ACTIVE, START + 10, 1000, "first");
        _is(IKeyRegistry.KeyState.ACTIVE, START + 99, 1000, "last");
        _is(IKeyRegistry.KeyState.EXPIRED, START + 100, 1000, "after");
        _is(IKeyRegistry.KeyState.UNKNOWN, START + 10, 999, "not yet registered at that block");
        _is(IKeyRegistry.KeyState.ACTIVE, START + 10, type(uint256).max, "any later block");
        equal(keyRegistry.keys(bank).length, 1, "keys");
        check(keyRegistry.keyOf(bank, KEY).purpose == PURPOSE, "purpose");
    }

    function test_key_without_a_beginning_is_good_at_once() public {
        vm.prank(bankGov);
        keyRegistry.registerKey(KEY, PURPOSE, 0, START + 100);
        _is(IKeyRegistry.KeyState.ACTIVE, START, 1000, "now");
    }

    function test_key_never_begins_in_the_past() public {
        vm.expectRevert(
            abi.encodeWithSelector(IKeyRegistry.KeyPeriodWrong.selector, START - 1, START + 1, START)
        );
        vm.prank(bankGov);
        keyRegistry.registerKey(KEY, PURPOSE, START - 1, START + 1);
        vm.expectRevert(abi.encodeWithSelector(IKeyRegistry.KeyPeriodWrong.selector, START, START, START));
        vm.prank(bankGov);
        keyRegistry.registerKey(KEY, PURPOSE, START, START);
    }

    function test_only_an_active_members_governance_account_registers() public {
        _authorizeOperators();
        address[2] memory callers = [bankAttest, stranger];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, callers[i]));
            vm.prank(callers[i]);
            keyRegistry.registerKey(KEY, PURPOSE, 0, START + 1);
            vm.expectRevert(abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, callers[i]));
            vm.prank(callers[i]);
            keyRegistry.revokeKey(KEY, 0);
            vm.expectRevert(abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, callers[i]));
            vm.prank(callers[i]);
            keyRegistry.declareCompromised(KEY, START);
        }
    }

    function test_former_governance_account_has_no_say() public {
        _register();
        vm.prank(bankGov);
        consortium.setGovernanceAccount(bank, address(0xB9));
        vm.expectRevert(abi.encodeWithSelector(IMembers.GovernanceAccountUnknown.selector, bankGov));
        _revoke(0);
    }

    function test_thumbprint_and_purpose_are_needed() public {
        vm.expectRevert(abi.encodeWithSelector(IKeyRegistry.KeyThumbprintMissing.selector));
        vm.prank(bankGov);
        keyRegistry.registerKey(KeyThumbprint.wrap(0), PURPOSE, 0, START + 1);
        vm.expectRevert(abi.encodeWithSelector(IKeyRegistry.KeyPurposeMissing.selector));
        vm.prank(bankGov);
        keyRegistry.registerKey(KEY, IKeyRegistry.KeyPurpose.NONE, 0, START + 1);
    }

    function test_key_serves_one_purpose_for_ever() public {
        _register();
        vm.expectRevert(abi.encodeWithSelector(IKeyRegistry.KeyExists.selector, bank, KEY));
        vm.prank(bankGov);
        keyRegistry.registerKey(KEY, IKeyRegistry.KeyPurpose.TOKEN_SIGNING, 0, START + 1000);
    }

    function test_another_member_can_neither_occupy_nor_end_a_key() public {
        vm.prank(brokerGov);
        keyRegistry.registerKey(KEY, PURPOSE, 0, START + 100);
        _register();
        vm.prank(brokerGov);
        keyRegistry.declareCompromised(KEY, START);
        _is(IKeyRegistry.KeyState.ACTIVE, START + 10, 1000, "the bank's own is untouched");
        vm.expectRevert(abi.encodeWithSelector(IKeyRegistry.KeyUnknown.selector, exchange, KEY));
        vm.prank(exchangeGov);
        keyRegistry.declareCompromised(KEY, START);
        vm.expectRevert(abi.encodeWithSelector(IKeyRegistry.KeyUnknown.selector, exchange, KEY));
        vm.prank(exchangeGov);
        keyRegistry.revokeKey(KEY, 0);
    }

    function test_revoked_key_was_good_before() public {
        _register();
        vm.warp(START + 50);
        vm.roll(1050);
        vm.expectEmit(true, true, true, true, address(keyRegistry));
        emit IKeyRegistry.KeyRevoked(bank, KEY, START + 50);
        _revoke(0);
        _is(IKeyRegistry.KeyState.ACTIVE, START + 49, 1050, "before");
        _is(IKeyRegistry.KeyState.REVOKED, START + 50, 1050, "from then");
        _is(IKeyRegistry.KeyState.ACTIVE, START + 50, 1049, "as known before");
    }

    function test_revocation_never_in_the_past_and_only_earlier() public {
        _register();
        vm.warp(START + 20);
        vm.expectRevert(
            abi.encodeWithSelector(IKeyRegistry.KeyRevocationTimeWrong.selector, START + 19, 0, START + 20)
        );
        _revoke(START + 19);
        _revoke(START + 60);
        uint64[2] memory refused = [START + 60, START + 61];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IKeyRegistry.KeyRevocationTimeWrong.selector, refused[i], START + 60, START + 20
                )
            );
            _revoke(refused[i]);
        }
        _revoke(START + 30);
        equal(keyRegistry.keyOf(bank, KEY).revokedAt, START + 30, "revoked at");
    }

    function test_compromise_may_lie_before_the_registration_and_counts_from_then() public {
        _register();
        vm.warp(START + 50);
        vm.roll(1050);
        vm.expectEmit(true, true, true, true, address(keyRegistry));
        emit IKeyRegistry.KeyCompromised(bank, KEY, START - 1 days);
        _compromise(START - 1 days);
        _is(IKeyRegistry.KeyState.COMPROMISED, START + 20, 1050, "as known now");
        _is(IKeyRegistry.KeyState.ACTIVE, START + 20, 1049, "as known before");
        _is(IKeyRegistry.KeyState.NOT_YET_VALID, START - 1 days - 1, 1050, "before the compromise");
    }

    function test_compromise_only_moves_earlier_and_is_never_cleared() public {
        _register();
        vm.warp(START + 50);
        _compromise(START + 40);
        uint64[4] memory refused = [START + 40, START + 45, START + 51, 0];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IKeyRegistry.KeyCompromiseTimeWrong.selector, refused[i], START + 40, START + 50
                )
            );
            _compromise(refused[i]);
        }
        vm.roll(1060);
        _compromise(START + 30);
        _is(IKeyRegistry.KeyState.COMPROMISED, START + 30, 1060, "earlier");
        _is(IKeyRegistry.KeyState.ACTIVE, START + 30, 1059, "as known before");
    }

    function test_compromise_counts_over_revocation_and_expiry() public {
        _register();
        _revoke(START + 20);
        vm.warp(START + 200);
        _compromise(START + 20);
        _is(IKeyRegistry.KeyState.COMPROMISED, START + 150, 1000, "over both");
        _is(IKeyRegistry.KeyState.ACTIVE, START + 19, 1000, "before");
    }

    /// @dev Several declarations of one block are one: by its end, all of them were known.
    function test_last_declaration_of_a_block_is_what_was_known_at_its_end() public {
        _register();
        vm.roll(1001);
        vm.warp(START + 50);
        _compromise(START + 40);
        _compromise(START + 30);
        _is(IKeyRegistry.KeyState.ACTIVE, START + 35, 1000, "the block before");
        _is(IKeyRegistry.KeyState.COMPROMISED, START + 35, 1001, "the block itself");
        _is(IKeyRegistry.KeyState.ACTIVE, START + 29, 1001, "before either");
    }

    /// @dev Checkpoints count blocks in 48 bits; a larger number must not come round to an early block.
    function test_block_number_of_more_than_48_bits_is_later_than_all() public {
        _register();
        _compromise(START);
        _is(IKeyRegistry.KeyState.COMPROMISED, START + 20, (1 << 48) + 1, "known");
    }

    function test_suspended_member_may_revoke_and_declare_but_not_register() public {
        vm.prank(brokerGov);
        keyRegistry.registerKey(KEY, PURPOSE, 0, START + 100);
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, bytes32("reason"));
        vm.prank(brokerGov);
        keyRegistry.revokeKey(KEY, 0);
        vm.prank(brokerGov);
        keyRegistry.declareCompromised(KEY, START);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.MemberNotActive.selector, broker, IMembers.MemberStatus.SUSPENDED
            )
        );
        vm.prank(brokerGov);
        keyRegistry.registerKey(KeyThumbprint.wrap(bytes32("next")), PURPOSE, 0, START + 100);
    }

    function test_removed_member_has_no_say_and_the_quorum_has() public {
        vm.prank(brokerGov);
        keyRegistry.registerKey(KEY, PURPOSE, 0, START + 365 days);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, true)));
        vm.expectRevert(abi.encodeWithSelector(IMembers.MemberGone.selector, broker));
        vm.prank(brokerGov);
        keyRegistry.declareCompromised(KEY, START);
        _decide(
            address(keyRegistry),
            abi.encodeCall(IKeyRegistry.declareCompromisedByQuorum, (broker, KEY, START + 1))
        );
        equal(keyRegistry.keyOf(broker, KEY).compromisedSince, START + 1, "since");
    }

    function test_only_the_consortium_declares_for_others() public {
        _register();
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, brokerGov));
        vm.prank(brokerGov);
        keyRegistry.declareCompromisedByQuorum(bank, KEY, START);
        _decideFails(
            address(keyRegistry),
            abi.encodeCall(IKeyRegistry.declareCompromisedByQuorum, (broker, KEY, START)),
            abi.encodeWithSelector(IKeyRegistry.KeyUnknown.selector, broker, KEY)
        );
    }

    /// @dev What was known at a block never changes, whatever is declared later.
    function testFuzz_knowledge_of_a_block_is_never_rewritten(uint16 first, uint16 second, uint16 asked) public {
        _register();
        vm.warp(START + 70_000);
        vm.roll(1100);
        uint64 declared = START + 1 + uint64(first);
        _compromise(declared);
        uint64 time = START + uint64(asked);
        IKeyRegistry.KeyState before = keyRegistry.keyStateAt(bank, KEY, time, 1100);
        vm.roll(1200);
        uint64 earlier = START + uint64(within(second, 0, first));
        _compromise(earlier);
        _is(before, time, 1100, "as known at the first block");
        bool void_ = keyRegistry.keyStateAt(bank, KEY, time, 1200) == IKeyRegistry.KeyState.COMPROMISED;
        check(void_ == (time >= earlier), "as known at the second block");
    }
}
