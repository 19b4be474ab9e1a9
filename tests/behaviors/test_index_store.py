"""What every index must do with blocks, and with blocks that the chain takes back."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

import pytest

from jeung.domain.chain import AttestedBatch, TransactionState
from jeung.domain.identifiers import BatchId, MemberId, SchemaId
from jeung.domain.ledger import CredentialStatus, Freshness
from jeung.errors import Conflict, FenceLost, LedgerStale
from jeung.ports.chain import IndexStore
from tests.common import rows
from tests.common.rows import batch, blocks, digest_of, header, status_change
from tests.common.stores import OTHER, OWN, Subject

REVOKED, SUSPENDED, VALID = CredentialStatus.REVOKED, CredentialStatus.SUSPENDED, CredentialStatus.VALID
MINED, SIGNED = TransactionState.MINED, TransactionState.SIGNED


def status_of(kept: Subject, index: int, list_number: int = 1, issuer: MemberId = OWN) -> CredentialStatus:
    with kept.ledger.view() as view:
        return view.status(issuer, list_number, index)


def waiting(kept: Subject) -> list[str]:
    return [work.credential_id for work in kept.outbox.waiting_attestations(10, rows.NOW)]


def test_nothing_is_answered_before_the_follower_ran(kept: Subject) -> None:
    assert kept.index.head() is None
    assert kept.index.header(1) is None
    assert kept.index.headers_down_from(10, 10) == []
    with pytest.raises(LedgerStale), kept.ledger.view():
        pass


def test_head_moves_with_the_blocks(kept: Subject) -> None:
    kept.index.apply(blocks(1, 4, chain_head=header(9)), fence=kept.fence, polled_at=rows.NOW)
    assert kept.index.head() == header(4)
    assert kept.index.header(3) == header(3)
    assert kept.index.header(5) is None
    assert kept.index.headers_down_from(3, 2) == [header(3), header(2)]
    with kept.ledger.view() as view:
        assert view.freshness == Freshness(9, rows.NOW + 9, 4, header(4).hash, rows.NOW)


def test_poll_without_news_keeps_the_index_fresh(kept: Subject) -> None:
    kept.index.apply(blocks(1, 4), fence=kept.fence, polled_at=rows.NOW)
    kept.index.heard(head_number=5, head_time=rows.NOW + 5, polled_at=rows.NOW + 6, fence=kept.fence)
    with kept.ledger.view() as view:
        assert view.freshness == Freshness(5, rows.NOW + 5, 4, header(4).hash, rows.NOW + 6)


@pytest.mark.parametrize(("first", "last"), [(1, 2), (4, 4), (4, 6)])
def test_block_is_applied_once(kept: Subject, first: int, last: int) -> None:
    kept.index.apply(blocks(1, 4), fence=kept.fence, polled_at=rows.NOW)
    with pytest.raises(Conflict):
        kept.index.apply(
            blocks(first, last, batches=[batch(first, [digest_of(1)])]), fence=kept.fence, polled_at=rows.NOW
        )
    assert kept.index.head() == header(4)
    with kept.ledger.view() as view:
        assert view.attestation(OWN, rows.SCHEMA, digest_of(1)) is None


def test_empty_range_is_refused(kept: Subject) -> None:
    with pytest.raises(Conflict):
        kept.index.apply(replace(blocks(1, 1), headers=()), fence=kept.fence, polled_at=rows.NOW)


WRITES: list[Callable[[IndexStore, int], None]] = [
    lambda index, fence: index.apply(blocks(5, 5), fence=fence, polled_at=rows.NOW),
    lambda index, fence: index.heard(head_number=9, head_time=9, polled_at=9, fence=fence),
    lambda index, fence: index.roll_back(2, fence=fence),
]


@pytest.mark.parametrize("write", WRITES, ids=["apply", "heard", "roll_back"])
def test_worker_that_lost_its_lease_changes_no_block(kept: Subject, write: Callable[[IndexStore, int], None]) -> None:
    kept.index.apply(blocks(1, 4), fence=kept.fence, polled_at=rows.NOW)
    with kept.ledger.view() as view:
        before = view.freshness
    with pytest.raises(FenceLost):
        write(kept.index, kept.fence - 1)
    assert kept.index.head() == header(4)
    with kept.ledger.view() as view:
        assert view.freshness == before


def test_earliest_attestation_counts(kept: Subject) -> None:
    early, late = batch(3, [digest_of(1), digest_of(2)], log_index=5), batch(3, [digest_of(1)], log_index=7)
    kept.index.apply(blocks(1, 3, batches=[late, early]), fence=kept.fence, polled_at=rows.NOW)
    kept.index.apply(blocks(4, 4, batches=[batch(4, [digest_of(1)])]), fence=kept.fence, polled_at=rows.NOW)
    with kept.ledger.view() as view:
        found = view.attestation(OWN, rows.SCHEMA, digest_of(1))
    assert found is not None
    assert (found.batch, found.block_number, found.block_time) == (early.batch, 3, rows.NOW + 3)
    assert (found.issuer, found.schema, found.digest, found.operator) == (
        OWN,
        rows.SCHEMA,
        digest_of(1),
        rows.OPERATOR,
    )


def test_attestation_is_found_under_its_own_issuer_and_schema_only(kept: Subject) -> None:
    kept.index.apply(blocks(1, 3, batches=[batch(3, [digest_of(1)])]), fence=kept.fence, polled_at=rows.NOW)
    with kept.ledger.view() as view:
        assert view.attestation(OTHER, rows.SCHEMA, digest_of(1)) is None
        assert view.attestation(OWN, SchemaId(b"\x5d" * 32), digest_of(1)) is None
        assert view.attestation(OWN, rows.SCHEMA, digest_of(2)) is None


def test_digest_attested_first_by_another_member_is_found_for_its_issuer(kept: Subject) -> None:
    stolen, own = batch(2, [digest_of(1)], issuer=OTHER), batch(3, [digest_of(1)])
    kept.index.apply(blocks(1, 3, batches=[stolen, own]), fence=kept.fence, polled_at=rows.NOW)
    with kept.ledger.view() as view:
        found = view.attestation(OWN, rows.SCHEMA, digest_of(1))
    assert found is not None
    assert found.batch == own.batch


def test_batch_gives_its_digests_in_the_order_of_the_event(kept: Subject) -> None:
    digests = [digest_of(number) for number in (5, 1, 9, 3)]
    first, other = batch(2, digests), batch(3, [digest_of(2)])
    kept.index.apply(blocks(1, 3, batches=[first, other]), fence=kept.fence, polled_at=rows.NOW)
    with kept.ledger.view() as view:
        assert view.batch_digests(first.batch) == tuple(digests)
        assert view.batch_digests(other.batch) == (digest_of(2),)
        assert view.batch_digests(BatchId(digest_of("unknown"))) == ()


def test_status_follows_the_order_of_the_chain(kept: Subject) -> None:
    changes = [
        status_change(3, 1, VALID, [5], log_index=9),
        status_change(3, 1, SUSPENDED, [4, 5, 127, 128], log_index=2),
        status_change(2, 1, REVOKED, [7]),
        status_change(3, 2, REVOKED, [4], log_index=3),
        status_change(3, 1, REVOKED, [4], issuer=OTHER, log_index=4),
    ]
    kept.index.apply(blocks(1, 3, changes=changes), fence=kept.fence, polled_at=rows.NOW)
    assert [status_of(kept, index) for index in (4, 5, 6, 7, 127, 128, 129)] == [
        SUSPENDED,
        VALID,
        VALID,
        REVOKED,
        SUSPENDED,
        SUSPENDED,
        VALID,
    ]
    assert status_of(kept, 4, list_number=2) is REVOKED
    assert status_of(kept, 4, issuer=OTHER) is REVOKED
    assert status_of(kept, 4, list_number=3) is VALID


def test_words_are_packed_as_the_contract_packs_them(kept: Subject) -> None:
    changes = [status_change(1, 1, REVOKED, [0, 130]), status_change(1, 1, SUSPENDED, [127, 300], log_index=2)]
    kept.index.apply(blocks(1, 1, changes=changes), fence=kept.fence, polled_at=rows.NOW)
    kept.index.apply(blocks(2, 2, changes=[status_change(2, 1, VALID, [300])]), fence=kept.fence, polled_at=rows.NOW)
    with kept.ledger.view() as view:
        assert view.status_words(OWN, 1) == {0: 1 | 2 << 254, 1: 1 << 4}
        assert view.status_words(OWN, 2) == {}
        assert view.status_words(OTHER, 1) == {}


def test_registry_follows_its_events(kept: Subject) -> None:
    kept.index.apply(blocks(1, 1), fence=kept.fence, polled_at=rows.NOW)
    with kept.ledger.view() as before:
        assert before.registry.members == {}
        second, first = rows.admission(3, "https://b.example"), rows.admission(2, "https://a.example")
        kept.index.apply(blocks(2, 3, events=[second, first]), fence=kept.fence, polled_at=rows.NOW)
        assert before.registry.members == {}
        assert before.freshness.indexed_number == 1
    with kept.ledger.view() as after:
        assert list(after.registry.member_by_url) == ["https://a.example", "https://b.example"]
        assert [member.admitted_at for member in after.registry.members.values()] == [rows.NOW + 2, rows.NOW + 3]


def test_lost_blocks_are_forgotten_whole(kept: Subject) -> None:
    kept.index.apply(
        blocks(1, 3, batches=[batch(2, [digest_of(1)])], changes=[status_change(3, 1, SUSPENDED, [5])]),
        fence=kept.fence,
        polled_at=rows.NOW,
    )
    kept.index.apply(
        blocks(
            4,
            6,
            events=[rows.admission(5, "https://a.example")],
            batches=[batch(5, [digest_of(1), digest_of(2)])],
            changes=[status_change(4, 1, REVOKED, [5, 6]), status_change(6, 2, REVOKED, [300])],
        ),
        fence=kept.fence,
        polled_at=rows.NOW,
    )
    with kept.ledger.view() as view:
        assert len(view.registry.members) == 1
    kept.index.roll_back(3, fence=kept.fence)
    assert kept.index.head() == header(3)
    assert kept.index.header(4) is None
    assert (status_of(kept, 5), status_of(kept, 6), status_of(kept, 300, list_number=2)) == (SUSPENDED, VALID, VALID)
    with kept.ledger.view() as view:
        assert view.attestation(OWN, rows.SCHEMA, digest_of(1)) is not None
        assert view.attestation(OWN, rows.SCHEMA, digest_of(2)) is None
        assert view.batch_digests(batch(5, []).batch) == ()
        assert view.status_words(OWN, 2) == {}
        assert view.registry.members == {}
        # The node is three blocks behind what it heard, until it has read them again.
        assert view.freshness == Freshness(6, rows.NOW + 6, 3, header(3).hash, rows.NOW)
    kept.index.apply(blocks(4, 5, fork="other"), fence=kept.fence, polled_at=rows.NOW)
    assert kept.index.head() == header(5, "other")


def test_registry_after_a_fork_is_not_the_one_before(kept: Subject) -> None:
    kept.index.apply(
        blocks(1, 2, events=[rows.admission(2, "https://a.example")]), fence=kept.fence, polled_at=rows.NOW
    )
    with kept.ledger.view() as view:
        assert list(view.registry.member_by_url) == ["https://a.example"]
    kept.index.roll_back(1, fence=kept.fence)
    other = blocks(2, 2, fork="other", events=[rows.admission(2, "https://b.example")])
    kept.index.apply(other, fence=kept.fence, polled_at=rows.NOW)
    with kept.ledger.view() as view:
        assert list(view.registry.member_by_url) == ["https://b.example"]


def test_node_that_lost_every_block_answers_nothing(kept: Subject) -> None:
    kept.index.apply(blocks(5, 6), fence=kept.fence, polled_at=rows.NOW)
    kept.index.roll_back(4, fence=kept.fence)
    assert kept.index.head() is None
    with pytest.raises(LedgerStale), kept.ledger.view():
        pass
    kept.index.apply(blocks(1, 2, fork="other"), fence=kept.fence, polled_at=rows.NOW)
    assert kept.index.head() == header(2, "other")


def test_digest_seen_on_the_chain_waits_no_more(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(number) for number in (1, 2, 3)])
    found = [
        batch(1, [digest_of(1)]),
        batch(1, [digest_of(2)], issuer=OTHER, log_index=1),
        batch(1, [digest_of(3)], schema=SchemaId(b"\x5d" * 32), log_index=2),
    ]
    kept.index.apply(blocks(1, 1, batches=found), fence=kept.fence, polled_at=rows.NOW)
    assert waiting(kept) == ["credential-2", "credential-3"]


def test_writes_of_lost_blocks_are_sent_again_byte_for_byte(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(number) for number in (1, 2)])
        tx.credentials.want_status(["credential-1"], REVOKED, rows.NOW)
        tx.intents.add(rows.intent(1))
    (change,) = kept.outbox.waiting_statuses(10, rows.NOW)
    kept.outbox.record_attestation(rows.signed(0), ["credential-1"], fence=kept.fence)
    kept.outbox.record_attestation(rows.signed(1), ["credential-2"], fence=kept.fence)
    kept.outbox.record_statuses(rows.signed(2), [change.change_id], fence=kept.fence)
    kept.outbox.record_intent(rows.signed(3), "intent-1", fence=kept.fence)
    kept.index.apply(
        blocks(1, 4, batches=[batch(2, [digest_of(1)]), batch(4, [digest_of(2)])]),
        fence=kept.fence,
        polled_at=rows.NOW,
    )
    for nonce, block in enumerate((2, 4, 4, 4)):
        kept.outbox.settle(rows.signed(nonce).hash, state=MINED, block_number=block, fence=kept.fence)
    kept.index.roll_back(3, fence=kept.fence)
    assert kept.outbox.in_state(MINED, 10) == [replace(rows.signed(0), state=MINED, block_number=2)]
    assert kept.outbox.in_state(SIGNED, 10) == [rows.signed(1), rows.signed(2), rows.signed(3)]
    # They are on their way, so nothing of theirs waits to be signed anew.
    assert waiting(kept) == []
    assert kept.outbox.waiting_statuses(10, rows.NOW) == []
    assert kept.outbox.waiting_intents(10, rows.NOW) == []
    for nonce in (1, 2, 3):
        kept.outbox.settle(rows.signed(nonce).hash, state=MINED, block_number=5, fence=kept.fence)
    assert kept.outbox.in_state(SIGNED, 10) == []


def test_digest_seen_before_its_receipt_is_still_on_its_way_after_a_fork(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
    kept.outbox.record_attestation(rows.signed(0), ["credential-1"], fence=kept.fence)
    kept.index.apply(blocks(1, 2, batches=[batch(2, [digest_of(1)])]), fence=kept.fence, polled_at=rows.NOW)
    kept.index.roll_back(1, fence=kept.fence)
    assert waiting(kept) == []
    kept.outbox.settle(rows.signed(0).hash, state=TransactionState.REVERTED, block_number=2, fence=kept.fence)
    kept.outbox.release(rows.signed(0).hash, retry_at=0, fence=kept.fence)
    assert waiting(kept) == ["credential-1"]


def test_digest_whose_transaction_was_pruned_waits_again_when_the_chain_lost_it(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
    kept.outbox.record_attestation(rows.signed(0), ["credential-1"], fence=kept.fence)
    kept.index.apply(blocks(1, 2, batches=[batch(2, [digest_of(1)])]), fence=kept.fence, polled_at=rows.NOW)
    kept.outbox.settle(rows.signed(0).hash, state=MINED, block_number=2, fence=kept.fence)
    assert kept.outbox.prune(mined_before=3, fence=kept.fence) == 1
    kept.index.roll_back(1, fence=kept.fence)
    assert waiting(kept) == ["credential-1"]


def test_digest_that_an_earlier_block_attests_too_does_not_wait_again(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
    twice = [batch(2, [digest_of(1)]), batch(3, [digest_of(1)])]
    kept.index.apply(blocks(1, 3, batches=twice), fence=kept.fence, polled_at=rows.NOW)
    kept.index.roll_back(2, fence=kept.fence)
    assert waiting(kept) == []


@pytest.mark.parametrize(
    "foreign",
    [batch(2, [digest_of(1)], issuer=OTHER), batch(2, [digest_of(1)], schema=SchemaId(b"\x5d" * 32))],
    ids=["by another member", "under another schema"],
)
def test_digest_that_only_means_something_else_earlier_waits_again(kept: Subject, foreign: AttestedBatch) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
    own = batch(3, [digest_of(1)])
    kept.index.apply(blocks(1, 3, batches=[foreign, own]), fence=kept.fence, polled_at=rows.NOW)
    assert waiting(kept) == []
    kept.index.roll_back(2, fence=kept.fence)
    assert waiting(kept) == ["credential-1"]


def test_revocation_whose_transaction_was_pruned_waits_again_when_the_chain_lost_it(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
        tx.credentials.want_status(["credential-1"], REVOKED, rows.NOW)
    (change,) = kept.outbox.waiting_statuses(10, rows.NOW)
    kept.outbox.record_statuses(rows.signed(0), [change.change_id], fence=kept.fence)
    kept.index.apply(
        blocks(1, 2, changes=[status_change(2, change.list_number, REVOKED, [change.index])]),
        fence=kept.fence,
        polled_at=rows.NOW,
    )
    kept.outbox.settle(rows.signed(0).hash, state=MINED, block_number=2, fence=kept.fence)
    assert kept.outbox.prune(mined_before=3, fence=kept.fence) == 1
    kept.index.roll_back(1, fence=kept.fence)
    assert [(work.change_id, work.status) for work in kept.outbox.waiting_statuses(10, rows.NOW)] == [
        (change.change_id, REVOKED)
    ]


def test_lost_status_that_somebody_else_set_leaves_our_queue_alone(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
        tx.credentials.want_status(["credential-1"], SUSPENDED, rows.NOW)
    by_quorum = [status_change(2, 1, REVOKED, [1, 9]), status_change(2, 1, REVOKED, [1], issuer=OTHER, log_index=3)]
    kept.index.apply(blocks(1, 2, changes=by_quorum), fence=kept.fence, polled_at=rows.NOW)
    kept.index.roll_back(1, fence=kept.fence)
    assert [(work.index, work.status) for work in kept.outbox.waiting_statuses(10, rows.NOW)] == [(1, SUSPENDED)]


def test_each_snapshot_has_the_registry_of_its_own_block(kept: Subject) -> None:
    with ExitStack() as views:
        opened = []
        for number in range(1, 6):
            event = rows.admission(number, f"https://{number}.example")
            kept.index.apply(blocks(number, number, events=[event]), fence=kept.fence, polled_at=rows.NOW)
            opened.append(views.enter_context(kept.ledger.view()))
        for turn in (opened, opened[::-1]):
            assert sorted(len(view.registry.members) for view in turn) == [1, 2, 3, 4, 5]
        assert [len(view.registry.members) for view in opened] == [1, 2, 3, 4, 5]


def test_revocation_that_still_stands_after_a_fork_does_not_wait_again(kept: Subject) -> None:
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(1)])
        tx.credentials.want_status(["credential-1"], REVOKED, rows.NOW)
    (change,) = kept.outbox.waiting_statuses(10, rows.NOW)
    kept.outbox.record_statuses(rows.signed(0), [change.change_id], fence=kept.fence)
    twice = [status_change(block, change.list_number, REVOKED, [change.index]) for block in (1, 2)]
    kept.index.apply(blocks(1, 2, changes=twice), fence=kept.fence, polled_at=rows.NOW)
    kept.outbox.settle(rows.signed(0).hash, state=MINED, block_number=2, fence=kept.fence)
    kept.outbox.prune(mined_before=3, fence=kept.fence)
    kept.index.roll_back(1, fence=kept.fence)
    assert kept.outbox.waiting_statuses(10, rows.NOW) == []


def test_failed_work_of_a_lost_block_is_judged_anew(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.intents.add(rows.intent(1))
    kept.outbox.record_intent(rows.signed(0), "intent-1", fence=kept.fence)
    kept.index.apply(blocks(1, 2), fence=kept.fence, polled_at=rows.NOW)
    kept.outbox.settle(rows.signed(0).hash, state=TransactionState.REVERTED, block_number=2, fence=kept.fence)
    kept.outbox.fail(rows.signed(0).hash, failure="ProposalNotRipe", fence=kept.fence)
    kept.index.roll_back(1, fence=kept.fence)
    with kept.store.read() as tx:
        found = tx.intents.get("intent-1")
    assert found is not None
    assert (found.state, found.failure) == ("sent", None)
    assert kept.outbox.in_state(SIGNED, 10) == [rows.signed(0)]
