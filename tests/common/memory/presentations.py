"""Presentation requests, webhooks and messages to them, in memory."""

from collections.abc import Sequence

from jeung.domain.presentations import Delivery, DeliveryState, PresentationRequest, Webhook
from jeung.errors import Conflict, NotFound
from tests.common.memory.database import Tables


class MemoryPresentationRequests:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, request: PresentationRequest) -> None:
        kept = self._tables.presentation_requests
        if request.request_id in kept or any(other.nonce == request.nonce for other in kept.values()):
            raise Conflict
        kept[request.request_id] = request

    def get(self, request_id: str) -> PresentationRequest | None:
        return self._tables.presentation_requests.get(request_id)

    def replace(self, request: PresentationRequest) -> None:
        if request.request_id not in self._tables.presentation_requests:
            raise NotFound
        self._tables.presentation_requests[request.request_id] = request


class MemoryWebhooks:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, webhook: Webhook) -> None:
        if webhook.webhook_id in self._tables.webhooks:
            raise Conflict
        self._tables.webhooks[webhook.webhook_id] = webhook

    def get(self, webhook_id: str) -> Webhook | None:
        return self._tables.webhooks.get(webhook_id)

    def of_client(self, client_id: str) -> Sequence[Webhook]:
        found = [webhook for webhook in self._tables.webhooks.values() if webhook.client_id == client_id]
        return sorted(found, key=lambda webhook: (webhook.created_at, webhook.webhook_id))

    def remove(self, webhook_id: str) -> None:
        self._tables.webhooks.pop(webhook_id, None)
        for delivery in list(self._tables.deliveries.values()):
            if delivery.webhook_id == webhook_id:
                del self._tables.deliveries[delivery.delivery_id]


class MemoryDeliveries:
    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    def add(self, delivery: Delivery) -> None:
        if delivery.delivery_id in self._tables.deliveries:
            raise Conflict
        self._tables.deliveries[delivery.delivery_id] = delivery

    def get(self, delivery_id: str) -> Delivery | None:
        return self._tables.deliveries.get(delivery_id)

    def due(self, now: int, limit: int) -> Sequence[Delivery]:
        waiting = [
            delivery
            for delivery in self._tables.deliveries.values()
            if delivery.state is DeliveryState.PENDING and delivery.retry_at <= now
        ]
        return sorted(waiting, key=lambda delivery: (delivery.retry_at, delivery.delivery_id))[:limit]

    def replace(self, delivery: Delivery) -> None:
        if delivery.delivery_id in self._tables.deliveries:
            self._tables.deliveries[delivery.delivery_id] = delivery
