"""What is attested together, and when; siblings are kept apart."""

from collections.abc import Callable
from itertools import count, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto.hashing import sha256
from jeung.crypto.merkle import leaf_hash
from jeung.domain.identifiers import CredentialDigest, SchemaId
from jeung.domain.ledger import CredentialStatus
from jeung.ports.chain import AttestWork, StatusWork
from node.chain.anchorer import CROWD, MAX_INDEXES, MAX_WORDS, Anchorer, AttestBatch, status_batches
from node.settings import AnchoringSettings

A, B = SchemaId(b"\x0a" * 32), SchemaId(b"\x0b" * 32)
NOW = 1_000
VALID, REVOKED, SUSPENDED = CredentialStatus.VALID, CredentialStatus.REVOKED, CredentialStatus.SUSPENDED


def work(number: int, family: object = None, *, schema: SchemaId = A, at: int = NOW) -> AttestWork:
    digest = CredentialDigest(sha256(str(number).encode()))
    return AttestWork(f"credential-{number}", f"family-{number if family is None else family}", schema, digest, at)


def anchorer(
    *, max_batch: int = 100, max_age_ms: int = 0, spread_s: int = 0, draw: Callable[[int], int] = lambda bound: 0
) -> Anchorer:
    return Anchorer(AnchoringSettings(max_batch=max_batch, max_age_ms=max_age_ms, copy_spread_s=spread_s), draw)


def ids(batches: list[AttestBatch]) -> list[list[str]]:
    return [sorted(batch.credential_ids) for batch in batches]


@given(st.sets(st.integers(0, 10**6), min_size=1, max_size=60))
def test_digests_ascend_by_leaf_and_none_is_left_out(numbers: set[int]) -> None:
    (batch,) = anchorer().batches([work(number) for number in numbers], NOW)
    leaves = [leaf_hash(digest) for digest in batch.digests]
    assert leaves == sorted(leaves)
    assert len(leaves) == len(numbers) == len(batch.credential_ids)


def test_schemas_are_never_mixed() -> None:
    batches = anchorer().batches([work(1), work(2, schema=B), work(3)], NOW)
    assert {batch.schema: sorted(batch.credential_ids) for batch in batches} == {
        A: ["credential-1", "credential-3"],
        B: ["credential-2"],
    }


def test_young_batch_waits_until_its_oldest_is_old_enough() -> None:
    subject = anchorer(max_age_ms=2_000)
    waiting = [work(1, at=NOW), work(2, at=NOW + 1)]
    assert subject.batches(waiting, NOW + 1) == []
    assert ids(subject.batches(waiting, NOW + 2)) == [["credential-1", "credential-2"]]


def test_full_batch_goes_at_once_and_the_rest_waits() -> None:
    batches = anchorer(max_batch=3, max_age_ms=60_000).batches([work(number) for number in range(7)], NOW)
    assert [len(batch.digests) for batch in batches] == [3, 3]


def test_nothing_waiting_is_no_batch() -> None:
    assert anchorer().batches([], NOW) == []


def test_siblings_share_no_small_batch() -> None:
    subject = anchorer(spread_s=100, draw=lambda bound: 0)
    waiting = [work(number, family=number % 3) for number in range(9)]
    seen: list[set[str]] = []
    families = {each.credential_id: each.family_id for each in waiting}
    for now in range(NOW, NOW + 10):
        for batch in subject.batches(waiting, now):
            of = [families[credential] for credential in batch.credential_ids]
            assert len(set(of)) == len(of), "two copies of one family stand together"
            seen.append(set(batch.credential_ids))
            waiting = [each for each in waiting if each.credential_id not in batch.credential_ids]
    assert sum(map(len, seen)) == 9
    assert len(seen) == 3


def test_siblings_may_share_a_crowd() -> None:
    waiting = [work(number, family=number % CROWD) for number in range(3 * CROWD)]
    (batch,) = anchorer(spread_s=100, max_batch=1_000).batches(waiting, NOW)
    assert len(batch.credential_ids) == 3 * CROWD


def test_each_copy_waits_a_random_time_of_its_own_and_keeps_it() -> None:
    delays = count()
    subject = anchorer(spread_s=3_600, draw=lambda bound: next(delays) * 10 % bound)
    waiting = [work(number) for number in range(3)]
    assert ids(subject.batches(waiting, NOW)) == [["credential-0"]]
    assert ids(subject.batches(waiting[1:], NOW + 9)) == []
    assert ids(subject.batches(waiting[1:], NOW + 10)) == [["credential-1"]]
    assert ids(subject.batches(waiting[2:], NOW + 20)) == [["credential-2"]]
    assert next(delays) == 3, "a waiting time is drawn once"


def test_without_a_spread_nobody_draws() -> None:
    def refuse(bound: int) -> int:
        raise AssertionError

    waiting = [work(number, family="one") for number in range(4)]
    assert len(anchorer(draw=refuse).batches(waiting, NOW)[0].digests) == 4


def change(number: int, list_number: int, index: int, status: CredentialStatus) -> StatusWork:
    return StatusWork(number, list_number, index, status, NOW)


def test_changes_are_grouped_and_ascend_and_protection_goes_first() -> None:
    changes = [
        change(1, 0, 9, VALID),
        change(2, 1, 8, REVOKED),
        change(3, 0, 7, REVOKED),
        change(4, 0, 3, REVOKED),
        change(5, 0, 5, SUSPENDED),
    ]
    found = [(batch.list_number, batch.status, batch.indexes) for batch in status_batches(changes)]
    assert found == [(0, REVOKED, (3, 7)), (1, REVOKED, (8,)), (0, SUSPENDED, (5,)), (0, VALID, (9,))]


@pytest.mark.parametrize(("count_", "sizes"), [(MAX_WORDS, [MAX_WORDS]), (MAX_WORDS + 1, [MAX_WORDS, 1])])
def test_no_more_words_than_a_transaction_has_gas_for(count_: int, sizes: list[int]) -> None:
    batches = status_batches(change(number, 0, number * 128, REVOKED) for number in range(count_))
    assert [len(batch.indexes) for batch in batches] == sizes


def test_word_is_never_divided_between_two_transactions() -> None:
    # 15 of the 128 entries of each word: 2,048 is no multiple of 15.
    places = [word * 128 + entry for word in range(300) for entry in range(15)]
    batches = status_batches(change(number, 0, index, REVOKED) for number, index in enumerate(places))
    assert [index for batch in batches for index in batch.indexes] == places
    assert all(len(batch.indexes) <= MAX_INDEXES for batch in batches)
    words = [{index // 128 for index in batch.indexes} for batch in batches]
    assert len(words) == 3
    assert not any(one & other for one, other in pairwise(words))
