"""What tests of verdicts share: a judgement by a block that proves its state, and how to read a verdict."""

from audit.evidence import Standing, Verdict
from jeung.domain.ledger import CredentialStatus
from tests.common.proofs import Witnessed
from tests.unit.jeung.services.presenting import bound, crafted

PROVED, ON_TRUST, MISSING, REFUTED = Standing
OTHER = "http://localhost:8103"


def standings(verdict: Verdict) -> dict[str, Standing]:
    return {fact.name: fact.standing for fact in verdict.facts}


def on_trust(verdict: Verdict) -> set[str]:
    return {name for name, standing in standings(verdict).items() if standing is ON_TRUST}


def judged(stage: Witnessed, presentation: str | None = None) -> str:
    """Judge a presentation by a block that proves its state; give the evidence's id."""
    presentation = bound(stage, crafted(stage)) if presentation is None else presentation
    stage.seal_block()
    return stage.verification.verify(presentation).evidence_id


def revoke(stage: Witnessed) -> None:
    stage.chain.set_statuses(stage.bank.member, 0, CredentialStatus.REVOKED, 7)
