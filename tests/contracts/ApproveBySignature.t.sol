// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Consortium} from "../../contracts/consortium/Consortium.sol";
import {IMembers} from "../../contracts/interfaces/IMembers.sol";
import {IProposals} from "../../contracts/interfaces/IProposals.sol";
import {ContractSigner} from "../../contracts/mocks/ContractSigner.sol";
import {MemberId, ProposalId} from "../../contracts/types/Identifiers.sol";
import {Fixture} from "./support/Fixture.sol";
import {vm} from "./support/Vm.sol";

contract ApproveBySignatureTest is Fixture {
    uint256 private constant ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
    ProposalId private proposal;

    function setUp() public override {
        super.setUp();
        bytes memory data = abi.encodeCall(IMembers.addUrl, (broker, "https://broker2.example"));
        vm.prank(bankGov);
        proposal = consortium.propose(address(consortium), data, bytes32("salt"));
    }

    function _digest(
        uint256 chain,
        address verifying,
        ProposalId about,
        MemberId member,
        uint256 nonce,
        uint256 deadline
    ) private pure returns (bytes32) {
        bytes32 content = keccak256(
            abi.encode(
                keccak256("Approval(bytes32 proposal,bytes32 member,uint256 nonce,uint256 deadline)"),
                about,
                member,
                nonce,
                deadline
            )
        );
        return keccak256(abi.encodePacked(hex"1901", _domain("Jeung Consortium", chain, verifying), content));
    }

    function _sign(uint256 key, MemberId member, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes memory)
    {
        return _signature(
            key, _digest(block.chainid, address(consortium), proposal, member, nonce, deadline)
        );
    }

    function _expectWrong(MemberId member, address account) private {
        vm.expectRevert(
            abi.encodeWithSelector(IProposals.ApprovalSignatureWrong.selector, member, account)
        );
    }

    function test_anyone_may_bring_a_signed_approval() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        vm.expectEmit(true, true, true, true, address(consortium));
        emit IProposals.ProposalApproved(proposal, broker, START + TIMELOCK);
        vm.prank(stranger);
        consortium.approveBySignature(proposal, broker, START, signature);
        equal(consortium.proposalById(proposal).approvals, 2, "approvals");
        equal(consortium.nonces(brokerGov), 1, "nonce");
    }

    function test_contract_account_signs_by_eip_1271() public {
        ContractSigner signer = new ContractSigner(vm.addr(0x51));
        vm.prank(brokerGov);
        consortium.setGovernanceAccount(broker, address(signer));
        bytes memory other = _sign(BROKER_KEY, broker, 0, START);
        _expectWrong(broker, address(signer));
        consortium.approveBySignature(proposal, broker, START, other);
        consortium.approveBySignature(proposal, broker, START, _sign(0x51, broker, 0, START));
        equal(consortium.approvalOf(proposal, broker), START, "given at");
    }

    function test_signature_after_its_deadline_is_refused() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        vm.warp(START + 1);
        vm.expectRevert(abi.encodeWithSelector(IProposals.ApprovalOverdue.selector, START, START + 1));
        consortium.approveBySignature(proposal, broker, START, signature);
    }

    function test_deadline_is_part_of_what_was_signed() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START + 1, signature);
    }

    /// @dev The mistake of a peer: to trust the signer named in the request instead of the one recovered.
    function test_named_member_does_not_count_but_the_recovered_signer() public {
        bytes memory signature = _sign(EXCHANGE_KEY, broker, 0, START);
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START, signature);
        bytes memory attacker = _sign(0xBAD, broker, 0, START);
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START, attacker);
    }

    function test_signature_for_one_member_is_none_for_another() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        _expectWrong(exchange, exchangeGov);
        consortium.approveBySignature(proposal, exchange, START, signature);
    }

    function test_signature_for_one_proposal_is_none_for_another() public {
        bytes memory data = abi.encodeCall(IMembers.removeMember, (broker, 0, true));
        vm.prank(bankGov);
        ProposalId other = consortium.propose(address(consortium), data, bytes32("salt"));
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(other, broker, START, signature);
    }

    function test_signature_does_not_work_twice_even_after_a_withdrawal() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        consortium.approveBySignature(proposal, broker, START, signature);
        vm.prank(brokerGov);
        consortium.withdrawApproval(proposal);
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START, signature);
    }

    /// @dev A signature that is still under way must not bring back what its member has meanwhile taken back.
    function test_withdrawal_voids_signatures_not_yet_brought() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        vm.prank(brokerGov);
        consortium.approve(proposal);
        vm.prank(brokerGov);
        consortium.withdrawApproval(proposal);
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START, signature);
        equal(consortium.approvalOf(proposal, broker), 0, "approval");
        consortium.approveBySignature(proposal, broker, START, _sign(BROKER_KEY, broker, 1, START));
        equal(consortium.approvalOf(proposal, broker), START, "a new word counts");
    }

    /// @dev The bug: a withdrawal that came before the signed approval it was to stop was refused, and stopped nothing.
    function test_withdrawal_voids_a_signed_approval_that_comes_after_it() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        vm.prank(brokerGov);
        consortium.withdrawApproval(proposal);
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START, signature);
        equal(consortium.approvalOf(proposal, broker), 0, "approval");
    }

    function test_malleated_signature_is_refused() public {
        bytes32 digest = _digest(block.chainid, address(consortium), proposal, broker, 0, START);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(BROKER_KEY, digest);
        bytes memory twin = abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START, twin);
    }

    function test_signature_of_any_other_length_is_refused() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START, bytes.concat(signature, hex"00"));
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START, "");
    }

    function test_signature_does_not_replay_on_another_chain() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        vm.chainId(block.chainid + 1);
        _expectWrong(broker, brokerGov);
        consortium.approveBySignature(proposal, broker, START, signature);
    }

    function test_signature_does_not_replay_on_another_contract() public {
        Consortium other = new Consortium(_founders(), _rules(), TIMELOCK);
        bytes memory data = abi.encodeCall(IMembers.addUrl, (broker, "https://broker2.example"));
        vm.prank(bankGov);
        ProposalId there = other.propose(address(consortium), data, bytes32("salt"));
        check(there != proposal, "identifiers differ by contract");
        bytes memory signature = _signature(
            BROKER_KEY, _digest(block.chainid, address(consortium), there, broker, 0, START)
        );
        _expectWrong(broker, brokerGov);
        other.approveBySignature(there, broker, START, signature);
    }

    function test_suspended_removed_or_unknown_member_cannot_approve_by_signature() public {
        bytes memory signature = _sign(BROKER_KEY, broker, 0, START);
        vm.prank(supervisorGov);
        consortium.suspendMember(broker, bytes32("reason"));
        vm.expectRevert(
            abi.encodeWithSelector(
                IMembers.MemberNotActive.selector, broker, IMembers.MemberStatus.SUSPENDED
            )
        );
        consortium.approveBySignature(proposal, broker, START, signature);
        MemberId unknown = MemberId.wrap(bytes32("unknown"));
        vm.expectRevert(abi.encodeWithSelector(IMembers.MemberUnknown.selector, unknown));
        consortium.approveBySignature(proposal, unknown, START, signature);
        _decide(address(consortium), abi.encodeCall(IMembers.removeMember, (broker, 0, false)));
        uint256 deadline = block.timestamp;
        bytes memory late = _sign(BROKER_KEY, broker, 0, deadline);
        vm.expectRevert(abi.encodeWithSelector(IMembers.MemberGone.selector, broker));
        consortium.approveBySignature(proposal, broker, deadline, late);
    }
}
