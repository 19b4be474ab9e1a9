"""What an attacker, or history, would try: each story has its own test."""

import threading
from collections import Counter
from typing import Any

import pytest

from jeung.crypto import base64url
from jeung.crypto.hashing import sha256
from jeung.domain.credentials import StatusAction, StatusScope
from jeung.domain.identifiers import to_hex
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose
from jeung.domain.verification import Channel, IssuedNonce, Verdict
from jeung.errors import AttestationPending, EvidenceNotRecorded, LedgerStale, StoreBusy
from jeung.services.credentials import CredentialService
from jeung.services.verification import VerificationRules, VerificationService
from tests.common.jose import P256Signer
from tests.common.memory.chain import MemoryLedger
from tests.common.memory.database import MemoryDatabase
from tests.common.parties import BANK, EXCHANGE, PROFILE, SHOWN, Parties
from tests.unit.jeung.services.presenting import bound, crafted, rebound, refused_with


def _digest(sd_jwt: str) -> bytes:
    return sha256(sd_jwt.partition("~")[0].encode("ascii"))


def _accepted(parties: Parties, presentation: str) -> bool:
    return parties.verification.verify(presentation).verdict is Verdict.VERIFIED


def _rogue(parties: Parties, *, accredited: bool) -> tuple[P256Signer, str]:
    """Admit a member with a registered key; give the key and its URL."""
    url, signer = "http://localhost:8109", P256Signer()
    member = parties.chain.admit(url, Role.ISSUER)
    parties.chain.register_key(member, signer.key.thumbprint, KeyPurpose.CREDENTIAL_SIGNING)
    if accredited:
        parties.chain.accredit(member, parties.schema)
    return signer, url


def test_another_members_attestation_of_the_same_digest_means_nothing(parties: Parties) -> None:
    """It saw the bank's digest in the mempool and attested it first, under its own name."""
    sd_jwt = crafted(parties, attest=False)
    _, url = _rogue(parties, accredited=True)
    with parties.ledger.view() as view:
        rogue = view.registry.member_at(url)
    assert rogue is not None
    parties.chain.attest(rogue.member, parties.schema, [_digest(sd_jwt)], rogue.operators[0].account)
    parties.clock.advance(91)
    parties.chain.idle()
    assert refused_with(parties, bound(parties, sd_jwt)) == ("not_attested", 4)


def test_attestation_under_another_schema_means_nothing(parties: Parties) -> None:
    sd_jwt = crafted(parties, attest=False)
    other = parties.chain.register_schema("https://consortium.example/types/other-1")
    parties.chain.attest(parties.bank.member, other, [_digest(sd_jwt)], parties.operator())
    parties.clock.advance(91)
    parties.chain.idle()
    assert refused_with(parties, bound(parties, sd_jwt)) == ("not_attested", 4)


def test_member_cannot_issue_in_the_name_of_another(parties: Parties) -> None:
    """`iss` names the bank, the key is the rogue member's own registered one."""
    signer, _ = _rogue(parties, accredited=True)
    assert refused_with(parties, bound(parties, crafted(parties, signer=signer))) == ("unknown_issuer_key", 3)


def test_credential_of_an_unaccredited_member_is_refused(parties: Parties) -> None:
    signer, url = _rogue(parties, accredited=False)
    sd_jwt = crafted(parties, signer=signer, claims=lambda claims: claims.update(iss=url), attest=False)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_not_accredited", 4)


def test_attestation_before_the_accreditation_is_refused(parties: Parties) -> None:
    """No contract of ours lets this happen; the verifier does not rely on it."""
    signer, url = _rogue(parties, accredited=False)
    sd_jwt = crafted(parties, signer=signer, claims=lambda claims: claims.update(iss=url), attest=False)
    with parties.ledger.view() as view:
        rogue = view.registry.member_at(url)
    assert rogue is not None
    operator = rogue.operators[0].account
    parties.chain.attest(rogue.member, parties.schema, [_digest(sd_jwt)], operator)
    parties.clock.advance(1)
    parties.chain.accredit(rogue.member, parties.schema)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("not_accredited_at_attestation", 5)


def test_later_attestation_does_not_replace_the_earliest(parties: Parties) -> None:
    """A key compromised in between would otherwise be made good by attesting once more."""
    sd_jwt = crafted(parties)
    first = parties.clock.now()
    parties.clock.advance(50)
    parties.chain.attest(parties.bank.member, parties.schema, [_digest(sd_jwt), b"-" * 32], parties.operator())
    parties.chain.compromise_key(parties.bank.member, parties.issuer_key, first + 10)
    assert _accepted(parties, bound(parties, sd_jwt))


