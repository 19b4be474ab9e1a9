"""Nothing is completed before the policy is met, and a failed check is the end of a proofing."""

import pytest

from jeung.crypto import canonical_json
from jeung.crypto.hashing import sha256
from jeung.domain.access import RequestKey
from jeung.domain.proofing import AssuranceLevel, ProofingMethod, ProofingState
from jeung.errors import (
    IdempotencyKeyReused,
    LimitExceeded,
    MalformedInput,
    NotFound,
    ProofingClosed,
    ProofingIncomplete,
    SealBroken,
    SubjectErased,
)
from jeung.services.proofing import MAX_CHECKS, CheckReport, opened_person
from tests.common.parties import PERSON, POLICY, Parties


def _report(parties: Parties, method: ProofingMethod, *, passed: bool = True, age: int = 0) -> CheckReport:
    return CheckReport(method, parties.clock.now() - age, sha256(method.encode()), passed)


def _key(key: str, body: bytes = b"b" * 32) -> RequestKey:
    return RequestKey("back-office", key, "POST /v1/proofings", body)


def test_person_is_sealed_and_opens_only_for_its_proofing(parties: Parties) -> None:
    first, second = parties.proofing.open(PERSON), parties.proofing.open(PERSON)
    assert b"Kim" not in first.sealed_person
    with parties.bank.store.read() as tx:
        assert opened_person(tx, parties.bank.vault, first) == PERSON
        moved = type(first)(
            **{**{name: getattr(first, name) for name in first.__slots__}, "sealed_person": second.sealed_person}
        )
        with pytest.raises(SealBroken):
            opened_person(tx, parties.bank.vault, moved)


def test_erased_subject_cannot_be_opened(parties: Parties) -> None:
    proofing = parties.proofing.open(PERSON)
    with parties.bank.store.write() as tx:
        assert tx.data_keys.destroy(proofing.subject_id)
    with parties.bank.store.read() as tx, pytest.raises(SubjectErased):
        opened_person(tx, parties.bank.vault, proofing)


def test_second_proofing_of_a_subject_shares_its_key(parties: Parties) -> None:
    first = parties.proofing.open(PERSON)
    again = parties.proofing.open(PERSON, subject_id=first.subject_id)
    assert (again.subject_id, again.proofing_id != first.proofing_id) == (first.subject_id, True)


@pytest.mark.parametrize("subject", ["sub_unknown", "status-lists/0"])
def test_unknown_subject_is_refused(parties: Parties, subject: str) -> None:
    """Data keys of other owners are no subjects."""
    parties.issue()
    with pytest.raises(NotFound):
        parties.proofing.open(PERSON, subject_id=subject)


def test_proofing_without_every_required_check_stays_open(parties: Parties) -> None:
    proofing_id = parties.proofing.open(PERSON).proofing_id
    parties.proofing.record_check(proofing_id, _report(parties, ProofingMethod.MOBILE_PHONE))
    with pytest.raises(ProofingIncomplete, match="account_ownership, id_document"):
        parties.proofing.complete(proofing_id)
    assert parties.proofing.get(proofing_id).state is ProofingState.OPEN


@pytest.mark.parametrize(("age", "complete"), [(86_400, True), (86_401, False)])
def test_check_that_is_too_old_does_not_count(parties: Parties, age: int, complete: bool) -> None:
    proofing_id = parties.proofing.open(PERSON).proofing_id
    for method in POLICY.required:
        parties.proofing.record_check(proofing_id, _report(parties, method, age=age))
    if complete:
        assert parties.proofing.complete(proofing_id).state is ProofingState.COMPLETED
    else:
        with pytest.raises(ProofingIncomplete):
            parties.proofing.complete(proofing_id)


@pytest.mark.parametrize(
    ("method", "level"),
    [(ProofingMethod.BIOMETRIC, AssuranceLevel.SUBSTANTIAL), (ProofingMethod.VIDEO_CALL, AssuranceLevel.HIGH)],
)
def test_strengthening_check_raises_the_level(
    parties: Parties, method: ProofingMethod, level: AssuranceLevel
) -> None:
    proofing_id = parties.proofing.open(PERSON).proofing_id
    for required in (*sorted(POLICY.required), method):
        parties.proofing.record_check(proofing_id, _report(parties, required))
    proofing = parties.proofing.complete(proofing_id)
    assert (proofing.assurance_level, proofing.completed_at) == (level, parties.clock.now())


