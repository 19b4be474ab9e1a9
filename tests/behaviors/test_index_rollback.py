"""Whatever the chain does, the index ends as if only the surviving blocks had ever been seen."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeung.domain.chain import AttestedBatch, BlockRange, StatusChange
from jeung.domain.identifiers import CredentialDigest
from jeung.domain.ledger import CredentialStatus
from jeung.errors import LedgerStale
from tests.common import rows
from tests.common.rows import admission, batch, blocks, digest_of, status_change
from tests.common.stores import OTHER, OWN, Subject, in_memory, in_sqlite

DIGESTS = [digest_of(number) for number in range(6)]
INDEXES = [0, 1, 127, 128, 300]
MEMBERS = (OWN, OTHER)


@st.composite
def found_in_block(draw: st.DrawFn, number: int, fork: str) -> BlockRange:
    """Draw one block with up to two batches, two changes of status and a registry event."""
    batches: list[AttestedBatch] = [
        batch(
            number,
            draw(st.lists(st.sampled_from(DIGESTS), min_size=1, max_size=3, unique=True)),
            issuer=draw(st.sampled_from(MEMBERS)),
            log_index=place,
            batch=digest_of((fork, number, place)),
        )
        for place in range(draw(st.integers(0, 2)))
    ]
    changes: list[StatusChange] = [
        status_change(
            number,
            draw(st.integers(1, 2)),
            draw(st.sampled_from([CredentialStatus.VALID, CredentialStatus.REVOKED, CredentialStatus.SUSPENDED])),
            sorted(draw(st.sets(st.sampled_from(INDEXES), min_size=1, max_size=3))),
            issuer=draw(st.sampled_from(MEMBERS)),
            log_index=10 + place,
        )
        for place in range(draw(st.integers(0, 2)))
    ]
    events = [admission(number, f"https://{fork}-{number}.example", log_index=20)] if draw(st.booleans()) else []
    return blocks(number, number, fork=fork, events=events, batches=batches, changes=changes)


@st.composite
def chain(draw: st.DrawFn, first: int, fork: str) -> list[BlockRange]:
    """Draw up to five blocks, one range each."""
    return [draw(found_in_block(number, fork)) for number in range(first, first + draw(st.integers(0, 5)))]


def told(kept: Subject) -> object:
    """Ask the index everything the core can ask."""
    try:
        with kept.ledger.view() as view:
            attested = {
                (member, digest): view.attestation(member, rows.SCHEMA, CredentialDigest(digest))
                for member in MEMBERS
                for digest in DIGESTS
            }
            batches = {found.batch: view.batch_digests(found.batch) for found in attested.values() if found}
            words = {(member, number): view.status_words(member, number) for member in MEMBERS for number in (1, 2)}
            indexed = view.freshness.indexed_number, view.freshness.indexed_hash
            registry = sorted(view.registry.member_by_url)
        with kept.history.view() as past:
            events = past.events(before=None, limit=100)
            totals = [past.totals(member, rows.NOW + time) for member in MEMBERS for time in (1, 3, 20)]
        return attested, batches, words, registry, indexed, events, totals
    except LedgerStale:
        return None


def apply_all(kept: Subject, ranges: Sequence[BlockRange]) -> None:
    for found in ranges:
        kept.index.apply(found, fence=kept.fence, polled_at=rows.NOW)


@pytest.mark.parametrize("make", [in_memory, in_sqlite], ids=["memory", "sqlite"])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_index_after_a_fork_equals_one_that_saw_only_the_surviving_chain(
    make: Callable[[Path], Subject], data: st.DataObject
) -> None:
    common = data.draw(chain(1, "common"))
    lost = data.draw(chain(len(common) + 1, "lost"))
    surviving = data.draw(chain(len(common) + 1, "surviving"))
    with TemporaryDirectory() as one, TemporaryDirectory() as other:
        forked, straight = make(Path(one)), make(Path(other))
        try:
            apply_all(forked, common + lost)
            told(forked)
            forked.index.roll_back(len(common), fence=forked.fence)
            apply_all(straight, common)
            assert told(forked) == told(straight)
            apply_all(forked, surviving)
            apply_all(straight, surviving)
            assert told(forked) == told(straight)
        finally:
            forked.dispose()
            straight.dispose()


@settings(max_examples=25, deadline=None)
@given(ranges=chain(1, "common"))
def test_memory_and_sqlite_tell_the_same(ranges: list[BlockRange]) -> None:
    with TemporaryDirectory() as folder:
        memory, sqlite = in_memory(Path(folder)), in_sqlite(Path(folder))
        try:
            apply_all(memory, ranges)
            apply_all(sqlite, ranges)
            assert told(memory) == told(sqlite)
        finally:
            sqlite.dispose()
