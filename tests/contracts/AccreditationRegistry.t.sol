// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccreditationRegistry} from "../../contracts/interfaces/IAccreditationRegistry.sol";
import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {ISchemaRegistry} from "../../contracts/interfaces/ISchemaRegistry.sol";
import {MemberId, SchemaId} from "../../contracts/types/Identifiers.sol";
import {AccreditationRegistry} from "../../contracts/schemas/AccreditationRegistry.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract AccreditationRegistryTest is Fixture {
    SchemaId private schema = SchemaId.wrap(sha256(METADATA));

    function setUp() public override {
        super.setUp();
        vm.prank(address(consortium));
        schemas.registerSchema(METADATA, VCT);
    }

    function _grant(MemberId member, uint64 from, uint64 until) private returns (uint256) {
        vm.prank(address(consortium));
        return accreditations.grant(member, schema, from, until);
    }

    function _withdraw(uint256 index, uint64 since) private {
        vm.prank(address(consortium));
        accreditations.withdraw(bank, schema, index, since);
    }

    function _expectPeriodWrong(uint64 from, uint64 until) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccreditationRegistry.AccreditationPeriodWrong.selector, from, until, block.timestamp
            )
        );
    }

    function test_grant_holds_from_its_first_to_before_its_last_second() public {
        vm.expectEmit(true, true, true, true, address(accreditations));
        emit IAccreditationRegistry.AccreditationGranted(bank, schema, 0, START + 10, START + 20);
        equal(_grant(bank, START + 10, START + 20), 0, "index");
        check(!accreditations.accreditedAt(bank, schema, START + 9), "before");
        check(accreditations.accreditedAt(bank, schema, START + 10), "first");
        check(accreditations.accreditedAt(bank, schema, START + 19), "last");
        check(!accreditations.accreditedAt(bank, schema, START + 20), "after");
        check(!accreditations.accreditedAt(broker, schema, START + 10), "another member");
        check(!accreditations.accreditedAt(bank, SchemaId.wrap(0), START + 10), "another schema");
    }

    function test_grant_without_a_beginning_holds_at_once() public {
        _decide(
            address(accreditations),
            abi.encodeCall(IAccreditationRegistry.grant, (bank, schema, 0, START + 365 days))
        );
        equal(accreditations.grants(bank, schema)[0].validFrom, block.timestamp, "valid from");
    }

    function test_grant_in_the_past_or_of_no_duration_is_refused() public {
        _expectPeriodWrong(START - 1, START + 1);
        _grant(bank, START - 1, START + 1);
        _expectPeriodWrong(START + 1, START + 1);
        _grant(bank, START + 1, START + 1);
        _expectPeriodWrong(START, START);
        _grant(bank, 0, START);
    }

    function test_only_the_consortium_grants_and_withdraws() public {
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, bankGov));
        vm.prank(bankGov);
        accreditations.grant(bank, schema, 0, START + 1);
        vm.expectRevert(abi.encodeWithSelector(IGoverned.ConsortiumOnly.selector, bankGov));
        vm.prank(bankGov);
        accreditations.withdraw(bank, schema, 0, START);
    }

    function test_only_present_issuers_are_accredited() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccreditationRegistry.AccreditationMemberNotIssuer.selector, exchange, 2
            )
        );
        _grant(exchange, 0, START + 1);
        MemberId unknown = MemberId.wrap(bytes32("unknown"));
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccreditationRegistry.AccreditationMemberNotIssuer.selector, unknown, 0
            )
        );
        _grant(unknown, 0, START + 1);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccreditationRegistry.AccreditationMemberNotIssuer.selector, broker, 1
            )
        );
        _grant(broker, 0, START + 365 days);
    }

    function test_unknown_or_deprecated_schema_takes_no_new_grants() public {
        SchemaId unknown = SchemaId.wrap(bytes32("unknown"));
        vm.expectRevert(
            abi.encodeWithSelector(IAccreditationRegistry.AccreditationSchemaNotOpen.selector, unknown)
        );
        vm.prank(address(consortium));
        accreditations.grant(bank, unknown, 0, START + 1);
        vm.prank(address(consortium));
        schemas.deprecateSchema(schema);
        vm.expectRevert(
            abi.encodeWithSelector(IAccreditationRegistry.AccreditationSchemaNotOpen.selector, schema)
        );
        _grant(bank, 0, START + 1);
    }

    function test_withdrawal_takes_effect_from_its_time_and_leaves_the_time_before() public {
        _grant(bank, START, START + 100);
        vm.warp(START + 50);
        vm.expectEmit(true, true, true, true, address(accreditations));
        emit IAccreditationRegistry.AccreditationWithdrawn(bank, schema, 0, START + 40);
        _withdraw(0, START + 40);
        check(accreditations.accreditedAt(bank, schema, START + 39), "before");
        check(!accreditations.accreditedAt(bank, schema, START + 40), "from then");
        IAccreditationRegistry.Grant memory found = accreditations.grants(bank, schema)[0];
        equal(found.withdrawnSince, START + 40, "since");
        equal(found.withdrawnAt, START + 50, "recorded");
        equal(found.validUntil, START + 100, "the grant itself is not rewritten");
    }

    function test_withdrawal_without_a_time_takes_effect_at_once() public {
        _grant(bank, START, START + 100);
        vm.warp(START + 50);
        _withdraw(0, 0);
        check(accreditations.accreditedAt(bank, schema, START + 49), "before");
        check(!accreditations.accreditedAt(bank, schema, START + 50), "now");
    }

    function test_withdrawal_only_moves_earlier_and_never_into_the_future() public {
        _grant(bank, START, START + 100);
        vm.warp(START + 50);
        _withdraw(0, START + 40);
        uint64[3] memory refused = [START + 40, START + 45, START + 51];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccreditationRegistry.AccreditationWithdrawalTimeWrong.selector,
                    refused[i],
                    START + 40,
                    START + 50
                )
            );
            _withdraw(0, refused[i]);
        }
        _withdraw(0, START + 10);
        check(!accreditations.accreditedAt(bank, schema, START + 10), "earlier");
    }

    function test_unknown_grant_is_not_withdrawn() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccreditationRegistry.AccreditationGrantUnknown.selector, bank, schema, 0
            )
        );
        _withdraw(0, START);
    }

    function test_later_grant_holds_beside_a_withdrawn_one() public {
        _grant(bank, START, START + 100);
        _withdraw(0, START);
        equal(_grant(bank, START + 50, START + 100), 1, "index");
        check(!accreditations.accreditedAt(bank, schema, START), "withdrawn");
        check(accreditations.accreditedAt(bank, schema, START + 50), "granted again");
    }

    function test_number_of_grants_is_bounded() public {
        for (uint256 i = 0; i < 128; ++i) {
            _grant(bank, START, START + 1);
        }
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccreditationRegistry.AccreditationGrantsTooMany.selector, bank, schema, 128
            )
        );
        _grant(bank, START, START + 1);
    }

    function test_deployment_without_peers_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IGoverned.PeerWithoutCode.selector, stranger));
        new AccreditationRegistry(consortium, ISchemaRegistry(stranger));
    }

    /// @dev Compares with the plain definition over three grants and one withdrawal.
    function testFuzz_answer_equals_the_definition(uint32[6] memory times, uint32 since, uint32 asked) public {
        uint64 now_ = START + 2 ** 31;
        for (uint256 i = 0; i < 3; ++i) {
            uint64 from = START + uint64(times[2 * i] % 1000);
            _grant(bank, from, from + 1 + uint64(times[2 * i + 1] % 1000));
        }
        vm.warp(now_);
        uint64 withdrawn = START + uint64(since % 2500);
        _withdraw(1, withdrawn);
        uint64 time = START + uint64(asked % 2500);
        bool expected = false;
        for (uint256 i = 0; i < 3; ++i) {
            uint64 from = START + uint64(times[2 * i] % 1000);
            uint64 until = from + 1 + uint64(times[2 * i + 1] % 1000);
            if (time >= from && time < until && (i != 1 || time < withdrawn)) expected = true;
        }
        check(accreditations.accreditedAt(bank, schema, time) == expected, "accredited");
    }
}
