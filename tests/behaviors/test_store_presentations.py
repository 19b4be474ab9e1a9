"""What every store must do with presentation requests, webhooks and the messages to them."""

from dataclasses import replace

import pytest

from jeung.domain.presentations import (
    Delivery,
    DeliveryState,
    Flow,
    PresentationRequest,
    RequestState,
    ResponseMode,
    Webhook,
)
from jeung.errors import Conflict, NotFound
from tests.common import rows
from tests.common.stores import Subject

REQUEST = PresentationRequest(
    request_id="prs_1",
    created_by="back-office",
    profile="opening",
    flow=Flow.SAME_DEVICE,
    response_mode=ResponseMode.DIRECT_POST_JWT,
    client_id="x509_hash:abc",
    key_id="key",
    nonce="nonce-1",
    data_key_id="presentations/2027-01-01",
    sealed=b"\1\2",
    created_at=rows.NOW,
    expires_at=rows.NOW + 300,
)
ENDED = replace(
    REQUEST,
    fetched_at=rows.NOW + 1,
    ended_at=rows.NOW + 2,
    outcome=RequestState.REFUSED,
    code="credential_revoked",
    evidence=(("pid", "evd_1"), ("pid", "evd_2")),
    response_code_hash=b"\3" * 32,
    code_attempts=2,
    redeemed_at=rows.NOW + 3,
)
HOOK = Webhook("whk_1", "back-office", "https://a.example/hook", rows.NOW)
MESSAGE = Delivery(
    delivery_id="dlv_1",
    webhook_id="whk_1",
    url="https://a.example/hook",
    request_id="prs_1",
    state_reported=RequestState.VERIFIED,
    occurred_at=rows.NOW,
    state=DeliveryState.PENDING,
    attempts=0,
    retry_at=rows.NOW,
)


def test_a_request_is_kept_as_it_is_and_changed_whole(kept: Subject) -> None:
    with kept.store.write() as tx:
        assert tx.presentation_requests.get("prs_1") is None
        tx.presentation_requests.add(REQUEST)
        assert tx.presentation_requests.get("prs_1") == REQUEST
        tx.presentation_requests.replace(ENDED)
    with kept.store.read() as tx:
        assert tx.presentation_requests.get("prs_1") == ENDED


@pytest.mark.parametrize("other", [replace(REQUEST, nonce="nonce-2"), replace(REQUEST, request_id="prs_2")])
def test_neither_id_nor_nonce_is_used_twice(kept: Subject, other: PresentationRequest) -> None:
    with kept.store.write() as tx:
        tx.presentation_requests.add(REQUEST)
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.presentation_requests.add(other)


def test_a_request_that_is_not_there_is_not_changed(kept: Subject) -> None:
    with pytest.raises(NotFound), kept.store.write() as tx:
        tx.presentation_requests.replace(REQUEST)


def test_webhooks_belong_to_clients(kept: Subject) -> None:
    other = Webhook("whk_2", "another", "https://b.example/", rows.NOW)
    later = Webhook("whk_0", "back-office", "https://c.example/", rows.NOW + 1)
    with kept.store.write() as tx:
        for hook in (HOOK, other, later):
            tx.webhooks.add(hook)
    with kept.store.read() as tx:
        assert list(tx.webhooks.of_client("back-office")) == [HOOK, later]
        assert list(tx.webhooks.of_client("nobody")) == []
        assert tx.webhooks.get("whk_2") == other
        assert tx.webhooks.get("whk_9") is None
    with pytest.raises(Conflict), kept.store.write() as tx:
        tx.webhooks.add(HOOK)


def test_due_messages_come_oldest_first_and_bounded(kept: Subject) -> None:
    second = replace(MESSAGE, delivery_id="dlv_0", retry_at=rows.NOW + 1)
    later = replace(MESSAGE, delivery_id="dlv_2", retry_at=rows.NOW + 60)
    done = replace(MESSAGE, delivery_id="dlv_3", state=DeliveryState.DELIVERED, ended_at=rows.NOW)
    with kept.store.write() as tx:
        for message in (second, later, MESSAGE, done):
            tx.deliveries.add(message)
    with kept.store.read() as tx:
        assert list(tx.deliveries.due(rows.NOW + 1, 10)) == [MESSAGE, second]
        assert list(tx.deliveries.due(rows.NOW + 1, 1)) == [MESSAGE]
        assert list(tx.deliveries.due(rows.NOW - 1, 10)) == []


def test_a_message_is_changed_and_no_longer_due(kept: Subject) -> None:
    given_up = replace(MESSAGE, state=DeliveryState.GIVEN_UP, attempts=12, ended_at=rows.NOW + 9)
    with kept.store.write() as tx:
        tx.deliveries.add(MESSAGE)
        tx.deliveries.replace(given_up)
    with kept.store.read() as tx:
        assert tx.deliveries.get("dlv_1") == given_up
        assert list(tx.deliveries.due(rows.NOW + 99, 10)) == []


def test_removing_a_webhook_removes_its_messages_for_good(kept: Subject) -> None:
    with kept.store.write() as tx:
        tx.webhooks.add(HOOK)
        tx.deliveries.add(MESSAGE)
        tx.deliveries.add(replace(MESSAGE, delivery_id="dlv_2", webhook_id="whk_2"))
    with kept.store.write() as tx:
        tx.webhooks.remove("whk_1")
        tx.deliveries.replace(replace(MESSAGE, attempts=1))
    with kept.store.read() as tx:
        assert tx.webhooks.get("whk_1") is None
        assert tx.deliveries.get("dlv_1") is None
        assert tx.deliveries.get("dlv_2") is not None
