"""A node judges by what its own copy of the chain says of keys and blocks, never by a package's word for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pytest

from audit.evidence import NodesKnowledge, Outcome, Standing, Trust, Verdict, know, verify_evidence
from jeung.crypto.tlog.notes import KeyType, parse_note_key
from jeung.domain.identifiers import KeyThumbprint, MemberId
from jeung.domain.registrations import KeyPurpose
from jeung.services.log.checkpoints import note_key
from tests.common.parties import BANK, EXCHANGE
from tests.common.proofs import Witnessed
from tests.common.vouching import SECURITIES, Vouched
from tests.unit.audit.evidence.judging import judged
from tests.unit.jeung.services.presenting import bound, crafted

COSIGNING = KeyPurpose.WITNESS_COSIGNING
PROVED, ON_TRUST, MISSING, REFUTED = Standing


class Stage(Witnessed):
    """Have the witnesses' keys stand on the chain, as members register them."""

    def __init__(self) -> None:
        super().__init__()
        for url, member in ((BANK, self.bank.member), (EXCHANGE, self.exchange.member)):
            self.chain.register_key(member, self.thumbprint(url), COSIGNING)
        self.evidence_id = judged(self)
        self.package = self.exported(self.evidence_id)

    def thumbprint(self, url: str = BANK) -> KeyThumbprint:
        return KeyThumbprint(parse_note_key(self.witness_key(url)).verifier.thumbprint)

    def knowledge(self, *keys: str, blocks: Mapping[int, bytes] | None = None) -> NodesKnowledge:
        tables = self.bank.database.read()
        kept = {number: header.hash for number, header in tables.headers.items()} if blocks is None else blocks

        def hashes(numbers: Iterable[int]) -> Mapping[int, bytes]:
            return {number: kept[number] for number in numbers if number in kept}

        return NodesKnowledge(tables.registry, self.clock.now(), keys, hashes)

    def bare(self) -> Trust:
        """Give what a deployment file alone says."""
        return replace(self.trust(), code={}, witnesses=frozenset(), quorum=0)

    def judge(self, *keys: str, blocks: Mapping[int, bytes] | None = None) -> dict[str, Standing]:
        trust = know(self.package, self.bare(), self.knowledge(*keys, blocks=blocks))
        return standings(verify_evidence(self.package, trust))


def standings(verdict: Verdict) -> dict[str, Standing]:
    return {fact.name: fact.standing for fact in verdict.facts}


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_witnesses_and_block_are_proved_by_what_the_node_knows(stage: Stage) -> None:
    assert standings(verify_evidence(stage.package, stage.bare()))["witnessed"] is ON_TRUST
    found = stage.judge()
    assert (found["witnessed"], found["block"], found["code"]) == (PROVED, PROVED, ON_TRUST)


def test_block_that_the_node_keeps_no_more_is_proved_by_the_members_own_logs() -> None:
    stage = Vouched()
    evidence_id = judged(stage)
    stage.seen(stage.next_block(), BANK, SECURITIES)
    package, registry = stage.exported(evidence_id), stage.bank.database.read().registry
    knowledge = NodesKnowledge(registry, stage.clock.now(), (), lambda _: {})
    facts = replace(stage.trust(), witnesses=frozenset(), quorum=0)
    for quorum, standing in ((0, PROVED), (2, PROVED), (3, ON_TRUST)):
        trust = know(package, replace(facts, quorum=quorum), knowledge)
        assert standings(verify_evidence(package, trust))["block"] is standing


def test_key_that_the_chain_does_not_name_makes_no_witness() -> None:
    stage = Witnessed()
    package = stage.exported(judged(stage))
    tables = stage.bank.database.read()
    knowledge = NodesKnowledge(tables.registry, stage.clock.now(), (), lambda _: {})
    trust = know(package, replace(stage.trust(), witnesses=frozenset(), quorum=0), knowledge)
    assert (trust.witnesses, trust.names_witnesses) == (frozenset(), False)


@pytest.mark.parametrize("fault", ["other purpose", "other member", "compromised", "removed for cause"])
def test_key_that_is_not_a_members_for_cosigning_counts_for_nothing(stage: Stage, fault: str) -> None:
    member, thumbprint, known = stage.bank.member, stage.thumbprint(), stage.witness_key()
    if fault == "compromised":
        stage.chain.compromise_key(member, thumbprint, stage.clock.now() - 5)
    elif fault == "removed for cause":
        stage.chain.about_member("MemberRemoved", member, effectiveSince=stage.clock.now(), forCause=True)
    tables = stage.bank.database.read()
    keys = dict(tables.registry.keys)
    if fault == "other purpose":
        place = (member, thumbprint)
        keys[place] = replace(keys[place], purpose=KeyPurpose.LOG_CHECKPOINT_SIGNING)
    elif fault == "other member":
        keys[stage.exchange.member, thumbprint] = keys.pop((member, thumbprint))
    registry = replace(tables.registry, keys=keys)
    knowledge = replace(stage.knowledge(known), registry=registry)
    assert know(stage.package, stage.bare(), knowledge).witnesses == frozenset()


