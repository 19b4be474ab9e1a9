"""Wire what asks wallets for presentations, and what tells clients of the answers."""

from jeung.services.presentations import (
    PresentationRules,
    PresentationServices,
    WebhookDelivery,
    WebhookRules,
    build_presentation_services,
)
from jeung.services.verification import VerificationRules
from keys.envelope import Vault
from keys.response_keys import KeystoreResponseKeys
from node.runtime.parts import NodeParts
from node.settings import Environment, Settings
from node.webhooks import HttpWebhookPost


def build_presentations(parts: NodeParts, vault: Vault, verification: VerificationRules) -> PresentationServices:
    """Wire the services an API process offers."""
    settings = parts.settings
    return build_presentation_services(
        store=parts.kept.store,
        ledger=parts.kept.ledger,
        signer=parts.signer,
        vault=vault,
        response_keys=KeystoreResponseKeys(parts.keystore),
        clock=parts.clock,
        entropy=parts.entropy,
        later=parts.later,
        rules=PresentationRules(
            settings.base_url,
            ttl_s=settings.presentations.request_ttl_s,
            redirects_need_https=settings.environment is Environment.PRODUCTION,
        ),
        verification=verification,
        webhooks=webhook_rules(settings),
    )


def webhook_rules(settings: Settings) -> WebhookRules:
    """Give where messages may go and how often they are tried, as the settings have it."""
    return WebhookRules(
        settings.base_url, allowed_urls=settings.webhooks.allowed_urls, attempts=settings.webhooks.attempts
    )


def build_webhook_delivery(parts: NodeParts) -> WebhookDelivery:
    """Wire what the worker delivers messages with."""
    settings = parts.settings
    post = HttpWebhookPost(
        timeout_s=settings.webhooks.timeout_s, allow_private=settings.environment is Environment.SANDBOX
    )
    return WebhookDelivery(
        store=parts.kept.store,
        signer=parts.signer,
        clock=parts.clock,
        entropy=parts.entropy,
        post=post,
        rules=webhook_rules(settings),
    )
