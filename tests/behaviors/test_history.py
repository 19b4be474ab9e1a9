"""What every history must tell of the chain's past, and forget with the blocks a fork takes back."""

from jeung.domain.history import EventPlace, Totals
from jeung.domain.identifiers import BatchId, MemberId
from jeung.domain.ledger import CredentialStatus
from tests.common import rows
from tests.common.rows import admission, batch, blocks, digest_of, status_change
from tests.common.stores import OTHER, OWN, Subject

REVOKED, SUSPENDED, VALID = CredentialStatus.REVOKED, CredentialStatus.SUSPENDED, CredentialStatus.VALID
URL = "https://a.example"
DIGESTS = [digest_of(number) for number in range(5)]
BATCH = batch(2, DIGESTS[:3])


def apply_story(kept: Subject) -> None:
    """Apply two ranges of one story: an admission, three batches of two members, four changes of status."""
    first = blocks(
        1,
        3,
        events=[admission(1, URL)],
        batches=[batch(3, DIGESTS[:1], issuer=OTHER), BATCH],
        changes=[status_change(3, 1, SUSPENDED, [4, 5])],
    )
    second = blocks(
        4,
        5,
        batches=[batch(4, DIGESTS[3:])],
        changes=[status_change(5, 1, VALID, [4], log_index=1), status_change(5, 2, REVOKED, [5, 6, 7], log_index=2)],
    )
    for found in (first, second):
        kept.index.apply(found, fence=kept.fence, polled_at=rows.NOW)


def places(kept: Subject, **wanted: object) -> list[tuple[int, int]]:
    """Give (block, log index) of events, newest first."""
    question = {"before": None, "limit": 50, **wanted}
    with kept.history.view() as view:
        return [(event.place.block_number, event.place.log_index) for event in view.events(**question)]  # type: ignore[arg-type]  # as the port has them


EVERYTHING = [(5, 2), (5, 1), (4, 0), (3, 1), (3, 0), (2, 0), (1, 2)]


def test_nothing_is_told_of_a_chain_that_was_never_read(kept: Subject) -> None:
    with kept.history.view() as view:
        assert view.events(before=None, limit=10) == []
        assert view.transaction(bytes(32), limit=10) == []
        assert view.places(DIGESTS[0], limit=10) == []
        assert view.batch(BATCH.batch) is None
        assert list(view.digests(BATCH.batch, since=0, limit=10)) == []
        assert view.totals(OWN, rows.NOW + 100) == Totals()
        assert view.block_hash(1) is None


def test_events_come_newest_first_and_one_page_joins_the_next(kept: Subject) -> None:
    apply_story(kept)
    assert places(kept) == EVERYTHING
    assert places(kept, limit=2) == EVERYTHING[:2]
    assert places(kept, limit=3, before=EventPlace(rows.NOW + 5, 5, 1)) == EVERYTHING[2:5]
    assert places(kept, before=EventPlace(0, 0, 0)) == []


def test_events_of_one_member_are_its_own_alone(kept: Subject) -> None:
    apply_story(kept)
    assert places(kept, member=OTHER) == [(3, 0)]
    assert places(kept, member=OWN) == [(5, 2), (5, 1), (4, 0), (3, 1), (2, 0)]
    assert places(kept, member=OWN, before=EventPlace(rows.NOW + 4, 4, 0)) == [(3, 1), (2, 0)]
    assert places(kept, member=MemberId(digest_of("nobody"))) == []


def test_event_tells_what_the_chain_says_of_it(kept: Subject) -> None:
    apply_story(kept)
    with kept.history.view() as view:
        revoked, _, attested, *_, admitted = view.events(before=None, limit=50)
    assert (revoked.name, revoked.member, revoked.count, revoked.status) == ("StatusesSet", OWN, 3, REVOKED)
    assert (attested.name, attested.count, attested.batch) == (
        "CredentialsAttested",
        2,
        batch(4, []).batch,
    )
    assert (admitted.name, admitted.member, admitted.args["url"]) == ("MemberAdmitted", MemberId(digest_of(URL)), URL)
    assert admitted.place == EventPlace(rows.NOW + 1, 1, 2)
    assert (revoked.args, revoked.batch, attested.status) == ({}, None, None)


def test_transaction_gives_what_it_did(kept: Subject) -> None:
    apply_story(kept)
    with kept.history.view() as view:
        (event,) = view.transaction(BATCH.transaction, limit=10)
        assert (event.batch, event.count) == (BATCH.batch, 3)
        assert view.transaction(digest_of("unknown"), limit=10) == []
        assert view.transaction(BATCH.transaction, limit=0) == []


def test_digest_is_found_in_each_batch_that_holds_it_whoever_attested_it(kept: Subject) -> None:
    apply_story(kept)
    with kept.history.view() as view:
        found = view.places(DIGESTS[0], limit=10)
        assert [(place.batch.issuer, place.position, place.batch.count) for place in found] == [
            (OWN, 0, 3),
            (OTHER, 0, 1),
        ]
        assert view.places(DIGESTS[0], limit=1) == found[:1]
        assert view.places(DIGESTS[2], limit=10)[0].position == 2
        assert view.places(digest_of("unknown"), limit=10) == []


def test_batch_is_described_and_gives_its_digests_in_pieces(kept: Subject) -> None:
    apply_story(kept)
    with kept.history.view() as view:
        found = view.batch(BATCH.batch)
        assert found is not None
        assert (found.issuer, found.schema, found.operator) == (OWN, rows.SCHEMA, rows.OPERATOR)
        assert (found.root, found.transaction, found.count) == (BATCH.root, BATCH.transaction, 3)
        assert found.place == EventPlace(rows.NOW + 2, 2, 0)
        assert list(view.digests(BATCH.batch, since=1, limit=1)) == [DIGESTS[1]]
        assert list(view.digests(BATCH.batch, since=3, limit=10)) == []
        assert view.batch(BatchId(digest_of("unknown"))) is None


def test_totals_count_up_to_a_time(kept: Subject) -> None:
    apply_story(kept)
    with kept.history.view() as view:
        assert view.totals(OWN, rows.NOW) == Totals()
        assert view.totals(OWN, rows.NOW + 2) == Totals(attested=3)
        assert view.totals(OWN, rows.NOW + 4) == Totals(attested=5, suspended=2)
        assert view.totals(OWN, rows.NOW + 100) == Totals(attested=5, suspended=2, reinstated=1, revoked=3)
        assert view.totals(OTHER, rows.NOW + 100) == Totals(attested=1)


def test_blocks_that_a_fork_took_back_are_forgotten_and_totals_go_on_from_what_is_left(kept: Subject) -> None:
    apply_story(kept)
    kept.index.roll_back(3, fence=kept.fence)
    assert places(kept) == EVERYTHING[3:]
    kept.index.apply(
        blocks(4, 4, fork="other", changes=[status_change(4, 1, REVOKED, [9])]), fence=kept.fence, polled_at=rows.NOW
    )
    with kept.history.view() as view:
        assert view.totals(OWN, rows.NOW + 100) == Totals(attested=3, suspended=2, revoked=1)


def test_block_is_known_by_its_hash_until_a_fork_takes_it_back(kept: Subject) -> None:
    apply_story(kept)
    with kept.history.view() as view:
        assert view.block_hash(5) == rows.header(5).hash
        assert view.block_hash(6) is None
    kept.index.roll_back(3, fence=kept.fence)
    with kept.history.view() as view:
        assert (view.block_hash(3), view.block_hash(5)) == (rows.header(3).hash, None)
