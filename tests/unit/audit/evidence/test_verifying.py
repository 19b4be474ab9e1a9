"""A package of evidence proves its judgement, or says why not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from audit.evidence import Outcome, Standing, Trust, verify_evidence
from jeung.domain.contract_storage import STATUS_INHERITED, STATUS_WORDS, under
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import OperatorPurpose
from tests.common.jose import P256Signer
from tests.common.parties import EXCHANGE, PROFILE
from tests.common.proofs import CODE, SUCCESSOR, Storage, Witnessed, name_successor, storage_of
from tests.unit.audit.evidence.judging import judged, on_trust, revoke, standings
from tests.unit.jeung.services.presenting import bound, crafted

PROVED, ON_TRUST, MISSING, REFUTED = Standing
OTHER = "http://localhost:8103"


@pytest.fixture
def stage() -> Witnessed:
    return Witnessed()


def test_accepted_presentation_is_proved_from_the_genesis_facts_alone(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    assert (verdict.outcome, verdict.reason, verdict.result) == (Outcome.PROVED, None, "verified")
    assert (verdict.evidence_id, verdict.relying_party, verdict.profile) == (evidence_id, EXCHANGE, PROFILE)
    assert on_trust(verdict) == {"block", "nonce"}
    assert standings(verdict)["result"] is standings(verdict)["witnessed"] is standings(verdict)["log_key"] is PROVED


def _suspend(stage: Witnessed) -> None:
    stage.chain.set_statuses(stage.bank.member, 0, CredentialStatus.SUSPENDED, 6, 7)


def _suspend_issuer(stage: Witnessed) -> None:
    stage.clock.advance(5)
    until = stage.clock.now() + 1_000
    stage.chain.about_member("MemberSuspended", stage.bank.member, by="0x" + "00" * 32, until=until)


def _remove_issuer(stage: Witnessed) -> None:
    since = stage.clock.now() - 5
    stage.clock.advance(5)
    stage.chain.about_member("MemberRemoved", stage.bank.member, effectiveSince=since, forCause=True)


def _let_issuer_go(stage: Witnessed) -> None:
    stage.clock.advance(5)
    now = stage.clock.now()
    stage.chain.about_member("MemberRemoved", stage.bank.member, effectiveSince=now, forCause=False)


def _withdraw(stage: Witnessed) -> None:
    stage.clock.advance(5)
    stage.chain.withdraw(stage.bank.member, stage.schema, stage.clock.now() - 5)


def _compromise_key(stage: Witnessed) -> None:
    stage.clock.advance(5)
    stage.chain.compromise_key(stage.bank.member, stage.issuer_key, stage.clock.now() - 5)


def _revoke_key(stage: Witnessed) -> None:
    stage.clock.advance(5)
    stage.chain.revoke_key(stage.bank.member, stage.issuer_key, stage.clock.now())


def _compromise_operator(stage: Witnessed) -> None:
    stage.clock.advance(5)
    since = stage.clock.now() - 5
    args = {"purpose": int(OperatorPurpose.ATTEST), "account": stage.operator(), "since": since}
    stage.chain.about_member("OperatorCompromised", stage.bank.member, **args)


def _withdraw_profile(stage: Witnessed) -> None:
    stage.chain.withdraw_profile(stage.exchange.member, PROFILE)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (revoke, "credential_revoked"),
        (_suspend, "credential_suspended"),
        (_suspend_issuer, "issuer_suspended"),
        (_remove_issuer, "issuer_removed"),
        (_let_issuer_go, None),
        (_withdraw, "accreditation_withdrawn"),
        (_compromise_key, "issuer_key_compromised"),
        (_revoke_key, None),
        (_compromise_operator, "operator_compromised"),
        (_withdraw_profile, "profile_not_registered"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)).strip("_"),
)
def test_what_the_chain_says_decides_and_is_proved(
    stage: Witnessed, change: Callable[[Witnessed], None], code: str | None
) -> None:
    presentation = bound(stage, crafted(stage))
    change(stage)
    verdict = verify_evidence(stage.exported(judged(stage, presentation)), stage.trust())
    assert (verdict.outcome, verdict.code) == (Outcome.PROVED, code), verdict
    assert standings(verdict)["result"] is PROVED


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (
            lambda stage: bound(stage, crafted(stage, claims=lambda c: c.update(iss="http://nobody.example"))),
            "unknown_issuer",
        ),
        (lambda stage: bound(stage, crafted(stage, signer=P256Signer())), "unknown_issuer_key"),
        (lambda stage: bound(stage, crafted(stage, header=lambda h: h.pop("x5c"))), "unknown_issuer_key"),
        (
            lambda stage: bound(stage, crafted(stage, claims=lambda c: c.update(vct="https://x.example/t"))),
            "unknown_schema",
        ),
        (
            lambda stage: bound(
                stage, crafted(stage, claims=lambda c: c.update({"vct#integrity": "sha256-" + "A" * 43 + "="}))
            ),
            "unknown_schema",
        ),
        (lambda stage: bound(stage, crafted(stage, claims=lambda c: c.pop("exp"))), "missing_exp"),
        (lambda stage: bound(stage, crafted(stage, claims=lambda c: c.pop("status"))), "status_reference_invalid"),
        (
            lambda stage: bound(
                stage, crafted(stage, claims=lambda c: c["status"]["status_list"].update(uri="https://x.example/1"))
            ),
            "status_reference_invalid",
        ),
        (lambda stage: bound(stage, crafted(stage), holder=P256Signer()), "invalid_key_binding_signature"),
        (lambda stage: bound(stage, crafted(stage), audience="https://other.example"), "wrong_audience"),
        (lambda stage: bound(stage, crafted(stage), show=[("family_name",)]), "required_claim_missing"),
    ],
    ids=[
        "issuer",
        "key",
        "no-certificate",
        "vct",
        "schema",
        "exp",
        "status",
        "foreign-list",
        "holder",
        "audience",
        "claims",
    ],
)
def test_refusal_that_the_presentation_itself_calls_for_is_proved(
    stage: Witnessed, make: Callable[[Witnessed], str], code: str
) -> None:
    verdict = verify_evidence(stage.exported(judged(stage, make(stage))), stage.trust())
    assert (verdict.outcome, verdict.code, verdict.result) == (Outcome.PROVED, code, "refused")
    assert standings(verdict)["result"] is PROVED


def test_refusal_before_the_ledger_was_asked_needs_no_proof_of_it(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage, header=lambda header: header.update(typ="JWT")))
    verdict = verify_evidence(stage.exported(judged(stage, presentation)), stage.trust())
    assert (verdict.outcome, verdict.code) == (Outcome.PROVED, "wrong_type")
    assert {"state", "code"}.isdisjoint(standings(verdict))


def test_that_a_digest_is_nowhere_on_the_chain_is_not_proved(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage, attest=False), at=stage.clock.now() + 3_600)
    stage.clock.advance(3_600)
    stage.chain.idle()
    verdict = verify_evidence(stage.exported(judged(stage, presentation)), stage.trust())
    assert (verdict.outcome, verdict.code) == (Outcome.INCOMPLETE, "not_attested")
    assert standings(verdict)["result"] is MISSING


def test_that_a_nonce_was_used_before_is_the_nodes_word(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage))
    judged(stage, presentation)
    verdict = verify_evidence(stage.exported(judged(stage, presentation)), stage.trust())
    assert (verdict.outcome, verdict.code) == (Outcome.PROVED, "nonce_replayed")
    assert "result" in on_trust(verdict)


def test_that_a_nonce_is_unknown_is_the_nodes_word(stage: Witnessed) -> None:
    verdict = verify_evidence(
        stage.exported(judged(stage, bound(stage, crafted(stage), nonce="n" * 43))), stage.trust()
    )
    assert (verdict.outcome, verdict.code) == (Outcome.PROVED, "nonce_unknown")


# ---- what was not proved is said


def test_what_is_not_logged_yet_is_missing(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    verdict = verify_evidence(stage.exporter.export(evidence_id, reader="auditor"), stage.trust())
    assert verdict.outcome is Outcome.INCOMPLETE
    missing = {name for name, standing in standings(verdict).items() if standing is MISSING}
    assert missing == {"logged", "block", "result"}


def test_proofs_of_a_later_block_say_so(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    number = stage.bank.index.head().number  # type: ignore[union-attr]
    stage.proofs.gone.add(number)
    stage.next_block()
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    assert verdict.outcome is Outcome.PROVED
    assert on_trust(verdict) == {"block", "block_is_later", "nonce"}


def test_proofs_of_a_block_long_after_the_judgement_prove_too_little(stage: Witnessed) -> None:
    for later, outcome in ((250, Outcome.PROVED), (400, Outcome.INCOMPLETE)):
        evidence_id = judged(stage)
        stage.proofs.gone.add(stage.bank.index.head().number)  # type: ignore[union-attr]
        stage.clock.advance(later)
        stage.next_block()
        verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
        assert verdict.outcome is outcome
        assert (standings(verdict)["block_is_later"] is MISSING) == (outcome is Outcome.INCOMPLETE)


def test_later_block_that_says_otherwise_leaves_the_judgement_unproved(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    number = stage.bank.index.head().number  # type: ignore[union-attr]
    stage.proofs.gone.add(number)
    revoke(stage)
    stage.seal_block()
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    assert verdict.outcome is Outcome.INCOMPLETE
    assert standings(verdict)["result"] is MISSING


def _word_of(stage: Witnessed) -> int:
    return under(STATUS_WORDS, stage.bank.member, (0).to_bytes(4))


def _take_over(stage: Witnessed, storage: Storage, word: int) -> None:
    flags = under(STATUS_INHERITED, stage.bank.member, (0).to_bytes(4), bytes(32))
    storage[SUCCESSOR] |= {flags: 1, _word_of(stage): word}


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [
        (CredentialStatus.VALID, None, None),
        (CredentialStatus.REVOKED, None, "credential_revoked"),
        (CredentialStatus.VALID, CredentialStatus.REVOKED, "credential_revoked"),
        (CredentialStatus.SUSPENDED, CredentialStatus.VALID, None),
    ],
    ids=["valid before", "revoked before", "revoked since", "reinstated since"],
)
def test_status_is_read_from_the_registry_that_holds_it_now(
    stage: Witnessed, before: CredentialStatus, after: CredentialStatus | None, code: str | None
) -> None:
    presentation = bound(stage, crafted(stage))
    if before is not CredentialStatus.VALID:
        stage.chain.set_statuses(stage.bank.member, 0, before, 7)
    storage = storage_of(stage)
    name_successor(storage)
    if after is not None:
        stage.chain.set_statuses(stage.bank.member, 0, after, 7)
        _take_over(stage, storage, int(after) << 14)
    stage.seal_block(storage)
    evidence_id = stage.verification.verify(presentation).evidence_id
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    assert (verdict.outcome, verdict.code) == (Outcome.PROVED, code), verdict
    assert standings(verdict)["result"] is Standing.PROVED
    # Which registry it inherits from is what the successor's code says.
    assert on_trust(verdict) >= {"code"}


def test_registry_of_statuses_that_took_nothing_over_tells_no_status(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage))
    storage = storage_of(stage)
    name_successor(storage)
    storage[SUCCESSOR][_word_of(stage)] = 1
    stage.seal_block(storage)
    evidence_id = stage.verification.verify(presentation).evidence_id
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    assert (verdict.outcome, verdict.result) == (Outcome.INCOMPLETE, "verified"), verdict
    assert standings(verdict)["result"] is MISSING


@pytest.mark.parametrize("known", ["StatusRegistry", SUCCESSOR])
def test_code_of_every_registry_that_was_read_counts(stage: Witnessed, known: str) -> None:
    presentation = bound(stage, crafted(stage))
    storage = storage_of(stage)
    name_successor(storage)
    stage.seal_block(storage)
    package = stage.exported(stage.verification.verify(presentation).evidence_id)
    trust = replace(stage.trust(), code={**stage.trust().code, "StatusRegistry": CODE[known]})
    assert "code" in on_trust(verify_evidence(package, trust))


def test_lying_node_is_refuted_by_the_chain(stage: Witnessed) -> None:
    # The node's index was doctored: it says the credential is valid, the chain says it was revoked.
    presentation = bound(stage, crafted(stage))
    revoke(stage)
    stage.seal_block(storage_of(stage))
    with stage.bank.database.write() as tables:
        tables.words.clear()
    evidence_id = stage.verification.verify(presentation).evidence_id
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "result")
    assert "step 7" in verdict.facts[-1].statement.lower()


def test_evidence_of_another_consortium_is_refuted(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    facts = stage.trust()
    others: list[dict[str, Any]] = [
        {"chain_id": 1},
        {"directory": bytes(20)},
        {"block_hash": bytes(32)},
    ]
    for change in others:
        values = {"chain_id": facts.chain_id, "directory": facts.directory, "block_hash": facts.block_hash, **change}
        verdict = verify_evidence(package, Trust(**values))
        assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "consortium")
