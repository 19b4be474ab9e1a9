// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AttestationRegistry} from "../../contracts/attestations/AttestationRegistry.sol";
import {IAttestationRegistry} from "../../contracts/interfaces/IAttestationRegistry.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {ContractSigner} from "../../contracts/mocks/ContractSigner.sol";
import {BatchId, MemberId, SchemaId} from "../../contracts/types/Identifiers.sol";
import {Batches} from "./support/Batches.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract AttestBySignatureTest is Fixture {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    SchemaId private schema;
    bytes32[] private digests;
    uint256 private deadline;

    function setUp() public override {
        super.setUp();
        _authorizeOperators();
        schema = _accreditBank();
        digests = Batches.make(3, "signed");
        deadline = block.timestamp + 10;
    }

    function _digest(address verifying, MemberId issuer, SchemaId about, bytes32 root, uint256 nonce)
        private
        view
        returns (bytes32)
    {
        bytes32 content = keccak256(
            abi.encode(
                keccak256(
                    "Attest(bytes32 issuer,bytes32 schema,bytes32 root,uint256 nonce,uint256 deadline)"
                ),
                issuer,
                about,
                root,
                nonce,
                deadline
            )
        );
        return keccak256(
            abi.encodePacked(
                hex"1901", _domain("Jeung AttestationRegistry", block.chainid, verifying), content
            )
        );
    }

    function _sign(uint256 key, uint256 nonce) private view returns (bytes memory) {
        bytes32 root = Batches.root(digests);
        return _signature(key, _digest(address(attestations), bank, schema, root, nonce));
    }

    function _send(address operator, bytes memory signature) private returns (BatchId) {
        vm.prank(stranger);
        return attestations.attestBySignature(schema, digests, operator, deadline, signature);
    }

    function _expectWrong(address operator) private {
        vm.expectRevert(
            abi.encodeWithSelector(IAttestationRegistry.AttestationSignatureWrong.selector, operator)
        );
    }

    function test_anyone_may_bring_a_signed_batch_which_is_the_operators() public {
        bytes32 root = Batches.root(digests);
        vm.expectEmit(true, true, true, true, address(attestations));
        emit IAttestationRegistry.CredentialsAttested(
            attestations.batchIdOf(bank, schema, root), bank, schema, bankAttest, root, digests
        );
        BatchId batch = _send(bankAttest, _sign(BANK_ATTEST_KEY, 0));
        equal(attestations.batchById(batch).operator, bankAttest, "operator");
        equal(attestations.nonces(bankAttest), 1, "nonce");
    }

    function test_contract_operator_signs_by_eip_1271() public {
        ContractSigner signer = new ContractSigner(vm.addr(0x51));
        vm.prank(bankGov);
        consortium.authorizeOperator(IOperators.OperatorPurpose.ATTEST, address(signer));
        bytes memory other = _sign(BANK_ATTEST_KEY, 0);
        _expectWrong(address(signer));
        _send(address(signer), other);
        _send(address(signer), _sign(0x51, 0));
    }

    function test_signature_after_its_deadline_is_refused() public {
        bytes memory signature = _sign(BANK_ATTEST_KEY, 0);
        vm.warp(deadline + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationRegistry.AttestationOverdue.selector, deadline, deadline + 1
            )
        );
        _send(bankAttest, signature);
    }

    /// @dev The mistake of a peer: to trust the signer named in the request instead of the one recovered.
    function test_named_operator_does_not_count_but_the_recovered_signer() public {
        bytes memory signature = _sign(BROKER_ATTEST_KEY, 0);
        _expectWrong(bankAttest);
        _send(bankAttest, signature);
    }

    function test_member_without_accreditation_cannot_have_it_signed_either() public {
        bytes32 root = Batches.root(digests);
        bytes memory signature =
            _signature(BROKER_ATTEST_KEY, _digest(address(attestations), broker, schema, root, 0));
        vm.expectRevert(
            abi.encodeWithSelector(
                IAttestationRegistry.AttestationNotAccredited.selector, broker, schema, block.timestamp
            )
        );
        _send(brokerAttest, signature);
    }

    function test_retired_operators_signature_is_refused() public {
        bytes memory signature = _sign(BANK_ATTEST_KEY, 0);
        vm.prank(bankGov);
        consortium.retireOperator(IOperators.OperatorPurpose.ATTEST, bankAttest);
        vm.expectRevert(
            abi.encodeWithSelector(
                IOperators.OperatorAlreadyRetired.selector, bankAttest, block.timestamp
            )
        );
        _send(bankAttest, signature);
    }

    function test_signed_root_binds_the_digests() public {
        bytes memory signature = _sign(BANK_ATTEST_KEY, 0);
        digests = Batches.make(3, "others");
        _expectWrong(bankAttest);
        _send(bankAttest, signature);
    }

    function test_signature_does_not_work_for_a_second_batch_and_nonces_go_in_order() public {
        bytes memory next = _sign(BANK_ATTEST_KEY, 1);
        _expectWrong(bankAttest);
        _send(bankAttest, next);
        bytes memory signature = _sign(BANK_ATTEST_KEY, 0);
        _send(bankAttest, signature);
        _expectWrong(bankAttest);
        _send(bankAttest, signature);
    }

    function test_batch_sent_twice_is_refused_even_with_a_fresh_signature() public {
        BatchId batch = _send(bankAttest, _sign(BANK_ATTEST_KEY, 0));
        bytes memory fresh = _sign(BANK_ATTEST_KEY, 1);
        vm.expectRevert(abi.encodeWithSelector(IAttestationRegistry.BatchExists.selector, batch));
        _send(bankAttest, fresh);
        equal(attestations.nonces(bankAttest), 1, "the refused one used no nonce");
    }

    function test_malleated_signature_is_refused() public {
        bytes32 root = Batches.root(digests);
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(BANK_ATTEST_KEY, _digest(address(attestations), bank, schema, root, 0));
        _expectWrong(bankAttest);
        _send(bankAttest, abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27)));
    }

    function test_signature_does_not_replay_on_another_chain_or_contract() public {
        bytes memory signature = _sign(BANK_ATTEST_KEY, 0);
        AttestationRegistry other = new AttestationRegistry(consortium, accreditations);
        _expectWrong(bankAttest);
        other.attestBySignature(schema, digests, bankAttest, deadline, signature);
        vm.chainId(block.chainid + 1);
        _expectWrong(bankAttest);
        _send(bankAttest, signature);
    }
}
