"""Describe webhooks on the wire."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from api.wire.base import In, Out
from jeung.domain.presentations import Webhook


class RegisterWebhook(In):
    """Register an address; the node's settings must list it."""

    url: Annotated[str, Field(min_length=1, max_length=1024)]


class WebhookItem(Out):
    """Show a webhook."""

    webhook_id: str
    url: str
    created_at: int

    @classmethod
    def of(cls, webhook: Webhook) -> "WebhookItem":
        """Write a webhook."""
        return cls(webhook_id=webhook.webhook_id, url=webhook.url, created_at=webhook.created_at)


class WebhookItems(Out):
    """List webhooks; `signing_keys` are the public JWKs that messages verify under."""

    items: list[WebhookItem]
    signing_keys: list[dict[str, Any]]

    @classmethod
    def of(cls, webhooks: Sequence[Webhook], keys: list[dict[str, Any]]) -> "WebhookItems":
        """Write a client's webhooks."""
        return cls(items=[WebhookItem.of(webhook) for webhook in webhooks], signing_keys=keys)
