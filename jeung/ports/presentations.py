"""State what the core keeps of presentation requests and webhooks.

Whoever changes a row reads it in the same write transaction, where it stays as read until the commit, and puts the
changed one in its place.
"""

from collections.abc import Sequence
from typing import Protocol

from jeung.domain.presentations import Delivery, PresentationRequest, Webhook


class PresentationRequests(Protocol):
    """Keep presentation requests."""

    def add(self, request: PresentationRequest) -> None:
        """Keep a new request.

        Raises:
            Conflict: its id or its nonce stands already.
        """
        ...

    def get(self, request_id: str) -> PresentationRequest | None:
        """Give a request, until the janitor removes it a day after its expiry."""
        ...

    def replace(self, request: PresentationRequest) -> None:
        """Keep a changed request.

        Raises:
            NotFound: no such request.
        """
        ...


class Webhooks(Protocol):
    """Keep the webhooks of clients."""

    def add(self, webhook: Webhook) -> None:
        """Keep a new webhook.

        Raises:
            Conflict: its id stands already.
        """
        ...

    def get(self, webhook_id: str) -> Webhook | None:
        """Give a webhook."""
        ...

    def of_client(self, client_id: str) -> Sequence[Webhook]:
        """Give a client's webhooks, oldest first."""
        ...

    def remove(self, webhook_id: str) -> None:
        """Remove a webhook with every message still on its way to it."""
        ...


class Deliveries(Protocol):
    """Keep messages to webhooks until they arrived or were given up."""

    def add(self, delivery: Delivery) -> None:
        """Keep a new message."""
        ...

    def get(self, delivery_id: str) -> Delivery | None:
        """Give a message."""
        ...

    def due(self, now: int, limit: int) -> Sequence[Delivery]:
        """Give pending messages whose time has come, the longest waiting first."""
        ...

    def replace(self, delivery: Delivery) -> None:
        """Keep a changed message; one that was removed meanwhile stays away."""
        ...


class WebhookPost(Protocol):
    """Send a message to a webhook: the only requests a node makes to addresses that others chose."""

    def post(self, url: str, body: bytes, content_type: str) -> int | None:
        """Post within bounds of time and size, follow no redirect; give the HTTP status, None without one."""
        ...
