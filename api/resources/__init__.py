"""Hold one blueprint per noun."""

from api import console
from api.resources import (
    attestations,
    authorization,
    consent,
    credentials,
    governance,
    oauth,
    offers,
    proofings,
    publications,
    registry,
    system,
    verifications,
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
    publications.blueprint,
    system.blueprint,
    console.blueprint,
)
