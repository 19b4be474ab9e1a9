"""A presentation is kept as long as its profile's retention says; what is left is still what was committed to."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.evidence import Outcome, Standing, Verdict, verify_evidence
from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.services.evidence.gathering import proofs_context
from jeung.services.verification import VerificationRules, VerificationService
from jeung.services.verification.shown import PresentationRetention, committed
from tests.common.parties import CLIENT, EXCHANGE, PROFILE
from tests.common.proofs import Witnessed
from tests.unit.jeung.services.presenting import bound, crafted

DROPPED = "presentation_dropped"


def staged(days: int | None = None, **by_profile: int) -> Witnessed:
    stage = Witnessed()
    names = {name.replace("_", "-"): kept for name, kept in by_profile.items()}
    stage.verification = VerificationService(
        store=stage.exchange.store,
        ledger=stage.ledger,
        vault=stage.exchange.vault,
        clock=stage.clock,
        entropy=stage.exchange.entropy,
        rules=VerificationRules(url=EXCHANGE, presentations=PresentationRetention(days, names)),
    )
    return stage


@pytest.fixture
def stage() -> Witnessed:
    return staged(30)


def judged(stage: Witnessed, **options: Any) -> str:  # noqa: ANN401 - those of crafted
    presentation = bound(stage, crafted(stage, **options))
    stage.seal_block()
    return stage.verification.verify(presentation).evidence_id


def shown_key(stage: Witnessed, evidence_id: str) -> str | None:
    kept = stage.exchange.database.read().evidence_presentations.get(evidence_id)
    return None if kept is None else kept.data_key_id


def drop(stage: Witnessed, evidence_id: str) -> None:
    """Do what the janitor does when the day is over."""
    with stage.exchange.database.write() as tables:
        del tables.data_keys[tables.evidence_presentations.pop(evidence_id).data_key_id]
        tables.evidence_proofs.pop(evidence_id, None)


def said(verdict: Verdict) -> dict[str, Standing]:
    return {fact.name: fact.standing for fact in verdict.facts}


@pytest.mark.parametrize(
    ("days", "by_profile", "day"),
    [
        (None, {}, None),
        (None, {"account_opening": 3}, "2027-01-18"),
        (0, {}, "2027-01-15"),
        (30, {}, "2027-02-14"),
        (30, {"account_opening": 1}, "2027-01-16"),
        (30, {"another": 1}, "2027-02-14"),
        (1_827, {}, None),
        (36_525, {}, None),
    ],
)
def test_profile_and_node_say_when_a_presentation_goes(
    days: int | None, by_profile: dict[str, int], day: str | None
) -> None:
    stage = staged(days, **by_profile)
    evidence_id = judged(stage)
    assert shown_key(stage, evidence_id) == (None if day is None else f"shown/{day}")
    assert verify_evidence(stage.exported(evidence_id), stage.trust()).outcome is Outcome.PROVED


def test_key_of_a_day_serves_all_presentations_that_go_on_it(stage: Witnessed) -> None:
    keys = {shown_key(stage, judged(stage)) for _ in range(2)}
    assert len(keys) == 1
    stage.clock.advance(86_400)
    assert shown_key(stage, judged(stage)) not in keys


def test_nothing_of_the_presentation_is_left_under_the_key_of_the_evidence(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.exported(evidence_id)
    whole = stage.evidence.get(evidence_id, reader="auditor")
    tables = stage.exchange.database.read()
    record, vault = tables.evidence[evidence_id], stage.exchange.vault
    key = tables.data_keys[record.data_key_id]
    left = vault.open(key, record.data_key_id, f"evidence/{evidence_id}", record.sealed)
    assert all(part.encode() not in left for part in str(whole.package["presentation"]).split("~") if part)
    owner, wrapped = whole.kept.proofs_key
    assert owner == shown_key(stage, evidence_id)
    assert vault.open(wrapped, owner, proofs_context(evidence_id), tables.evidence_proofs[evidence_id])


def test_what_is_left_is_still_what_log_and_receipt_commit_to(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    judgement = stage.verification.verify(presentation)
    before = stage.evidence.get(judgement.evidence_id, reader="auditor")
    drop(stage, judgement.evidence_id)
    after = stage.evidence.get(judgement.evidence_id, reader="auditor")
    assert (before.is_dropped, after.is_dropped) == (False, True)
    assert before.commitment == after.commitment == sha256(after.raw)
    assert base64url.encode(after.commitment) == (judgement.receipt or {})["commitment"]
    assert after.package["presentation_digest"] == base64url.encode(sha256(presentation.encode()))


def test_export_says_that_the_presentation_was_dropped_and_what_is_proved_without_it(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.exported(evidence_id)
    drop(stage, evidence_id)
    package = stage.exporter.export(evidence_id, reader="auditor")
    assert json.loads(package)["chain"] == {"missing": DROPPED}
    verdict = verify_evidence(package, stage.trust())
    assert (verdict.outcome, verdict.result, verdict.reason) == (Outcome.INCOMPLETE, "verified", None)
    standings = said(verdict)
    assert standings["logged"] is standings["witnessed"] is Standing.PROVED
    assert standings["presentation"] is standings["block"] is standings["result"] is Standing.MISSING


def test_refusal_before_the_ledger_was_asked_is_not_proved_without_its_presentation(stage: Witnessed) -> None:
    evidence_id = judged(stage, header=lambda header: header.update(typ="JWT"))
    assert verify_evidence(stage.exported(evidence_id), stage.trust()).outcome is Outcome.PROVED
    drop(stage, evidence_id)
    verdict = verify_evidence(stage.exporter.export(evidence_id, reader="auditor"), stage.trust())
    assert (verdict.outcome, said(verdict)["result"]) == (Outcome.INCOMPLETE, Standing.MISSING)


def altered(package: bytes, change: str) -> bytes:
    body = json.loads(package)
    text = body["judgement"]
    head, _, rest = text.partition(",")
    if change == "another digest":
        text = text.replace(head, head[:-3] + ("AA" if head[-3:-1] != "AA" else "BB") + '"')
    elif change == "another presentation":
        text = '{"presentation":"e30.e30.e30~",' + rest
    elif change == "both":
        text = f'{head},"presentation":"e30.e30.e30~",{rest}'
    else:
        text = "{" + rest
    return canonical_json.canonical({**body, "judgement": text})


@pytest.mark.parametrize(
    ("change", "reason"),
    [("another digest", "logged"), ("another presentation", "logged"), ("both", "judgement"), ("none", "judgement")],
)
def test_another_presentation_is_not_put_in_its_place(stage: Witnessed, change: str, reason: str) -> None:
    evidence_id = judged(stage)
    stage.exported(evidence_id)
    drop(stage, evidence_id)
    package = altered(stage.exporter.export(evidence_id, reader="auditor"), change)
    verdict = verify_evidence(package, stage.trust())
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, reason)


def test_presentation_taken_out_of_a_package_leaves_nothing_proved_by_the_chain(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    body = json.loads(stage.exported(evidence_id))
    drop(stage, evidence_id)
    body["judgement"] = json.loads(stage.exporter.export(evidence_id, reader="auditor"))["judgement"]
    verdict = verify_evidence(canonical_json.canonical(body), stage.trust())
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "judgement")


def test_presentation_that_was_dropped_before_anything_was_gathered_holds_up_nothing(stage: Witnessed) -> None:
    first = judged(stage)
    drop(stage, first)
    stage.clock.advance(86_400)
    second = judged(stage)
    stage.publish()
    assert not stage.gatherer.step(0)
    assert list(stage.exchange.database.read().evidence_proofs) == [first, second]
    package = json.loads(stage.exporter.export(first, reader="auditor"))
    assert package["chain"] == {"missing": DROPPED}


def test_past_judgement_has_no_claims_after_its_presentation_went(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    assert stage.evidence.verification(evidence_id, reader=CLIENT).claims
    drop(stage, evidence_id)
    after = stage.evidence.verification(evidence_id, reader=CLIENT)
    assert (after.claims, after.verdict.value, after.profile) == ({}, "verified", PROFILE)


def test_judgements_of_older_formats_are_committed_to_as_they_stand() -> None:
    raw = b'{"format":2,"presentation":"e30.e30.e30~"}'
    assert committed(raw, json.loads(raw)) == raw
