"""Packages that are well-formed and wrong in one place."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audit.evidence import Outcome, Standing, parse_trust, verify_evidence
from audit.findings import AuditImpossible
from jeung.crypto import canonical_json
from jeung.crypto.tlog.notes import cosignature, cosigned_message, parse_note, parse_note_key
from jeung.crypto.trie import NotShownError, TrieNodes, parse_header
from jeung.domain.identifiers import CredentialDigest, MemberId, SchemaId
from jeung.domain.ledger import Freshness
from jeung.domain.registrations import KeyPurpose
from jeung.domain.transparency import BLOCK_SEEN, entry_of
from jeung.services.evidence.asked import Asked
from jeung.services.evidence.proven import Beside
from jeung.services.evidence.reading import read_state, wanted_slots
from jeung.services.evidence.state import ContractState
from tests.common.parties import BANK, EXCHANGE, PROFILE, SHOWN, VCT
from tests.common.proofs import ADDRESSES, DEPLOYMENT, Witnessed, storage_of
from tests.unit.audit.evidence.test_tampering import replaced, with_judgement
from tests.unit.audit.evidence.test_trust import facts_of
from tests.unit.jeung.services.presenting import bound, crafted


@pytest.fixture
def stage() -> Witnessed:
    return Witnessed()


def judged(stage: Witnessed) -> str:
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    return stage.verification.verify(presentation).evidence_id


def unlogged(stage: Witnessed) -> bytes:
    """Export what was gathered although the log did not come on."""
    evidence_id = judged(stage)
    stage.clock.advance(61)
    stage.gatherer.step(0)
    return stage.exporter.export(evidence_id, reader="auditor")


def test_proofs_of_the_own_block_hold_without_a_log(stage: Witnessed) -> None:
    verdict = verify_evidence(unlogged(stage), stage.trust())
    standings = {fact.name: fact.standing for fact in verdict.facts}
    assert (verdict.outcome, standings["result"]) == (Outcome.INCOMPLETE, Standing.PROVED)
    assert (standings["logged"], standings["block"]) == (Standing.MISSING, Standing.ON_TRUST)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"steps": []}, "judgement"),
        ({"steps": [1]}, "judgement"),
        ({"result": "refused", "code": "nonce_expired"}, "judgement"),
        ({"bounds": None}, "result"),
        ({"nonce": [1]}, "result"),
        ({"block": {"number": "1", "hash": "0x", "head_time": 1}}, "block"),
        ({"relying_party": "http://nobody.example"}, "state"),
        ({"presentation": "x"}, "state"),
    ],
)
def test_judgement_that_no_log_fixed_is_still_held_against_the_proofs(
    stage: Witnessed, members: dict[str, Any], reason: str
) -> None:
    verdict = verify_evidence(with_judgement(unlogged(stage), **members), stage.trust())
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, reason)


def test_judgement_that_names_no_block_cannot_speak_of_the_ledger(stage: Witnessed) -> None:
    package = replaced(with_judgement(unlogged(stage), block=None), ("chain",), {"missing": "no_block"})
    assert verify_evidence(package, stage.trust()).reason == "result"


def test_path_longer_than_any_batch_is_deep_is_refuted(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    for path in (["0x" + "00" * 32] * 14, ["0x00"]):
        assert verify_evidence(replaced(package, ("chain", "path"), path), stage.trust()).reason == "state"


def test_checkpoint_that_the_log_did_not_sign_is_refuted(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    log = json.loads(package)["log"]
    text, _, lines = log["note"].partition("\n\n")
    own, *others = lines.splitlines(keepends=True)
    assert own.startswith("— localhost:8102/log/1 ")
    bare = replaced(package, ("log", "note"), text + "\n\n" + "".join(others))
    verdict = verify_evidence(replaced(bare, ("log", "keys"), log["keys"][1:]), stage.trust())
    assert verdict.reason == "logged"


def test_witness_that_signs_by_two_keys_counts_once(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    log = json.loads(package)["log"]
    known = {stage.witness_key(BANK), stage.witness_key(EXCHANGE)}
    stage.witnesses[BANK].rotate(KeyPurpose.WITNESS_COSIGNING)
    key, own = parse_note_key(stage.witness_key(BANK)), stage.witnesses[BANK].keys[KeyPurpose.WITNESS_COSIGNING]
    now = stage.clock.now()
    signed = own.sign(cosigned_message(parse_note(log["note"].encode()).text, now))
    twice = replaced(package, ("log", "note"), log["note"] + cosignature(key, now, signed).line)
    twice = replaced(twice, ("log", "keys"), [*log["keys"], key.text])
    trust = parse_trust(facts_of(stage.trust(), witnesses=sorted({*known, key.text}), quorum="-"))
    assert trust.quorum == 2
    verdict = verify_evidence(twice, trust)
    standings = {fact.name: fact.standing for fact in verdict.facts}
    assert (verdict.outcome, standings["witnessed"]) == (Outcome.INCOMPLETE, Standing.MISSING)
    with pytest.raises(AuditImpossible):
        parse_trust(facts_of(trust, quorum=3))


def test_log_of_another_member_is_refuted(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    verdict = verify_evidence(with_judgement(package, relying_party="http://localhost:81"), stage.trust())
    assert verdict.reason == "logged"


def test_entry_that_is_no_block_vouches_for_none(stage: Witnessed) -> None:
    package = stage.exported(judged(stage))
    log = json.loads(package)["log"]
    body = json.loads(package)["judgement"]
    from jeung.crypto.hashing import sha256
    from jeung.domain.transparency import verified_entry

    entry = verified_entry(sha256(body.encode()), json.loads(body)["judged_at"]).encoded.decode()
    block = {"entry": entry, "index": log["judgement"]["index"], "proof": log["judgement"]["proof"]}
    assert verify_evidence(replaced(package, ("log", "block"), block), stage.trust()).reason == "logged"


@pytest.mark.parametrize("name", ["0xzz", 7])
def test_block_entry_without_a_hash_vouches_for_none(stage: Witnessed, name: object) -> None:
    evidence_id = judged(stage)
    facts = canonical_json.canonical({"hash": name, "number": 1})
    stage.log.entries.append(entry_of(BLOCK_SEEN, facts, 1, b"").encoded)
    package = stage.exported(evidence_id)
    bad = stage.log.entries[0].decode()
    from tests.common import naive_log

    size = len(stage.log.entries)
    path = ["0x" + part.hex() for part in naive_log.path(0, stage.log.entries[:size])]
    altered = replaced(package, ("log", "block"), {"entry": bad, "index": 0, "proof": path})
    assert verify_evidence(altered, stage.trust()).reason == "logged"


def test_proofs_of_an_earlier_block_are_refuted(stage: Witnessed) -> None:
    stage.seal_block()
    presentation = bound(stage, crafted(stage))
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    package = stage.exported(evidence_id)
    number = json.loads(json.loads(package)["judgement"])["block"]["number"]
    headers = ["0x" + stage.proofs.raw[number - 1].hex(), *json.loads(package)["chain"]["headers"]]
    assert verify_evidence(replaced(package, ("chain", "headers"), headers), stage.trust()).reason == "block"
    assert verify_evidence(replaced(package, ("log", "block"), None), stage.trust()).outcome is Outcome.PROVED
    bare = replaced(replaced(package, ("log", "block"), None), ("chain", "headers"), headers)
    assert verify_evidence(bare, stage.trust()).reason == "block"
    assert verify_evidence(replaced(package, ("chain", "headers"), []), stage.trust()).reason == "block"


def test_state_that_breaks_the_contracts_bounds_is_refuted(stage: Witnessed) -> None:
    from jeung.domain.contract_storage import GRANTS, NAMES_HISTORY, under
    from jeung.errors import InvalidProof

    presentation = crafted(stage)
    assert presentation
    for contract, slot, count in (
        ("AccreditationRegistry", under(GRANTS, stage.bank.member, stage.schema), 129),
        ("Directory", under(NAMES_HISTORY, b"KeyRegistry".ljust(32, b"\0")), 65),
    ):
        storage = storage_of(stage)
        storage[contract][slot] = count
        made = stage.proofs.make_block(900, 1, bytes(32), storage)
        nodes = TrieNodes(node for trie in stage.proofs.tries[900] for node in trie.nodes.values())
        asked = Asked(EXCHANGE, "", BANK, "x", stage.schema, bytes(32), bytes(32))
        freshness = Freshness(900, 1, 900, made.hash, 1)
        with pytest.raises(InvalidProof):
            read_state(nodes, parse_header(stage.proofs.raw[900]), DEPLOYMENT.directory, asked, Beside(), freshness)


def test_consortium_that_names_no_contracts_shows_nothing(stage: Witnessed) -> None:
    storage = storage_of(stage)
    storage["Directory"] = {}
    made = stage.proofs.make_block(900, 1, bytes(32), storage)
    nodes = TrieNodes(node for trie in stage.proofs.tries[900] for node in trie.nodes.values())
    with pytest.raises(NotShownError):
        read_state(
            nodes,
            parse_header(stage.proofs.raw[900]),
            ADDRESSES["Directory"],
            Asked(EXCHANGE, ""),
            Beside(),
            Freshness(900, 1, 900, made.hash, 1),
        )


def test_proven_ledger_answers_about_its_own_judgement_only(stage: Witnessed) -> None:
    storage = storage_of(stage)
    made = stage.proofs.make_block(900, 1, bytes(32), storage)
    nodes = TrieNodes(node for trie in stage.proofs.tries[900] for node in trie.nodes.values())
    asked, freshness = Asked(EXCHANGE, ""), Freshness(900, 1, 900, made.hash, 1)
    header = parse_header(stage.proofs.raw[900])
    read = read_state(nodes, header, DEPLOYMENT.directory, asked, Beside(), freshness)
    ledger, member = read.ledger, MemberId(bytes(32))
    # Nothing of these was asked, so nothing shows their code.
    assert set(read.code_hashes) == {"Consortium"}
    assert ledger.attestation(member, SchemaId(bytes(32)), CredentialDigest(bytes(32))) is None
    for refused in (
        lambda: ledger.status(member, 1, 1),
        lambda: ledger.status_words(member, 1),
        lambda: ledger.past_statuses(member, 1, 1),
        lambda: ledger.batch_digests(bytes(32)),  # type: ignore[arg-type]
    ):
        with pytest.raises(NotShownError):
            refused()


def steps_of(package: bytes) -> list[dict[str, Any]]:
    steps: list[dict[str, Any]] = json.loads(json.loads(package)["judgement"])["steps"]
    return steps


@pytest.mark.parametrize("what", ["one left out", "one refused between", "refused and called verified", "shorter"])
def test_result_that_does_not_follow_from_the_steps_is_refuted(stage: Witnessed, what: str) -> None:
    package = unlogged(stage)
    steps = steps_of(package)
    if what == "one left out":
        del steps[3]
    elif what == "shorter":
        del steps[-1]
    else:
        steps[-1 if "called" in what else 4]["passed"] = False
    verdict = verify_evidence(with_judgement(package, steps=steps), stage.trust())
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "judgement")


def refused_at(package: bytes, number: int, code: object) -> dict[str, Any]:
    steps = steps_of(package)[:number]
    steps[-1] = {**steps[-1], "passed": False, "facts": {"code": code}}
    return {"steps": steps, "result": "refused", "code": code}


@pytest.mark.parametrize(
    ("number", "code", "outcome"),
    [
        (8, "nonce_expired", Outcome.INCOMPLETE),
        (8, "invalid_sd_hash", Outcome.REFUTED),
        (7, "credential_revoked", Outcome.REFUTED),
        (9, "query_not_satisfied", Outcome.REFUTED),
        (8, ["no code"], Outcome.REFUTED),
    ],
)
def test_refusal_stands_on_the_nodes_word_only_where_nobody_else_could_know(
    stage: Witnessed, number: int, code: object, outcome: Outcome
) -> None:
    package = unlogged(stage)
    verdict = verify_evidence(with_judgement(package, **refused_at(package, number, code)), stage.trust())
    assert verdict.outcome is outcome


QUERY = {
    "credentials": [
        {
            "id": "person",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": [VCT]},
            "claims": [{"path": list(path)} for path in SHOWN],
        }
    ]
}


def answering(package: bytes) -> dict[str, Any]:
    """Tell a judgement as one about the answer to a presentation request."""
    request = {
        "client_id": EXCHANGE,
        "dcql_query": QUERY,
        "query_id": "person",
        "request_id": "r",
        "transactions": [],
    }
    steps = steps_of(package)
    steps[7]["facts"]["channel"] = "openid4vp"
    steps[8]["facts"]["query"] = "person"
    return {"request": request, "steps": steps}


def test_answer_to_a_request_is_held_against_what_was_asked(stage: Witnessed) -> None:
    package = unlogged(stage)
    good = answering(package)
    standings = {
        fact.name: fact.standing for fact in verify_evidence(with_judgement(package, **good), stage.trust()).facts
    }
    assert standings["result"] is Standing.PROVED
    narrow = {"credentials": [{**QUERY["credentials"][0], "claims": [{"path": ["family_name"]}]}]}
    good["request"]["dcql_query"] = narrow
    assert verify_evidence(with_judgement(package, **good), stage.trust()).reason == "result"


@pytest.mark.parametrize(
    ("client_id", "standing"),
    [
        ("x509_san_dns:localhost", None),
        ("x509_san_dns:other.example", Standing.REFUTED),
        ("http://localhost:81", Standing.REFUTED),
        ("x509_hash:" + "A" * 43, Standing.ON_TRUST),
    ],
    ids=["own", "another's name", "another's address", "a hash"],
)
def test_answer_that_a_holder_gave_to_another_party_is_not_proved(
    stage: Witnessed, client_id: str, standing: Standing | None
) -> None:
    presentation = bound(stage, crafted(stage), audience=client_id)
    stage.seal_block()
    evidence_id = stage.verification.verify(presentation).evidence_id
    stage.clock.advance(61)
    stage.gatherer.step(0)
    package = stage.exporter.export(evidence_id, reader="auditor")
    told = answering(unlogged(Witnessed()))
    told["request"]["client_id"] = client_id
    told["steps"][7]["facts"]["audience"] = client_id
    own = json.loads(json.loads(package)["judgement"])["steps"]
    told["steps"] = [*own[:7], *told["steps"][7:]]
    verdict = verify_evidence(with_judgement(package, result="verified", code=None, **told), stage.trust())
    standings = {fact.name: fact.standing for fact in verdict.facts}
    assert standings.get("audience") is standing
    assert (verdict.reason == "audience") is (standing is Standing.REFUTED)


def test_refusal_of_an_answer_as_a_whole_is_the_nodes_word(stage: Witnessed) -> None:
    package = unlogged(stage)
    told = answering(package)
    told["steps"][8] = {**told["steps"][8], "passed": False, "facts": {"code": "credential_not_requested"}}
    told |= {"result": "refused", "code": "credential_not_requested"}
    verdict = verify_evidence(with_judgement(package, **told), stage.trust())
    assert {fact.name: fact.standing for fact in verdict.facts}["result"] is Standing.ON_TRUST


def test_path_leads_from_the_digest_to_the_root_of_a_larger_batch(stage: Witnessed) -> None:
    from jeung.crypto.hashing import sha256

    sd_jwt = crafted(stage, attest=False)
    digests = [sha256(sd_jwt.split("~")[0].encode()), *(sha256(bytes([other])) for other in range(6))]
    stage.chain.attest(stage.bank.member, stage.schema, digests, stage.operator())
    presentation = bound(stage, sd_jwt)
    stage.seal_block()
    package = stage.exported(stage.verification.verify(presentation).evidence_id)
    assert len(json.loads(package)["chain"]["path"]) in (2, 3)
    assert verify_evidence(package, stage.trust()).outcome is Outcome.PROVED


def test_address_that_the_directory_names_is_read_before_its_storage(stage: Witnessed) -> None:
    # A chain that shows nothing of what is asked leaves everything to be wanted.
    made = stage.proofs.make_block(900, 1, bytes(32), storage_of(stage))
    header, freshness = parse_header(stage.proofs.raw[900]), Freshness(900, 1, 900, made.hash, 1)
    wanted = wanted_slots(TrieNodes(), header, DEPLOYMENT.directory, Asked(EXCHANGE, "x"), Beside(), freshness)
    assert {contract for contract, _ in wanted} == {DEPLOYMENT.directory}


def test_profile_that_was_first_registered_after_the_judgement_did_not_count(stage: Witnessed) -> None:
    made = stage.proofs.make_block(900, 1, bytes(32), storage_of(stage))
    nodes = TrieNodes(node for trie in stage.proofs.tries[900] for node in trie.nodes.values())
    header = parse_header(stage.proofs.raw[900])
    for head_time, count in ((1, 0), (stage.clock.now(), 1)):
        freshness = Freshness(900, head_time, 900, made.hash, 1)
        with stage.ledger.view() as view:
            document = view.registry.profile_document_at(stage.exchange.member, PROFILE, head_time)
        beside = Beside(profile=document)
        read = read_state(nodes, header, DEPLOYMENT.directory, Asked(EXCHANGE, PROFILE), beside, freshness)
        assert len(read.ledger.registry.profiles) == count


def test_contract_without_an_address_has_no_code(stage: Witnessed) -> None:
    storage = storage_of(stage)
    storage["Directory"] = {}
    stage.proofs.make_block(900, 1, bytes(32), storage)
    nodes = TrieNodes(node for trie in stage.proofs.tries[900] for node in trie.nodes.values())
    state = ContractState(nodes, parse_header(stage.proofs.raw[900]).state_root, DEPLOYMENT.directory)
    assert state.code_hashes("StatusRegistry") == frozenset()


@pytest.mark.parametrize("part", ["path", "profile"])
def test_part_that_proves_nothing_is_not_let_pass(stage: Witnessed, part: str) -> None:
    """Nothing binds it: whoever packs evidence could write there what he likes."""
    presentation = bound(stage, crafted(stage, attest=False))
    stage.clock.advance(600)
    stage.chain.withdraw_profile(stage.exchange.member, PROFILE)
    stage.seal_block()
    package = stage.exported(stage.verification.verify(presentation).evidence_id)
    body = json.loads(package)
    assert (body["chain"]["path"], body["chain"]["profile"]) == (None, None)
    assert verify_evidence(package, stage.trust()).reason is None
    body["chain"][part] = {"path": [], "profile": "{}"}[part]
    verdict = verify_evidence(canonical_json.canonical(body), stage.trust())
    assert (verdict.outcome, verdict.reason) == (Outcome.REFUTED, "state")