def test_failed_check_closes_the_proofing_for_good(parties: Parties) -> None:
    proofing_id = parties.proofing.open(PERSON).proofing_id
    failed = parties.proofing.record_check(proofing_id, _report(parties, ProofingMethod.MOBILE_PHONE, passed=False))
    assert failed.state is ProofingState.REJECTED
    with pytest.raises(ProofingClosed):
        parties.proofing.record_check(proofing_id, _report(parties, ProofingMethod.MOBILE_PHONE))
    with pytest.raises(ProofingClosed):
        parties.proofing.complete(proofing_id)


def test_completed_proofing_takes_no_check_and_completes_again_without_change(parties: Parties) -> None:
    proofing_id = parties.proofed()
    before = parties.proofing.get(proofing_id)
    parties.clock.advance(10)
    assert parties.proofing.complete(proofing_id) == before
    with pytest.raises(ProofingClosed):
        parties.proofing.record_check(proofing_id, _report(parties, ProofingMethod.BIOMETRIC))


@pytest.mark.parametrize(("digest", "age"), [(b"short", 0), (b"-" * 33, 0), (b"-" * 32, -61), (b"-" * 32, 1 << 40)])
def test_malformed_check_is_refused(parties: Parties, digest: bytes, age: int) -> None:
    proofing_id = parties.proofing.open(PERSON).proofing_id
    report = CheckReport(ProofingMethod.BIOMETRIC, parties.clock.now() - age, digest, True)
    with pytest.raises(MalformedInput):
        parties.proofing.record_check(proofing_id, report)
    assert parties.proofing.get(proofing_id).checks == ()


def test_checks_are_bounded(parties: Parties) -> None:
    proofing_id = parties.proofing.open(PERSON).proofing_id
    for _ in range(MAX_CHECKS):
        parties.proofing.record_check(proofing_id, _report(parties, ProofingMethod.BIOMETRIC))
    with pytest.raises(LimitExceeded):
        parties.proofing.record_check(proofing_id, _report(parties, ProofingMethod.BIOMETRIC))


def test_unknown_proofing_is_not_found(parties: Parties) -> None:
    with pytest.raises(NotFound):
        parties.proofing.get("prf_none")
    with pytest.raises(NotFound):
        parties.proofing.complete("prf_none")
    with pytest.raises(NotFound):
        parties.proofing.record_check("prf_none", _report(parties, ProofingMethod.BIOMETRIC))


def test_repeated_requests_make_nothing_twice(parties: Parties) -> None:
    first = parties.proofing.open(PERSON, request=_key("1"))
    assert parties.proofing.open(PERSON, request=_key("1")) == first
    proofing_id = first.proofing_id
    for method in sorted(POLICY.required):
        for _ in range(2):
            proofing = parties.proofing.record_check(proofing_id, _report(parties, method), request=_key(method))
    assert len(proofing.checks) == 3
    done = parties.proofing.complete(proofing_id, request=_key("done"))
    assert parties.proofing.complete(proofing_id, request=_key("done")) == done
    with pytest.raises(IdempotencyKeyReused):
        parties.proofing.open(PERSON, request=_key("1", b"c" * 32))


def test_event_log_commits_to_evidence_without_telling_it(parties: Parties) -> None:
    proofing_id = parties.proofing.open(PERSON).proofing_id
    report = _report(parties, ProofingMethod.ID_DOCUMENT)
    check = parties.proofing.record_check(proofing_id, report).checks[0]
    kind, body = parties.bank.events()[-1]
    entry = canonical_json.parse_object(body)
    assert (kind, set(entry)) == ("proofing_checked", {"proofing", "method", "passed", "performed_at", "commitment"})
    assert len(check.salt) == 32
    assert report.evidence_digest.hex() not in body.decode()
