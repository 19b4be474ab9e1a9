// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestationRegistry} from "../../contracts/attestations/AttestationRegistry.sol";
import {IAccreditationRegistry} from "../../contracts/interfaces/IAccreditationRegistry.sol";
import {IAttestationRegistry} from "../../contracts/interfaces/IAttestationRegistry.sol";
import {IGoverned} from "../../contracts/interfaces/IGoverned.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {BatchId, MemberId, SchemaId} from "../../contracts/types/Identifiers.sol";
import {ROLE_RELYING_PARTY} from "../../contracts/types/Roles.sol";
import {Batches} from "./support/Batches.sol";
import {Fixture} from "./support/Fixture.sol";
import {Vm, vm} from "./support/Vm.sol";

contract AttestationRegistryTest is Fixture {
    SchemaId private schema;

    function setUp() public override {
        super.setUp();
        _authorizeOperators();
        schema = _accreditBank();
    }

    function _attest(address operator, bytes32[] memory digests) private returns (BatchId) {
        vm.prank(operator);
        return attestations.attest(schema, digests);
    }

    function _id(MemberId issuer, bytes32 root) private view returns (BatchId) {
        return BatchId.wrap(keccak256(abi.encode(issuer, schema, root)));
    }

    function _expectUnknown(address account) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IOperators.OperatorUnknown.selector, account, IOperators.OperatorPurpose.ATTEST
            )
        );
    }

    function _expectNotAccredited(MemberId issuer, SchemaId about) private {
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationRegistry.AttestationNotAccredited.selector, issuer, about, block.timestamp
            )
        );
    }

    function test_single_digest_is_its_own_root() public {
        bytes32[] memory digests = Batches.make(1, "one");
        bytes32 root = Batches.leaf(digests[0]);
        BatchId expected = _id(bank, root);
        vm.expectEmit(true, true, true, true, address(attestations));
        emit IAttestationRegistry.CredentialsAttested(expected, bank, schema, bankAttest, root, digests);
        BatchId batch = _attest(bankAttest, digests);
        equal(BatchId.unwrap(batch), BatchId.unwrap(expected), "identifier");
        IAttestationRegistry.Batch memory found = attestations.batchById(batch);
        equal(found.operator, bankAttest, "operator");
        equal(found.count, 1, "count");
        equal(found.attestedAt, block.timestamp, "time");
    }

    function test_batch_emits_root_and_every_digest() public {
        bytes32[] memory digests = Batches.make(100, "many");
        bytes32 root = Batches.root(digests);
        vm.expectEmit(true, true, true, true, address(attestations));
        emit IAttestationRegistry.CredentialsAttested(
            _id(bank, root), bank, schema, bankAttest, root, digests
        );
        _attest(bankAttest, digests);
    }

    function testFuzz_root_is_that_of_the_plain_tree(uint8 size, bytes32 seed) public view {
        bytes32[] memory digests = Batches.make(within(size, 1, 70), seed);
        equal(attestations.rootOf(digests), Batches.root(digests), "root");
    }

    function test_empty_batch_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.BatchEmpty.selector));
        _attest(bankAttest, new bytes32[](0));
    }

    function test_oversized_batch_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.BatchTooLarge.selector, 8193, 8192));
        _attest(bankAttest, new bytes32[](8193));
    }

    function test_unsorted_batch_is_refused_at_any_place(uint8 place) public {
        bytes32[] memory digests = Batches.make(20, "sorted");
        uint256 index = within(place, 1, 19);
        (digests[index - 1], digests[index]) = (digests[index], digests[index - 1]);
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.BatchNotAscending.selector, index));
        _attest(bankAttest, digests);
    }

    function test_same_digest_twice_in_a_batch_is_refused() public {
        bytes32[] memory digests = new bytes32[](2);
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.BatchNotAscending.selector, 1));
        _attest(bankAttest, digests);
    }

    function test_existing_batch_is_refused_which_makes_sending_again_harmless() public {
        bytes32[] memory digests = Batches.make(3, "again");
        BatchId batch = _attest(bankAttest, digests);
        uint64 first = attestations.batchById(batch).attestedAt;
        vm.warp(block.timestamp + 100);
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.BatchExists.selector, batch));
        _attest(bankAttest, digests);
        equal(attestations.batchById(batch).attestedAt, first, "time");
    }

    /// @dev A root names its leaves: inner nodes passed off as digests give another root.
    function test_inner_node_is_no_digest() public view {
        bytes32[] memory digests = Batches.make(4, "inner");
        bytes32[] memory nodes = new bytes32[](1);
        nodes[0] = attestations.rootOf(digests);
        check(attestations.rootOf(nodes) != attestations.rootOf(digests), "second preimage");
    }

    /// @dev The mistake of peers: anybody may write.
    function test_unregistered_caller_attests_nothing() public {
        _expectUnknown(stranger);
        _attest(stranger, Batches.make(1, "x"));
        _expectUnknown(bankGov);
        _attest(bankGov, Batches.make(1, "x"));
        _expectUnknown(bankStatus);
        _attest(bankStatus, Batches.make(1, "x"));
    }

    function test_unaccredited_issuer_attests_nothing() public {
        _expectNotAccredited(broker, schema);
        _attest(brokerAttest, Batches.make(1, "x"));
    }

    function test_accreditation_for_one_schema_is_none_for_another() public {
        SchemaId other = SchemaId.wrap(bytes32("other"));
        _expectNotAccredited(bank, other);
        vm.prank(bankAttest);
        attestations.attest(other, Batches.make(1, "x"));
    }

    function test_lapsed_accreditation_attests_nothing() public {
        vm.warp(accreditations.grants(bank, schema)[0].validUntil);
        _expectNotAccredited(bank, schema);
        _attest(bankAttest, Batches.make(1, "x"));
    }

    /// @dev The mistake of a peer: a right that cannot be withdrawn.
    function test_withdrawn_accreditation_attests_nothing() public {
        _decide(
            address(accreditations),
            abi.encodeCall(IAccreditationRegistry.withdraw, (bank, schema, 0, 0))
        );
        _expectNotAccredited(bank, schema);
        _attest(bankAttest, Batches.make(1, "x"));
    }

    function test_issuer_whose_role_was_withdrawn_attests_nothing() public {
        _decide(address(consortium), abi.encodeCall(IMembers.setRoles, (bank, ROLE_RELYING_PARTY)));
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationRegistry.AttestationIssuerNotActive.selector, bank)
        );
        _attest(bankAttest, Batches.make(1, "x"));
    }

    function test_suspended_issuer_attests_nothing_until_the_suspension_lapses() public {
        vm.prank(supervisorGov);
        consortium.suspendMember(bank, bytes32("reason"));
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationRegistry.AttestationIssuerNotActive.selector, bank)
        );
        _attest(bankAttest, Batches.make(1, "x"));
        vm.warp(block.timestamp + 7 days);
        _attest(bankAttest, Batches.make(1, "x"));
    }

    function test_removed_issuer_attests_nothing() public {
        _accredit(broker, schema);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationRegistry.AttestationIssuerNotActive.selector, broker)
        );
        _attest(brokerAttest, Batches.make(1, "x"));
    }

    function test_retired_or_compromised_operator_attests_nothing() public {
        vm.prank(bankGov);
        consortium.retireOperator(IOperators.OperatorPurpose.ATTEST, bankAttest);
        vm.expectRevert(
            abi.encodeWithSelector(
                IOperators.OperatorAlreadyRetired.selector, bankAttest, block.timestamp
            )
        );
        _attest(bankAttest, Batches.make(1, "x"));
        vm.prank(bankGov);
        consortium.declareOperatorCompromised(IOperators.OperatorPurpose.ATTEST, bankAttest, START);
        vm.expectRevert(
            abi.encodeWithSelector(IOperators.OperatorNotTrusted.selector, bankAttest, START)
        );
        _attest(bankAttest, Batches.make(1, "x"));
    }

    /// @dev Another member sees a digest in the mempool and sends it first: it gets a record of its own and takes
    /// nothing from the issuer.
    function test_digest_attested_first_by_another_member_blocks_nobody() public {
        _accredit(broker, schema);
        bytes32[] memory digests = Batches.make(2, "seen");
        BatchId stolen = _attest(brokerAttest, digests);
        BatchId own = _attest(bankAttest, digests);
        check(BatchId.unwrap(stolen) != BatchId.unwrap(own), "identifiers");
        equal(attestations.batchById(own).operator, bankAttest, "the bank's batch is the bank's");
        equal(attestations.batchById(stolen).operator, brokerAttest, "the broker's is the broker's");
    }

    function test_refused_attestation_emits_nothing() public {
        vm.recordLogs();
        vm.prank(stranger);
        (bool done,) = address(attestations).call(
            abi.encodeCall(IAttestationRegistry.attest, (schema, Batches.make(1, "x")))
        );
        check(!done, "refused");
        equal(vm.getRecordedLogs().length, 0, "events");
    }

    function test_deployment_without_peers_is_refused() public {
        vm.expectRevert(abi.encodeWithSelector(IGoverned.PeerWithoutCode.selector, stranger));
        new AttestationRegistry(consortium, IAccreditationRegistry(stranger));
    }
}
