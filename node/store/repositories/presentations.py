"""Keep presentation requests, webhooks and the messages on their way to them."""

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from jeung.domain.presentations import (
    Delivery,
    DeliveryState,
    Flow,
    PresentationRequest,
    RequestState,
    ResponseMode,
    Webhook,
)
from jeung.errors import NotFound
from node.store.hot import HotStatement, hot_insert
from node.store.schema_presentations import presentation_requests, webhook_deliveries, webhooks

# Every presentation passes these three, so they run on the driver itself.
_REQUEST_COLUMNS = tuple(field.name for field in fields(PresentationRequest))
_ADD_REQUEST = hot_insert(presentation_requests, *_REQUEST_COLUMNS)
_GET_REQUEST = HotStatement(
    select(*(presentation_requests.c[name] for name in _REQUEST_COLUMNS)).where(
        presentation_requests.c.request_id == bindparam("wanted")
    ),
    "wanted",
)
_CHANGED = (
    "fetched_at",
    "ended_at",
    "outcome",
    "code",
    "evidence",
    "response_code_hash",
    "code_attempts",
    "redeemed_at",
)
_REPLACE_REQUEST = HotStatement(
    update(presentation_requests)
    .where(presentation_requests.c.request_id == bindparam("wanted"))
    .values({name: bindparam(name) for name in _CHANGED}),
    *_CHANGED,
    "wanted",
)

_DELIVERY_COLUMNS = [field.name for field in fields(Delivery)]
_DELIVERIES = select(*(webhook_deliveries.c[name] for name in _DELIVERY_COLUMNS))
_GET_DELIVERY = _DELIVERIES.where(webhook_deliveries.c.delivery_id == bindparam("wanted"))
_DUE = (
    _DELIVERIES.where(
        webhook_deliveries.c.state == DeliveryState.PENDING.value, webhook_deliveries.c.retry_at <= bindparam("now")
    )
    .order_by(webhook_deliveries.c.retry_at, webhook_deliveries.c.delivery_id)
    .limit(bindparam("most"))
)
_REPLACE_DELIVERY = (
    update(webhook_deliveries)
    .where(webhook_deliveries.c.delivery_id == bindparam("wanted"))
    .values({name: bindparam(name) for name in ("state", "attempts", "retry_at", "ended_at")})
)
_WEBHOOKS = select(webhooks.c.webhook_id, webhooks.c.client_id, webhooks.c.url, webhooks.c.created_at)
_OF_CLIENT = HotStatement(
    _WEBHOOKS.where(webhooks.c.client_id == bindparam("wanted")).order_by(
        webhooks.c.created_at, webhooks.c.webhook_id
    ),
    "wanted",
)
_GET_WEBHOOK = _WEBHOOKS.where(webhooks.c.webhook_id == bindparam("wanted"))


class SqlPresentationRequests:
    """Keep presentation requests (jeung.ports.presentations.PresentationRequests)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, request: PresentationRequest) -> None:
        """Keep a new request.

        Raises:
            Conflict: its id or its nonce stands already.
        """
        written = _written(request)
        _ADD_REQUEST.run(self._connection, *(written[name] for name in _REQUEST_COLUMNS))

    def get(self, request_id: str) -> PresentationRequest | None:
        """Give a request, until the janitor removes it a day after its expiry."""
        row = _GET_REQUEST.first(self._connection, request_id)
        return None if row is None else _request(row)

    def replace(self, request: PresentationRequest) -> None:
        """Keep a changed request.

        Raises:
            NotFound: no such request.
        """
        written = _written(request)
        done = _REPLACE_REQUEST.run(self._connection, *(written[name] for name in _CHANGED), request.request_id)
        if done.rowcount != 1:
            raise NotFound("no such presentation request")


class SqlWebhooks:
    """Keep the webhooks of clients (jeung.ports.presentations.Webhooks)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, webhook: Webhook) -> None:
        """Keep a new webhook.

        Raises:
            Conflict: its id stands already.
        """
        self._connection.execute(insert(webhooks), asdict(webhook))

    def get(self, webhook_id: str) -> Webhook | None:
        """Give a webhook."""
        row = self._connection.execute(_GET_WEBHOOK, {"wanted": webhook_id}).first()
        return None if row is None else Webhook(*row)

    def of_client(self, client_id: str) -> Sequence[Webhook]:
        """Give a client's webhooks, oldest first."""
        return [Webhook(*row) for row in _OF_CLIENT.run(self._connection, client_id).fetchall()]

    def remove(self, webhook_id: str) -> None:
        """Remove a webhook with every message still on its way to it."""
        self._connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.webhook_id == webhook_id))
        self._connection.execute(delete(webhooks).where(webhooks.c.webhook_id == webhook_id))


class SqlDeliveries:
    """Keep messages to webhooks (jeung.ports.presentations.Deliveries)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, delivery: Delivery) -> None:
        """Keep a new message."""
        self._connection.execute(insert(webhook_deliveries), asdict(delivery))

    def get(self, delivery_id: str) -> Delivery | None:
        """Give a message."""
        row = self._connection.execute(_GET_DELIVERY, {"wanted": delivery_id}).first()
        return None if row is None else _delivery(row)

    def due(self, now: int, limit: int) -> Sequence[Delivery]:
        """Give pending messages whose time has come, the longest waiting first."""
        return [_delivery(row) for row in self._connection.execute(_DUE, {"now": now, "most": limit})]

    def replace(self, delivery: Delivery) -> None:
        """Keep a changed message; one that was removed meanwhile stays away."""
        self._connection.execute(
            _REPLACE_DELIVERY,
            {
                "wanted": delivery.delivery_id,
                "state": delivery.state.value,
                "attempts": delivery.attempts,
                "retry_at": delivery.retry_at,
                "ended_at": delivery.ended_at,
            },
        )


def _written(request: PresentationRequest) -> dict[str, Any]:
    return {
        **{name: getattr(request, name) for name in _REQUEST_COLUMNS},
        "flow": request.flow.value,
        "response_mode": request.response_mode.value,
        "outcome": None if request.outcome is None else request.outcome.value,
        "evidence": json.dumps(request.evidence),
    }


def _request(row: Sequence[Any]) -> PresentationRequest:
    values = dict(zip(_REQUEST_COLUMNS, row, strict=True))
    outcome = values["outcome"]
    return PresentationRequest(
        **{
            **values,
            "flow": Flow(values["flow"]),
            "response_mode": ResponseMode(values["response_mode"]),
            "outcome": None if outcome is None else RequestState(outcome),
            "evidence": tuple((query_id, evidence_id) for query_id, evidence_id in json.loads(values["evidence"])),
        }
    )


def _delivery(row: Row[Any]) -> Delivery:
    values = dict(row._mapping)
    return Delivery(
        **{
            **values,
            "state_reported": RequestState(values["state_reported"]),
            "state": DeliveryState(values["state"]),
        }
    )
