// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BatchId, MemberId, SchemaId} from "../types/Identifiers.sol";
import {IGoverned} from "./IGoverned.sol";

/// @title Attestations: which accredited issuer vouched for which credential digest, and when
/// @notice Digests come in batches. The contract computes the Merkle root of a batch itself and emits it with every
/// digest, so that the logs alone rebuild everything. Leaves are keccak256(keccak256(abi.encode(digest))); the tree is
/// that of OpenZeppelin's `standard-v1` over `bytes32` leaves. A batch of one has its leaf for root.
interface IAttestationRegistry is IGoverned {
    /// @notice A batch's record, one storage slot.
    /// @param operator account on whose word it was attested; zero if unknown
    /// @param count how many digests
    /// @param attestedAt block time: the trusted issuing time of every credential of the batch
    struct Batch {
        address operator;
        uint32 count;
        uint64 attestedAt;
    }

    /// @notice An issuer vouched for credentials.
    /// @param batch keccak256(abi.encode(issuer, schema, root))
    /// @param issuer who vouches: the operator's member, whoever sent the transaction
    /// @param schema of what type the credentials are
    /// @param operator account on whose word it was attested
    /// @param root Merkle root of the digests
    /// @param digests SHA-256 of each issuer-signed credential, ascending by leaf
    event CredentialsAttested(
        BatchId indexed batch,
        MemberId indexed issuer,
        SchemaId indexed schema,
        address operator,
        bytes32 root,
        bytes32[] digests
    );

    /// @notice Refuses a batch without digests.
    error BatchEmpty();
    /// @notice Refuses a batch with too many digests.
    /// @param count how many were offered
    /// @param maximum how many are allowed
    error BatchTooLarge(uint256 count, uint256 maximum);
    /// @notice Refuses digests that do not ascend strictly by leaf, and so also the same digest twice.
    /// @param index place of the first digest that does not come after its predecessor
    error BatchNotAscending(uint256 index);
    /// @notice Refuses a batch that stands already, which makes sending one again harmless.
    /// @param batch its identifier
    error BatchExists(BatchId batch);
    /// @notice Refuses an issuer that is suspended or removed, or has not the issuer's role.
    /// @param issuer who was to vouch
    error AttestationIssuerNotActive(MemberId issuer);
    /// @notice Refuses an issuer that is not accredited for the schema now.
    /// @param issuer who was to vouch
    /// @param schema for what
    /// @param time time of this block
    error AttestationNotAccredited(MemberId issuer, SchemaId schema, uint64 time);
    /// @notice Refuses a signed request after its deadline.
    /// @param deadline last second at which it was good
    /// @param blockTime time of this block
    error AttestationOverdue(uint256 deadline, uint256 blockTime);
    /// @notice Refuses a signature that the operator did not make.
    /// @param operator whose signature was expected
    error AttestationSignatureWrong(address operator);

    /// @notice Attests digests for the calling operator's member. Only by an ATTEST operator of an active member that
    /// is an issuer and accredited for the schema now.
    /// @param schema of what type the credentials are
    /// @param digests 1 to 8,192 digests, strictly ascending by leaf
    /// @return batch identifier
    function attest(SchemaId schema, bytes32[] calldata digests) external returns (BatchId batch);

    /// @notice Attests by a signature that anyone may bring: EIP-712
    /// `Attest(bytes32 issuer,bytes32 schema,bytes32 root,uint256 nonce,uint256 deadline)` in the domain
    /// ("Jeung AttestationRegistry", "1"), by the operator (EOA or EIP-1271), with that account's nonce.
    /// @param schema of what type the credentials are
    /// @param digests 1 to 8,192 digests, strictly ascending by leaf
    /// @param operator an ATTEST operator, under the same rules as the caller of {attest}
    /// @param deadline last second at which the signature is good
    /// @param signature 65 bytes r, s, v of an EOA, or what the contract account wants
    /// @return batch identifier
    function attestBySignature(
        SchemaId schema,
        bytes32[] calldata digests,
        address operator,
        uint256 deadline,
        bytes calldata signature
    ) external returns (BatchId batch);

    /// @notice Reads a batch.
    /// @param batch identifier
    /// @return the record; all zero if unknown
    function batchById(BatchId batch) external view returns (Batch memory);

    /// @notice Computes a batch's identifier.
    /// @param issuer who vouches
    /// @param schema of what type the credentials are
    /// @param root Merkle root of the digests
    /// @return batch identifier
    function batchIdOf(MemberId issuer, SchemaId schema, bytes32 root) external pure returns (BatchId batch);

    /// @notice Computes the Merkle root of digests, under the same rules as {attest}.
    /// @param digests 1 to 8,192 digests, strictly ascending by leaf
    /// @return root Merkle root
    function rootOf(bytes32[] calldata digests) external pure returns (bytes32 root);
}
