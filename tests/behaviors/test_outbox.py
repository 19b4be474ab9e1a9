"""What every outbox must do: nothing lost, nothing sent twice, nothing overtaken."""

from collections.abc import Callable, Sequence

import pytest

from jeung.domain.chain import ChainAccount, IntentState, TransactionState
from jeung.domain.identifiers import Address
from jeung.domain.ledger import CredentialStatus
from jeung.errors import Conflict, FenceLost, NotFound
from jeung.ports.chain import Outbox
from tests.common import rows
from tests.common.stores import Subject

REVOKED, SUSPENDED, VALID = CredentialStatus.REVOKED, CredentialStatus.SUSPENDED, CredentialStatus.VALID
MINED, REVERTED, SIGNED = TransactionState.MINED, TransactionState.REVERTED, TransactionState.SIGNED


@pytest.fixture
def issued(kept: Subject) -> Subject:
    """Hold five credentials, two wanted writes and nothing sent."""
    with kept.store.write() as tx:
        rows.keep_credentials(tx, [rows.credential(number) for number in range(1, 6)])
        tx.intents.add(rows.intent(1))
        tx.intents.add(rows.intent(2))
    return kept


def want(kept: Subject, status: CredentialStatus, *numbers: int) -> None:
    with kept.store.write() as tx:
        tx.credentials.want_status([f"credential-{number}" for number in numbers], status, rows.NOW)


def digests(kept: Subject, now: int = rows.NOW) -> list[str]:
    return [work.credential_id for work in kept.outbox.waiting_attestations(10, now)]


def statuses(kept: Subject, now: int = rows.NOW) -> list[tuple[int, CredentialStatus]]:
    return [(work.index, work.status) for work in kept.outbox.waiting_statuses(10, now)]


def change_ids(kept: Subject) -> list[int]:
    return [work.change_id for work in kept.outbox.waiting_statuses(10, rows.NOW)]


def intent_state(kept: Subject, intent_id: str = "intent-1") -> tuple[IntentState, str | None]:
    with kept.store.read() as tx:
        found = tx.intents.get(intent_id)
    assert found is not None
    return found.state, found.failure


def test_digest_in_a_transaction_waits_no_more(issued: Subject) -> None:
    issued.outbox.record_attestation(rows.signed(0), ["credential-1", "credential-3"], fence=issued.fence)
    assert digests(issued) == ["credential-2", "credential-4", "credential-5"]
    assert issued.outbox.in_state(SIGNED, 10) == [rows.signed(0)]


def test_queue_is_cut_at_its_oldest(issued: Subject) -> None:
    assert [work.credential_id for work in issued.outbox.waiting_attestations(2, rows.NOW)] == [
        "credential-1",
        "credential-2",
    ]
    want(issued, REVOKED, 3, 1, 2)
    assert [work.index for work in issued.outbox.waiting_statuses(2, rows.NOW)] == [3, 1]
    assert [intent.intent_id for intent in issued.outbox.waiting_intents(1, rows.NOW)] == ["intent-1"]


def test_digest_is_never_carried_by_two_transactions(issued: Subject) -> None:
    issued.outbox.record_attestation(rows.signed(0), ["credential-1"], fence=issued.fence)
    with pytest.raises(Conflict):
        issued.outbox.record_attestation(rows.signed(1), ["credential-2", "credential-1"], fence=issued.fence)
    assert issued.outbox.in_state(SIGNED, 10) == [rows.signed(0)]
    assert "credential-2" in digests(issued)


def test_nonce_of_an_account_is_never_signed_twice(issued: Subject) -> None:
    issued.outbox.record_attestation(rows.signed(0), ["credential-1"], fence=issued.fence)
    other = rows.signed(0, hash=rows.digest_of("another"))
    with pytest.raises(Conflict):
        issued.outbox.record_attestation(other, ["credential-2"], fence=issued.fence)
    assert "credential-2" in digests(issued)


def test_later_decision_replaces_a_waiting_one(issued: Subject) -> None:
    want(issued, SUSPENDED, 1, 2)
    want(issued, REVOKED, 1)
    assert statuses(issued) == [(2, SUSPENDED), (1, REVOKED)]


