"""Whose word counts for a block, for a checkpoint, for the code and for the key of a log."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest

from audit.evidence import Fact, Outcome, Standing, Trust, TrustedMember, Verdict, verify_evidence
from audit.evidence.verdict import sentence, time_of
from jeung.crypto.hashing import keccak256
from jeung.crypto.trie import Header, parse_header
from jeung.domain.contract_storage import URL_OWNERS, under
from jeung.domain.identifiers import KeyThumbprint
from jeung.domain.registrations import KeyPurpose
from jeung.errors import InvalidProof
from tests.common.memory.custody import MemorySigner
from tests.common.parties import BANK, EXCHANGE
from tests.common.proofs import Witnessed, storage_of
from tests.unit.audit.evidence.judging import judged, on_trust, revoke, standings
from tests.unit.jeung.services.presenting import bound, crafted

PROVED, ON_TRUST, MISSING, REFUTED = Standing
OTHER = "http://localhost:8103"


@pytest.fixture
def stage() -> Witnessed:
    return Witnessed()


def test_block_is_taken_on_trust_where_the_facts_name_no_witness(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    facts = stage.trust()
    bare = Trust(facts.chain_id, facts.directory, facts.block_hash)
    verdict = verify_evidence(package, bare)
    assert verdict.outcome is Outcome.PROVED
    assert on_trust(verdict) == {"block", "code", "nonce", "witnessed"}


def test_cosignatures_do_not_make_a_block_one_of_the_chain(stage: Witnessed) -> None:
    # The relying party makes up a block in which the credential was never revoked; witnesses see the log's root only.
    presentation = bound(stage, crafted(stage))
    before = storage_of(stage)
    revoke(stage)
    made = stage.seal_block(before)
    with stage.bank.database.write() as tables:
        tables.words.clear()
    evidence_id = stage.verification.verify(presentation).evidence_id
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    block = next(fact for fact in verdict.facts if fact.name == "block")
    assert verdict.result == "verified"
    assert block.standing is ON_TRUST
    assert made.hash.hex() in block.statement


def headers_of(package: bytes) -> list[Header]:
    return [parse_header(bytes.fromhex(raw.removeprefix("0x"))) for raw in json.loads(package)["chain"]["headers"]]


def test_block_that_is_known_beforehand_is_proved(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    newest = headers_of(package)[-1]
    verdict = verify_evidence(package, replace(stage.trust(), blocks={newest.number: newest.hash}))
    assert (verdict.outcome, standings(verdict)["block"]) == (Outcome.PROVED, PROVED)
    assert on_trust(verdict) == {"nonce"}


def test_other_blocks_that_are_known_leave_it_on_trust(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    elsewhere = headers_of(package)[-1].number + 1
    verdict = verify_evidence(package, replace(stage.trust(), blocks={elsewhere: bytes(32), 0: bytes(32)}))
    assert on_trust(verdict) == {"block", "nonce"}


def test_block_made_up_is_refuted_by_who_knows_the_chain(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    first = headers_of(package)[0]
    verdict = verify_evidence(package, replace(stage.trust(), blocks={first.number: keccak256(b"another")}))
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "block")


def test_too_few_witnesses_leave_the_package_incomplete(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    verdict = verify_evidence(package, stage.trust(witnesses=(BANK, EXCHANGE), quorum=2))
    assert verdict.outcome is Outcome.INCOMPLETE
    assert standings(verdict)["witnessed"] is MISSING
    assert "block" in on_trust(verdict)


def test_nobody_is_a_witness_of_its_own_log(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.publish(cosigners=(BANK, EXCHANGE))
    while stage.gatherer.step(0):
        pass
    package = stage.exporter.export(evidence_id, reader="auditor")
    assert verify_evidence(package, stage.trust(witnesses=(EXCHANGE,))).outcome is Outcome.INCOMPLETE
    assert verify_evidence(package, stage.trust()).outcome is Outcome.PROVED


def _cosigned(stage: Witnessed, *cosigners: str) -> bytes:
    for url in cosigners:
        stage.witnesses.setdefault(url, MemorySigner(KeyPurpose.WITNESS_COSIGNING))
    evidence_id = judged(stage)
    stage.publish(cosigners=cosigners)
    stage.gatherer.step(0)
    return stage.exporter.export(evidence_id, reader="auditor")


def _cosigner(stage: Witnessed, *urls: str) -> TrustedMember:
    keys = {stage.witnesses[url].keys[KeyPurpose.WITNESS_COSIGNING].key.thumbprint for url in urls}
    return TrustedMember(urls, witness_keys=frozenset(keys))


def _witnessed(
    stage: Witnessed, package: bytes, quorum: int, *members: TrustedMember, named: Sequence[str] = ()
) -> Standing:
    trust = replace(stage.trust(), witnesses=frozenset(named), members=members, quorum=quorum)
    return standings(verify_evidence(package, trust))["witnessed"]


def test_members_whose_keys_the_facts_name_are_witnesses(stage: Witnessed) -> None:
    package = _cosigned(stage, BANK, OTHER)
    assert _witnessed(stage, package, 2, _cosigner(stage, BANK), _cosigner(stage, OTHER)) is PROVED
    assert _witnessed(stage, package, 2, _cosigner(stage, BANK)) is MISSING
    stranger = replace(_cosigner(stage, BANK), urls=("http://stranger.example",))
    assert _witnessed(stage, package, 1, stranger) is MISSING
    assert _witnessed(stage, package, 1, replace(_cosigner(stage, BANK), witness_keys=frozenset())) is ON_TRUST


def test_relying_party_is_no_witness_under_another_of_its_addresses(stage: Witnessed) -> None:
    package = _cosigned(stage, OTHER)
    own = _cosigner(stage, OTHER)
    assert _witnessed(stage, package, 1, own) is PROVED
    assert _witnessed(stage, package, 1, replace(own, urls=(OTHER, EXCHANGE))) is MISSING
    assert _witnessed(stage, package, 1, replace(own, log_keys=frozenset({stage.log_key}))) is MISSING
    # The same where the facts name the key alone, and whose address it is.
    named = [stage.witness_key(OTHER)]
    assert _witnessed(stage, package, 1, TrustedMember((OTHER, EXCHANGE)), named=named) is MISSING
    assert _witnessed(stage, package, 1, TrustedMember((EXCHANGE,)), named=named) is PROVED


def test_member_is_one_witness_under_two_addresses_and_one_key_under_two_names(stage: Witnessed) -> None:
    package = _cosigned(stage, BANK, OTHER)
    one = _cosigner(stage, BANK, OTHER)
    assert _witnessed(stage, package, 1, one) is PROVED
    assert _witnessed(stage, package, 2, one) is MISSING
    stage.witnesses[OTHER] = stage.witnesses[BANK]
    package = _cosigned(stage, BANK, OTHER)
    assert _witnessed(stage, package, 2, _cosigner(stage, BANK), _cosigner(stage, OTHER)) is MISSING
    assert _witnessed(stage, package, 1, _cosigner(stage, BANK), _cosigner(stage, OTHER)) is PROVED


def test_code_that_the_facts_do_not_name_is_taken_on_trust(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    facts = stage.trust()
    other = {**facts.code, "StatusRegistry": keccak256(b"other")}
    trust = Trust(facts.chain_id, facts.directory, facts.block_hash, other, facts.witnesses, facts.quorum)
    assert on_trust(verify_evidence(package, trust)) == {"block", "code", "nonce"}


def _log_key(verdict: Verdict) -> Fact:
    return next(fact for fact in verdict.facts if fact.name == "log_key")


def _rotated(stage: Witnessed) -> KeyThumbprint:
    """Sign the log by another key; give its thumbprint."""
    stage.exchange.signer.rotate(KeyPurpose.LOG_CHECKPOINT_SIGNING)
    return KeyThumbprint(stage.exchange.signer.keys[KeyPurpose.LOG_CHECKPOINT_SIGNING].key.thumbprint)


def test_key_of_the_log_that_the_chain_holds_good_no_more_refutes_the_package(stage: Witnessed) -> None:
    stage.chain.revoke_key(stage.exchange.member, stage.log_key, stage.clock.now())
    verdict = verify_evidence(stage.exported(judged(stage)), stage.trust())
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "log_key")


def test_key_of_the_log_for_another_purpose_refutes_the_package(stage: Witnessed) -> None:
    thumbprint = _rotated(stage)
    stage.chain.register_key(stage.exchange.member, thumbprint, KeyPurpose.WITNESS_COSIGNING)
    verdict = verify_evidence(stage.exported(judged(stage)), stage.trust())
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "log_key")


def test_key_that_neither_chain_nor_facts_name_is_missing_and_the_facts_may_name_it(stage: Witnessed) -> None:
    thumbprint = _rotated(stage)
    package = stage.exported(judged(stage))
    verdict = verify_evidence(package, stage.trust())
    assert (verdict.outcome, _log_key(verdict).standing) == (Outcome.INCOMPLETE, MISSING)
    for url, standing in ((EXCHANGE, PROVED), (BANK, MISSING)):
        member = TrustedMember((url,), frozenset({thumbprint}))
        assert _log_key(verify_evidence(package, replace(stage.trust(), members=(member,)))).standing is standing


def test_relying_party_that_is_no_member_vouches_for_nothing(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage))
    stage.chain.idle()
    storage = storage_of(stage)
    del storage["Consortium"][under(URL_OWNERS, keccak256(EXCHANGE.encode()))]
    stage.seal_block(storage)
    evidence_id = stage.verification.verify(presentation).evidence_id
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "result")
    assert standings(verdict)["log_key"] is MISSING


def test_sentence_ends_once_and_a_time_is_one_that_people_read(stage: Witnessed) -> None:
    verdict = verify_evidence(stage.exported(judged(stage)), stage.trust())
    seen = next(fact for fact in verdict.facts if fact.name == "witnessed").statement
    assert re.search(r"the first at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$", seen)
    assert all(not fact.statement.endswith("..") for fact in verdict.facts)
    assert (
        sentence("It fails", InvalidProof("a root."))
        == sentence("It fails", InvalidProof("a root"))
        == "It fails: a root."
    )
    assert time_of(1 << 62) == str(1 << 62)
