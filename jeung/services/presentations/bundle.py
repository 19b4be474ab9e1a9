"""Wire the services about presentations that an API process offers."""

from dataclasses import dataclass

from jeung.ports.custody import ResponseKeys, Signer, Vault
from jeung.ports.ledger import Ledger
from jeung.ports.store import Store
from jeung.ports.world import Clock, Entropy, Later
from jeung.services.presentations.relying_parties import RelyingPartyList
from jeung.services.presentations.request_objects import RequestObjectService
from jeung.services.presentations.requests import PresentationRequestService
from jeung.services.presentations.responses import PresentationResponseService
from jeung.services.presentations.rules import PresentationRules
from jeung.services.presentations.webhooks import WebhookRules, WebhookService
from jeung.services.verification import EvidenceService, VerificationRules


@dataclass(frozen=True, slots=True)
class PresentationServices:
    """Offer requests to back ends, request objects and their answers to wallets, and the list of who may ask."""

    requests: PresentationRequestService
    objects: RequestObjectService
    responses: PresentationResponseService
    relying_parties: RelyingPartyList
    webhooks: WebhookService


def build_presentation_services(
    *,
    store: Store,
    ledger: Ledger,
    signer: Signer,
    vault: Vault,
    response_keys: ResponseKeys,
    clock: Clock,
    entropy: Entropy,
    later: Later,
    rules: PresentationRules,
    verification: VerificationRules,
    webhooks: WebhookRules,
) -> PresentationServices:
    """Wire them over one node's parts."""
    return PresentationServices(
        requests=PresentationRequestService(
            store=store,
            ledger=ledger,
            signer=signer,
            vault=vault,
            response_keys=response_keys,
            clock=clock,
            entropy=entropy,
            evidence=EvidenceService(store=store, vault=vault, clock=clock),
            rules=rules,
        ),
        objects=RequestObjectService(
            store=store,
            signer=signer,
            vault=vault,
            clock=clock,
            later=later,
            rules=rules,
            evidence_kept_s=verification.evidence_kept_s,
        ),
        responses=PresentationResponseService(
            store=store,
            ledger=ledger,
            vault=vault,
            response_keys=response_keys,
            clock=clock,
            entropy=entropy,
            rules=verification,
        ),
        relying_parties=RelyingPartyList(ledger=ledger, signer=signer, clock=clock, url=rules.url),
        webhooks=WebhookService(store=store, signer=signer, clock=clock, entropy=entropy, rules=webhooks),
    )
