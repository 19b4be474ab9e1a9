"""Other members' own logs prove a block, or refute one that was made up; nobody else's word does."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from audit.evidence import (
    Fact,
    Outcome,
    Standing,
    Trust,
    TrustedMember,
    Verdict,
    member_document,
    parse_trust,
    verify_evidence,
)
from jeung.crypto.hashing import keccak256
from jeung.domain.ledger import CredentialStatus
from jeung.domain.registrations import KeyPurpose
from jeung.services.evidence.package import VouchProof, encode_package, parse_package, vouch_document
from tests.common.parties import BANK, EXCHANGE
from tests.common.proofs import storage_of
from tests.common.vouching import OTHERS, SECURITIES, PlayedLog, Vouched
from tests.unit.audit.evidence.test_members import facts_of
from tests.unit.audit.evidence.test_tampering import replaced
from tests.unit.jeung.services.presenting import bound, crafted

PROVED, ON_TRUST, _, REFUTED = Standing


@pytest.fixture
def stage() -> Vouched:
    return Vouched()


def judged(stage: Vouched) -> str:
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    return stage.verification.verify(presentation).evidence_id


def witnessed_by_one(stage: Vouched, trust: Trust) -> Trust:
    """Want two members' logs for a block while one cosignature stands under the checkpoint."""
    return replace(trust, witnesses=frozenset(), quorum=trust.quorum)


def block_of(verdict: Verdict) -> Fact:
    return next(fact for fact in verdict.facts if fact.name == "block")


def verified(stage: Vouched, package: bytes, **options: Any) -> Verdict:  # noqa: ANN401 - those of believing
    return verify_evidence(package, witnessed_by_one(stage, stage.believing(**options)))


def with_vouches(package: bytes, *vouches: VouchProof) -> bytes:
    return replaced(package, ("vouches",), [vouch_document(vouch) for vouch in vouches])


def test_block_that_enough_other_members_logged_is_proved(stage: Vouched) -> None:
    evidence_id = judged(stage)
    stage.seen(stage.next_block(), BANK)
    stage.next_block()
    stage.seen(stage.next_block(), SECURITIES)
    package = stage.exported(evidence_id)
    verdict = verified(stage, package)
    assert (verdict.outcome, block_of(verdict).standing) == (Outcome.PROVED, PROVED)
    assert "2 members' own logs" in block_of(verdict).source
    assert "localhost:8101/log/1" in block_of(verdict).source
    assert len(json.loads(package)["chain"]["headers"]) == 4


def test_judgements_own_block_is_proved_by_members_who_logged_that_one(stage: Vouched) -> None:
    evidence_id = judged(stage)
    stage.seen(stage.seal_block())
    package = stage.exported(evidence_id)
    assert len(json.loads(package)["chain"]["headers"]) == 1
    assert block_of(verified(stage, package, quorum=3)).standing is PROVED


def test_fewer_than_the_quorum_leave_the_block_on_trust_and_are_counted(stage: Vouched) -> None:
    evidence_id = judged(stage)
    stage.seen(stage.next_block(), BANK)
    verdict = verified(stage, stage.exported(evidence_id))
    assert block_of(verdict).standing is ON_TRUST
    assert "1 of 2 other members' logs" in block_of(verdict).source


def test_facts_that_say_no_quorum_want_most_members(stage: Vouched) -> None:
    named = [member_document(member) for member in stage.believing().members]
    assert [parse_trust(facts_of(stage, named[:count])).quorum for count in range(5)] == [0, 1, 2, 2, 3]


