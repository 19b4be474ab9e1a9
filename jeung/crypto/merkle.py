"""Build the Merkle tree of an attestation: OpenZeppelin's `standard-v1` over one `bytes32` per leaf.

A leaf is keccak256(keccak256(abi.encode(digest))); the double hash keeps an inner node from posing as a leaf. The
leaves stand in ascending order of their hashes, a node hashes its two children in ascending order, and the tree is
the complete binary tree in an array: node i has the children 2i+1 and 2i+2, the leaves fill the end backwards.
AttestationRegistry computes the same root on chain and demands the digests in this very order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from jeung.crypto.hashing import DIGEST_LENGTH, keccak256
from jeung.errors import InvalidProof, MalformedDigests, NotFound

MAX_BATCH: Final = 8_192
"""Digests in one attestation, as in AttestationRegistry; EIP-7825's gas cap leaves room for no more."""
MAX_PROOF_LENGTH: Final = 13
"""Levels above a leaf in the largest batch."""


def leaf_hash(digest: bytes) -> bytes:
    """Return the 32-byte leaf of a 32-byte credential digest."""
    return keccak256(keccak256(digest))


def order_digests(digests: Iterable[bytes]) -> list[bytes]:
    """Return the digests strictly ascending by leaf hash, the only order that the contract accepts.

    Raises:
        MalformedDigests: none, too many, one twice, or one that is not 32 bytes long.

    """
    by_leaf = {leaf_hash(digest): digest for digest in _checked(digests)}
    return [by_leaf[leaf] for leaf in sorted(by_leaf)]


class MerkleTree:
    """The tree over a batch of credential digests, given in any order."""

    def __init__(self, digests: Iterable[bytes]) -> None:
        """Hash the whole tree once.

        Raises:
            MalformedDigests: as `order_digests`.

        """
        leaves = sorted(map(leaf_hash, _checked(digests)))
        last = 2 * len(leaves) - 2
        self._nodes = [b""] * (last + 1 - len(leaves)) + leaves[::-1]
        for index in range(last - len(leaves), -1, -1):
            self._nodes[index] = _parent(self._nodes[2 * index + 1], self._nodes[2 * index + 2])
        self._positions = {leaf: last - rank for rank, leaf in enumerate(leaves)}

    @property
    def root(self) -> bytes:
        """Return the 32-byte root."""
        return self._nodes[0]

    def proof(self, digest: bytes) -> list[bytes]:
        """Return the siblings on the way from the digest's leaf up to the root, 32 bytes each.

        Raises:
            NotFound: the digest is not in the batch.

        """
        index = self._positions.get(leaf_hash(digest))
        if index is None:
            raise NotFound("no such digest in the batch")
        siblings = []
        while index:
            siblings.append(self._nodes[index + 1 if index % 2 else index - 1])
            index = (index - 1) // 2
        return siblings


def merkle_root(digests: Iterable[bytes]) -> bytes:
    """Return the root over a batch of digests in any order.

    Raises:
        MalformedDigests: as `order_digests`.

    """
    return MerkleTree(digests).root


def verify_proof(root: bytes, digest: bytes, proof: Sequence[bytes]) -> None:
    """Check that the digest is in the batch with this root.

    Raises:
        InvalidProof: it leads to another root, is longer than any batch is deep, or holds a part that is not
            32 bytes long (parts of other lengths could be cut differently into the same hashed bytes).

    """
    if len(proof) > MAX_PROOF_LENGTH or any(len(part) != DIGEST_LENGTH for part in (digest, *proof)):
        raise InvalidProof
    node = leaf_hash(digest)
    for sibling in proof:
        node = _parent(node, sibling)
    if node != root:
        raise InvalidProof


def _parent(left: bytes, right: bytes) -> bytes:
    return keccak256(left + right if left < right else right + left)


def _checked(digests: Iterable[bytes]) -> list[bytes]:
    """Return the digests as a list within the contract's bounds, none twice."""
    batch = list(digests)
    if not 0 < len(batch) <= MAX_BATCH:
        raise MalformedDigests(f"expected 1 to {MAX_BATCH} digests")
    if any(len(digest) != DIGEST_LENGTH for digest in batch):
        raise MalformedDigests("expected digests of 32 bytes")
    if len(set(batch)) != len(batch):
        raise MalformedDigests("a digest stands in the batch twice")
    return batch
