"""Hold one blueprint per noun."""

from api import console
from api.resources import (
    attestations,
    credentials,
    governance,
    oauth,
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
    verifications.blueprint,
    attestations.blueprint,
    registry.blueprint,
    governance.blueprint,
    publications.blueprint,
    system.blueprint,
    console.blueprint,
)
