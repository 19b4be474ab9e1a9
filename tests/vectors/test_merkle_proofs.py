"""The proofs that transparency-dev/merkle publishes, good and bad, of trees and of subtrees."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from jeung.crypto.tlog.tree import (
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from jeung.errors import InvalidProof
from tests.common.vectors import vectors

FOLDER = vectors("merkle", "testdata")


# Good for that project, refused here: an empty subtree, of which nothing is proved, and roots that are no hashes.
STRICTER = ("subtree-is-empty", "sizes-are-equal-one-and-proof-is-empty")


def cases(kind: str) -> list[Any]:
    found = sorted((FOLDER / kind).rglob("*.json"))
    return [pytest.param(path, id=str(path.relative_to(FOLDER / kind).with_suffix(""))) for path in found]


def read(path: Path) -> tuple[dict[str, Any], list[bytes]]:
    case = json.loads(path.read_bytes())
    case["wantErr"] |= path.name.startswith(STRICTER)
    return case, [decoded(line) for line in case["proof"] or []]


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def judge(case: dict[str, Any], verify: Any, *arguments: object) -> None:  # noqa: ANN401
    if case["wantErr"]:
        with pytest.raises(InvalidProof):
            verify(*arguments)
    else:
        verify(*arguments)


@pytest.mark.parametrize("path", cases("inclusion"))
def test_inclusion(path: Path) -> None:
    case, proof = read(path)
    leaf, root = decoded(case["leafHash"]), decoded(case["root"])
    judge(case, verify_inclusion, leaf, case["leafIdx"], case["treeSize"], proof, root)


@pytest.mark.parametrize("path", cases("consistency"))
def test_consistency(path: Path) -> None:
    case, proof = read(path)
    roots = decoded(case["root1"]), decoded(case["root2"])
    judge(case, verify_consistency, case["size1"], roots[0], case["size2"], roots[1], proof)


@pytest.mark.parametrize("path", cases("subtreeinclusion"))
def test_subtree_inclusion(path: Path) -> None:
    case, proof = read(path)
    leaf, root = decoded(case["leafHash"]), decoded(case["root"])
    judge(case, verify_subtree_inclusion, leaf, case["leafIdx"], case["start"], case["end"], proof, root)


@pytest.mark.parametrize("path", cases("subtreeconsistency"))
def test_subtree_consistency(path: Path) -> None:
    case, proof = read(path)
    names = [name for name in case if name not in ("start", "end", "size", "proof", "desc", "wantErr")]
    subtree_root, root = (decoded(case[name]) for name in names)
    judge(case, verify_subtree_consistency, case["start"], case["end"], subtree_root, case["size"], root, proof)


def test_none_of_the_published_proofs_is_left_out() -> None:
    kinds = "inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"
    assert sum(len(cases(kind)) for kind in kinds) == len(list(FOLDER.rglob("*.json"))) > 500