def test_relying_party_that_the_facts_do_not_know_by_its_logs_key_needs_one_member_more(stage: Vouched) -> None:
    # In a block that is made up a member may judge under any name, and its own log would count as another's.
    evidence_id = judged(stage)
    stage.seen(stage.next_block(), BANK, SECURITIES)
    package = stage.exported(evidence_id)
    another = TrustedMember((EXCHANGE,), frozenset({bytes(32)}))
    for members in (stage.believing(urls=OTHERS).members, (*stage.believing(urls=OTHERS).members, another)):
        facts = replace(stage.trust(), witnesses=frozenset(), quorum=2, members=members)
        verdict = verify_evidence(package, facts)
        assert block_of(verdict).standing is ON_TRUST
        assert "2 of 3 other members' logs" in block_of(verdict).source
        assert block_of(verify_evidence(package, replace(facts, quorum=1))).standing is PROVED


def test_package_without_a_log_needs_one_member_more(stage: Vouched) -> None:
    evidence_id = judged(stage)
    stage.seen(stage.seal_block())
    package = replaced(stage.exported(evidence_id), ("log",), {"missing": "not_logged"})
    assert block_of(verified(stage, package, quorum=3)).standing is ON_TRUST
    assert block_of(verified(stage, package, quorum=2)).standing is PROVED


def test_vouches_without_headers_that_lead_there_refute_the_package(stage: Vouched, led: bytes) -> None:
    verdict = verified(stage, replaced(led, ("chain",), {"missing": "not_gathered"}))
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "block")


def test_logs_that_the_facts_do_not_name_prove_nothing(stage: Vouched) -> None:
    evidence_id = judged(stage)
    stage.seen(stage.next_block())
    package = stage.exported(evidence_id)
    assert block_of(verify_evidence(package, stage.trust())).standing is ON_TRUST
    assert block_of(verified(stage, package, urls=(BANK, EXCHANGE))).standing is ON_TRUST


def made_up(stage: Vouched) -> tuple[bytes, bytes]:
    """Judge by a block in which the credential was never revoked; give the package and that block's true hash."""
    presentation = bound(stage, crafted(stage))
    before = storage_of(stage)
    stage.chain.set_statuses(stage.bank.member, 0, CredentialStatus.REVOKED, 7)
    true = stage.seal_block()
    made = stage.seal_block(before)
    assert made.hash != true.hash
    with stage.bank.database.write() as tables:
        tables.words.clear()
    return stage.exported(stage.verification.verify(presentation).evidence_id), true.hash


def numbers_of(package: bytes) -> int:
    return int(json.loads(json.loads(package)["judgement"])["block"]["number"])


def test_made_up_block_stays_on_trust_whatever_a_colluding_minority_logs(stage: Vouched) -> None:
    package, _ = made_up(stage)
    made = stage.proofs.raw[numbers_of(package)]
    stage.logs[BANK].name_block(numbers_of(package), keccak256(made))
    colluded = with_vouches(package, stage.logs[BANK].vouch())
    verdict = verified(stage, colluded)
    assert (verdict.result, block_of(verdict).standing) == ("verified", ON_TRUST)


def test_made_up_block_is_refuted_by_one_honest_members_log(stage: Vouched) -> None:
    package, true = made_up(stage)
    stage.logs[SECURITIES].name_block(numbers_of(package), true)
    verdict = verified(stage, with_vouches(package, stage.logs[SECURITIES].vouch()))
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "block")
    assert "localhost:8103/log/1 names another block" in block_of(verdict).statement
    # Whoever is no trusted member refutes nothing, as he proves nothing.
    unknown = verified(stage, with_vouches(package, stage.logs[SECURITIES].vouch()), urls=(BANK, EXCHANGE))
    assert block_of(unknown).standing is ON_TRUST


def test_relying_partys_own_log_never_counts(stage: Vouched) -> None:
    evidence_id = judged(stage)
    package = stage.exported(evidence_id)
    own = PlayedLog(EXCHANGE)
    own.signer = stage.exchange.signer
    stage.logs[BANK].name_block(numbers_of(package), stage.seal_block().hash)
    own.entries, alias = list(stage.logs[BANK].entries), PlayedLog("http://localhost:9")
    alias.signer, alias.entries = own.signer, own.entries
    both = with_vouches(package, stage.logs[BANK].vouch(), own.vouch(), alias.vouch())
    assert block_of(verified(stage, both, quorum=2)).standing is ON_TRUST
    # Facts that give it to somebody by another address know the key.
    trust = stage.believing(urls=(BANK,))
    trust = replace(
        trust,
        members=(*trust.members, TrustedMember(("http://localhost:9",), frozenset({own.key.verifier.thumbprint}))),
    )
    assert block_of(verify_evidence(both, replace(trust, witnesses=frozenset()))).standing is ON_TRUST