def test_later_decision_waits_for_the_one_on_its_way(issued: Subject) -> None:
    want(issued, SUSPENDED, 1)
    issued.outbox.record_statuses(rows.signed(0), change_ids(issued), fence=issued.fence)
    want(issued, VALID, 1)
    want(issued, REVOKED, 2)
    assert statuses(issued) == [(2, REVOKED)]
    issued.outbox.settle(rows.signed(0).hash, state=MINED, block_number=7, fence=issued.fence)
    assert statuses(issued) == [(1, VALID), (2, REVOKED)]


def test_refused_change_lets_the_next_one_go(issued: Subject) -> None:
    want(issued, SUSPENDED, 1)
    issued.outbox.record_statuses(rows.signed(0), change_ids(issued), fence=issued.fence)
    want(issued, REVOKED, 1)
    issued.outbox.settle(rows.signed(0).hash, state=REVERTED, block_number=7, fence=issued.fence)
    assert statuses(issued) == []
    issued.outbox.fail(rows.signed(0).hash, failure="StatusTerminal", fence=issued.fence)
    assert statuses(issued) == [(1, REVOKED)]


def test_released_change_does_not_undo_a_later_one(issued: Subject) -> None:
    want(issued, SUSPENDED, 1, 2)
    issued.outbox.record_statuses(rows.signed(0), change_ids(issued), fence=issued.fence)
    want(issued, REVOKED, 1)
    issued.outbox.settle(rows.signed(0).hash, state=REVERTED, block_number=7, fence=issued.fence)
    issued.outbox.release(rows.signed(0).hash, retry_at=rows.NOW, fence=issued.fence)
    assert sorted(statuses(issued)) == [(1, REVOKED), (2, SUSPENDED)]


def test_replaced_change_is_not_signed(issued: Subject) -> None:
    want(issued, SUSPENDED, 1)
    read_before = change_ids(issued)
    want(issued, REVOKED, 1)
    with pytest.raises(Conflict):
        issued.outbox.record_statuses(rows.signed(0), read_before, fence=issued.fence)
    assert issued.outbox.in_state(SIGNED, 10) == []
    assert statuses(issued) == [(1, REVOKED)]


def test_mined_transaction_ends_its_work(issued: Subject) -> None:
    want(issued, REVOKED, 1)
    issued.outbox.record_attestation(rows.signed(0), ["credential-1"], fence=issued.fence)
    issued.outbox.record_statuses(rows.signed(1), change_ids(issued), fence=issued.fence)
    issued.outbox.record_intent(rows.signed(2), "intent-1", fence=issued.fence)
    for nonce in range(3):
        issued.outbox.settle(rows.signed(nonce).hash, state=MINED, block_number=7, fence=issued.fence)
    assert "credential-1" not in digests(issued, now=rows.NOW * 2)
    assert statuses(issued, now=rows.NOW * 2) == []
    assert intent_state(issued) == (IntentState.DONE, None)
    assert issued.outbox.in_state(SIGNED, 10) == []
    assert [kept.block_number for kept in issued.outbox.in_state(MINED, 10)] == [7, 7, 7]


def test_released_work_waits_until_its_retry_time(issued: Subject) -> None:
    issued.outbox.record_attestation(rows.signed(0), ["credential-1"], fence=issued.fence)
    issued.outbox.record_intent(rows.signed(1), "intent-1", fence=issued.fence)
    for nonce in range(2):
        issued.outbox.settle(rows.signed(nonce).hash, state=REVERTED, block_number=7, fence=issued.fence)
        issued.outbox.release(rows.signed(nonce).hash, retry_at=rows.NOW + 5, fence=issued.fence)
    assert "credential-1" not in digests(issued, rows.NOW + 4)
    assert "credential-1" in digests(issued, rows.NOW + 5)
    assert [found.intent_id for found in issued.outbox.waiting_intents(9, rows.NOW + 4)] == ["intent-2"]
    assert [found.intent_id for found in issued.outbox.waiting_intents(9, rows.NOW + 5)] == ["intent-1", "intent-2"]
    issued.outbox.record_attestation(rows.signed(2), ["credential-1"], fence=issued.fence)


def test_refused_work_is_failed_and_never_sent_again(issued: Subject) -> None:
    issued.outbox.record_intent(rows.signed(0), "intent-1", fence=issued.fence)
    issued.outbox.settle(rows.signed(0).hash, state=REVERTED, block_number=7, fence=issued.fence)
    issued.outbox.fail(rows.signed(0).hash, failure="ProposalUnknown", fence=issued.fence)
    assert intent_state(issued) == (IntentState.FAILED, "ProposalUnknown")
    assert [found.intent_id for found in issued.outbox.waiting_intents(9, rows.NOW * 2)] == ["intent-2"]


