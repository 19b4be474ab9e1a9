"""Each chain node is brought into line with the ledger, one's failure is its own, and nobody is locked out."""

import pytest

from jeung.domain.members import OperatorPurpose
from jeung.domain.network_policy import permitted_accounts
from jeung.errors import LedgerStale
from jeung.services import network
from jeung.services.network import ListReport, NetworkService, NodeReport, Withheld
from jeung.services.verification import VerificationRules
from tests.common.besu import BesuPermissions
from tests.common.memory.chain_node import MemoryChainNode
from tests.common.network import RELAYER, about_entry, endpoint, enode_of, list_node
from tests.common.parties import BANK, Parties

ONE, TWO, THREE, STRANGER = (enode_of(number) for number in (1, 2, 3, 9))


@pytest.fixture
def listed(parties: Parties) -> Parties:
    for number in (1, 2, 3):
        list_node(parties.chain, parties.bank.member, endpoint(number))
    return parties


def service_of(parties: Parties, *chain_nodes: MemoryChainNode) -> NetworkService:
    return NetworkService(
        ledger=parties.ledger,
        chain_nodes=chain_nodes,
        clock=parties.clock,
        own=parties.bank.member,
        rules=VerificationRules(BANK),
    )


def chain_node(name: str = "validator", **permissions: object) -> MemoryChainNode:
    return MemoryChainNode(name, BesuPermissions(**permissions))  # type: ignore[arg-type]  # fields of BesuPermissions


def accounts_of(parties: Parties) -> list[str]:
    """Give the accounts that are permitted, as a chain node keeps them."""
    with parties.ledger.view() as view:
        return sorted(account.lower() for account in permitted_accounts(view.registry, parties.clock.now()))


def only(reports: tuple[NodeReport, ...]) -> NodeReport:
    (report,) = reports
    return report


def test_empty_chain_node_gets_everything_and_the_second_run_changes_nothing(listed: Parties) -> None:
    node = chain_node()
    report = service_of(listed, node).reconcile()
    assert report.agrees
    assert node.nodes() == list(report.permitted_nodes) == sorted([ONE, TWO, THREE])
    assert sorted(node.accounts()) == accounts_of(listed)
    assert only(report.chain_nodes).nodes.added == report.permitted_nodes
    asked = len(node.permissions.requests)
    again = service_of(listed, node).reconcile()
    assert again.agrees
    assert only(again.chain_nodes).nodes == ListReport()
    assert len(node.permissions.requests) == asked


def test_what_is_too_much_goes_after_what_is_missing_came(listed: Parties) -> None:
    stranger = RELAYER.lower()
    node = chain_node(nodes=[STRANGER, ONE, TWO], accounts=[*accounts_of(listed), stranger])
    report = only(service_of(listed, node).reconcile().chain_nodes)
    assert (report.nodes.added, report.nodes.removed) == ((THREE,), (STRANGER,))
    assert report.accounts.removed == (stranger,)
    assert [method for method, _ in node.permissions.requests] == [
        "perm_addNodesToAllowlist",
        "perm_removeNodesFromAllowlist",
        "perm_removeAccountsFromAllowlist",
    ]


def test_inspection_says_what_would_change_and_changes_nothing(listed: Parties) -> None:
    node = chain_node(nodes=[STRANGER, ONE, TWO])
    report = service_of(listed, node).inspect()
    found = only(report.chain_nodes)
    assert (found.nodes.missing, found.nodes.surplus, found.nodes.added) == ((THREE,), (STRANGER,), ())
    assert not report.agrees
    assert node.permissions.requests == []


def test_entry_written_another_way_is_the_same_entry(listed: Parties) -> None:
    shouted = [account.upper().replace("0X", "0x") for account in accounts_of(listed)]
    odd = ONE.replace("enode://", "enode://").upper().replace("ENODE", "enode") + "?discport=30303"
    node = chain_node(nodes=[odd, TWO, THREE], accounts=shouted)
    assert service_of(listed, node).inspect().agrees


def test_entry_listed_by_vote_comes_and_one_isolated_goes(listed: Parties) -> None:
    node = chain_node()
    service_of(listed, node).reconcile()
    about_entry(listed.chain, "AccountAdded", RELAYER, listed.exchange.member)
    service_of(listed, node).reconcile()
    assert RELAYER.lower() in node.accounts()
    until = listed.clock.now() + 1_000
    listed.chain.about_member("MemberSuspended", listed.exchange.member, until=until, suspendedBy="", reasonDigest="")
    about_entry(listed.chain, "AccountIsolated", RELAYER, listed.exchange.member, supervisor="", until=until)
    report = only(service_of(listed, node).reconcile().chain_nodes)
    assert report.accounts.removed == (RELAYER.lower(),)


def test_stale_copy_of_the_ledger_is_never_carried(listed: Parties) -> None:
    node = chain_node(nodes=[STRANGER])
    listed.clock.advance(60)
    with pytest.raises(LedgerStale):
        service_of(listed, node).reconcile()
    with pytest.raises(LedgerStale):
        service_of(listed, node).inspect()
    assert node.nodes() == [STRANGER]


def test_silent_chain_node_does_not_keep_the_others_waiting(listed: Parties) -> None:
    silent, node = chain_node("silent"), chain_node()
    silent.down = True
    report = service_of(listed, silent, node).reconcile()
    assert not report.agrees
    first, second = report.chain_nodes
    assert [problem.code for problem in first.nodes.problems] == ["chain_node_unavailable"]
    assert [problem.code for problem in first.accounts.problems] == ["chain_node_unavailable"]
    assert second.agrees


