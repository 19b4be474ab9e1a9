"""A judgement's time is held against the chain's and the witnesses': neither may be chosen to suit a result."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.evidence import Outcome, Standing, verify_evidence
from jeung.services.verification import VerificationRules, VerificationService
from tests.common.parties import EXCHANGE
from tests.common.proofs import Witnessed
from tests.unit.audit.evidence.test_edges import unlogged
from tests.unit.audit.evidence.test_tampering import with_judgement
from tests.unit.jeung.services.presenting import bound, crafted


@pytest.fixture
def stage() -> Witnessed:
    return Witnessed()


def verifying(stage: Witnessed, rules: VerificationRules) -> VerificationService:
    """Verify by an operator's own settings."""
    exchange = stage.exchange
    parts: dict[str, Any] = {"store": exchange.store, "vault": exchange.vault, "entropy": exchange.entropy}
    return VerificationService(ledger=stage.ledger, clock=stage.clock, rules=rules, **parts)


def judged(stage: Witnessed, presentation: str) -> str:
    stage.seal_block()
    return stage.verification.verify(presentation).evidence_id


@pytest.mark.parametrize("shift", [-1, 61, 1 << 40], ids=["before its block", "after the judgement", "far ahead"])
def test_head_time_between_block_and_judgement_only(stage: Witnessed, shift: int) -> None:
    package = unlogged(stage)
    body = json.loads(json.loads(package)["judgement"])
    since = body["block"]["head_time"] if shift < 0 else body["judged_at"]
    altered = with_judgement(package, block={**body["block"], "head_time": since + shift})
    assert verify_evidence(altered, stage.trust()).reason == "time"


def test_judgement_before_its_block_is_refuted(stage: Witnessed) -> None:
    package = unlogged(stage)
    at = json.loads(json.loads(package)["judgement"])["judged_at"]
    assert verify_evidence(with_judgement(package, judged_at=at - 3_600), stage.trust()).reason == "time"


def test_judgement_by_a_stale_block_is_not_proved(stage: Witnessed) -> None:
    # What a node does whose bounds its operator lifted: it judges by a block of long ago.
    rules = VerificationRules(EXCHANGE, max_poll_age_s=1 << 40, max_head_age_s=1 << 40)
    stage.verification = verifying(stage, rules)
    credential = crafted(stage)
    stage.seal_block()
    stage.clock.advance(301)
    evidence_id = stage.verification.verify(bound(stage, credential)).evidence_id
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    standings = {fact.name: fact.standing for fact in verdict.facts}
    assert (verdict.outcome, standings.get("time")) == (Outcome.INCOMPLETE, Standing.MISSING), verdict


def test_judgement_after_its_cosignatures_is_refuted(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    stage.clock.advance(-61)
    assert verify_evidence(stage.exported(evidence_id), stage.trust()).reason == "time"


def test_bounds_of_its_own_do_not_prove_what_the_usual_ones_refuse(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage), at=stage.clock.now() - 3_600)
    stage.verification = verifying(stage, VerificationRules(EXCHANGE, clock_skew_s=1 << 30))
    verdict = verify_evidence(stage.exported(judged(stage, presentation)), stage.trust())
    standings = {fact.name: fact.standing for fact in verdict.facts}
    assert (verdict.result, verdict.outcome, standings.get("bounds")) == (
        "verified",
        Outcome.INCOMPLETE,
        Standing.MISSING,
    )


def test_bounds_of_its_own_that_decide_nothing_are_no_matter(stage: Witnessed) -> None:
    stage.verification = verifying(stage, VerificationRules(EXCHANGE, clock_skew_s=120))
    presentation = bound(stage, crafted(stage))
    assert verify_evidence(stage.exported(judged(stage, presentation)), stage.trust()).outcome is Outcome.PROVED


def test_digest_that_is_only_pending_by_the_usual_bounds_is_not_proved_refused(stage: Witnessed) -> None:
    stage.verification = verifying(stage, VerificationRules(EXCHANGE, attestation_grace_s=-(1 << 20)))
    presentation = bound(stage, crafted(stage, attest=False))
    verdict = verify_evidence(stage.exported(judged(stage, presentation)), stage.trust())
    assert (verdict.code, verdict.outcome) == ("not_attested", Outcome.INCOMPLETE)
