"""What a nonce, a profile and a race decide: a presentation is judged once, for one service, and kept."""

import threading
from collections import Counter
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.domain.identifiers import to_hex
from jeung.domain.verification import Channel, IssuedNonce
from jeung.errors import AttestationPending, EvidenceNotRecorded, LedgerStale, StoreBusy
from jeung.services.verification import VerificationRules, VerificationService
from tests.common.jose import P256Signer
from tests.common.memory.chain import MemoryLedger
from tests.common.memory.database import MemoryDatabase
from tests.common.parties import BANK, EXCHANGE, PROFILE, SHOWN, Parties
from tests.unit.jeung.services.presenting import (
    accepted,
    bound,
    crafted,
    rebound,
    refused_with,
)


def test_presentation_is_good_once(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    assert accepted(parties, presentation)
    assert refused_with(parties, presentation) == ("nonce_replayed", 8)


def test_one_of_two_racing_requests_with_one_nonce_wins(parties: Parties) -> None:
    """Both pass step 8 before either writes: the write decides."""
    presentation = bound(parties, crafted(parties))
    service = parties.verification
    both_judged = threading.Barrier(2, timeout=10)
    record = service._record

    def held_back(*args: Any, **named: Any) -> object:  # noqa: ANN401 - passed on as they came
        both_judged.wait()
        return record(*args, **named)

    service._record = held_back  # type: ignore[method-assign, assignment]  # the only way between judging and writing
    codes: list[str | None] = []
    threads = [threading.Thread(target=lambda: codes.append(service.verify(presentation).code)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert Counter(codes) == Counter([None, "nonce_replayed"])
    packages = [parties.evidence.get(row.evidence_id, reader="auditor") for row in parties.evidence.page().items]
    assert Counter(opened.package["code"] for opened in packages) == Counter([None, "nonce_replayed"])
    lost = next(opened for opened in packages if opened.package["code"])
    assert [step["number"] for step in lost.package["steps"]] == list(range(1, 9))


@pytest.mark.parametrize("explicit", [True, False])
def test_refused_presentation_burns_its_nonce(parties: Parties, explicit: bool) -> None:
    """Else one nonce would allow trying again and again."""
    sd_jwt, nonce = crafted(parties), parties.nonce()
    wrong = bound(parties, sd_jwt, nonce=nonce.nonce, holder=P256Signer())
    verification = parties.verification.verify(wrong, nonce=nonce.nonce if explicit else None)
    assert (verification.code, verification.profile) == ("invalid_key_binding_signature", PROFILE)
    assert refused_with(parties, bound(parties, sd_jwt, nonce=nonce.nonce)) == ("nonce_replayed", 8)


def test_refusal_before_anything_was_read_burns_the_nonce_the_caller_names(parties: Parties) -> None:
    sd_jwt, nonce = crafted(parties), parties.nonce()
    wrong = bound(parties, crafted(parties, header=lambda head: head.update(alg="none")), nonce=nonce.nonce)
    assert parties.verification.verify(wrong, nonce=nonce.nonce).code == "algorithm_not_allowed"
    holder = parties.wallet.key(-2)
    presentation = bound(parties, sd_jwt, nonce=nonce.nonce, holder=holder)
    assert refused_with(parties, presentation) == ("nonce_replayed", 8)


def test_presentation_under_another_nonce_than_the_caller_names_is_refused(parties: Parties) -> None:
    named, used = parties.nonce(), parties.nonce()
    sd_jwt = crafted(parties)
    verification = parties.verification.verify(bound(parties, sd_jwt, nonce=used.nonce), nonce=named.nonce)
    assert verification.code == "nonce_unknown"
    assert refused_with(parties, bound(parties, sd_jwt, nonce=named.nonce)) == ("nonce_replayed", 8)


def test_nonce_for_another_profile_is_refused(parties: Parties) -> None:
    verification = parties.verification.verify(bound(parties, crafted(parties)), profile="another")
    assert verification.code == "nonce_profile_mismatch"


def _foreign_nonce(parties: Parties, audience: str) -> str:
    now = parties.clock.now()
    nonce = IssuedNonce("n" * 43, PROFILE, Channel.DIRECT, audience, "back-office", now, now + 300)
    with parties.exchange.store.write() as tx:
        tx.nonces.add(nonce)
    return nonce.nonce


def test_nonce_for_another_audience_is_refused(parties: Parties) -> None:
    nonce = _foreign_nonce(parties, BANK)
    assert refused_with(parties, bound(parties, crafted(parties), nonce=nonce)) == ("wrong_audience", 8)


def test_nonce_of_another_relying_party_is_unknown_here(parties: Parties) -> None:
    """The holder answered the bank; the bank passes the answer on to the exchange."""
    assert refused_with(parties, rebound(parties, crafted(parties), nonce="bank" * 10)) == ("nonce_unknown", 8)


def test_unreadable_key_binding_burns_nothing(parties: Parties) -> None:
    """Its nonce cannot be read, and no one named one."""
    before, _, binding = bound(parties, crafted(parties)).rpartition("~")
    head, _, signature = binding.split(".")
    broken = ".".join((head, base64url.encode(b"[]"), signature))
    code, step = refused_with(parties, f"{before}~{broken}")
    assert (code, step) == ("invalid_key_binding_signature", 8)
    assert parties.evidence.page().items[0].profile == ""


def test_nonce_that_is_no_text_burns_nothing(parties: Parties) -> None:
    presentation = rebound(parties, crafted(parties), nonce=7)
    assert refused_with(parties, presentation) == ("malformed_key_binding", 8)


def test_withdrawn_profile_is_refused(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    parties.chain.withdraw_profile(parties.exchange.member, PROFILE)
    assert refused_with(parties, presentation) == ("profile_not_registered", 9)


def test_relying_party_that_left_has_no_profile(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    args = {"effectiveSince": parties.clock.now(), "forCause": False}
    parties.chain.about_member("MemberRemoved", parties.exchange.member, **args)
    assert refused_with(parties, presentation) == ("profile_not_registered", 9)


def test_schema_that_the_profile_does_not_name_is_refused(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    other = parties.chain.register_schema("https://consortium.example/types/other-1")
    parties.chain.register_profile(parties.exchange.member, PROFILE, schemas=[other], claims=["family_name"])
    assert refused_with(parties, presentation) == ("schema_not_permitted", 9)


def test_profile_narrowed_after_the_nonce_counts_as_it_is_now(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    parties.chain.register_profile(parties.exchange.member, PROFILE, schemas=[parties.schema], claims=["family_name"])
    assert refused_with(parties, presentation) == ("claims_not_permitted", 9)


def test_profile_without_a_level_needs_no_proofing_claim(parties: Parties) -> None:
    parties.chain.register_profile(
        parties.exchange.member, PROFILE, schemas=[parties.schema], claims=["family_name"], required=["family_name"]
    )
    verification = parties.verification.verify(bound(parties, crafted(parties), show=[("family_name",)]))
    assert verification.claims == {"family_name": "Kim", "age_equal_or_over": {}, "proofing": {}}


def test_required_object_is_shown_by_any_of_its_members(parties: Parties) -> None:
    parties.chain.register_profile(
        parties.exchange.member,
        PROFILE,
        schemas=[parties.schema],
        claims=["age_equal_or_over"],
        required=["age_equal_or_over"],
    )
    show = [("age_equal_or_over", "14")]
    assert accepted(parties, bound(parties, crafted(parties), show=show))
    assert refused_with(parties, bound(parties, crafted(parties), show=[])) == ("required_claim_missing", 9)


def test_plain_object_of_the_issuer_is_judged_by_its_members(parties: Parties) -> None:
    """What the issuer did not conceal is shown all the same."""
    sd_jwt = crafted(parties, claims=lambda claims: claims.update(account={"bank": "088"}))
    assert refused_with(parties, bound(parties, sd_jwt)) == ("claims_not_permitted", 9)


def test_pending_attestation_of_an_issuer_whose_accreditation_ended_never_comes(parties: Parties) -> None:
    parties.chain.withdraw(parties.bank.member, parties.schema, parties.clock.now())
    sd_jwt = crafted(parties, attest=False)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_not_accredited", 4)


def test_store_that_is_busy_gives_no_answer_and_burns_no_nonce(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    assert accepted(parties, bound(parties, crafted(parties)))
    database = parties.exchange.database
    database._wait_s = 0.01
    holder = parties.wallet.key(-2)
    assert holder
    with database.write(), pytest.raises(EvidenceNotRecorded) as refused:
        parties.verification.verify(presentation)
    assert isinstance(refused.value.__cause__, StoreBusy)
    assert len(parties.evidence.page().items) == 1


def test_nothing_is_judged_before_the_follower_ran(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    service = VerificationService(
        store=parties.exchange.store,
        ledger=MemoryLedger(MemoryDatabase()),
        vault=parties.exchange.vault,
        clock=parties.clock,
        entropy=parties.exchange.entropy,
        rules=VerificationRules(url=EXCHANGE),
    )
    with pytest.raises(LedgerStale):
        service.verify(presentation)
    assert accepted(parties, presentation)


def test_claims_never_stand_in_facts_or_the_event_log(parties: Parties) -> None:
    family = parties.attested()
    nonce = parties.nonce()
    presentation = parties.wallet.present(
        family.copies[0].sd_jwt, SHOWN, audience=EXCHANGE, nonce=nonce.nonce, at=parties.clock.now()
    )
    verification = parties.verification.verify(presentation)
    told = repr([step.facts for step in verification.steps])
    for value in ("Kim", "Minseo", "김민서", "1990-05-17", "+821012345678"):
        assert value not in told
    for identifier in (nonce.nonce, family.family_id, to_hex(family.copies[0].record.digest), BANK):
        assert all(identifier.encode() not in body for _, body in parties.exchange.events())
    entry = parties.exchange.database.read().events[-1]
    assert entry.kind == "presentation_judged"
    assert entry.occurred_at % 3_600 == 0


def test_pending_is_not_told_for_ever(parties: Parties) -> None:
    sd_jwt = crafted(parties, attest=False)
    with pytest.raises(AttestationPending):
        parties.verification.verify(bound(parties, sd_jwt))
    parties.clock.advance(91)
    parties.chain.idle()
    assert refused_with(parties, bound(parties, sd_jwt)) == ("not_attested", 4)
