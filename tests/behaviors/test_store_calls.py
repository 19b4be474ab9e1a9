"""What every store must do with callers, nonces, evidence and wanted writes."""

import threading
from dataclasses import replace

import pytest

from jeung.domain.access import Client, RequestKey, Scope
from jeung.domain.chain import IntentState
from jeung.domain.receipts import Reader, Reading
from jeung.domain.verification import LogEntry, SealedPresentation, WantedVouches
from jeung.errors import Conflict, IdempotencyKeyReused, StoreBusy
from tests.common import rows
from tests.common.stores import Subject

REQUEST = RequestKey("client-1", "key-1", "POST /v1/credentials", rows.digest_of("body"))


def test_repeated_request_finds_what_it_made(kept: Subject) -> None:
    with kept.store.write() as tx:
        assert tx.idempotency.find(REQUEST) is None
        tx.idempotency.remember(REQUEST, "family-1", rows.NOW)
    with kept.store.write() as tx:
        assert tx.idempotency.find(REQUEST) == "family-1"
        assert tx.idempotency.find(replace(REQUEST, caller="client-2")) is None
        assert tx.idempotency.find(replace(REQUEST, key="key-2")) is None


@pytest.mark.parametrize(
    "other",
    [replace(REQUEST, body_digest=rows.digest_of("other")), replace(REQUEST, operation="POST /v1/proofings")],
    ids=["body", "operation"],
)
def test_reused_idempotency_key_is_refused(kept: Subject, other: RequestKey) -> None:
    with kept.store.write() as tx:
        tx.idempotency.remember(REQUEST, "family-1", rows.NOW)
        with pytest.raises(IdempotencyKeyReused):
            tx.idempotency.find(other)


def test_request_is_remembered_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.idempotency.remember(REQUEST, "family-1", rows.NOW)
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.idempotency.remember(REQUEST, "family-2", rows.NOW)
    with kept.store.read() as tx:
        assert tx.idempotency.find(REQUEST) == "family-1"


def test_client_is_replaced_whole(kept: Subject) -> None:
    client = Client("client-1", {"kty": "EC", "crv": "P-256"}, frozenset({Scope.ISSUE, Scope.STATUS}))
    changed = replace(client, jwk={"kty": "EC"}, scopes=frozenset({Scope.AUDIT}))
    with kept.store.write() as tx:
        assert tx.clients.get("client-1") is None
        tx.clients.put(client)
        assert tx.clients.get("client-1") == client
        tx.clients.put(changed)
    with kept.store.read() as tx:
        assert tx.clients.get("client-1") == changed


def test_one_time_value_is_claimed_once_per_kind(kept: Subject) -> None:
    with kept.store.write() as tx:
        assert tx.replays.claim("jti", "value", rows.NOW + 60)
        assert not tx.replays.claim("jti", "value", rows.NOW + 60)
        assert tx.replays.claim("another", "value", rows.NOW + 60)


def test_nonce_is_consumed_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
        assert tx.nonces.get("nonce-1") == rows.nonce()
        assert tx.nonces.consume("nonce-1", rows.NOW + 1, "evidence-1")
    with kept.store.write() as tx:
        assert not tx.nonces.consume("nonce-1", rows.NOW + 2, "evidence-2")
        assert tx.nonces.get("nonce-1") == replace(rows.nonce(), used_at=rows.NOW + 1, evidence_id="evidence-1")


def test_unknown_nonce_is_not_consumed(kept: Subject) -> None:
    with kept.store.write() as tx:
        assert not tx.nonces.consume("nonce-1", rows.NOW, "evidence-1")
        assert tx.nonces.get("nonce-1") is None


def test_nonce_consumed_in_a_failed_transaction_can_be_used(kept: Subject) -> None:
    def fail_after_consuming() -> None:
        with kept.store.write() as tx:
            assert tx.nonces.consume("nonce-1", rows.NOW, "evidence-1")
            raise RuntimeError("no evidence")

    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
    with pytest.raises(RuntimeError, match="no evidence"):
        fail_after_consuming()
    with kept.store.write() as tx:
        assert tx.nonces.consume("nonce-1", rows.NOW, "evidence-1")