def test_list_that_is_not_enabled_does_not_keep_the_other_from_its_own(listed: Parties) -> None:
    node = chain_node(nodes=None)
    report = only(service_of(listed, node).reconcile().chain_nodes)
    assert [problem.code for problem in report.nodes.problems] == ["permissioning_disabled"]
    assert report.accounts.agrees


def test_one_refused_entry_does_not_keep_the_others_out(listed: Parties) -> None:
    named = endpoint(4, domain="node.bank.example")
    list_node(listed.chain, listed.bank.member, named)
    node = chain_node()
    report = only(service_of(listed, node).reconcile().chain_nodes)
    refused = enode_of(4).replace("10.0.0.4", "node.bank.example")
    assert sorted(node.nodes()) == sorted([ONE, TWO, THREE])
    assert report.nodes.missing == (refused,)
    assert [(problem.code, problem.entry) for problem in report.nodes.problems] == [
        ("permissioning_refused", refused)
    ]


def test_fixed_node_that_should_go_is_reported_and_the_others_go(listed: Parties) -> None:
    other = enode_of(8)
    node = chain_node(nodes=[ONE, TWO, THREE, STRANGER, other], fixed_nodes=(STRANGER,))
    report = only(service_of(listed, node).reconcile().chain_nodes)
    assert report.nodes.removed == (other,)
    assert report.nodes.surplus == (STRANGER,)
    assert [problem.entry for problem in report.nodes.problems] == [STRANGER]


def test_node_that_refuses_everything_is_asked_for_no_more_than_a_bound(
    listed: Parties, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "MAX_PROBLEMS", 2)
    node = chain_node(file_unwritable=True)
    report = only(service_of(listed, node).reconcile().chain_nodes)
    assert len(report.nodes.problems) == 2
    assert report.nodes.missing == (ONE, TWO, THREE) or len(report.nodes.missing) == 3


def test_many_entries_are_asked_for_in_bounded_requests(listed: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CHUNK", 2)
    node = chain_node(accounts=accounts_of(listed))
    assert service_of(listed, node).reconcile().agrees
    assert [len(entries) for _, entries in node.permissions.requests] == [2, 1]


def test_change_that_is_not_kept_is_no_agreement(listed: Parties) -> None:
    node = chain_node(file_out_of_sync=True)
    report = only(service_of(listed, node).reconcile().chain_nodes)
    assert report.nodes.missing == ()
    assert [problem.code for problem in report.nodes.problems] == ["permissioning_not_kept"]
    assert not report.agrees


def test_entry_that_stands_twice_is_taken_out_as_often(listed: Parties) -> None:
    node = chain_node(nodes=[ONE, TWO, THREE, STRANGER, STRANGER])
    report = only(service_of(listed, node).reconcile().chain_nodes)
    assert node.nodes() == [ONE, TWO, THREE]
    assert report.nodes.agrees


def test_node_itself_is_never_taken_out(listed: Parties) -> None:
    node = chain_node(nodes=[ONE, TWO, THREE, STRANGER], own_enode=STRANGER)
    report = only(service_of(listed, node).reconcile().chain_nodes)
    assert report.nodes.withheld == ((STRANGER, Withheld.OWN_NODE),)
    assert STRANGER in node.nodes()


@pytest.mark.parametrize("own", [None, ONE], ids=["nobody listed", "itself alone listed"])
def test_last_peer_is_never_taken_out(parties: Parties, own: str | None) -> None:
    if own is not None:
        list_node(parties.chain, parties.bank.member, endpoint(1))
    node = chain_node(nodes=[STRANGER], own_enode=own)
    report = only(service_of(parties, node).reconcile(mass_removal=True).chain_nodes)
    assert report.nodes.withheld == ((STRANGER, Withheld.LAST_PEER),)
    assert STRANGER in node.nodes()


def test_more_than_half_of_a_list_goes_only_when_told(listed: Parties) -> None:
    strangers = sorted(enode_of(number) for number in (5, 6, 7, 8))
    node = chain_node(nodes=list(strangers))
    report = only(service_of(listed, node).reconcile().chain_nodes)
    assert report.nodes.withheld == tuple((entry, Withheld.MASS_REMOVAL) for entry in strangers)
    assert report.nodes.added == tuple(sorted([ONE, TWO, THREE]))
    told = only(service_of(listed, node).reconcile(mass_removal=True).chain_nodes)
    assert told.nodes.removed == tuple(strangers)


def test_own_accounts_stay_though_the_member_was_removed(listed: Parties) -> None:
    node = chain_node()
    service_of(listed, node).reconcile()
    retired = listed.chain.new_account()
    listed.chain.authorize(listed.bank.member, OperatorPurpose.ATTEST, retired)
    service_of(listed, node).reconcile()
    listed.chain.about_member("OperatorRetired", listed.bank.member, purpose=1, account=retired)
    now = listed.clock.now()
    listed.chain.about_member("MemberRemoved", listed.bank.member, effectiveSince=now, forCause=True)
    report = only(service_of(listed, node).reconcile(mass_removal=True).chain_nodes)
    assert report.accounts.removed == (retired.lower(),)
    assert {reason for _, reason in report.accounts.withheld} == {Withheld.OWN_ACCOUNT}
    assert len(report.accounts.withheld) == 3
