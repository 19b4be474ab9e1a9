"""A judgement's time is held against the chain's and the witnesses': neither may be chosen to suit a result."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from audit.evidence import Outcome, Standing, verify_evidence
from tests.common.proofs import Witnessed
from tests.unit.audit.evidence.test_edges import unlogged
from tests.unit.audit.evidence.test_tampering import with_judgement
from tests.unit.jeung.services.presenting import bound, crafted


@pytest.fixture
def stage() -> Witnessed:
    return Witnessed()


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
    presentation = bound(stage, crafted(stage), at=stage.clock.now() + 3_600)
    stage.seal_block()
    stage.clock.advance(3_600)
    stage.verification._rules = replace(stage.verification._rules, max_poll_age_s=1 << 40, max_head_age_s=1 << 40)  # noqa: SLF001
    evidence_id = stage.verification.verify(presentation).evidence_id
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    standings = {fact.name: fact.standing for fact in verdict.facts}
    assert (verdict.outcome, standings.get("time")) == (Outcome.INCOMPLETE, Standing.MISSING), verdict


def test_judgement_after_its_cosignatures_is_refuted(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    stage.clock.advance(-61)
    assert verify_evidence(stage.exported(evidence_id), stage.trust()).reason == "time"
