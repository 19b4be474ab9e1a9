"""What lapses soon is announced in time, once for what stands last, and to whom it concerns."""

import pytest

from jeung.domain.governance.agenda import AgendaItem, AgendaKind, Certificate, ReminderRules, agenda
from jeung.domain.identifiers import to_hex
from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose
from tests.common.parties import Parties
from tests.unit.jeung.domain.governance.calls import registry_of

DAY_S = 86_400


def due(parties: Parties, certificates: tuple[Certificate, ...] = ()) -> list[AgendaItem]:
    rules = ReminderRules()
    registry, now = registry_of(parties), parties.clock.now()
    return list(agenda(registry, own=parties.bank.member, now=now, rules=rules, certificates=certificates))


def kinds(items: list[AgendaItem]) -> list[str]:
    return [item.kind.value for item in items]


@pytest.mark.parametrize(("days", "announced"), [(61, False), (60, True), (1, True)])
def test_an_accreditation_is_announced_sixty_days_ahead(days: int, announced: bool) -> None:
    parties = Parties()
    ends = parties.clock.now() + days * DAY_S
    schema = parties.chain.register_schema("https://a.example/other")
    parties.chain.accredit(parties.exchange.member, schema, valid_until=ends)
    items = due(parties)
    assert kinds(items) == (["accreditation"] if announced else [])
    if announced:
        assert (items[0].due_at, items[0].ours) == (ends, False)
        assert "https://a.example/other" in items[0].words.ko


def test_an_accreditation_that_was_granted_anew_is_not_announced() -> None:
    parties = Parties()
    parties.chain.accredit(parties.bank.member, parties.schema, valid_until=parties.clock.now() + DAY_S)
    assert due(parties) == []


def test_a_withdrawn_accreditation_and_a_removed_members_are_not_announced() -> None:
    parties = Parties()
    schema = parties.chain.register_schema("https://a.example/other")
    parties.chain.accredit(parties.exchange.member, schema, valid_until=parties.clock.now() + DAY_S)
    parties.chain.accredit(parties.bank.member, schema, valid_until=parties.clock.now() + DAY_S)
    parties.chain.withdraw(parties.bank.member, schema, parties.clock.now())
    parties.chain.register_key(
        parties.exchange.member, b"e" * 32, KeyPurpose.REQUEST_SIGNING, not_after=parties.clock.now() + DAY_S
    )
    parties.chain.about_member("MemberRemoved", parties.exchange.member, effectiveSince=1, forCause=False)
    assert due(parties) == []


def test_the_last_key_of_a_purpose_is_announced_and_its_forerunners_are_not() -> None:
    parties = Parties()
    now, member = parties.clock.now(), parties.bank.member
    parties.chain.register_key(member, b"a" * 32, KeyPurpose.STATUS_SIGNING, not_after=now + 5)
    parties.chain.register_key(member, b"b" * 32, KeyPurpose.STATUS_SIGNING, not_after=now + DAY_S)
    parties.chain.register_key(member, b"c" * 32, KeyPurpose.REQUEST_SIGNING, not_after=now + 2 * DAY_S)
    parties.chain.register_key(member, b"d" * 32, KeyPurpose.RECEIPT_SIGNING, not_after=now + 3 * DAY_S)
    parties.chain.revoke_key(member, b"d" * 32, now + DAY_S)  # type: ignore[arg-type]
    items = due(parties)
    assert [item.due_at for item in items] == [now + DAY_S, now + 2 * DAY_S]
    assert all(item.ours and item.kind is AgendaKind.KEY for item in items)


@pytest.mark.parametrize(
    ("approver", "proposer", "ours"),
    [("bank", "exchange", False), ("exchange", "exchange", True), ("exchange", "bank", True)],
    ids=["we-approved", "waits-for-us", "we-proposed"],
)
def test_a_proposal_is_announced_before_it_expires(approver: str, proposer: str, ours: bool) -> None:
    parties = Parties()
    by = getattr(parties, proposer).member
    args = {"target": "0x" + "11" * 20, "data": "0x", "salt": "0x" + "00" * 32, "quorum": 2, "proposer": to_hex(by)}
    expires = parties.clock.now() + 2 * DAY_S
    for number in (1, 2, 3):
        proposal = "0x" + f"{number:064x}"
        parties.chain.emit("Consortium", "ProposalCreated", {"proposal": proposal, "expiresAt": expires, **args})
        parties.chain.about_member("ProposalApproved", getattr(parties, approver).member, proposal=proposal, ripeAt=1)
    parties.chain.emit("Consortium", "ProposalCancelled", {"proposal": "0x" + f"{2:064x}"})
    parties.chain.emit("Consortium", "ProposalExecuted", {"proposal": "0x" + f"{3:064x}", "member": to_hex(by)})
    (item,) = due(parties)
    assert (item.kind, item.due_at, item.ours) == (AgendaKind.PROPOSAL, expires, ours)
    parties.clock.advance(3 * DAY_S)
    assert due(parties) == []


def test_wallet_providers_certificates_and_suspensions_are_announced() -> None:
    parties = Parties()
    now = parties.clock.now()
    for number, ends in ((1, now + DAY_S), (2, now + DAY_S), (3, now - 1)):
        thumbprint = "0x" + f"{number:064x}"
        trusted = {"thumbprint": thumbprint, "name": f"Wallet {number}", "jwk": "0x", "validUntil": ends}
        parties.chain.emit("RelyingPartyRegistry", "WalletProviderTrusted", trusted)
    gone = {"thumbprint": "0x" + f"{2:064x}", "effectiveSince": now}
    parties.chain.emit("RelyingPartyRegistry", "WalletProviderDistrusted", gone)
    regulator = parties.chain.admit("http://localhost:8103", Role.SUPERVISOR)
    for member, until in ((parties.exchange.member, now + 3 * DAY_S), (regulator, 0)):
        args = {"suspendedBy": to_hex(regulator), "reasonDigest": "0x", "until": until}
        parties.chain.about_member("MemberSuspended", member, **args)
    items = due(parties, (Certificate("key-1", "request_signing", now + 2 * DAY_S),))
    assert kinds(items) == ["wallet_provider", "certificate", "suspension"]
    assert items[0].words.en.startswith("The trust in the wallet provider Wallet 1 ends at")


def test_what_has_no_schema_any_more_is_named_by_its_identifier() -> None:
    parties = Parties()
    schema = b"s" * 32
    parties.chain.accredit(parties.bank.member, schema, valid_until=parties.clock.now() + 5)  # type: ignore[arg-type]
    assert to_hex(schema) in due(parties)[0].words.en