def test_key_of_another_kind_of_signature_makes_no_witness(stage: Stage) -> None:
    key = stage.witnesses[BANK].active_key(COSIGNING)
    other = note_key(parse_note_key(stage.witness_key()).name, KeyType.ED25519, key).text
    assert other not in know(stage.package, stage.bare(), stage.knowledge(other)).witnesses


def test_cosigning_key_that_was_replaced_in_good_order_still_counts(stage: Stage) -> None:
    stage.chain.revoke_key(stage.bank.member, stage.thumbprint(), stage.clock.now())
    assert stage.judge()["witnessed"] is PROVED


def test_member_with_two_addresses_counts_under_one_name(stage: Stage) -> None:
    key = stage.witnesses[BANK].active_key(COSIGNING)
    tables = stage.bank.database.read()
    members = dict(tables.registry.members)
    bank = members[stage.bank.member]
    members[stage.bank.member] = replace(bank, urls=(*bank.urls, "https://second.example"))
    knowledge = replace(
        stage.knowledge(note_key("second.example/witness", KeyType.COSIGNATURE_V1, key).text),
        registry=replace(tables.registry, members=members),
    )
    found = know(stage.package, stage.bare(), knowledge).witnesses
    assert {parse_note_key(text).name for text in found} == {"second.example/witness"}


def test_witnesses_that_the_node_met_make_cosignatures_needed(stage: Stage) -> None:
    """Cosignatures that were cut off are missing, not merely taken on trust."""
    stage.publish(cosigners=(EXCHANGE,))
    package = stage.exporter.export(stage.evidence_id, reader="auditor")
    trust = know(package, stage.bare(), stage.knowledge(stage.witness_key()))
    verdict = verify_evidence(package, trust)
    assert (standings(verdict)["witnessed"], verdict.outcome) == (MISSING, Outcome.INCOMPLETE)


@pytest.mark.parametrize(("able", "wanted"), [(2, 1), (3, 2), (4, 2), (5, 3)])
def test_more_than_half_of_the_other_members_that_can_cosign_are_needed(stage: Stage, able: int, wanted: int) -> None:
    tables = stage.bank.database.read()
    keys, members = dict(tables.registry.keys), dict(tables.registry.members)
    for place in range(2, able):
        member = MemberId(bytes([place]) * 32)
        members[member] = replace(members[stage.bank.member], member=member, urls=(f"https://m{place}.example",))
        keys[member, stage.thumbprint()] = replace(keys[stage.bank.member, stage.thumbprint()], member=member)
    knowledge = replace(stage.knowledge(), registry=replace(tables.registry, keys=keys, members=members))
    assert know(stage.package, stage.bare(), knowledge).quorum == wanted


def test_who_left_and_whose_key_ended_is_not_waited_for(stage: Stage) -> None:
    now = stage.clock.now()
    stage.chain.revoke_key(stage.exchange.member, stage.thumbprint(EXCHANGE), now)
    stage.chain.about_member("MemberRemoved", stage.bank.member, effectiveSince=now, forCause=False)
    assert know(stage.package, stage.bare(), stage.knowledge()).quorum == 1


def test_facts_that_were_given_stay_and_the_stricter_quorum_holds(stage: Stage) -> None:
    given = stage.trust(witnesses=(BANK, EXCHANGE), quorum=2)
    given = replace(given, blocks={7: bytes(32)})
    found = know(stage.package, given, stage.knowledge())
    assert (found.quorum, found.blocks[7], found.code) == (2, bytes(32), given.code)
    assert found.witnesses >= given.witnesses


def test_block_that_the_node_does_not_keep_is_taken_on_trust(stage: Stage) -> None:
    assert stage.judge(blocks={})["block"] is ON_TRUST


def test_block_of_another_chain_is_refuted(stage: Stage) -> None:
    kept = {number: bytes(32) for number in stage.bank.database.read().headers}
    assert stage.judge(blocks=kept)["block"] is REFUTED


@pytest.mark.parametrize("package", [b"", b"{", b"[" * 100_000, b"\xff"], ids=["empty", "cut", "deep", "bytes"])
def test_what_cannot_be_read_adds_nothing(stage: Stage, package: bytes) -> None:
    assert know(package, stage.bare(), stage.knowledge()) == stage.bare()


def test_package_without_chain_and_log_asks_for_nothing(stage: Stage) -> None:
    package = stage.exporter.export(judged(stage, bound(stage, crafted(stage))), reader="auditor")
    asked: list[int] = []

    def hashes(numbers: Iterable[int]) -> Mapping[int, bytes]:
        asked.extend(numbers)
        return {}

    know(package, stage.bare(), replace(stage.knowledge(), hashes=hashes))
    assert asked == []
