"""An endpoint has one form, and who may take part follows from the events by the contract's rules."""

import pytest
from eth_abi.abi import encode

from jeung.crypto.hashing import keccak256
from jeung.domain.identifiers import MemberId
from jeung.domain.members import OperatorPurpose, Role
from jeung.domain.network import Endpoint, host_of, node_id, parse_enode
from jeung.domain.network_policy import permitted_accounts, permitted_nodes, serving_accounts
from jeung.domain.registry import Registry
from tests.common.network import FAR_NODE, RELAYER, about_entry, endpoint, enode_of, list_node, node_key
from tests.common.parties import Parties

KEY = node_key(7)
ID = KEY.hex()


@pytest.fixture
def parties() -> Parties:
    return Parties()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (f"enode://{ID}@10.0.0.7:30303", None),
        (f"enode://{ID.upper()}@10.0.0.7:30303", f"enode://{ID}@10.0.0.7:30303"),
        (f"enode://{ID}@10.0.0.7:30303?discport=30303", f"enode://{ID}@10.0.0.7:30303"),
        (f"enode://{ID}@10.0.0.7:30303?discport=0", None),
        (f"enode://{ID}@10.0.0.7:30303?discport=30304", None),
        (f"enode://{ID}@[2001:db8:0:0:0:0:0:7]:30303", f"enode://{ID}@[2001:db8::7]:30303"),
        (f"enode://{ID}@[::ffff:10.0.0.7]:30303", f"enode://{ID}@10.0.0.7:30303"),
        (f"enode://{ID}@Node.bank.example:03030", f"enode://{ID}@node.bank.example:3030"),
    ],
)
def test_enode_is_read_into_its_one_form(text: str, written: str | None) -> None:
    parsed = parse_enode(text)
    assert str(parsed) == (written or text)
    assert parsed == parse_enode(str(parsed))


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"enode://{ID}@10.0.0.7",
        f"enode://{ID[2:]}@10.0.0.7:30303",
        f"enode://0x{ID[2:]}@10.0.0.7:30303",
        f"http://{ID}@10.0.0.7:30303",
        f"enode://{ID}@10.0.0.7:0",
        f"enode://{ID}@10.0.0.7:65536",
        f"enode://{ID}@10.0.0.7:30303?discport=65536",
        f"enode://{ID}@10.0.0.7:30303?other=1",
        f"enode://{ID}@[2001:db8::7:30303",
        f"enode://{ID}@[2001:db8:::7]:30303",
        f"enode://{ID}@a b:30303",
        f"enode://{ID}@10.0.0.7:30303\n",
    ],
)
def test_what_is_no_enode_is_not_read(text: str) -> None:
    assert parse_enode(text) is None


def test_address_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        host_of(bytes(4), "")


def _registry(parties: Parties) -> Registry:
    with parties.ledger.view() as view:
        return view.registry


def test_listed_nodes_are_permitted_as_the_contract_has_them(parties: Parties) -> None:
    for listed in (endpoint(7), FAR_NODE, endpoint(8, domain="node.bank.example", discovery_port=0)):
        list_node(parties.chain, parties.bank.member, listed)
    assert permitted_nodes(_registry(parties), parties.clock.now()) == {
        Endpoint(KEY, "10.0.0.7", 30303, 30303),
        Endpoint(node_key(1), "2001:db8::7", 30303, 0),
        Endpoint(node_key(8), "node.bank.example", 30303, 0),
    }


def test_removed_entry_is_out_and_may_come_back(parties: Parties) -> None:
    bank, exchange, chain = parties.bank.member, parties.exchange.member, parties.chain
    node = list_node(chain, bank, endpoint(7))
    about_entry(chain, "AccountAdded", RELAYER, bank)
    about_entry(chain, "NodeRemoved", node, bank, removedBy="0x" + "00" * 32)
    about_entry(chain, "AccountRemoved", RELAYER, bank, removedBy="0x" + "00" * 32)
    now = parties.clock.now()
    assert permitted_nodes(_registry(parties), now) == frozenset()
    assert RELAYER not in permitted_accounts(_registry(parties), now)
    list_node(chain, exchange, endpoint(7))
    about_entry(chain, "AccountAdded", RELAYER, exchange)
    registry = _registry(parties)
    assert [listing.member for listing in next(iter(registry.nodes.values())).listings] == [bank, exchange]
    assert {str(node) for node in permitted_nodes(registry, now)} == {enode_of(7)}
    assert RELAYER in permitted_accounts(registry, now)


