"""Serve webhooks: let back ends say where they want to hear of their requests."""

from apiflask import APIBlueprint

from api.context import known_caller, runtime
from api.idempotency import Key
from api.operation import Operation, operation
from api.wire.webhooks import RegisterWebhook, WebhookItem, WebhookItems
from jeung.domain.access import RequestKey, Scope
from jeung.errors import LimitExceeded, WebhookUrlNotAllowed

blueprint = APIBlueprint("webhooks", __name__, tag="Presentations")

_VERIFY = frozenset({Scope.VERIFY})


@operation(
    blueprint,
    Operation(
        "POST",
        "/v1/webhooks",
        _VERIFY,
        takes=RegisterWebhook,
        gives=WebhookItem,
        status=201,
        key=Key.OPTIONAL,
        refuses=(WebhookUrlNotAllowed, LimitExceeded),
    ),
)
def register_webhook(body: RegisterWebhook, request_key: RequestKey | None) -> WebhookItem:
    """Register an address that events of this client's requests are posted to.

    Each message is a JWS of type `jeung-webhook+jwt` that names a request and its state; it comes at least once,
    under the same `jti` when it comes again, and is taken by answering 2xx.
    """
    webhook = runtime().presentations.webhooks.register(
        body.url, client_id=known_caller().client_id, request_key=request_key
    )
    return WebhookItem.of(webhook)


@operation(blueprint, Operation("GET", "/v1/webhooks", _VERIFY, gives=WebhookItems))
def list_webhooks() -> WebhookItems:
    """List this client's webhooks, with the key that messages are signed with."""
    return _items()


@operation(blueprint, Operation("DELETE", "/v1/webhooks/<token:webhook_id>", _VERIFY, gives=WebhookItems))
def remove_webhook(webhook_id: str) -> WebhookItems:
    """Remove a webhook with every message on its way to it; the others are listed."""
    runtime().presentations.webhooks.remove(webhook_id, client_id=known_caller().client_id)
    return _items()


def _items() -> WebhookItems:
    service = runtime().presentations.webhooks
    return WebhookItems.of(service.of_client(known_caller().client_id), service.signing_keys())
