"""What the law makes a bank keep: locked until the duty lapses, then erased."""

from dataclasses import replace

import pytest

from jeung.crypto import canonical_json
from jeung.domain.erasure import ErasureState, RetentionRules
from jeung.errors import (
    Conflict,
    MalformedInput,
    NotFound,
    SubjectErased,
    SubjectLocked,
)
from jeung.services.proofing import CheckReport
from tests.common.erasures import LAW, NO_LAW, SAMPLE, Stage, locked, run
from tests.common.parties import PERSON, POLICY, VCT


def test_completed_proofing_is_locked_until_the_duty_lapses_then_erased() -> None:
    stage = Stage(LAW)
    erasure_id = locked(stage)
    assert stage.erasure(erasure_id).locked_until == stage.clock.now() + LAW.proofing_s
    view = stage.subjects.get(stage.subject)
    assert (view.records.credentials, len(view.records.proofings)) == ((), 1)
    assert view.erasure is not None
    stage.clock.advance(LAW.proofing_s - 1)
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.LOCKED
    stage.clock.advance(1)
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED
    assert stage.subject not in stage.bank.database.read().data_keys


def test_duty_counts_from_the_end_of_the_relationship() -> None:
    stage = Stage(LAW)
    ended = stage.clock.now()
    stage.clock.advance(LAW.proofing_s)
    assert stage.erasure(stage.approved(relationship_ended_at=ended)).locked_until is None
    other = Stage(LAW)
    ended = other.clock.now()
    other.clock.advance(100)
    assert other.erasure(other.approved(relationship_ended_at=ended)).locked_until == ended + LAW.proofing_s


def test_end_of_a_relationship_is_not_dated_back_to_escape_the_duty() -> None:
    stage = Stage(LAW)
    with pytest.raises(MalformedInput, match="before its last proofing"):
        stage.ask(relationship_ended_at=stage.clock.now() - 1)


@pytest.mark.parametrize(
    ("ended_after", "rules", "ended", "kept"),
    [
        (None, LAW, "moment of the approval", "~ 20"),
        (0, LAW, "20", "not kept"),
        (None, NO_LAW, "approval", "not kept"),
    ],
    ids=["now", "long ago", "no duty"],
)
def test_approver_reads_from_when_a_duty_counts_and_until_when_it_keeps(
    ended_after: int | None, rules: RetentionRules, ended: str, kept: str
) -> None:
    stage = Stage(rules)
    ended_at = None if ended_after is None else stage.clock.now() + ended_after
    stage.clock.advance(LAW.proofing_s)
    description = stage.acts.describe(stage.ask(relationship_ended_at=ended_at))
    assert description is not None
    facts = {fact.label.en: fact.value for fact in description.facts}
    assert ended in facts["relationship ended (UTC)"]
    assert kept in facts["completed proofings are kept"]


def test_duty_that_runs_for_years_does_not_stand_before_one_that_has_lapsed(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(LAW)
    began = stage.clock.now()
    with stage.store.write() as tx:
        long = replace(SAMPLE, state=ErasureState.LOCKED, locked_until=began + 9 * LAW.proofing_s)
        tx.erasures.add(long)
    erasure_id = stage.approved(relationship_ended_at=began)
    stage.revoke_on_chain()
    run(stage)
    monkeypatch.setattr("jeung.services.erasure.work.AT_ONCE", 1)
    assert stage.erasure(erasure_id).state is ErasureState.LOCKED
    stage.clock.advance(LAW.proofing_s)
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED


def test_proofing_that_was_never_completed_is_kept_by_no_law() -> None:
    stage = Stage(LAW)
    opened = stage.parties.proofing.open(PERSON)
    erasure_id = stage.approved(subject_id=opened.subject_id)
    run(stage)
    assert stage.erasure(erasure_id).state is ErasureState.ERASED


def test_locked_subject_is_read_by_nobody_and_gets_nothing_new() -> None:
    stage = Stage(LAW)
    locked(stage)
    proofing, subject = stage.parties.proofing, stage.subject
    with pytest.raises(SubjectLocked):
        proofing.read_person(stage.proofing, reader="stf_x")
    with pytest.raises(SubjectLocked):
        proofing.open(PERSON, subject_id=subject)
    with pytest.raises(SubjectLocked):
        stage.parties.issuance.issue(stage.proofing, VCT, stage.parties.wallet.new_keys(1))


def test_open_proofing_of_a_locked_subject_goes_no_further() -> None:
    stage = Stage(LAW)
    second = stage.parties.proofing.open(PERSON, subject_id=stage.subject)
    report = CheckReport(min(POLICY.required), stage.clock.now(), b"d" * 32, True)
    ready = stage.parties.proofing.open(PERSON, subject_id=stage.subject)
    for method in POLICY.required:
        stage.parties.proofing.record_check(ready.proofing_id, replace(report, method=method))
    locked(stage)
    with pytest.raises(SubjectLocked):
        stage.parties.proofing.record_check(second.proofing_id, report)
    with pytest.raises(SubjectLocked):
        stage.parties.proofing.complete(ready.proofing_id)


def test_audit_reads_what_is_kept_and_is_logged_for_it() -> None:
    stage = Stage(LAW)
    locked(stage)
    (record,) = stage.subjects.read_retained(stage.subject, reader="auditor")
    assert record.person == PERSON
    assert record.proofing.proofing_id == stage.proofing
    assert "Kim" not in repr(record)
    kind, body = stage.bank.events()[-1]
    assert (kind, canonical_json.parse_object(body)["client"]) == ("retained_record_read", "auditor")


def test_nothing_is_read_as_kept_that_is_not_locked() -> None:
    stage = Stage(LAW)
    with pytest.raises(Conflict):
        stage.subjects.read_retained(stage.subject, reader="auditor")
    with pytest.raises(NotFound):
        stage.subjects.read_retained("sub_x", reader="auditor")
    locked(stage)
    with stage.store.write() as tx:
        tx.data_keys.destroy(stage.subject)
    with pytest.raises(SubjectErased):
        stage.subjects.read_retained(stage.subject, reader="auditor")


# ---- what is refused
