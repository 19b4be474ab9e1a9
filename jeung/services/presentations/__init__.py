"""Ask wallets for presentations and take their answers (OpenID4VP 1.0, HAIP 1.0).

`requests` makes, shows, cancels and redeems requests, `request_objects` writes what a wallet fetches, `answers` reads
what it sends, `responses` judges that and keeps the judgement, `relying_parties` publishes who may ask for what,
`webhooks` tells whoever asked to be told.
"""

from jeung.services.presentations.answers import Form
from jeung.services.presentations.bundle import PresentationServices, build_presentation_services
from jeung.services.presentations.requests import Asked, Wish
from jeung.services.presentations.responses import Answered
from jeung.services.presentations.rules import PresentationRules
from jeung.services.presentations.webhooks import WebhookDelivery, WebhookRules

__all__ = [
    "Answered",
    "Asked",
    "Form",
    "PresentationRules",
    "PresentationServices",
    "WebhookDelivery",
    "WebhookRules",
    "Wish",
    "build_presentation_services",
]
