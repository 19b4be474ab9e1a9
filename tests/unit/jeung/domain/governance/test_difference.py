"""What stands in the register is shown in each of its states."""

from dataclasses import replace
from typing import Any

import pytest

from jeung.domain.governance.difference import changes, status_changes
from jeung.domain.governance.prediction import predicted_after
from jeung.domain.governance.values import Names
from jeung.domain.identifiers import Address, to_hex
from jeung.domain.registry import Registry
from tests.common.parties import PROFILE, Parties
from tests.unit.jeung.domain.governance.calls import BANK, NOW, registry_of, sample, staged


@pytest.fixture
def parties() -> Parties:
    return staged()[0]


def _after(parties: Parties) -> list[tuple[str, str, str]]:
    """Give what is found beside an empty register: label, English and Korean of each value."""
    return [
        (change.label, change.after.en, change.after.ko)
        for change in changes(Registry(), registry_of(parties), parties.clock.now())
        if change.after is not None
    ]


def _one(parties: Parties, label: str, said: str) -> None:
    found = [(en, ko) for name, en, ko in _after(parties) if name == label]
    assert any(said in en for en, _ in found), found


def test_operators(parties: Parties) -> None:
    member, (first, second) = parties.bank.member, registry_of(parties).members[parties.bank.member].operators
    retired = {"purpose": 1, "account": first.account}
    parties.chain.about_member("OperatorRetired", member, **retired)
    parties.chain.about_member("OperatorCompromised", member, purpose=2, account=second.account, since=5)
    _one(parties, "operator", "authorised")
    _one(parties, "operator", "retired")
    _one(parties, "operator", "compromised since 1970")


def test_schemas_grants_keys_profiles_and_wallets(parties: Parties) -> None:
    for label, said in (
        ("schema", "registered"),
        ("accreditation", "–"),
        ("key", "–"),
        ("profile", "needs"),
        ("wallet", "trusted until"),
        ("status", "suspended (until"),
    ):
        _one(parties, label, said)
    chain, bank = parties.chain, parties.bank.member
    chain.emit("SchemaRegistry", "SchemaDeprecated", {"schema": to_hex(parties.schema)})
    chain.withdraw(bank, parties.schema, NOW)
    chain.revoke_key(bank, parties.issuer_key, NOW)
    chain.withdraw_profile(parties.exchange.member, PROFILE)
    gone = {"thumbprint": "0x" + "77" * 32, "effectiveSince": NOW}
    chain.emit("RelyingPartyRegistry", "WalletProviderDistrusted", gone)
    for label, said in (
        ("schema", "deprecated"),
        ("accreditation", "withdrawn since"),
        ("key", "revoked at"),
        ("profile", "withdrawn"),
        ("wallet", "distrusted since"),
    ):
        _one(parties, label, said)
    chain.compromise_key(bank, parties.issuer_key, NOW)
    _one(parties, "key", "compromised since")


def test_a_removed_member_is_removed_however_it_was_suspended(parties: Parties) -> None:
    parties.chain.about_member("MemberRemoved", parties.exchange.member, effectiveSince=NOW, forCause=True)
    assert ("status", "removed", "제명") in _after(parties)


def test_no_rules_no_quorum() -> None:
    registry = registry_of(Parties())
    assert registry.quorum() is None
    assert not [change for change in changes(Registry(), registry, NOW) if change.label == "quorum"]


@pytest.mark.parametrize(("members", "quorum"), [(2, 2), (3, 2), (4, 3), (7, 5)])
def test_the_quorum_is_that_of_the_contract(parties: Parties, members: int, quorum: int) -> None:
    rules = registry_of(parties).rules
    assert rules is not None
    assert rules.quorum_of(members) == quorum


def test_a_share_of_all_never_lets_one_lost_member_lock_out_the_rest(parties: Parties) -> None:
    rules = registry_of(parties).rules
    assert rules is not None
    unanimous = replace(rules, quorum_numerator=1, quorum_denominator=1)
    assert [unanimous.quorum_of(members) for members in (2, 3, 4, 10)] == [2, 2, 3, 9]


def test_approvals_of_an_earlier_governance_account_no_longer_count(parties: Parties) -> None:
    chain, bank, exchange = parties.chain, parties.bank.member, parties.exchange.member
    for number in (1, 2, 3):
        proposal = "0x" + f"{number:064x}"
        made = {"proposer": to_hex(bank), "target": Address("0x" + "11" * 20), "data": "0x", "salt": "0x" + "00" * 32}
        chain.emit("Consortium", "ProposalCreated", {"proposal": proposal, **made, "expiresAt": 1 << 40, "quorum": 2})
        for member in (bank, exchange) if number < 3 else (exchange,):
            chain.about_member("ProposalApproved", member, proposal=proposal, ripeAt=5)
    chain.emit("Consortium", "ProposalExecuted", {"proposal": "0x" + f"{2:064x}", "member": to_hex(bank)})
    chain.about_member("GovernanceAccountChanged", bank, account=Address("0x" + "22" * 20))
    left = [len(proposal.approvals) for proposal in registry_of(parties).proposals.values()]
    assert left == [1, 2, 1]


def _network(parties: Parties, contract: str, function: str) -> list[tuple[Any, ...]]:
    registry = registry_of(parties)
    after = predicted_after(sample(parties, contract, function), registry, NOW)
    assert after is not None
    return [
        (one.subject.en, one.before and one.before.en, one.after and one.after.ko)
        for one in changes(registry, after, NOW)
        if one.label == "network"
    ]


@pytest.mark.parametrize(
    ("function", "entry", "before", "after"),
    [
        ("addNode", "@node.example:30303", None, "허용"),
        ("removeNode", "@first.example:30303?discport=0", "let in", "제외"),
        ("addAccount", "0x", None, "허용"),
        ("removeAccount", "0x", "let in", "제외"),
    ],
)
def test_the_allowlist_is_shown_before_and_after(
    parties: Parties, function: str, entry: str, before: str | None, after: str
) -> None:
    (found,) = _network(parties, "NetworkAllowlist", function)
    assert found[0].startswith(BANK)
    assert entry in found[0]
    assert found[1:] == (before, after)


def test_removing_a_member_shows_that_its_chain_nodes_and_accounts_go_too(parties: Parties) -> None:
    found = _network(parties, "Consortium", "removeMember")
    assert [(before, after) for _, before, after in found] == [("let in", "제외")] * 2


def _statuses(parties: Parties, status: int, words: dict[int, int], *places: int) -> list[tuple[Any, ...]]:
    registry = registry_of(parties)
    found = status_changes(parties.bank.member, 3, status, places, words, lambda one: Names(registry, one))
    return [(one.subject.en, one.before and one.before.en, one.after and one.after.ko) for one in found]


def test_statuses_are_shown_by_what_they_were(parties: Parties) -> None:
    words = {0: 2 << 2 * 5, 1: 2}
    assert _statuses(parties, 1, words, 4, 5, 6, 128) == [
        (f"{BANK}, status list 3, 2 (4, 6)", "valid", "폐지"),
        (f"{BANK}, status list 3, 2 (5, 128)", "suspended", "폐지"),
    ]
    assert _statuses(parties, 2, words, 5) == []


def test_what_is_revoked_is_not_shown_as_suspended_for_the_chain_refuses_it(parties: Parties) -> None:
    assert _statuses(parties, 2, {0: 1}, 0, 1) == []
    assert len(_statuses(parties, 1, {0: 1}, 0, 1)) == 1
