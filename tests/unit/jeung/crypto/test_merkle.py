import hashlib
import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeung.crypto.hashing import keccak256
from jeung.crypto.merkle import MAX_BATCH, MerkleTree, leaf_hash, merkle_root, order_digests, verify_proof
from jeung.errors import InvalidProof, MalformedDigests, NotFound

PACKAGE = Path(__file__).parents[4] / "node_modules" / "@openzeppelin" / "merkle-tree"
OPENZEPPELIN = """
import { StandardMerkleTree } from '@openzeppelin/merkle-tree';
let text = '';
for await (const chunk of process.stdin) text += chunk;
const digests = JSON.parse(text);
const tree = StandardMerkleTree.of(digests.map((digest) => [digest]), ['bytes32']);
const wanted = digests.length > 200 ? [0, 1, 17, digests.length - 1] : digests.keys();
const proofs = [...wanted].map((i) => [i, tree.getProof(i)]);
const leaves = digests.map((digest) => tree.leafHash([digest]));
const order = [...digests.keys()].sort((a, b) => (leaves[a] < leaves[b] ? -1 : 1));
console.log(JSON.stringify({ root: tree.root, proofs, order }));
"""

digest_sets = st.sets(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)


def batch(size: int) -> list[bytes]:
    return [hashlib.sha256(number.to_bytes(4, "big")).digest() for number in range(size)]


def hexadecimal(data: bytes) -> str:
    return "0x" + data.hex()


@pytest.mark.node_tools
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 1_000, 8_192])
def test_root_proofs_and_order_equal_openzeppelins(size: int) -> None:
    node = shutil.which("node")
    if node is None or not PACKAGE.is_dir():
        pytest.skip("needs node and the npm development packages")
    digests = batch(size)
    run = subprocess.run(
        [node, "--input-type=module", "-e", OPENZEPPELIN],
        input=json.dumps([hexadecimal(digest) for digest in digests]),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=PACKAGE.parents[2],
    )
    theirs, tree = json.loads(run.stdout), MerkleTree(digests)
    assert hexadecimal(tree.root) == theirs["root"]
    assert order_digests(digests) == [digests[index] for index in theirs["order"]]
    for index, proof in theirs["proofs"]:
        assert [hexadecimal(part) for part in tree.proof(digests[index])] == proof


def test_a_batch_of_one_has_its_leaf_as_root_and_an_empty_proof() -> None:
    digest = batch(1)[0]
    tree = MerkleTree([digest])
    assert tree.root == leaf_hash(digest) == keccak256(keccak256(digest))
    assert tree.proof(digest) == []
    verify_proof(tree.root, digest, [])


def test_a_leaf_is_hashed_twice_so_that_no_inner_node_poses_as_one() -> None:
    digests = batch(2)
    inner = b"".join(sorted(map(leaf_hash, digests)))
    assert merkle_root(digests) == keccak256(inner)
    with pytest.raises(InvalidProof):
        verify_proof(merkle_root(digests), inner[:32], [inner[32:]])


@given(digest_sets)
def test_every_digest_is_proved_and_order_does_not_matter(digests: set[bytes]) -> None:
    tree = MerkleTree(digests)
    assert tree.root == merkle_root(sorted(digests)) == merkle_root(order_digests(digests))
    for digest in digests:
        verify_proof(tree.root, digest, tree.proof(digest))


@given(digest_sets)
def test_ordered_digests_ascend_by_leaf_hash(digests: set[bytes]) -> None:
    ordered = order_digests(digests)
    leaves = [leaf_hash(digest) for digest in ordered]
    assert set(ordered) == digests
    assert all(left < right for left, right in itertools.pairwise(leaves))


@settings(max_examples=40)
@given(st.sets(st.binary(min_size=32, max_size=32), min_size=2, max_size=20), st.data())
def test_a_changed_proof_is_refused(digests: set[bytes], data: st.DataObject) -> None:
    tree = MerkleTree(digests)
    digest = data.draw(st.sampled_from(sorted(digests)))
    proof = tree.proof(digest)
    position = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 255))
    flipped = int.from_bytes(proof[position], "big") ^ 1 << bit
    for changed in (
        [*proof[:position], flipped.to_bytes(32, "big"), *proof[position + 1 :]],
        proof[:position] + proof[position + 1 :],
        [*proof, bytes(32)],
        [*proof, *[bytes(32)] * 13],
        [*proof[:position], proof[position][:31], *proof[position + 1 :]],
        [*proof[:position], proof[position] + b"\0", *proof[position + 1 :]],
    ):
        with pytest.raises(InvalidProof):
            verify_proof(tree.root, digest, changed)


def test_a_digest_outside_of_the_batch_has_no_proof() -> None:
    tree, stranger = MerkleTree(batch(3)), bytes(32)
    with pytest.raises(NotFound):
        tree.proof(stranger)
    with pytest.raises(InvalidProof):
        verify_proof(tree.root, stranger, tree.proof(batch(3)[0]))


def test_a_digest_of_another_length_is_not_proved() -> None:
    tree = MerkleTree(batch(2))
    with pytest.raises(InvalidProof):
        verify_proof(tree.root, batch(1)[0] + b"\0", tree.proof(batch(1)[0]))


@pytest.mark.parametrize(
    "digests",
    [[], batch(2) + batch(1), [bytes(31)], [bytes(33)], [b""], [bytes(32), b"x"], batch(MAX_BATCH + 1)],
    ids=["empty", "twice", "short", "long", "nothing", "mixed", "oversized"],
)
def test_what_the_contract_refuses_is_refused_here(digests: list[bytes]) -> None:
    for build in (order_digests, merkle_root, MerkleTree):
        with pytest.raises(MalformedDigests):
            build(digests)
