"""Proofs are gathered in the order of the evidence, once, and what was not to be had is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from audit.evidence import verify_evidence
from jeung.crypto.hashing import sha256
from jeung.crypto.trie import TrieNodes
from jeung.domain.identifiers import CredentialDigest
from jeung.domain.registrations import KeyPurpose, RequestProfile
from jeung.errors import NotFound, SubjectErased
from jeung.services.evidence.asked import read_asked
from jeung.services.evidence.gathering import (
    AT_ONCE,
    BLOCKS_AT_ONCE,
    GatheredProofs,
    parse_gathered,
    proofs_context,
)
from jeung.services.evidence.proven import MAX_LATER_VERSIONS
from tests.common.parties import EXCHANGE, PROFILE
from tests.common.proofs import PlayedProofs, Witnessed
from tests.unit.jeung.services.presenting import bound, crafted


@pytest.fixture
def stage() -> Witnessed:
    return Witnessed()


def judged(stage: Witnessed, **options: Any) -> str:  # noqa: ANN401 - those of crafted
    presentation = bound(stage, crafted(stage, **options))
    stage.seal_block()
    return stage.verification.verify(presentation).evidence_id


def kept(stage: Witnessed) -> list[str]:
    return list(stage.exchange.database.read().evidence_proofs)


def opened(stage: Witnessed, evidence_id: str) -> GatheredProofs:
    tables = stage.exchange.database.read()
    owner, sealed = tables.evidence[evidence_id].data_key_id, tables.evidence_proofs[evidence_id]
    return parse_gathered(
        stage.exchange.vault.open(tables.data_keys[owner], owner, proofs_context(evidence_id), sealed)
    )


def missing(stage: Witnessed, evidence_id: str) -> object:
    return json.loads(stage.exporter.export(evidence_id, reader="auditor"))["chain"].get("missing")


def test_what_the_log_has_not_placed_yet_waits_and_all_behind_it(stage: Witnessed) -> None:
    first = judged(stage)
    assert not stage.gatherer.step(0)
    assert kept(stage) == []
    assert missing(stage, first) == "not_gathered"
    stage.publish()
    second = judged(stage)
    stage.gatherer.step(0)
    assert kept(stage) == [first]
    stage.publish()
    stage.gatherer.step(0)
    assert kept(stage) == [first, second]
    stage.gatherer.step(0)
    assert kept(stage) == [first, second]


def test_log_that_never_comes_does_not_hold_proofs_up_for_ever(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.clock.advance(61)
    stage.gatherer.step(0)
    assert kept(stage) == [evidence_id]
    assert missing(stage, evidence_id) is None


def test_many_judgements_are_gathered_a_step_at_a_time_and_ask_the_chain_once_for_a_block(stage: Witnessed) -> None:
    sd_jwt = crafted(stage)
    presentations = [bound(stage, sd_jwt) for _ in range(AT_ONCE + 1)]
    stage.seal_block()
    for presentation in presentations:
        stage.verification.verify(presentation)
    stage.publish()
    assert stage.gatherer.step(0)
    assert (len(kept(stage)), stage.proofs.asked) == (AT_ONCE, 8)
    assert not stage.gatherer.step(0)
    # What was wanted of the last block is asked for at once.
    assert (len(kept(stage)), stage.proofs.asked) == (AT_ONCE + 1, 9)


def test_judgement_before_the_ledger_was_asked_has_nothing_to_prove(stage: Witnessed) -> None:
    evidence_id = judged(stage, header=lambda header: header.update(typ="JWT"))
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "no_block"


def test_chain_without_proofs_is_remembered_as_one(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.proofs.gone.update(stage.proofs.raw)
    stage.publish()
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "not_offered"


def test_block_that_a_fork_replaced_proves_nothing(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.publish()
    number = max(stage.proofs.raw)
    stage.proofs.make_block(number, 99, bytes(32), {"Directory": {1: 1}})
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "not_offered"


def test_headers_that_the_chain_does_not_give_prove_nothing(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.publish()
    stage.proofs.raw.clear()
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "not_offered"


def profile_of(stage: Witnessed) -> RequestProfile:
    with stage.ledger.view() as view:
        found = view.registry.profile_named(stage.exchange.member, PROFILE)
    assert found is not None
    return found


def replaced(stage: Witnessed) -> None:
    stage.chain.register_profile(stage.exchange.member, PROFILE, schemas=[stage.schema], claims=["birthdate"])


def withdrawn(stage: Witnessed) -> None:
    stage.chain.withdraw_profile(stage.exchange.member, PROFILE)


@pytest.mark.parametrize("change", [replaced, withdrawn])
@pytest.mark.parametrize("gone", [False, True], ids=["own block", "later block"])
def test_package_carries_the_profile_as_of_the_verification_whatever_became_of_it(
    stage: Witnessed, change: Callable[[Witnessed], None], gone: bool
) -> None:
    evidence_id = judged(stage)
    shown = profile_of(stage)
    stage.clock.advance(30)
    change(stage)
    stage.seal_block()
    if gone:
        stage.proofs.gone.add(max(stage.proofs.raw) - 1)
    package = stage.exported(evidence_id)
    chain = json.loads(package)["chain"]
    assert sha256(chain["profile"].encode()) == shown.digest
    verdict = verify_evidence(package, stage.trust())
    said = {fact.name: fact.standing.value for fact in verdict.facts}
    assert (verdict.outcome.value, said["result"]) == ("proved", "proved"), verdict
    assert ("block_is_later" in said) is gone


def test_profile_of_which_a_later_block_holds_too_many_versions_does_not_show(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.clock.advance(30)
    for number in range(MAX_LATER_VERSIONS):
        stage.chain.register_profile(
            stage.exchange.member, PROFILE, schemas=[stage.schema], claims=["birthdate"], purpose=f"no. {number}"
        )
    stage.seal_block()
    stage.proofs.gone.update(range(max(stage.proofs.raw)))
    stage.publish()
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "profile_gone"


def test_profile_that_was_withdrawn_before_and_came_back_later_did_not_count(stage: Witnessed) -> None:
    presentation = bound(stage, crafted(stage))
    withdrawn(stage)
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    stage.clock.advance(30)
    replaced(stage)
    stage.seal_block()
    stage.proofs.gone.update(range(max(stage.proofs.raw)))
    verdict = verify_evidence(stage.exported(evidence_id), stage.trust())
    assert (verdict.code, verdict.outcome.value) == ("profile_not_registered", "proved"), verdict


def test_profile_that_a_fork_took_back_is_said_to_be_gone(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.publish()
    with stage.bank.database.write() as tables:
        tables.registry = replace(tables.registry, profile_versions={})
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "profile_gone"


def edited(stage: Witnessed, evidence_id: str) -> None:
    with stage.exchange.database.write() as tables:
        record = tables.evidence[evidence_id]
        tables.evidence[evidence_id] = replace(record, sealed=record.sealed[:-1] + b"?")


def test_evidence_that_somebody_edited_holds_up_nothing_behind_it(stage: Witnessed) -> None:
    first, second = judged(stage), judged(stage)
    edited(stage, first)
    stage.publish()
    stage.gatherer.step(0)
    assert kept(stage) == [first, second]
    assert opened(stage, first).missing == "unreadable"
    assert missing(stage, second) is None


def test_judgements_over_two_blocks_of_one_number_are_proved_apart(stage: Witnessed) -> None:
    """A fork put another block in the first one's place between two judgements."""
    sd_jwt = crafted(stage)
    presentations = [bound(stage, sd_jwt), bound(stage, sd_jwt)]
    number = stage.seal_block().number
    first = stage.verification.verify(presentations[0]).evidence_id
    with stage.bank.database.write() as tables:
        tables.headers[number] = replace(tables.headers[number], time=tables.headers[number].time - 1)
    stage.seal_block()
    second = stage.verification.verify(presentations[1]).evidence_id
    stage.next_block()
    packages = [stage.exported(one) for one in (first, second)]
    verdicts = [verify_evidence(package, stage.trust()) for package in packages]
    assert [verdict.reason for verdict in verdicts] == [None, None]
    later = ["block_is_later" in {fact.name for fact in verdict.facts} for verdict in verdicts]
    assert later == [True, False], "only the block that the fork took away is not proved itself"


