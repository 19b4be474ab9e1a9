// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Governed} from "../consortium/Governed.sol";
import {IAccreditationRegistry} from "../interfaces/IAccreditationRegistry.sol";
import {IAttestationRegistry} from "../interfaces/IAttestationRegistry.sol";
import {IConsortium} from "../interfaces/IConsortium.sol";
import {IMembers} from "../interfaces/IMembers.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {BatchId, MemberId, SchemaId} from "../types/Identifiers.sol";
import {ROLE_ISSUER} from "../types/Roles.sol";
import {MerkleRoot} from "./MerkleRoot.sol";

/// @title Attestations
/// @dev The issuer is never an argument: it is whoever the acting account serves, so nobody can attest in another's
/// name, and as the batch's identifier holds the issuer, nobody can occupy another's batch by sending it first.
contract AttestationRegistry is IAttestationRegistry, Governed, EIP712, Nonces {
    bytes32 private constant ATTEST_TYPEHASH =
        keccak256("Attest(bytes32 issuer,bytes32 schema,bytes32 root,uint256 nonce,uint256 deadline)");

    IAccreditationRegistry private immutable ACCREDITATIONS;
    mapping(BatchId batch => Batch record) private _batches;

    /// @param consortium_ whom to obey
    /// @param accreditations_ where the accreditations stand
    constructor(IConsortium consortium_, IAccreditationRegistry accreditations_)
        Governed(consortium_)
        EIP712("Jeung AttestationRegistry", "1")
    {
        _requireCode(address(accreditations_));
        ACCREDITATIONS = accreditations_;
    }

    /// @inheritdoc IAttestationRegistry
    function attest(SchemaId schema, bytes32[] calldata digests) external returns (BatchId batch) {
        MemberId issuer = _issuerFor(msg.sender, schema);
        return _attest(issuer, schema, msg.sender, MerkleRoot.compute(digests), digests);
    }

    /// @inheritdoc IAttestationRegistry
    function attestBySignature(
        SchemaId schema,
        bytes32[] calldata digests,
        address operator,
        uint256 deadline,
        bytes calldata signature
    ) external returns (BatchId batch) {
        if (block.timestamp > deadline) revert AttestationOverdue(deadline, block.timestamp);
        MemberId issuer = _issuerFor(operator, schema);
        bytes32 root = MerkleRoot.compute(digests);
        _requireSigned(issuer, schema, root, operator, deadline, signature);
        return _attest(issuer, schema, operator, root, digests);
    }

    /// @inheritdoc IAttestationRegistry
    function batchById(BatchId batch) external view returns (Batch memory) {
        return _batches[batch];
    }

    /// @inheritdoc IAttestationRegistry
    function rootOf(bytes32[] calldata digests) external pure returns (bytes32 root) {
        return MerkleRoot.compute(digests);
    }

    /// @inheritdoc IAttestationRegistry
    function batchIdOf(MemberId issuer, SchemaId schema, bytes32 root) public pure returns (BatchId batch) {
        return BatchId.wrap(keccak256(abi.encode(issuer, schema, root)));
    }

    function _attest(
        MemberId issuer,
        SchemaId schema,
        address operator,
        bytes32 root,
        bytes32[] calldata digests
    ) private returns (BatchId batch) {
        batch = batchIdOf(issuer, schema, root);
        if (_batches[batch].operator != address(0)) revert BatchExists(batch);
        _batches[batch] = Batch(operator, uint32(digests.length), uint64(block.timestamp));
        emit CredentialsAttested(batch, issuer, schema, operator, root, digests);
    }

    function _requireSigned(
        MemberId issuer,
        SchemaId schema,
        bytes32 root,
        address operator,
        uint256 deadline,
        bytes calldata signature
    ) private {
        bytes32 digest = _hashTypedDataV4(
            keccak256(abi.encode(ATTEST_TYPEHASH, issuer, schema, root, _useNonce(operator), deadline))
        );
        if (!SignatureChecker.isValidSignatureNow(operator, digest, signature)) {
            revert AttestationSignatureWrong(operator);
        }
    }

    /// @dev Answers the member that the account may attest for now, under this schema.
    function _issuerFor(address operator, SchemaId schema) private view returns (MemberId issuer) {
        IMembers.MemberStatus status;
        uint8 roles;
        (issuer, status, roles) = CONSORTIUM.actingFor(operator, IOperators.OperatorPurpose.ATTEST);
        if (status != IMembers.MemberStatus.ACTIVE || roles & ROLE_ISSUER == 0) {
            revert AttestationIssuerNotActive(issuer);
        }
        if (!ACCREDITATIONS.accreditedAt(issuer, schema, uint64(block.timestamp))) {
            revert AttestationNotAccredited(issuer, schema, uint64(block.timestamp));
        }
    }
}
