"""Write down who must hear of a change, in the transaction that makes it."""

from jeung.domain.presentations import Delivery, DeliveryState, PresentationRequest
from jeung.ports.store import Transaction
from jeung.ports.world import Entropy
from jeung.services.acts import new_id


def announce(tx: Transaction, request: PresentationRequest, now: int, entropy: Entropy) -> None:
    """Put a message about a request's state into the outbox of each webhook of its maker."""
    for webhook in tx.webhooks.of_client(request.created_by):
        tx.deliveries.add(
            Delivery(
                delivery_id=new_id(entropy, "dlv"),
                webhook_id=webhook.webhook_id,
                url=webhook.url,
                request_id=request.request_id,
                state_reported=request.state(now),
                occurred_at=now,
                state=DeliveryState.PENDING,
                attempts=0,
                retry_at=now,
            )
        )