def test_nonce_is_handed_out_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.nonces.add(rows.nonce())


def test_racing_presentations_consume_a_nonce_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.nonces.add(rows.nonce())
    begin, won = threading.Barrier(4), []

    def present() -> None:
        begin.wait()
        with kept.store.write() as tx:
            won.append(tx.nonces.consume("nonce-1", rows.NOW, "evidence-1"))

    threads = [threading.Thread(target=present) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(won) == [False, False, False, True]


def test_evidence_is_given_newest_first(kept: Subject) -> None:
    records = [rows.evidence(number) for number in range(1, 5)]
    records.append(replace(rows.evidence(5), client_id=None))
    with kept.store.write() as tx:
        for record in records:
            tx.evidence.add(record)
            tx.events.append(LogEntry("verified", b"{}", record.recorded_at))
    with kept.store.read() as tx:
        assert tx.evidence.get("evidence-3") == records[2]
        assert tx.evidence.get("evidence-9") is None
        first = tx.evidence.page(cursor=None, limit=3)
        rest = tx.evidence.page(cursor=first.next_cursor, limit=3)
    assert [*first.items, *rest.items] == records[::-1]
    assert rest.next_cursor is None


def test_evidence_stands_as_it_was_first_kept(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.evidence.add(rows.evidence(1))
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.evidence.add(replace(rows.evidence(1), sealed=b"forged"))
    with kept.store.read() as tx:
        assert tx.evidence.get("evidence-1") == rows.evidence(1)


def test_readings_of_a_record_are_given_newest_first_and_bounded(kept: Subject) -> None:
    mine, other = rows.evidence(1), rows.evidence(2)
    readings = [Reading(reader, rows.NOW) for reader in (Reader.SERVICE, Reader.STAFF)]
    readings.append(Reading(Reader.STAFF, rows.NOW + 1))
    with kept.store.write() as tx:
        for reading in readings:
            tx.evidence.note_reading(mine, reading)
        tx.evidence.note_reading(other, Reading(Reader.STAFF, rows.NOW + 9))
    with kept.store.read() as tx:
        assert list(tx.evidence.readings(mine.evidence_id, limit=9)) == readings[::-1]
        assert list(tx.evidence.readings(mine.evidence_id, limit=2)) == readings[:0:-1]
        assert list(tx.evidence.readings("evidence-9", limit=9)) == []


def _keep_evidence(kept: Subject, *numbers: int) -> None:
    with kept.store.write() as tx:
        for number in numbers:
            tx.evidence.add(rows.evidence(number))


def test_proofs_are_wanted_of_the_evidence_behind_the_last_that_has_some(kept: Subject) -> None:
    _keep_evidence(kept, 1, 2, 3)
    with kept.store.write() as tx:
        assert tx.evidence_proofs.waiting(9) == []
        tx.data_keys.add(rows.evidence(1).data_key_id, b"wrapped", rows.NOW)
        assert [record.evidence_id for record in tx.evidence_proofs.waiting(2)] == ["evidence-1", "evidence-2"]
        tx.evidence_proofs.add("evidence-1", "key-1", b"sealed", rows.NOW)
        tx.evidence_proofs.add("evidence-9", "key-1", b"of nothing", rows.NOW)
    with kept.store.read() as tx:
        assert list(tx.evidence_proofs.waiting(9)) == [rows.evidence(2), rows.evidence(3)]
        assert tx.evidence_proofs.get("evidence-1") == b"sealed"
        assert tx.evidence_proofs.get("evidence-2") is None
        assert tx.evidence_proofs.get("evidence-9") is None


def test_presentation_is_kept_apart_where_it_goes_before_its_evidence(kept: Subject) -> None:
    apart = SealedPresentation("shown/2027-01-01", b"sealed")
    with kept.store.write() as tx:
        tx.evidence.add(rows.evidence(1), apart)
        tx.evidence.add(rows.evidence(2))
    with kept.store.read() as tx:
        assert tx.evidence.presentation("evidence-1") == apart
        assert tx.evidence.presentation("evidence-2") is None
        assert tx.evidence.presentation("evidence-9") is None
        assert tx.evidence.get("evidence-1") == rows.evidence(1)


def test_proofs_are_kept_once(kept: Subject) -> None:
    _keep_evidence(kept, 1)
    with kept.store.write() as tx:
        tx.evidence_proofs.add("evidence-1", "key-1", b"sealed", rows.NOW)
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.evidence_proofs.add("evidence-1", "key-1", b"other", rows.NOW)


def test_vouches_are_wanted_once_for_a_block_and_due_in_their_order(kept: Subject) -> None:
    with kept.store.write() as tx:
        for number, at in ((7, rows.NOW + 1), (5, rows.NOW), (7, rows.NOW - 9), (6, rows.NOW)):
            tx.block_vouches.want(number, at)
    with kept.store.read() as tx:
        assert list(tx.block_vouches.due(rows.NOW - 1, 9)) == []
        assert [wanted.number for wanted in tx.block_vouches.due(rows.NOW + 1, 9)] == [5, 6, 7]
        assert list(tx.block_vouches.due(rows.NOW + 1, 1)) == [WantedVouches(5, None, 0)]
        assert tx.block_vouches.get(5) is tx.block_vouches.get(9) is None


def test_vouches_are_kept_until_the_next_try_or_for_good(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.block_vouches.want(5, rows.NOW)
        tx.block_vouches.keep(WantedVouches(5, b"some", 1), rows.NOW + 5)
        tx.block_vouches.keep(WantedVouches(9, b"of nothing", 1), rows.NOW)
    with kept.store.read() as tx:
        assert list(tx.block_vouches.due(rows.NOW + 4, 9)) == []
        assert list(tx.block_vouches.due(rows.NOW + 5, 9)) == [WantedVouches(5, b"some", 1)]
        assert (tx.block_vouches.get(5), tx.block_vouches.get(9)) == (b"some", None)
    with kept.store.write() as tx:
        tx.block_vouches.keep(WantedVouches(5, b"all", 2), None)
        tx.block_vouches.want(5, rows.NOW)
    with kept.store.read() as tx:
        assert list(tx.block_vouches.due(rows.NOW + 9, 9)) == []
        assert tx.block_vouches.get(5) == b"all"


def test_intent_comes_back_with_its_call(kept: Subject) -> None:
    with kept.store.write() as tx:
        assert tx.intents.add(rows.intent(1)) == rows.intent(1)
    with kept.store.read() as tx:
        assert tx.intents.get("intent-1") == rows.intent(1)
        assert tx.intents.get("intent-2") is None


def test_intent_asked_for_twice_is_the_first_one(kept: Subject) -> None:
    again = rows.intent(2, dedupe_key="dedupe-1")
    with kept.store.write() as tx:
        tx.intents.add(rows.intent(1))
    kept.outbox.record_intent(rows.signed(0), "intent-1", fence=kept.fence)
    with kept.store.write() as tx:
        standing = tx.intents.add(again)
        assert tx.intents.get("intent-2") is None
    assert standing.intent_id == "intent-1"
    assert (standing.state, standing.transaction) == (IntentState.SENT, rows.signed(0).hash)


def test_intent_id_is_taken_once(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.intents.add(rows.intent(1))
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.intents.add(rows.intent(1, dedupe_key="another"))


def test_intents_are_given_newest_first(kept: Subject) -> None:
    with kept.store.write() as tx:
        for number in range(1, 6):
            tx.intents.add(rows.intent(number))
    with kept.store.read() as tx:
        first = tx.intents.page(cursor=None, limit=3)
        rest = tx.intents.page(cursor=first.next_cursor, limit=3)
    assert [*first.items, *rest.items] == [rows.intent(number) for number in range(5, 0, -1)]
    assert rest.next_cursor is None


def test_second_writer_waits_no_longer_than_its_bound(kept: Subject) -> None:
    refused: list[StoreBusy] = []

    def write() -> None:
        try:
            with kept.store.write():
                raise AssertionError("two writers at once")
        except StoreBusy as busy:
            refused.append(busy)

    with kept.store.write() as tx:
        second = threading.Thread(target=write)
        second.start()
        second.join()
        tx.nonces.add(rows.nonce())
    assert [busy.retry_after_s for busy in refused] == [1]
    with kept.store.read() as tx:
        assert tx.nonces.get("nonce-1") is not None
