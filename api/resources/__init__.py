"""Hold one blueprint per noun."""

from api import console
from api.resources import (
    attestations,
    authorization,
    consent,
    credentials,
    governance,
    issuing,
    oauth,
    offers,
    openid4vp,
    presentations,
    proofings,
    publications,
    registry,
    system,
    verifications,
    wallet_page,
    webhooks,
)

BLUEPRINTS = (
    oauth.blueprint,
    proofings.blueprint,
    credentials.blueprint,
    offers.blueprint,
    authorization.blueprint,
    consent.blueprint,
    verifications.blueprint,
    attestations.blueprint,
    registry.blueprint,
    governance.blueprint,
    presentations.blueprint,
    webhooks.blueprint,
    openid4vp.blueprint,
    issuing.blueprint,
    publications.blueprint,
    system.blueprint,
    console.blueprint,
    wallet_page.blueprint,
)