def test_a_step_takes_judgements_of_a_few_blocks_only(stage: Witnessed) -> None:
    made = [judged(stage) for _ in range(BLOCKS_AT_ONCE + 1)]
    stage.publish()
    assert stage.gatherer.step(0)
    assert kept(stage) == made[:-1]
    assert not stage.gatherer.step(0)
    assert kept(stage) == made


def test_a_step_builds_trees_of_so_many_digests_only(stage: Witnessed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jeung.services.evidence.gathering.DIGESTS_AT_ONCE", 2)
    sd_jwt = crafted(stage)
    again = [bound(stage, sd_jwt), bound(stage, sd_jwt)]
    others = [bound(stage, crafted(stage)), bound(stage, crafted(stage))]
    stage.seal_block()
    made = [stage.verification.verify(presentation).evidence_id for presentation in (*again, *others)]
    stage.publish()
    assert stage.gatherer.step(0)
    assert kept(stage) == made[:3], "the first batch's tree was built once"
    assert not stage.gatherer.step(0)
    assert kept(stage) == made


@pytest.mark.parametrize("limit", ["MAX_NODES", "_MOST_BYTES"])
def test_proofs_that_no_package_could_hold_are_not_kept(
    stage: Witnessed, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    evidence_id = judged(stage)
    stage.publish()
    monkeypatch.setattr(f"jeung.services.evidence.gathering.{limit}", 3)
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "too_large"


def test_digest_that_somebody_took_out_of_its_batch_leaves_no_path(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.publish()
    with stage.bank.database.write() as tables:
        tables.batches[-1] = replace(tables.batches[-1], digests=(CredentialDigest(bytes(32)),))
    stage.gatherer.step(0)
    assert opened(stage, evidence_id).path is None


def test_attestation_that_a_fork_took_back_leaves_no_path(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.publish()
    with stage.bank.database.write() as tables:
        tables.attested.clear()
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) is None
    assert json.loads(stage.exporter.export(evidence_id, reader="auditor"))["chain"]["path"] is None


def test_log_far_behind_its_block_is_not_followed_there(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    number = max(stage.proofs.raw)
    with stage.exchange.database.write() as tables:
        tables.headers[number + 300] = tables.headers[number]
    stage.publish()
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "not_bound"


@pytest.mark.parametrize("answer", ["no RLP", "nothing"])
def test_chain_that_answers_nonsense_offers_no_proofs(
    stage: Witnessed, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    evidence_id = judged(stage)
    stage.publish()
    root = stage.proofs.tries[max(stage.proofs.raw)][0].root

    def nonsense(_self: object, _number: int, _slots: Iterable[object]) -> Sequence[bytes]:
        return []

    monkeypatch.setattr(PlayedProofs, "nodes", nonsense)
    if answer == "no RLP":
        monkeypatch.setattr(TrieNodes, "add", lambda nodes, _: nodes._nodes.update({root: b"\xff"}))
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "not_offered"


def test_key_that_the_log_took_up_later_does_not_spoil_the_proofs(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.publish()
    stage.gatherer.step(0)
    key = stage.exchange.signer.rotate(KeyPurpose.LOG_CHECKPOINT_SIGNING)
    assert key.purpose is KeyPurpose.LOG_CHECKPOINT_SIGNING
    stage.exporter.export(evidence_id, reader="auditor")
    stage.publish()
    assert missing(stage, evidence_id) is None


def test_export_is_logged_and_says_nothing_of_evidence_that_is_not_there(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.exporter.export(evidence_id, reader="auditor")
    kind, body = stage.exchange.events()[-1]
    assert (kind, json.loads(body)) == ("evidence_opened", {"client": "auditor", "evidence": evidence_id})
    with pytest.raises(NotFound):
        stage.exporter.export("evd_0", reader="auditor")


def test_proofs_go_with_the_key_of_their_day(stage: Witnessed) -> None:
    evidence_id = judged(stage)
    stage.exported(evidence_id)
    record = stage.evidence.get(evidence_id, reader="auditor").record
    sealed = stage.exchange.database.read().evidence_proofs[evidence_id]
    wrapped = stage.exchange.database.read().data_keys[record.data_key_id]
    opened = stage.exchange.vault.open(wrapped, record.data_key_id, proofs_context(evidence_id), sealed)
    gathered = parse_gathered(opened)
    assert gathered.headers
    # Nothing of what was shown, nor of where its status stands, is left in the clear.
    assert not any(node in sealed for node in gathered.nodes)
    with stage.exchange.store.write() as tx:
        tx.data_keys.destroy(record.data_key_id)
    with pytest.raises(SubjectErased):
        stage.exporter.export(evidence_id, reader="auditor")


def test_profile_registered_in_any_spelling_is_carried_byte_for_byte(stage: Witnessed) -> None:
    with stage.ledger.view() as view:
        ((known,),) = view.registry.profile_versions.values()
    spelled = json.dumps(json.loads(known.document), indent=1).encode()
    stage.chain.register_profile_document(stage.exchange.member, PROFILE, spelled)
    evidence_id = judged(stage)
    assert json.loads(stage.exported(evidence_id))["chain"]["profile"].encode() == spelled


@pytest.mark.parametrize("chain", [[], "x", [7], ["!"]], ids=str)
def test_certificate_that_is_none_names_no_key(stage: Witnessed, chain: object) -> None:
    presentation = bound(stage, crafted(stage, header=lambda header: header.update(x5c=chain)))
    asked = read_asked({"relying_party": EXCHANGE, "profile": PROFILE, "presentation": presentation})
    assert asked.thumbprint is None


def test_questions_to_the_chain_are_bounded(stage: Witnessed, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence_id = judged(stage)
    stage.publish()
    monkeypatch.setattr("jeung.services.evidence.gathering.MAX_ROUNDS", 2)
    stage.gatherer.step(0)
    assert missing(stage, evidence_id) == "not_offered"
