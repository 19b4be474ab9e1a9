"""What an attacker, or history, would try: each story has its own test."""

import pytest

from jeung.crypto.hashing import sha256
from jeung.domain.credentials import StatusAction, StatusScope
from jeung.domain.identifiers import to_hex
from jeung.domain.ledger import CredentialStatus
from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose
from jeung.services.credentials import CredentialService
from tests.common.jose import P256Signer
from tests.common.parties import Parties
from tests.unit.jeung.services.presenting import accepted, bound, crafted, refused_with


def _digest(sd_jwt: str) -> bytes:
    return sha256(sd_jwt.partition("~")[0].encode("ascii"))


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
    assert accepted(parties, bound(parties, sd_jwt))


@pytest.mark.parametrize(("since", "good"), [(-1, False), (0, False), (1, True)])
def test_compromise_counts_from_its_since_by_what_is_known_now(parties: Parties, since: int, good: bool) -> None:
    sd_jwt = crafted(parties)
    attested_at = parties.clock.now()
    parties.clock.advance(100)
    parties.chain.compromise_key(parties.bank.member, parties.issuer_key, attested_at + since)
    presentation = bound(parties, sd_jwt)
    if good:
        assert accepted(parties, presentation)
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
    assert accepted(parties, bound(parties, sd_jwt))


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
    assert accepted(parties, bound(parties, sd_jwt))


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
    assert accepted(parties, bound(parties, sd_jwt))


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
    assert accepted(parties, bound(parties, sd_jwt))


def test_emergency_suspension_lapses(parties: Parties) -> None:
    sd_jwt = crafted(parties)
    parties.clock.advance(1)
    _suspend(parties, parties.clock.now() + 60)
    assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_suspended", 7)
    parties.clock.advance(60)
    parties.chain.idle()
    assert accepted(parties, bound(parties, sd_jwt))


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
        assert accepted(parties, bound(parties, sd_jwt))
    else:
        assert refused_with(parties, bound(parties, sd_jwt)) == ("issuer_removed", 7)


@pytest.mark.parametrize(("since", "good"), [(-1, False), (0, False), (1, True)])
def test_withdrawn_accreditation_voids_from_its_since(parties: Parties, since: int, good: bool) -> None:
    sd_jwt = crafted(parties)
    attested_at = parties.clock.now()
    parties.clock.advance(50)
    parties.chain.withdraw(parties.bank.member, parties.schema, attested_at + since)
    if good:
        assert accepted(parties, bound(parties, sd_jwt))
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
