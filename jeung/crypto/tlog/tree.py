"""Hash the tree of a transparency log, and make and verify its proofs (RFC 6962 section 2.1, RFC 9162 section 2.1).

The tree over n entries divides at the largest power of two below n; a leaf hashes behind 0x00, a node behind 0x01, so
that neither poses as the other. Whatever a proof or a root needs are hashes of complete subtrees, which never change
as the tree grows: a `HashReader` gives them, from tiles for instance (`jeung.crypto.tlog.tiles`).

Verification is that of subtrees, of which the whole tree is one (draft-ietf-plants-merkle-tree-certs section 4): the
subtree of [start, end) is valid where `start` is a multiple of the least power of two not below `end - start`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

from jeung.crypto.hashing import DIGEST_LENGTH
from jeung.errors import InvalidProof

HashReader = Callable[[int, int], bytes]
"""Gives the 32-byte hash of the complete subtree of 2**level leaves at an index: leaves [index << level, ...)."""

EMPTY_ROOT: Final = hashlib.sha256().digest()
MAX_SIZE: Final = (1 << 63) - 1
MAX_PROOF_LENGTH: Final = 64

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry as a leaf."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two children."""
    return hashlib.sha256(_NODE + left + right).digest()


def tree_root(size: int, read: HashReader) -> bytes:
    """Give the root of the first `size` leaves."""
    return _range_hash(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: HashReader) -> tuple[bytes, ...]:
    """Prove that a leaf stands at an index of the first `size` leaves (RFC 6962 section 2.1.1).

    Raises:
        ValueError: there is no such leaf; a defect of the caller.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    proof = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, read))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(old: int, new: int, read: HashReader) -> tuple[bytes, ...]:
    """Prove that the first `old` of `new` leaves are those of the older tree (RFC 6962 section 2.1.2).

    From nothing, and from a tree to itself, the proof is empty.

    Raises:
        ValueError: the older tree is the larger; a defect of the caller.
    """
    if not 0 <= old <= new:
        raise ValueError("no such older tree")
    if old in (0, new):
        return ()
    proof = []
    start, end, from_left_edge = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(middle, end, read))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read))
            start, from_left_edge = middle, False
    if not from_left_edge:
        proof.append(_range_hash(start, end, read))
    return tuple(reversed(proof))


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Verify that a leaf hash stands at an index of the tree of this size and root.

    Raises:
        InvalidProof: it does not, or a value has no sense.
    """
    verify_subtree_inclusion(leaf, index, 0, size, proof, root)


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Verify that a leaf hash stands at an index of the subtree [start, end) with this root.

    Raises:
        InvalidProof: it does not, or a value has no sense.
    """
    _require_subtree(start, end)
    if not start <= index < end:
        raise InvalidProof("the leaf is not within the tree")
    _require_hashes([leaf, root, *proof])
    at, last, computed = index - start, end - start - 1, leaf
    for sibling in proof:
        if last == 0:
            raise InvalidProof("the proof is too long")
        if at & 1 or at == last:
            computed = node_hash(sibling, computed)
            # The rightmost node of a level without a sibling rises to where it has one.
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        at, last = at >> 1, last >> 1
    if last or computed != root:
        raise InvalidProof


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Verify that the tree of size `new` begins with the tree of size `old`.

    Nothing begins with an empty tree, or everything does: an older size of 0 is refused, and whoever has seen nothing
    yet has nothing to verify.

    Raises:
        InvalidProof: it does not, or a value has no sense.
    """
    verify_subtree_consistency(0, old, old_root, new, new_root, proof)


def verify_subtree_consistency(
    start: int, end: int, subtree_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Verify that the leaves [start, end) of a tree are those under a subtree's root.

    Raises:
        InvalidProof: they are not, or a value has no sense.
    """
    _require_subtree(start, end)
    if not end <= size <= MAX_SIZE:
        raise InvalidProof("the subtree is not within the tree")
    _require_hashes([subtree_root, root, *proof])
    first, last, end_of_tree = start, end - 1, size - 1
    # Climb to the largest complete subtree at the right edge: its hash begins the proof, unless it is all there is.
    while first != last and (last & 1 or last == end_of_tree):
        first, last, end_of_tree = first >> 1, last >> 1, end_of_tree >> 1
    # That hash is the subtree's own where the subtree is complete.
    known = [subtree_root] if first == last else []
    if not known and not proof:
        raise InvalidProof("the proof is too short")
    computed, *rest = [*known, *proof]
    of_subtree = computed
    for sibling in rest:
        if end_of_tree == 0:
            raise InvalidProof("the proof is too long")
        if last & 1 or last == end_of_tree:
            if first < last:
                of_subtree = node_hash(sibling, of_subtree)
            computed = node_hash(sibling, computed)
            while not last & 1 and last:
                first, last, end_of_tree = first >> 1, last >> 1, end_of_tree >> 1
        else:
            computed = node_hash(computed, sibling)
        first, last, end_of_tree = first >> 1, last >> 1, end_of_tree >> 1
    if end_of_tree or of_subtree != subtree_root or computed != root:
        raise InvalidProof


def _range_hash(start: int, end: int, read: HashReader) -> bytes:
    size = end - start
    if size & (size - 1) == 0:
        return read(size.bit_length() - 1, start // size)
    middle = start + _split(size)
    return node_hash(_range_hash(start, middle, read), _range_hash(middle, end, read))


def _split(size: int) -> int:
    """Give the largest power of two below a size of at least two."""
    return 1 << ((size - 1).bit_length() - 1)


def _require_subtree(start: int, end: int) -> None:
    if not 0 <= start < end <= MAX_SIZE or start % (1 << (end - start - 1).bit_length()):
        raise InvalidProof("there is no such tree")


def _require_hashes(hashes: Sequence[bytes]) -> None:
    if len(hashes) > MAX_PROOF_LENGTH + 2 or any(len(hash_) != DIGEST_LENGTH for hash_ in hashes):
        raise InvalidProof("a proof holds at most 64 hashes of 32 bytes")