def test_reverted_transaction_is_found_until_it_is_judged(issued: Subject) -> None:
    issued.outbox.record_intent(rows.signed(0), "intent-1", fence=issued.fence)
    issued.outbox.record_attestation(rows.signed(1), ["credential-1"], fence=issued.fence)
    for nonce in range(2):
        issued.outbox.settle(rows.signed(nonce).hash, state=REVERTED, block_number=7, fence=issued.fence)
    assert [kept.nonce for kept in issued.outbox.in_state(REVERTED, 10)] == [0, 1]
    issued.outbox.fail(rows.signed(0).hash, failure="ProposalUnknown", fence=issued.fence)
    assert [kept.nonce for kept in issued.outbox.in_state(REVERTED, 10)] == [1]
    issued.outbox.release(rows.signed(1).hash, retry_at=0, fence=issued.fence)
    assert issued.outbox.in_state(REVERTED, 10) == []


def test_work_of_a_transaction_that_may_still_be_mined_is_not_given_back(issued: Subject) -> None:
    issued.outbox.record_attestation(rows.signed(0), ["credential-1"], fence=issued.fence)
    with pytest.raises(Conflict):
        issued.outbox.release(rows.signed(0).hash, retry_at=0, fence=issued.fence)
    with pytest.raises(Conflict):
        issued.outbox.fail(rows.signed(0).hash, failure="NotOurs", fence=issued.fence)
    assert "credential-1" not in digests(issued)


def test_receipt_of_an_unknown_transaction_is_refused(issued: Subject) -> None:
    with pytest.raises(NotFound):
        issued.outbox.settle(rows.digest_of("unknown"), state=MINED, block_number=7, fence=issued.fence)


def test_pending_intent_is_decided_without_a_transaction(issued: Subject) -> None:
    issued.outbox.postpone_intent("intent-1", retry_at=rows.NOW + 5, fence=issued.fence)
    assert [found.intent_id for found in issued.outbox.waiting_intents(9, rows.NOW)] == ["intent-2"]
    issued.outbox.refuse_intent("intent-1", failure="ProposalUnknown", fence=issued.fence)
    issued.outbox.finish_intent("intent-2", fence=issued.fence)
    assert intent_state(issued, "intent-1") == (IntentState.FAILED, "ProposalUnknown")
    assert intent_state(issued, "intent-2") == (IntentState.DONE, None)
    assert issued.outbox.waiting_intents(9, rows.NOW * 2) == []


def test_intent_on_its_way_is_not_decided_without_its_transaction(issued: Subject) -> None:
    issued.outbox.record_intent(rows.signed(0), "intent-1", fence=issued.fence)
    with pytest.raises(Conflict):
        issued.outbox.finish_intent("intent-1", fence=issued.fence)
    with pytest.raises(Conflict):
        issued.outbox.refuse_intent("intent-1", failure="X", fence=issued.fence)
    with pytest.raises(Conflict):
        issued.outbox.postpone_intent("intent-1", retry_at=1, fence=issued.fence)
    with pytest.raises(Conflict):
        issued.outbox.finish_intent("unknown", fence=issued.fence)
    assert intent_state(issued) == (IntentState.SENT, None)


def test_refused_status_change_waits_no_more(issued: Subject) -> None:
    want(issued, VALID, 1, 2)
    issued.outbox.refuse_statuses(change_ids(issued)[:1], failure="StatusTerminal", fence=issued.fence)
    assert statuses(issued, now=rows.NOW * 2) == [(2, VALID)]


def test_nonces_are_counted_per_account(issued: Subject) -> None:
    other = Address("0x0000000000000000000000000000000000000001")
    assert issued.outbox.next_nonce(rows.ADDRESS) is None
    issued.outbox.record_attestation(rows.signed(4), ["credential-1"], fence=issued.fence)
    issued.outbox.record_attestation(rows.signed(3), ["credential-2"], fence=issued.fence)
    assert issued.outbox.next_nonce(rows.ADDRESS) == 5
    assert issued.outbox.next_nonce(other) is None


