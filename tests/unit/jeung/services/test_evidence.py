"""Evidence opens as it was sealed, matches the event log's commitment, and is gone when its day is forgotten."""

from typing import NoReturn

import pytest

from jeung.crypto import base64url, canonical_json
from jeung.crypto.hashing import sha256
from jeung.domain.verification import Verdict
from jeung.errors import MalformedInput, NotFound, StoreBusy, SubjectErased
from tests.common.jose import P256Signer
from tests.common.memory.judgements import MemoryEventLog
from tests.common.parties import CLIENT, EXCHANGE, PROFILE, Parties
from tests.unit.jeung.services.presenting import bound, crafted


def test_package_holds_what_the_judgement_rested_on(parties: Parties) -> None:
    nonce = parties.nonce()
    presentation = bound(parties, crafted(parties), nonce=nonce.nonce)
    verification = parties.verification.verify(presentation)
    opened = parties.evidence.get(verification.evidence_id, reader="auditor")
    package = opened.package
    assert package["presentation"] == presentation
    assert (package["relying_party"], package["profile"], package["nonce"]) == (EXCHANGE, PROFILE, nonce.nonce)
    assert (package["result"], package["code"], package["rules"]) == ("verified", None, "1")
    assert [step["facts"] for step in package["steps"]] == [step.facts for step in verification.steps[:9]]
    assert len(base64url.decode(package["salt"])) == 32
    assert opened.record.verdict is Verdict.VERIFIED


def test_event_log_commits_to_the_package(parties: Parties) -> None:
    verification = parties.verification.verify(bound(parties, crafted(parties)))
    entry = parties.exchange.database.read().events[-1]
    opened = parties.evidence.get(verification.evidence_id, reader="auditor")
    assert canonical_json.parse_object(entry.body) == {"commitment": base64url.encode(opened.commitment)}


def test_two_packages_of_one_presentation_have_commitments_that_do_not_match(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    parties.verification.verify(presentation)
    parties.verification.verify(presentation)
    bodies = [body for _, body in parties.exchange.events()]
    assert len(set(bodies)) == 2


@pytest.mark.parametrize("good", [True, False])
def test_past_verification_reads_as_it_was_answered(parties: Parties, good: bool) -> None:
    holder = None if good else P256Signer()
    verification = parties.verification.verify(bound(parties, crafted(parties), holder=holder))
    past = parties.evidence.verification(verification.evidence_id, reader=CLIENT)
    assert past == verification
    assert bool(past.claims) is good


def test_forgotten_day_cannot_be_opened(parties: Parties) -> None:
    verification = parties.verification.verify(bound(parties, crafted(parties)))
    record = parties.evidence.get(verification.evidence_id, reader="auditor").record
    with parties.exchange.store.write() as tx:
        tx.data_keys.destroy(record.data_key_id)
    with pytest.raises(SubjectErased):
        parties.evidence.get(verification.evidence_id, reader="auditor")


@pytest.mark.parametrize("read", ["get", "verification"])
def test_reading_evidence_leaves_a_trace_that_names_the_reader(parties: Parties, read: str) -> None:
    evidence_id = parties.verification.verify(bound(parties, crafted(parties))).evidence_id
    before = len(parties.exchange.events())
    getattr(parties.evidence, read)(evidence_id, reader=CLIENT)
    body = canonical_json.canonical({"client": CLIENT, "evidence": evidence_id})
    assert parties.exchange.events()[before:] == [("evidence_opened", body)]


def test_reading_that_cannot_be_logged_opens_nothing(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    evidence_id = parties.verification.verify(bound(parties, crafted(parties))).evidence_id

    def busy(*_: object) -> NoReturn:
        raise StoreBusy(retry_after_s=1)

    monkeypatch.setattr(MemoryEventLog, "append", busy)
    with pytest.raises(StoreBusy):
        parties.evidence.get(evidence_id, reader="auditor")


def test_days_have_keys_of_their_own_and_processes_share_them(parties: Parties) -> None:
    first = parties.verification.verify(bound(parties, crafted(parties)))
    parties.clock.advance(86_400)
    second = parties.verification.verify(bound(parties, crafted(parties)))
    parties.verification._sealer._days._day = None
    third = parties.verification.verify(bound(parties, crafted(parties)))
    keys = [
        parties.evidence.get(done.evidence_id, reader="auditor").record.data_key_id for done in (first, second, third)
    ]
    assert keys == ["evidence/2027-01-15", "evidence/2027-01-16", "evidence/2027-01-16"]


def test_pages_are_newest_first(parties: Parties) -> None:
    ids = [parties.verification.verify(bound(parties, crafted(parties))).evidence_id for _ in range(3)]
    page = parties.evidence.page(limit=2)
    assert [record.evidence_id for record in page.items] == [ids[2], ids[1]]
    assert [record.evidence_id for record in parties.evidence.page(cursor=page.next_cursor).items] == [ids[0]]
    with pytest.raises(MalformedInput):
        parties.evidence.page(cursor="?")


def test_unknown_evidence_is_not_found(parties: Parties) -> None:
    with pytest.raises(NotFound):
        parties.evidence.get("evd_unknown", reader="auditor")


def test_refusal_without_a_nonce_of_ours_is_kept_under_no_profile(parties: Parties) -> None:
    verification = parties.verification.verify(bound(parties, crafted(parties), nonce="n" * 43))
    package = parties.evidence.get(verification.evidence_id, reader="auditor").package
    assert (verification.code, package["profile"], package["nonce"]) == ("nonce_unknown", "", None)
    assert sha256(b"") != parties.evidence.get(verification.evidence_id, reader="auditor").commitment


@pytest.mark.parametrize("reader", ["other-office", "", CLIENT.upper()])
def test_past_verification_is_not_found_by_who_did_not_fetch_its_nonce(parties: Parties, reader: str) -> None:
    evidence_id = parties.verification.verify(bound(parties, crafted(parties))).evidence_id
    before = parties.exchange.events()
    with pytest.raises(NotFound) as another:
        parties.evidence.verification(evidence_id, reader=reader)
    with pytest.raises(NotFound) as unknown:
        parties.evidence.verification("evd_unknown", reader=reader)
    assert str(another.value) == str(unknown.value)
    assert parties.exchange.events() == before


@pytest.mark.parametrize("reader", [CLIENT, "", "None"])
def test_judgement_that_answered_no_nonce_of_ours_is_nobodys_but_the_auditors(parties: Parties, reader: str) -> None:
    evidence_id = parties.verification.verify(bound(parties, crafted(parties), nonce="n" * 43)).evidence_id
    with pytest.raises(NotFound):
        parties.evidence.verification(evidence_id, reader=reader)
    assert parties.evidence.get(evidence_id, reader="auditor").record.client_id is None
