"""Digests are found where they were attested first, and what nobody has a record of is named."""

import hashlib
import io
import secrets
import shutil
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit import roots
from audit.digests import Attested, Digests, Run, named
from audit.findings import AuditImpossible
from audit.roots import Roots, root_of, serve
from jeung.crypto.merkle import merkle_root, order_digests


def digest(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


def run(batch: str, *numbers: int, issuer: str = "i", schema: str = "s", time: int = 5) -> Run:
    return Run(batch, issuer, schema, time, 2 * time, b"".join(map(digest, numbers)))


KEPT = (run("a", 1, 2), run("b", 2, 3, time=6), run("c", 2, issuer="j", time=7))


def hexed(number: int) -> str:
    return "0x" + digest(number).hex()


def test_the_earliest_attestation_of_a_digest_is_found() -> None:
    digests = Digests(KEPT)
    assert digests.find("i", "s", hexed(2)) == Attested("a", 5, 10)
    assert digests.find("i", "s", hexed(3)) == Attested("b", 6, 12)
    assert digests.find("j", "s", hexed(2)) == Attested("c", 7, 14)


@pytest.mark.parametrize(
    ("issuer", "schema", "value"),
    [("i", "s", hexed(9)), ("j", "s", hexed(1)), ("i", "t", hexed(1)), ("i", 5, hexed(1)), ("i", "s", "0xzz")],
)
def test_what_was_not_attested_is_not_found(issuer: str, schema: object, value: object) -> None:
    digests = Digests(KEPT)
    assert digests.find(issuer, schema, value) is None
    assert digests.find(issuer, schema, None) is None


def test_a_batch_added_after_a_search_is_found_as_well() -> None:
    digests = Digests(KEPT)
    assert digests.find("i", "s", hexed(9)) is None
    digests.add(run("d", 9, time=8))
    assert digests.find("i", "s", hexed(9)) == Attested("d", 8, 16)


def test_runs_come_in_the_order_of_the_chain() -> None:
    assert tuple(Digests(KEPT)) == KEPT
    assert Digests(KEPT).of("b") == KEPT[1]
    assert Digests(KEPT).of("x") is None
    assert list(KEPT[0]) == [digest(1), digest(2)]


def test_digests_are_equal_where_their_runs_are() -> None:
    assert Digests(KEPT) == Digests(KEPT)
    assert Digests(KEPT) != Digests(KEPT[:2])
    assert Digests() != 5


@pytest.mark.parametrize("wrong", [KEPT[0], Run("x", "i", "s", 1 << 70, 1, b""), Run("\ud800", "i", "s", 1, 1, b"")])
def test_a_batch_that_cannot_be_kept_is_refused(wrong: Run) -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        Digests(KEPT).add(wrong)


@given(st.lists(st.integers(0, 40), max_size=30), st.sets(st.integers(0, 40)))
@settings(max_examples=40, deadline=None)
def test_exactly_what_nobody_has_a_record_of_is_unexplained(attested: list[int], recorded: set[int]) -> None:
    digests = Digests(run(f"batch {place}", number, time=place) for place, number in enumerate(attested))
    digests.explain(("s", hexed(number)) for number in recorded)
    digests.explain([("another schema", hexed(number)) for number in attested])
    assert {found for found, _ in digests.unexplained("i")} == {hexed(number) for number in set(attested) - recorded}
    assert list(digests.unexplained("j")) == []
    nobody = {(digest(number), "s") for number in recorded - set(attested)}
    others = {(digest(number), "another schema") for number in attested}
    assert set(digests.unattested("i")) == nobody | others
    assert len(set(digests.unattested("j"))) == len(recorded) + len(set(attested))


@pytest.mark.parametrize("value", ["0xzz", None, 5.5, b"", "5"], ids=repr)
def test_a_record_of_what_is_no_digest_is_attested_by_nobody(value: object) -> None:
    digests = Digests(KEPT)
    digests.explain([(b"s", value), ("s", digest(1)), ("s", hexed(2))])
    assert list(digests.unattested("i")) == [named(b"s", value)]


def test_many_records_are_taken_note_of_at_once() -> None:
    digests = Digests([run("a", *range(5_000))])
    digests.explain(("s", hexed(number)) for number in range(4_999))
    assert [found for found, _ in digests.unexplained("i")] == [hexed(4_999)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 100])
def test_the_root_is_the_one_of_the_core(count: int) -> None:
    ordered = order_digests(digest(number) for number in range(count))
    assert root_of(b"".join(ordered)) == "0x" + merkle_root(ordered).hex()


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        bytes(31),
        bytes(33),
        digest(1) * 2,
        b"".join(order_digests(map(digest, range(9)))[::-1]),
        bytes(32) * 8_193,
    ],
    ids=["none", "short", "long", "twice", "backwards", "too many"],
)
def test_what_no_batch_can_hold_has_no_root(wrong: bytes) -> None:
    assert root_of(wrong) is None


def test_answers_come_in_the_order_of_the_questions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(roots, "_MOST_WAITING", 2)
    sizes = [3, 1_024, 2, 1_025, 1, 1_026, 4]
    batches = [order_digests(secrets.token_bytes(32) for _ in range(size)) for size in sizes]
    expected = ["0x" + merkle_root(batch).hex() for batch in batches]
    answers: list[str | None] = []
    asked = Roots()
    for batch in batches:
        asked.ask(b"".join(batch), answers.append)
    assert answers == expected[: len(answers)]
    asked.settle()
    assert answers == expected
    asked.ask(b"".join(batches[1]), answers.append)
    asked.close()
    assert answers == expected, "who closes does not wait for answers"


def test_a_process_that_ended_is_said_to_have(monkeypatch: pytest.MonkeyPatch) -> None:
    large = b"".join(order_digests(secrets.token_bytes(32) for _ in range(1_024)))
    monkeypatch.setattr(sys, "executable", shutil.which("true"))
    asked = Roots()

    def pour() -> None:
        for _ in range(50):
            asked.ask(large, lambda root: None)
        asked.settle()

    with pytest.raises(AuditImpossible, match="ended"):
        pour()
    asked.close()


def test_a_worker_answers_until_its_input_ends() -> None:
    ordered = b"".join(order_digests(map(digest, range(3))))
    given = io.BytesIO(len(ordered).to_bytes(4) + ordered + bytes(4) + b"\x00")
    taken = io.BytesIO()
    serve(given, taken)
    assert taken.getvalue() == f"{root_of(ordered)}\n\n".encode()