@pytest.mark.parametrize(("since", "good"), [(-1, False), (0, False), (1, True)])
def test_compromise_counts_from_its_since_by_what_is_known_now(parties: Parties, since: int, good: bool) -> None:
    sd_jwt = crafted(parties)
    attested_at = parties.clock.now()
    parties.clock.advance(100)
    parties.chain.compromise_key(parties.bank.member, parties.issuer_key, attested_at + since)
    presentation = bound(parties, sd_jwt)
    if good:
        assert _accepted(parties, presentation)
    else:
        assert refused_with(parties, presentation) == ("issuer_key_compromised", 5)


def test_key_compromised_since_before_its_registration_voids_everything(parties: Parties) -> None:
    sd_jwt = crafted(parties)
    parties.chain.compromise_key(parties.bank.member, parties.issuer_key, parties.clock.now() - 86_400)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_key_compromised", 5)


def test_stolen_key_cannot_backdate_a_credential(parties: Parties) -> None:
    """`iat` says it is old, but the trusted time is the attestation's."""
    since = parties.clock.now()
    parties.clock.advance(50)
    sd_jwt = crafted(parties, claims=lambda claims: claims.update(iat=since - 50))
    parties.chain.compromise_key(parties.bank.member, parties.issuer_key, since)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_key_compromised", 5)


@pytest.mark.parametrize("since", [0, -5])
def test_operator_account_compromised_at_the_attestation_voids_it(parties: Parties, since: int) -> None:
    sd_jwt = crafted(parties)
    attested_at = parties.clock.now()
    parties.clock.advance(10)
    args = {"purpose": 1, "account": parties.operator(), "since": attested_at + since}
    parties.chain.about_member("OperatorCompromised", parties.bank.member, **args)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("operator_compromised", 5)


def test_operator_account_retired_before_the_attestation_is_refused(parties: Parties) -> None:
    args = {"purpose": 1, "account": parties.operator()}
    parties.chain.about_member("OperatorRetired", parties.bank.member, **args)
    parties.clock.advance(1)
    assert refused_with(parties, bound(parties, crafted(parties))) == ("operator_not_authorized", 5)


def test_operator_account_retired_afterwards_voids_nothing(parties: Parties) -> None:
    sd_jwt = crafted(parties)
    parties.clock.advance(1)
    args = {"purpose": 1, "account": parties.operator()}
    parties.chain.about_member("OperatorRetired", parties.bank.member, **args)
    assert _accepted(parties, bound(parties, sd_jwt))


def test_operator_account_of_another_member_is_refused(parties: Parties) -> None:
    sd_jwt = crafted(parties, attest=False)
    with parties.ledger.view() as view:
        foreign = view.registry.members[parties.exchange.member].operators[0].account
    parties.chain.attest(parties.bank.member, parties.schema, [_digest(sd_jwt)], foreign)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("operator_not_authorized", 5)


def test_unknown_operator_account_is_refused(parties: Parties) -> None:
    sd_jwt = crafted(parties, attest=False)
    stranger = parties.chain.new_account()
    parties.chain.attest(parties.bank.member, parties.schema, [_digest(sd_jwt)], stranger)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("operator_not_authorized", 5)


def test_key_revoked_before_the_attestation_is_refused(parties: Parties) -> None:
    parties.chain.revoke_key(parties.bank.member, parties.issuer_key, parties.clock.now())
    assert refused_with(parties, bound(parties, crafted(parties))) == ("issuer_key_not_valid_at_attestation", 5)


def test_key_revoked_in_good_order_afterwards_voids_nothing(parties: Parties) -> None:
    sd_jwt = crafted(parties)
    parties.chain.revoke_key(parties.bank.member, parties.issuer_key, parties.clock.now() + 1)
    parties.clock.advance(50)
    parties.chain.idle()
    assert _accepted(parties, bound(parties, sd_jwt))


@pytest.mark.parametrize(("not_before", "not_after"), [(1, 100), (-100, 0)], ids=["not yet valid", "expired"])
def test_key_outside_of_its_validity_at_the_attestation_is_refused(
    parties: Parties, not_before: int, not_after: int
) -> None:
    signer, now = P256Signer(), parties.clock.now()
    parties.chain.register_key(
        parties.bank.member,
        signer.key.thumbprint,
        KeyPurpose.CREDENTIAL_SIGNING,
        not_before=now + not_before,
        not_after=now + not_after,
    )
    presentation = bound(parties, crafted(parties, signer=signer))
    assert refused_with(parties, presentation) == ("issuer_key_not_valid_at_attestation", 5)


