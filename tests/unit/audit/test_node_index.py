"""A batch of the index that differs from the chain's by a row, a byte, an order or a kind of value is named."""

import hashlib
from pathlib import Path
from typing import cast

import pytest

from audit.checks.node_index import compare_index
from audit.digests import Digests, Run
from audit.source import ChainReader
from audit.state import State
from tests.unit.audit.nodes import node_database

BATCHES = {"0x" + "b1" * 32: range(4), "0x" + "b2" * 32: range(4, 6)}
OTHER = "0x" + "b3" * 32
NOBODY = cast("ChainReader", None)


def digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def hexed(number: int) -> str:
    return f"0x{digest(number).hex()}"


def state() -> State:
    runs = [Run(batch, "0xi", "0xs", 5, 7, b"".join(map(digest, numbers))) for batch, numbers in BATCHES.items()]
    kept = ("issuer", "schema", "operator", "root", "time", "block", "log", "transaction")
    return State(block=9, batches={run.batch: dict.fromkeys(kept) for run in runs}, digests=Digests(runs))


def rows() -> dict[str, list[dict[str, object]]]:
    batches = [{"number": at, "batch": bytes.fromhex(name[2:])} for at, name in enumerate(BATCHES, start=1)]
    attestations = [
        {"digest": digest(number), "batch_number": at, "position": place}
        for at, numbers in enumerate(BATCHES.values(), start=1)
        for place, number in enumerate(numbers)
    ]
    return {"batches": batches, "attestations": attestations, "follower_state": [{"head_time": 0}]}


def found(folder: Path, *statements: str) -> list[str]:
    """Give what is said about attestations and about whole batches' digests, after changing the rows."""
    with node_database(folder, *statements, **rows()) as database:
        findings, _ = compare_index(database, state(), NOBODY, 100)
    return [
        f"{finding.subject} {finding.message}"
        for finding in findings
        if finding.subject.startswith("attestation") or "digests" in finding.message
    ]


FIRST, SECOND = BATCHES
ROOTLESS = f"batch {FIRST} has not the digests that give its root"


def test_an_index_that_says_what_the_chain_says_is_right(tmp_path: Path) -> None:
    assert found(tmp_path) == []


def test_rows_are_taken_in_their_order_where_no_index_has_it(tmp_path: Path) -> None:
    assert found(tmp_path, "DROP INDEX ix_attestations_batch_number_position") == []


def test_an_order_that_was_changed_is_found_where_no_index_has_it(tmp_path: Path) -> None:
    statements = (
        "DROP INDEX ix_attestations_batch_number_position",
        "UPDATE attestations SET position = 1 - position WHERE batch_number = 1 AND position < 2",
    )
    assert found(tmp_path, *statements) == [ROOTLESS]


def put(value: bytes | int | str, place: int) -> str:
    """Write the statement that puts something else in the place of a digest of the first batch."""
    shown = f"X'{value.hex()}'" if isinstance(value, bytes) else repr(value)
    return f"UPDATE attestations SET digest = {shown} WHERE batch_number = 1 AND position = {place}"  # noqa: S608


def add(value: bytes) -> str:
    """Write the statement that adds a row to the first batch."""
    return f"INSERT INTO attestations VALUES (X'{value.hex()}', 1, 4)"  # noqa: S608


CHANGES: dict[str, tuple[str, list[str]]] = {
    "a row too few": (
        "DELETE FROM attestations WHERE batch_number = 1 AND position = 3",
        [f"attestation {hexed(3)} is missing", ROOTLESS],
    ),
    "a row too many": (
        add(digest(9)),
        [f"attestation {hexed(9)} is not on the chain", ROOTLESS],
    ),
    "no row": ("DELETE FROM attestations WHERE batch_number = 1", [f"batch {FIRST} has no digests"]),
    "another digest": (
        put(digest(9), 0),
        [f"attestation {hexed(9)} is not on the chain", f"attestation {hexed(0)} is missing", ROOTLESS],
    ),
    "another order": ("UPDATE attestations SET position = 7 WHERE batch_number = 1 AND position = 0", [ROOTLESS]),
    "a digest as text": (
        put(hexed(0), 0),
        [f"attestation {hexed(0)} is missing", ROOTLESS],
    ),
    "a number": (
        put(5, 0),
        ["attestation 5 is not on the chain", f"attestation {hexed(0)} is missing", ROOTLESS],
    ),
    "a digest of another batch": (
        add(digest(4)),
        [ROOTLESS],
    ),
    "a batch nobody attested": (
        "UPDATE batches SET batch = CAST(replace(batch, X'b2', X'b3') AS BLOB) WHERE number = 2",
        [
            *sorted(f"attestation {hexed(number)} is not on the chain" for number in BATCHES[SECOND]),
            f"batch {OTHER} has not the digests that give its root",
            f"batch {SECOND} has no digests",
        ],
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_batch_that_differs_is_opened_and_what_differs_is_named(tmp_path: Path, name: str) -> None:
    statement, expected = CHANGES[name]
    assert found(tmp_path, statement) == expected


def test_the_same_bytes_cut_otherwise_are_other_digests(tmp_path: Path) -> None:
    joined = digest(0) + digest(1)
    said = found(tmp_path, put(joined[:31], 0), put(joined[31:], 1))
    assert said[-1] == ROOTLESS
    assert len(said) == 5, "two that are none, two that are missing, and the batch"
