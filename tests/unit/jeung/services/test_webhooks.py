"""Messages to webhooks: only where the settings allow, signed, at least once, within a budget."""

from dataclasses import replace

import pytest

from jeung.crypto.jws import parse_jws, verify_jws
from jeung.domain.access import RequestKey
from jeung.domain.identifiers import MemberId
from jeung.domain.presentations import Delivery, DeliveryState, RequestState, Webhook
from jeung.domain.registrations import KeyPurpose
from jeung.errors import KeyUnavailable, LimitExceeded, NotFound, WebhookUrlNotAllowed
from jeung.services.presentations import WebhookDelivery, WebhookRules
from jeung.services.presentations.webhooks import WebhookService
from tests.common.memory.custody import MemorySigner
from tests.common.memory.database import MemoryDatabase
from tests.common.memory.store import MemoryStore
from tests.common.memory.world import SetClock, SystemEntropy

US = "https://exchange.example"
HOOK = "https://backend.example/hooks/one"
RULES = WebhookRules(US, allowed_urls=("https://backend.example/hooks/", "https://single.example/hook"), attempts=3)


class Endpoint:
    """Answer posts with what a test has set, and remember them."""

    def __init__(self) -> None:
        self.status: int | None = 204
        self.posts: list[tuple[str, bytes, str]] = []

    def post(self, url: str, body: bytes, content_type: str) -> int | None:
        self.posts.append((url, body, content_type))
        return self.status


class Desk:
    """One node's webhooks, in memory."""

    def __init__(self, rules: WebhookRules = RULES, *purposes: KeyPurpose) -> None:
        self.clock, self.entropy = SetClock(), SystemEntropy()
        self.signer = MemorySigner(*(purposes or (KeyPurpose.WEBHOOK_SIGNING,)))
        self.store = MemoryStore(MemoryDatabase(), MemberId(b"\1" * 32))
        self.endpoint = Endpoint()
        shared = {"store": self.store, "signer": self.signer, "clock": self.clock, "entropy": self.entropy}
        self.service = WebhookService(**shared, rules=rules)  # type: ignore[arg-type]
        self.delivery = WebhookDelivery(**shared, post=self.endpoint, rules=rules)  # type: ignore[arg-type]

    def message(self, url: str = HOOK) -> Delivery:
        """Put a message into the outbox."""
        now = self.clock.now()
        message = Delivery(
            delivery_id="dlv_1",
            webhook_id="whk_1",
            url=url,
            request_id="prs_1",
            state_reported=RequestState.VERIFIED,
            occurred_at=now,
            state=DeliveryState.PENDING,
            attempts=0,
            retry_at=now,
        )
        with self.store.write() as tx:
            tx.webhooks.add(Webhook("whk_1", "back-office", url, now))
            tx.deliveries.add(message)
        return message

    def standing(self) -> Delivery | None:
        with self.store.read() as tx:
            return tx.deliveries.get("dlv_1")


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    "url",
    [
        "https://backend.example/",
        "https://backend.example/hooks",
        "https://backend.example/hooks/../admin",
        "https://backend.example/hooks/./x",
        "https://backend.example/hooks//x",
        "https://backend.example/hooks/%2e%2e/admin",
        "https://backend.example/hooks/x?y=1",
        "https://backend.example/hooks/x#y",
        "https://user@backend.example/hooks/x",
        "https://backend.example:444/hooks/x",
        "https://backend.example.evil.example/hooks/x",
        "http://backend.example/hooks/x",
        "https://single.example/hook/x",
        "https://single.example/hooks",
        "file:///etc/passwd",
        "https://backend.example/hooks/" + "x" * 1024,
        "",
    ],
)
def test_only_what_the_settings_list_is_registered(desk: Desk, url: str) -> None:
    with pytest.raises(WebhookUrlNotAllowed):
        desk.service.register(url, client_id="back-office")


def test_without_a_list_there_are_no_webhooks() -> None:
    with pytest.raises(WebhookUrlNotAllowed):
        Desk(WebhookRules(US)).service.register(HOOK, client_id="back-office")


def test_a_webhook_is_registered_once_for_one_request(desk: Desk) -> None:
    key = RequestKey("back-office", "k", "POST /v1/webhooks", b"\1" * 32)
    first = desk.service.register(HOOK, client_id="back-office", request_key=key)
    assert desk.service.register(HOOK, client_id="back-office", request_key=key) == first
    assert list(desk.service.of_client("back-office")) == [first]
    assert desk.service.register("https://single.example/hook", client_id="back-office") != first