def test_key_that_expired_after_the_attestation_voids_nothing(parties: Parties) -> None:
    signer, now = P256Signer(), parties.clock.now()
    purpose = KeyPurpose.CREDENTIAL_SIGNING
    parties.chain.register_key(parties.bank.member, signer.key.thumbprint, purpose, not_after=now + 1)
    sd_jwt = crafted(parties, signer=signer)
    parties.clock.advance(50)
    parties.chain.idle()
    assert _accepted(parties, bound(parties, sd_jwt))


def _suspend(parties: Parties, until: int) -> None:
    args = {"suspendedBy": to_hex(b"\0" * 32), "reasonDigest": to_hex(b"r" * 32), "until": until}
    parties.chain.about_member("MemberSuspended", parties.bank.member, **args)


def test_credential_of_a_suspended_issuer_is_refused_until_it_is_reinstated(parties: Parties) -> None:
    sd_jwt = crafted(parties)
    parties.clock.advance(1)
    _suspend(parties, 0)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_suspended", 7)
    parties.clock.advance(1)
    parties.chain.about_member("MemberReinstated", parties.bank.member)
    assert _accepted(parties, bound(parties, sd_jwt))


def test_emergency_suspension_lapses(parties: Parties) -> None:
    sd_jwt = crafted(parties)
    parties.clock.advance(1)
    _suspend(parties, parties.clock.now() + 60)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_suspended", 7)
    parties.clock.advance(60)
    parties.chain.idle()
    assert _accepted(parties, bound(parties, sd_jwt))


def test_suspension_counts_at_once_where_the_chains_clock_runs_ahead(parties: Parties) -> None:
    """Blocks made faster than one a second carry times that lie ahead of ours."""
    sd_jwt = crafted(parties)
    parties.clock.advance(30)
    _suspend(parties, 0)
    parties.clock.advance(-30)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_suspended", 7)


def test_attestation_during_a_suspension_is_refused_for_ever(parties: Parties) -> None:
    _suspend(parties, parties.clock.now() + 10)
    sd_jwt = crafted(parties)
    parties.clock.advance(20)
    parties.chain.idle()
    assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_not_active_at_attestation", 5)


def test_attestation_by_a_member_without_the_issuer_role_is_refused(parties: Parties) -> None:
    parties.chain.about_member("RolesChanged", parties.bank.member, roles=int(Role.RELYING_PARTY))
    assert refused_with(parties, bound(parties, crafted(parties))) == ("issuer_not_active_at_attestation", 5)


@pytest.mark.parametrize(
    ("for_cause", "since", "good"), [(True, 0, False), (True, 1, True), (False, 0, True), (False, -99, True)]
)
def test_removal_voids_only_for_cause_and_from_its_since(
    parties: Parties, for_cause: bool, since: int, good: bool
) -> None:
    """An orderly exit voids nothing."""
    sd_jwt = crafted(parties)
    attested_at = parties.clock.now()
    parties.clock.advance(50)
    args = {"effectiveSince": attested_at + since, "forCause": for_cause}
    parties.chain.about_member("MemberRemoved", parties.bank.member, **args)
    if good:
        assert _accepted(parties, bound(parties, sd_jwt))
    else:
        assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_removed", 7)


@pytest.mark.parametrize(("since", "good"), [(-1, False), (0, False), (1, True)])
def test_withdrawn_accreditation_voids_from_its_since(parties: Parties, since: int, good: bool) -> None:
    sd_jwt = crafted(parties)
    attested_at = parties.clock.now()
    parties.clock.advance(50)
    parties.chain.withdraw(parties.bank.member, parties.schema, attested_at + since)
    if good:
        assert _accepted(parties, bound(parties, sd_jwt))
    else:
        assert refused_with(parties, bound(parties, sd_jwt)) == ("accreditation_withdrawn", 7)


def test_every_copy_of_a_revoked_family_is_refused(parties: Parties) -> None:
    family = parties.attested(copies=3)
    service = CredentialService(store=parties.bank.store, clock=parties.clock)
    views = service.change_status(StatusScope.FAMILY, family.family_id, StatusAction.REVOKE)
    for view in views:
        place = view.record.status
        parties.chain.set_statuses(parties.bank.member, place.list_number, CredentialStatus.REVOKED, place.index)
    for number, copy in enumerate(family.copies):
        presentation = bound(parties, copy.sd_jwt, holder=parties.wallet.key(number))
        assert refused_with(parties, presentation) == ("credential_revoked", 7)


def test_presentation_is_good_once(parties: Parties) -> None:
    presentation = bound(parties, crafted(parties))
    assert _accepted(parties, presentation)
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
    assert _accepted(parties, bound(parties, crafted(parties), show=show))
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
    assert _accepted(parties, bound(parties, crafted(parties)))
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
    assert _accepted(parties, presentation)


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