def test_relying_partys_log_does_not_count_under_a_key_or_an_address_that_it_had_before(stage: Vouched) -> None:
    package, before = stage.exported(judged(stage)), PlayedLog(EXCHANGE)
    before.name_block(numbers_of(package), stage.seal_block().hash)
    trust = replace(stage.trust(), witnesses=frozenset(), quorum=1)
    for url in (EXCHANGE, SECURITIES):
        log = PlayedLog(url)
        log.signer, log.entries = before.signer, before.entries
        old = log.key.verifier.thumbprint
        one = TrustedMember((url, EXCHANGE), frozenset({old, stage.log_key}))
        verdict = verify_evidence(with_vouches(package, log.vouch()), replace(trust, members=(one,)))
        assert block_of(verdict).standing is ON_TRUST
    two = TrustedMember((EXCHANGE,), frozenset({stage.log_key})), TrustedMember((SECURITIES,), frozenset({old}))
    verdict = verify_evidence(with_vouches(package, log.vouch()), replace(trust, members=two))
    assert block_of(verdict).standing is PROVED


def test_members_key_under_an_address_that_is_not_its_own_proves_nothing(stage: Vouched) -> None:
    package, elsewhere = stage.exported(judged(stage)), PlayedLog("http://localhost:9")
    elsewhere.signer = stage.logs[BANK].signer
    elsewhere.name_block(numbers_of(package), stage.seal_block().hash)
    assert block_of(verified(stage, with_vouches(package, elsewhere.vouch()), quorum=1)).standing is ON_TRUST


def test_member_counts_once_under_two_addresses_and_two_keys(stage: Vouched) -> None:
    package = stage.exported(judged(stage))
    other = PlayedLog("http://securities.example")
    for log in (stage.logs[SECURITIES], other):
        log.name_block(numbers_of(package), stage.seal_block().hash)
    both = with_vouches(package, stage.logs[SECURITIES].vouch(), other.vouch())
    own = TrustedMember((EXCHANGE,), frozenset({stage.log_key}))
    keys = frozenset({log.key.verifier.thumbprint for log in (stage.logs[SECURITIES], other)})
    one = TrustedMember((SECURITIES, "http://securities.example"), keys)
    trust = replace(stage.trust(), witnesses=frozenset(), quorum=2, members=(own, one))
    verdict = verify_evidence(both, trust)
    assert block_of(verdict).standing is ON_TRUST
    assert "1 of 2" in block_of(verdict).source
    two = tuple(TrustedMember((log.url,), keys) for log in (stage.logs[SECURITIES], other))
    assert block_of(verify_evidence(both, replace(trust, members=(own, *two)))).standing is PROVED


def test_one_key_counts_once_whosesoever_the_facts_say_it_is(stage: Vouched) -> None:
    package, other = stage.exported(judged(stage)), PlayedLog("http://securities.example")
    stage.logs[SECURITIES].name_block(numbers_of(package), stage.seal_block().hash)
    other.signer, other.entries = stage.logs[SECURITIES].signer, stage.logs[SECURITIES].entries
    key = frozenset({other.key.verifier.thumbprint})
    members = (*stage.believing().members, TrustedMember((other.url,), key))
    both = with_vouches(package, stage.logs[SECURITIES].vouch(), other.vouch())
    verdict = verify_evidence(both, replace(stage.believing(), members=members, witnesses=frozenset()))
    assert "1 of 2" in block_of(verdict).source