def test_isolated_entry_is_out_while_its_member_is_suspended(parties: Parties) -> None:
    bank, chain, now = parties.bank.member, parties.chain, parties.clock.now()
    node = list_node(chain, bank, endpoint(7))
    about_entry(chain, "AccountAdded", RELAYER, bank)
    chain.about_member("MemberSuspended", bank, until=now + 100, suspendedBy="", reasonDigest="")
    registry = _registry(parties)
    assert permitted_nodes(registry, now), "suspension alone leaves it in"
    about_entry(chain, "NodeIsolated", node, bank, supervisor="", until=now + 100)
    about_entry(chain, "AccountIsolated", RELAYER, bank, supervisor="", until=now + 100)
    registry = _registry(parties)
    assert permitted_nodes(registry, now + 99) == frozenset()
    assert RELAYER not in permitted_accounts(registry, now + 99)
    assert permitted_nodes(registry, now + 100)
    chain.about_member("MemberReinstated", bank)
    registry = _registry(parties)
    assert permitted_nodes(registry, now + 1)
    assert RELAYER in permitted_accounts(registry, now + 1)


def test_what_a_removed_member_listed_and_its_accounts_are_out(parties: Parties) -> None:
    bank, now = parties.bank.member, parties.clock.now()
    list_node(parties.chain, bank, endpoint(7))
    own = serving_accounts(_registry(parties), bank)
    assert own <= permitted_accounts(_registry(parties), now)
    parties.chain.about_member("MemberRemoved", bank, effectiveSince=now, forCause=False)
    registry = _registry(parties)
    assert permitted_nodes(registry, now) == frozenset()
    assert not own & permitted_accounts(registry, now)


def test_accounts_that_serve_no_more_are_out(parties: Parties) -> None:
    bank, chain = parties.bank.member, parties.chain
    before = serving_accounts(_registry(parties), bank)
    retired, disowned = chain.new_account(), chain.new_account()
    chain.authorize(bank, OperatorPurpose.ATTEST, retired)
    chain.authorize(bank, OperatorPurpose.STATUS, disowned)
    assert serving_accounts(_registry(parties), bank) == before | {retired, disowned}
    chain.about_member("OperatorRetired", bank, purpose=1, account=retired)
    chain.about_member("OperatorCompromised", bank, purpose=2, account=disowned, since=1)
    assert serving_accounts(_registry(parties), bank) == before


def test_replaced_governance_account_is_out_and_its_successor_in(parties: Parties) -> None:
    member = parties.chain.admit("http://third.example", Role.SUPERVISOR)
    before = _registry(parties).members[member].governance
    fresh = parties.chain.new_account()
    parties.chain.about_member("GovernanceAccountChanged", member, account=fresh)
    permitted = permitted_accounts(_registry(parties), parties.clock.now())
    assert (before in permitted, fresh in permitted) == (False, True)


def test_stranger_has_no_accounts() -> None:
    assert serving_accounts(Registry(), MemberId(bytes(32))) == frozenset()


@pytest.mark.parametrize("host", ["10.0.0.1", "::1", "node.example", "a" * 63 + ".example"])
def test_a_chain_nodes_identifier_is_the_contracts(host: str) -> None:
    node = Endpoint(bytes(range(64)), host, 30303, 7)
    ip, domain = node.packed_host
    encoded = encode(
        ["(bytes32,bytes32,bytes16,string,uint16,uint16)"],
        [(node.key[:32], node.key[32:], ip, domain, node.port, node.discovery_port)],
    )
    assert node_id(node) == keccak256(encoded)
    assert host_of(ip, domain) == host