def test_transactions_come_by_account_and_nonce(issued: Subject) -> None:
    governance = rows.signed(0, account=ChainAccount.GOVERNANCE, address=Address("0x" + "00" * 20))
    for nonce in (9, 10, 8):
        issued.outbox.record_attestation(rows.signed(nonce), [f"credential-{nonce - 7}"], fence=issued.fence)
    issued.outbox.record_intent(governance, "intent-1", fence=issued.fence)
    assert issued.outbox.in_state(SIGNED, 10) == [governance, rows.signed(8), rows.signed(9), rows.signed(10)]
    assert issued.outbox.in_state(SIGNED, 2) == [governance, rows.signed(8)]
    assert issued.outbox.from_nonce(rows.ADDRESS, 9, 10) == [rows.signed(9), rows.signed(10)]
    assert issued.outbox.from_nonce(rows.ADDRESS, 8, 1) == [rows.signed(8)]


def test_only_old_settled_transactions_are_forgotten(issued: Subject) -> None:
    for nonce, credential_id in enumerate(["credential-1", "credential-2", "credential-3", "credential-4"]):
        issued.outbox.record_attestation(rows.signed(nonce), [credential_id], fence=issued.fence)
    settled: Sequence[tuple[int, TransactionState, int]] = [(0, MINED, 5), (1, MINED, 6), (2, REVERTED, 5)]
    for nonce, state, block in settled:
        issued.outbox.settle(rows.signed(nonce).hash, state=state, block_number=block, fence=issued.fence)
    # The third one is not judged yet, so its work would be lost with it.
    assert issued.outbox.prune(mined_before=6, fence=issued.fence) == 1
    assert [kept.nonce for kept in issued.outbox.from_nonce(rows.ADDRESS, 0, 10)] == [1, 2, 3]
    issued.outbox.release(rows.signed(2).hash, retry_at=0, fence=issued.fence)
    assert issued.outbox.prune(mined_before=6, fence=issued.fence) == 1
    assert [kept.nonce for kept in issued.outbox.from_nonce(rows.ADDRESS, 0, 10)] == [1, 3]
    assert digests(issued) == ["credential-3", "credential-5"]


WRITES: list[Callable[[Outbox, int], object]] = [
    lambda outbox, fence: outbox.record_attestation(rows.signed(9), ["credential-2"], fence=fence),
    lambda outbox, fence: outbox.record_statuses(rows.signed(9), [1], fence=fence),
    lambda outbox, fence: outbox.record_intent(rows.signed(9), "intent-1", fence=fence),
    lambda outbox, fence: outbox.postpone_intent("intent-1", retry_at=rows.NOW * 2, fence=fence),
    lambda outbox, fence: outbox.finish_intent("intent-1", fence=fence),
    lambda outbox, fence: outbox.refuse_intent("intent-1", failure="X", fence=fence),
    lambda outbox, fence: outbox.refuse_statuses([1], failure="X", fence=fence),
    lambda outbox, fence: outbox.settle(rows.signed(0).hash, state=MINED, block_number=1, fence=fence),
    lambda outbox, fence: outbox.release(rows.signed(1).hash, retry_at=0, fence=fence),
    lambda outbox, fence: outbox.fail(rows.signed(1).hash, failure="X", fence=fence),
    lambda outbox, fence: outbox.prune(mined_before=100, fence=fence),
]


@pytest.mark.parametrize("write", WRITES, ids=range(len(WRITES)))
def test_worker_that_lost_its_lease_writes_nothing(issued: Subject, write: Callable[[Outbox, int], object]) -> None:
    want(issued, REVOKED, 5)
    for nonce, credential_id in enumerate(["credential-1", "credential-3", "credential-4"]):
        issued.outbox.record_attestation(rows.signed(nonce), [credential_id], fence=issued.fence)
    issued.outbox.settle(rows.signed(1).hash, state=REVERTED, block_number=5, fence=issued.fence)
    issued.outbox.settle(rows.signed(2).hash, state=MINED, block_number=5, fence=issued.fence)

    def everything() -> object:
        with issued.store.read() as tx:
            intents = tx.intents.page(cursor=None, limit=9).items
        return [
            *(issued.outbox.in_state(state, 10) for state in TransactionState),
            intents,
            *(digests(issued), statuses(issued), issued.outbox.waiting_intents(9, rows.NOW)),
        ]

    before = everything()
    with pytest.raises(FenceLost):
        write(issued.outbox, issued.fence - 1)
    assert everything() == before
    # The same write under the present token goes through, so it was the token that refused it.
    write(issued.outbox, issued.fence)
    assert everything() != before
