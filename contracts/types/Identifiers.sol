// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Every identifier is a bytes32 of its own type, so that the compiler refuses a schema where a member is meant.

/// @dev keccak256 of the member's first canonical URL, for ever.
type MemberId is bytes32;

/// @dev SHA-256 of the exact bytes of a credential type's metadata; equal to `vct#integrity`.
type SchemaId is bytes32;

/// @dev keccak256(abi.encode(issuer, schema, root)) of one batch of attestations.
type BatchId is bytes32;

/// @dev RFC 7638 SHA-256 thumbprint of a JSON Web Key.
type KeyThumbprint is bytes32;

/// @dev A relying party's own name for one of its services.
type ServiceId is bytes32;

/// @dev keccak256(abi.encode(endpoint)) of one chain node at one address; see {INetworkAllowlist-Endpoint}.
type NodeId is bytes32;

/// @dev keccak256 of everything a proposal would do, where, and who proposed it; see {IConsortium-propose}.
type ProposalId is bytes32;

using {sameMember as ==, otherMember as !=} for MemberId global;
using {otherProposal as !=} for ProposalId global;

function sameMember(MemberId a, MemberId b) pure returns (bool) {
    return MemberId.unwrap(a) == MemberId.unwrap(b);
}

function otherMember(MemberId a, MemberId b) pure returns (bool) {
    return MemberId.unwrap(a) != MemberId.unwrap(b);
}

function otherProposal(ProposalId a, ProposalId b) pure returns (bool) {
    return ProposalId.unwrap(a) != ProposalId.unwrap(b);
}

/// @dev No member: what a look-up answers for an account or a URL nobody holds.
MemberId constant NO_MEMBER = MemberId.wrap(bytes32(0));