def test_one_log_under_two_keys_is_refused(stage: Vouched) -> None:
    package = stage.exported(judged(stage))
    log = stage.logs[SECURITIES]
    log.name_block(numbers_of(package), stage.seal_block().hash)
    first = log.vouch()
    log.signer.rotate(KeyPurpose.LOG_CHECKPOINT_SIGNING)
    verdict = verified(stage, with_vouches(package, first, log.vouch()))
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "block")


@pytest.fixture
def led(stage: Vouched) -> bytes:
    """Give a package whose headers lead over three blocks to other members' word."""
    evidence_id = judged(stage)
    stage.publish()
    stage.gatherer.step(0)
    stage.next_block()
    stage.next_block()
    stage.seen(stage.next_block())
    stage.collector.step(0)
    return stage.exporter.export(evidence_id, reader="auditor")


def cut(headers: list[str]) -> list[str]:
    return headers[:-1]


def gap(headers: list[str]) -> list[str]:
    return [headers[0], *headers[2:]]


def turned(headers: list[str]) -> list[str]:
    return [headers[0], headers[2], headers[1], headers[3]]


def longer(headers: list[str]) -> list[str]:
    last = bytes.fromhex(headers[-1][2:])
    return [*headers, "0x" + (last[:4] + keccak256(last) + last[36:]).hex()]


def another_hash(headers: list[str]) -> list[str]:
    return [*headers[:-1], headers[-1][:-2] + "77"]


def short(headers: list[str]) -> list[str]:
    return [*headers[:-1], "0x" + headers[-1][2:80]]


def empty(headers: list[str]) -> list[str]:
    return [*headers[:-1], "0x"]


def oversized(headers: list[str]) -> list[str]:
    return [*headers[:-1], headers[-1] + "00" * 5_000]


def none(_headers: list[str]) -> list[str]:
    return []


@pytest.mark.parametrize(
    "change", [cut, gap, turned, longer, another_hash, short, empty, oversized, none], ids=lambda f: f.__name__
)
def test_headers_that_do_not_lead_to_what_logs_name_refute_the_package(
    stage: Vouched, led: bytes, change: Callable[[list[str]], list[str]]
) -> None:
    assert block_of(verified(stage, led)).standing is PROVED
    verdict = verified(stage, replaced(led, ("chain", "headers"), change))
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "block")


@pytest.mark.parametrize("change", [lambda v: v[::-1], lambda v: [*v, v[-1]]], ids=["reversed", "twice"])
def test_vouches_have_one_order_and_stand_once(
    stage: Vouched, led: bytes, change: Callable[[list[object]], list[object]]
) -> None:
    assert verified(stage, replaced(led, ("vouches",), change)).reason == "block"


@pytest.mark.parametrize(
    "vouches", [{}, None, [{}], [7], [{"note": 1, "key": "", "block": {}}], "many"], ids=range(6)
)
def test_vouches_of_another_form_are_no_package(stage: Vouched, led: bytes, vouches: object) -> None:
    value = json.loads(led)["vouches"][:1] * 65 if vouches == "many" else vouches
    assert verified(stage, replaced(led, ("vouches",), value)).reason == "form"


def test_package_of_the_first_version_verifies_as_it_did(stage: Vouched) -> None:
    evidence_id = judged(stage)
    package = encode_package(replace(parse_package(stage.exported(evidence_id)), version=1))
    assert "vouches" not in json.loads(package)
    verdict = verified(stage, package)
    assert (verdict.outcome, block_of(verdict).standing) == (Outcome.PROVED, ON_TRUST)
    assert "version 1" in verdict.facts[0].statement
    assert verified(stage, replaced(package, ("version",), 2)).reason == "form"
    assert verified(stage, replaced(package, ("vouches",), [])).reason == "form"


def test_headers_of_the_first_version_end_at_the_logs_block(stage: Vouched, led: bytes) -> None:
    package = encode_package(replace(parse_package(led), version=1))
    assert verified(stage, package).reason == "block"