def test_a_client_has_only_so_many(desk: Desk) -> None:
    for number in range(8):
        desk.service.register(f"{HOOK}{number}", client_id="back-office")
    with pytest.raises(LimitExceeded):
        desk.service.register(HOOK, client_id="back-office")
    desk.service.register(HOOK, client_id="another")


def test_nobody_removes_another_clients_webhook(desk: Desk) -> None:
    webhook = desk.service.register(HOOK, client_id="back-office")
    for webhook_id, client_id in ((webhook.webhook_id, "another"), ("whk_0", "back-office")):
        with pytest.raises(NotFound):
            desk.service.remove(webhook_id, client_id=client_id)
    desk.service.remove(webhook.webhook_id, client_id="back-office")
    assert list(desk.service.of_client("back-office")) == []


def test_a_message_is_signed_and_names_its_reader_and_nothing_of_a_person(desk: Desk) -> None:
    desk.message()
    (claimed,) = desk.delivery.claim(5)
    assert desk.delivery.deliver(claimed) is DeliveryState.DELIVERED
    ((url, body, content_type),) = desk.endpoint.posts
    assert (url, content_type) == (HOOK, "application/jwt")
    jws = parse_jws(body.decode(), typ="jeung-webhook+jwt")
    verify_jws(jws, desk.signer.keys[KeyPurpose.WEBHOOK_SIGNING].key)
    (key,) = desk.service.signing_keys()
    assert jws.header["kid"] == key["kid"]
    now = desk.clock.now()
    assert jws.claims() == {
        "iss": US,
        "aud": HOOK,
        "iat": now,
        "jti": "dlv_1",
        "event": "presentation_request",
        "request_id": "prs_1",
        "state": "verified",
        "occurred_at": now,
    }
    assert list(desk.delivery.claim(5)) == []


def test_what_is_claimed_is_left_to_its_claimer_until_he_is_lost(desk: Desk) -> None:
    desk.message()
    (claimed,) = desk.delivery.claim(5)
    assert claimed.attempts == 1
    assert list(desk.delivery.claim(5)) == []
    desk.clock.advance(60)
    (again,) = desk.delivery.claim(5)
    assert (again.delivery_id, again.attempts) == ("dlv_1", 2)


@pytest.mark.parametrize("status", [None, 302, 404, 500])
def test_what_did_not_arrive_comes_again_after_a_growing_pause_and_then_no_more(
    desk: Desk, status: int | None
) -> None:
    desk.message()
    desk.endpoint.status = status
    pauses = []
    for _ in range(2):
        (claimed,) = desk.delivery.claim(5)
        assert desk.delivery.deliver(claimed) is DeliveryState.PENDING
        standing = desk.standing()
        assert standing is not None
        pauses.append(standing.retry_at - desk.clock.now())
        desk.clock.advance(pauses[-1])
    assert 2 <= pauses[0] <= 4 <= pauses[1] <= 8
    (last,) = desk.delivery.claim(5)
    assert desk.delivery.deliver(last) is DeliveryState.GIVEN_UP
    desk.clock.advance(100_000)
    assert list(desk.delivery.claim(5)) == []


def test_gone_means_gone(desk: Desk) -> None:
    desk.message()
    desk.endpoint.status = 410
    (claimed,) = desk.delivery.claim(5)
    assert desk.delivery.deliver(claimed) is DeliveryState.GIVEN_UP


def test_an_address_struck_from_the_list_is_not_called_any_more(desk: Desk) -> None:
    desk.message("https://formerly.example/hook")
    (claimed,) = desk.delivery.claim(5)
    assert desk.delivery.deliver(claimed) is DeliveryState.PENDING
    assert desk.endpoint.posts == []


def test_without_a_key_nothing_is_sent_and_nothing_lost() -> None:
    desk = Desk(RULES, KeyPurpose.TOKEN_SIGNING)
    desk.message()
    (claimed,) = desk.delivery.claim(5)
    with pytest.raises(KeyUnavailable):
        desk.delivery.deliver(claimed)
    assert desk.standing() == replace(claimed)
    assert desk.service.signing_keys() == []


def test_a_long_queue_pauses_an_hour_at_most(desk: Desk) -> None:
    message = desk.message()
    desk.endpoint.status = 500
    many = WebhookDelivery(
        store=desk.store,
        signer=desk.signer,
        clock=desk.clock,
        entropy=desk.entropy,
        post=desk.endpoint,
        rules=replace(RULES, attempts=99),
    )
    assert many.deliver(replace(message, attempts=40)) is DeliveryState.PENDING
    standing = desk.standing()
    assert standing is not None
    assert 1_800 <= standing.retry_at - desk.clock.now() <= 3_600
