"""Tell clients' servers what became of their requests: at least once, signed, within a budget of attempts.

A message is a row, written with the change it tells of. Whoever delivers claims it by moving its time ahead, sends
it, and writes down what came of it; a crash in between sends it a second time, under the same id. It names the
request and its state and nothing of the person: the result is fetched with an access token.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from jeung.crypto.jws import sign_jws
from jeung.domain.access import RequestKey
from jeung.domain.presentations import Delivery, DeliveryState, Webhook
from jeung.domain.registrations import KeyPurpose
from jeung.errors import KeyUnavailable, LimitExceeded, NotFound, WebhookUrlNotAllowed
from jeung.ports.custody import Signer
from jeung.ports.presentations import WebhookPost
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy
from jeung.services.acts import earlier_result, log, new_id, remember_result

MESSAGE_TYPE: Final = "jeung-webhook+jwt"
CONTENT_TYPE: Final = "application/jwt"
MAX_WEBHOOKS: Final = 8
MAX_URL_CHARACTERS: Final = 1_024

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.\[\]:-]{1,255}/[A-Za-z0-9._~/-]*")
_FIRST_RETRY_S = 2
_LONGEST_RETRY_S = 3_600


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """Say who sends, where to, how often it is tried and for how many seconds one attempt may claim a message.

    An entry of `allowed_urls` that ends in `/` allows what lies below it, any other exactly itself.
    """

    url: str
    allowed_urls: tuple[str, ...] = ()
    attempts: int = 12
    claim_s: int = 60

    def allows(self, url: str) -> bool:
        """Tell whether messages may go to an address."""
        if len(url) > MAX_URL_CHARACTERS or _ADDRESS.fullmatch(url) is None:
            return False
        path = url.split("/", 3)[3]
        # A second spelling of a path could leave the folder that is allowed.
        if any(part in (".", "..") for part in path.split("/")) or "//" in path:
            return False
        return any(
            url == allowed or (allowed.endswith("/") and url.startswith(allowed)) for allowed in self.allowed_urls
        )


class WebhookService:
    """Let clients say where they want to hear of their requests."""

    def __init__(self, *, store: Store, signer: Signer, clock: Clock, entropy: Entropy, rules: WebhookRules) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._rules = rules

    def register(self, url: str, *, client_id: str, request_key: RequestKey | None = None) -> Webhook:
        """Register an address; repeated under the same key it gives the same webhook.

        Raises:
            WebhookUrlNotAllowed: the settings do not list it.
            LimitExceeded: the client has as many as it may.
        """
        if not self._rules.allows(url):
            raise WebhookUrlNotAllowed
        now = self._clock.now()
        with self._store.write() as tx:
            earlier = earlier_result(tx, request_key)
            standing = None if earlier is None else tx.webhooks.get(earlier)
            if standing is not None:
                return standing
            if len(tx.webhooks.of_client(client_id)) >= MAX_WEBHOOKS:
                raise LimitExceeded(f"a client has at most {MAX_WEBHOOKS} webhooks")
            webhook = Webhook(new_id(self._entropy, "whk"), client_id, url, now)
            tx.webhooks.add(webhook)
            remember_result(tx, request_key, webhook.webhook_id, now)
            log(tx, "webhook_registered", {"client": client_id, "webhook": webhook.webhook_id}, now)
        return webhook

    def of_client(self, client_id: str) -> Sequence[Webhook]:
        """Give a client's webhooks, oldest first."""
        with self._store.read() as tx:
            return tx.webhooks.of_client(client_id)

    def remove(self, webhook_id: str, *, client_id: str) -> None:
        """Remove a webhook; nothing more is sent to it.

        Raises:
            NotFound: no such webhook of this client.
        """
        with self._store.write() as tx:
            webhook = tx.webhooks.get(webhook_id)
            if webhook is None or webhook.client_id != client_id:
                raise NotFound("no such webhook")
            tx.webhooks.remove(webhook_id)
            log(tx, "webhook_removed", {"client": client_id, "webhook": webhook_id}, self._clock.now())

    def signing_keys(self) -> list[dict[str, Any]]:
        """Give the public key that messages are signed with now; its thumbprint stands in the ledger's key registry.

        A node made before there were webhooks has none until one is made (`jeung keys rotate`).
        """
        try:
            key = self._signer.active_key(KeyPurpose.WEBHOOK_SIGNING)
        except KeyUnavailable:
            return []
        return [{**key.jwk, "kid": key.key_id, "alg": key.algorithm, "use": "sig"}]


class WebhookDelivery:
    """Deliver messages; the worker's part."""

    def __init__(
        self,
        *,
        store: Store,
        signer: Signer,
        clock: Clock,
        entropy: Entropy,
        post: WebhookPost,
        rules: WebhookRules,
    ) -> None:
        self._store = store
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._post = post
        self._rules = rules

    def claim(self, limit: int) -> Sequence[Delivery]:
        """Take messages that are due, so that nobody else does for a while."""
        now = self._clock.now()
        with self._store.read() as tx:
            if not tx.deliveries.due(now, 1):
                # The usual case writes nothing.
                return ()
        with self._store.write() as tx:
            claimed = [
                replace(delivery, attempts=delivery.attempts + 1, retry_at=now + self._rules.claim_s)
                for delivery in tx.deliveries.due(now, limit)
            ]
            for delivery in claimed:
                tx.deliveries.replace(delivery)
        return claimed

    def deliver(self, delivery: Delivery) -> DeliveryState:
        """Send a claimed message once, and write down what came of it.

        Raises:
            KeyUnavailable: no key signs messages; it stays claimed and comes again.
            StoreBusy, StoreUnavailable: what came of it could not be written; it comes again.
        """
        status = None
        # Judged again: the operator may have struck the address from the list meanwhile.
        if self._rules.allows(delivery.url):
            status = self._post.post(delivery.url, self._message(delivery).encode("ascii"), CONTENT_TYPE)
        now = self._clock.now()
        if status is not None and 200 <= status < 300:
            ended = replace(delivery, state=DeliveryState.DELIVERED, ended_at=now)
        elif delivery.attempts >= self._rules.attempts or status == 410:
            ended = replace(delivery, state=DeliveryState.GIVEN_UP, ended_at=now)
        else:
            ended = replace(delivery, retry_at=now + self._pause_s(delivery.attempts))
        with self._store.write() as tx:
            tx.deliveries.replace(ended)
        return ended.state

    def _pause_s(self, attempts: int) -> int:
        """Give the next pause: doubling up to an hour, half of it random, so that messages do not come in step."""
        most = min(_LONGEST_RETRY_S, _FIRST_RETRY_S << min(attempts, 16))
        return most // 2 + int.from_bytes(self._entropy.token(4)) % (most // 2 + 1)

    def _message(self, delivery: Delivery) -> str:
        key = self._signer.active_key(KeyPurpose.WEBHOOK_SIGNING)
        header = {"alg": key.algorithm, "typ": MESSAGE_TYPE, "kid": key.key_id}
        claims: Mapping[str, object] = {
            "iss": self._rules.url,
            "aud": delivery.url,
            "iat": self._clock.now(),
            "jti": delivery.delivery_id,
            "event": "presentation_request",
            "request_id": delivery.request_id,
            "state": delivery.state_reported.value,
            "occurred_at": delivery.occurred_at,
        }
        return sign_jws(
            header, claims, lambda message: self._signer.sign(key.key_id, KeyPurpose.WEBHOOK_SIGNING, message)
        )
