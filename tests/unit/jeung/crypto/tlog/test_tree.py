import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto.tlog.tree import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from jeung.errors import InvalidProof
from tests.common import naive_log

MOST = 40
ENTRIES = [bytes([number]) * (number % 5) for number in range(MOST)]


def read(level: int, index: int) -> bytes:
    """Hashes of complete subtrees, by the naive implementation."""
    return naive_log.mth(ENTRIES[index << level : (index + 1) << level])


sizes = st.integers(1, MOST)


@st.composite
def places(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(sizes)
    return draw(st.integers(1, new)), new


@given(st.integers(0, MOST))
def test_the_root_is_that_of_the_naive_implementation(size: int) -> None:
    assert tree_root(size, read) == naive_log.mth(ENTRIES[:size])


@given(places())
def test_an_inclusion_proof_is_that_of_the_naive_implementation_and_verifies(place: tuple[int, int]) -> None:
    index, size = place
    proof = inclusion_proof(index, size, read)
    assert list(proof) == naive_log.path(index, ENTRIES[:size])
    verify_inclusion(leaf_hash(ENTRIES[index]), index, size, proof, tree_root(size, read))


@given(growths())
def test_a_consistency_proof_is_that_of_the_naive_implementation_and_verifies(growth: tuple[int, int]) -> None:
    old, new = growth
    proof = consistency_proof(old, new, read)
    assert list(proof) == naive_log.proof(old, ENTRIES[:new])
    verify_consistency(old, tree_root(old, read), new, tree_root(new, read), proof)


@given(places(), st.data())
def test_an_inclusion_proof_with_any_bit_changed_is_refused(place: tuple[int, int], data: st.DataObject) -> None:
    index, size = place
    parts = [leaf_hash(ENTRIES[index]), tree_root(size, read), *inclusion_proof(index, size, read)]
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = flipped(parts[at], data.draw(st.integers(0, 255)))
    leaf, root, *proof = parts
    with pytest.raises(InvalidProof):
        verify_inclusion(leaf, index, size, proof, root)


@given(growths(), st.data())
def test_a_consistency_proof_with_any_bit_changed_is_refused(growth: tuple[int, int], data: st.DataObject) -> None:
    old, new = growth
    parts = [tree_root(old, read), tree_root(new, read), *consistency_proof(old, new, read)]
    at = data.draw(st.integers(0, len(parts) - 1))
    parts[at] = flipped(parts[at], data.draw(st.integers(0, 255)))
    old_root, new_root, *proof = parts
    with pytest.raises(InvalidProof):
        verify_consistency(old, old_root, new, new_root, proof)


@given(places(), places())
def test_an_inclusion_proof_is_good_for_one_place_only(place: tuple[int, int], other: tuple[int, int]) -> None:
    (index, size), (other_index, other_size) = place, other
    leaf, root = leaf_hash(ENTRIES[index]), tree_root(size, read)
    proof = inclusion_proof(index, size, read)
    if place == other or len(naive_log.path(other_index, ENTRIES[:other_size])) == len(proof) == 0:
        return
    moved = shape(index, size) != shape(other_index, other_size)
    if moved:
        with pytest.raises(InvalidProof):
            verify_inclusion(leaf, other_index, other_size, proof, root)


def shape(index: int, size: int) -> list[bool]:
    """On which side the siblings stand: two places of one shape look the same to a proof, as RFC 6962 has it."""
    sides, start, end = [], 0, size
    while end - start > 1:
        middle = start + naive_log.largest_power_below(end - start)
        sides.append(index < middle)
        start, end = (start, middle) if index < middle else (middle, end)
    return sides


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_no_proof_is_made_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_proof(index, size, read)


@pytest.mark.parametrize(("old", "new"), [(-1, 3), (4, 3)])
def test_no_proof_is_made_from_a_tree_that_is_not_older(old: int, new: int) -> None:
    with pytest.raises(ValueError, match="no such older tree"):
        consistency_proof(old, new, read)


def test_from_nothing_nothing_is_proved() -> None:
    assert consistency_proof(0, 5, read) == ()
    with pytest.raises(InvalidProof, match="no such tree"):
        verify_consistency(0, EMPTY_ROOT, 5, tree_root(5, read), ())


@pytest.mark.parametrize(
    ("proof", "said"),
    [
        ([b"\x00" * 32] * 9, "too long"),
        ([b"\x00" * 31], "32 bytes"),
        ([b"\x00" * 32] * 65, "at most 64"),
        ([], "does not lead"),
    ],
    ids=["too-long", "no-hash", "endless", "empty"],
)
def test_an_inclusion_proof_of_a_wrong_shape_is_refused(proof: list[bytes], said: str) -> None:
    with pytest.raises(InvalidProof, match=said):
        verify_inclusion(leaf_hash(b""), 0, 3, proof, tree_root(3, read))


@pytest.mark.parametrize(
    ("proof", "said"), [([], "too short"), ([b"\x00" * 32] * 12, "too long")], ids=["too-short", "too-long"]
)
def test_a_consistency_proof_of_a_wrong_shape_is_refused(proof: list[bytes], said: str) -> None:
    with pytest.raises(InvalidProof, match=said):
        verify_consistency(3, tree_root(3, read), 7, tree_root(7, read), proof)


def test_a_leaf_outside_of_the_subtree_is_refused() -> None:
    with pytest.raises(InvalidProof, match="not within"):
        verify_subtree_inclusion(leaf_hash(b""), 3, 4, 6, [], tree_root(2, read))


def test_a_subtree_beyond_the_tree_is_refused() -> None:
    with pytest.raises(InvalidProof, match="not within"):
        verify_subtree_consistency(4, 6, tree_root(2, read), 5, tree_root(5, read), [])


@given(places())
def test_of_a_single_leaf_the_proofs_of_inclusion_and_consistency_are_one(place: tuple[int, int]) -> None:
    index, size = place
    leaf, root = leaf_hash(ENTRIES[index]), tree_root(size, read)
    verify_subtree_consistency(index, index + 1, leaf, size, root, inclusion_proof(index, size, read))
