"""What a consortium may rightfully go through leaves the audit with nothing to say against it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from audit import rules
from audit.catalogue import EVERYTHING, Part
from audit.findings import Report
from audit.render import as_text
from jeung.domain.chain import ChainAccount
from jeung.domain.identifiers import Address
from node.artifacts import load
from node.chain.abi import encode_constructor
from node.chain.hexes import hex_of
from node.chain.transactions import UnsignedTransaction, created_address, sign_transaction
from tests.common.chain import SCHEMA, Member, Party, agree, wait_for
from tests.integration.audit.scene import REVOKED, SUSPENDED, Scene, act

pytestmark = pytest.mark.chain

NOBODY = "0x" + "00" * 20


@pytest.fixture
def members(scene: Scene, tmp_path: Path) -> Iterator[list[Member]]:
    """Give bank, exchange and regulator on a chain that is taken back afterwards; two of them are a quorum."""
    made: list[Member] = []

    def join(party: Party) -> Member:
        folder = tmp_path / f"node-{len(made)}"
        folder.mkdir()
        made.append(Member(folder, scene.chain, scene.founded, party))
        made[-1].follow()
        return made[-1]

    with scene.later_chain():
        yield [join(scene.bank), join(scene.exchange), join(scene.regulator)]
        for member in made:
            member.close()


def clean(scene: Scene) -> Report:
    # The members' nodes stand still here: what is decided reaches no log.
    report = scene.audit(now=lambda: scene.now + 60, parts=EVERYTHING - {Part.LOG})
    assert report.exit_code == 0, as_text(report)
    return report


def test_an_emergency_suspension_and_its_reinstatement(scene: Scene, members: list[Member]) -> None:
    bank, exchange, regulator = members
    act(regulator, "Consortium", "suspendMember", hex_of(exchange.party.member), "0x" + "01" * 32)
    assert clean(scene).findings == []
    bank.follow()
    agree([bank, regulator], "Consortium", "reinstate", hex_of(exchange.party.member))
    assert clean(scene).findings == []


def test_a_suspension_by_the_quorum_lasts(scene: Scene, members: list[Member]) -> None:
    bank, exchange, regulator = members
    agree([bank, regulator], "Consortium", "suspendByQuorum", hex_of(exchange.party.member), "0x" + "01" * 32)
    scene.chain.pass_time(8 * 86_400)
    report = scene.audit(now=lambda: scene.now + 8 * 86_400, parts=EVERYTHING - {Part.LOG})
    assert {finding.rule for finding in report.findings} <= {rules.STATUS_LIST_UNFIT}, as_text(report)


def test_a_confirmed_suspension_lasts(scene: Scene, members: list[Member]) -> None:
    bank, exchange, regulator = members
    act(regulator, "Consortium", "suspendMember", hex_of(exchange.party.member), "0x" + "01" * 32)
    bank.follow()
    agree([bank, regulator], "Consortium", "confirmSuspension", hex_of(exchange.party.member))
    assert clean(scene).findings == []


def test_an_issuer_removed_for_cause_leaves_notes_and_no_list_is_missed(scene: Scene, members: list[Member]) -> None:
    bank, exchange, regulator = members
    for member in (exchange, regulator):
        member.follow()
    agree([exchange, regulator], "Consortium", "removeMember", hex_of(bank.party.member), 1, True)
    for number in range(4):
        scene.serve(number, None)
    report = clean(scene)
    assert {finding.rule for finding in report.findings} == {rules.ATTESTED_DISOWNED}


def test_a_withdrawal_with_effect_from_before_leaves_notes(scene: Scene, members: list[Member]) -> None:
    ids = hex_of(scene.bank.member), hex_of(SCHEMA)
    agree(members[:2], "AccreditationRegistry", "withdraw", *ids, 0, 1)
    report = clean(scene)
    assert {finding.rule for finding in report.findings} == {rules.ATTESTED_DISOWNED}
    assert len(report.findings) == 2


def test_an_operator_declared_compromised_later_leaves_notes(scene: Scene, members: list[Member]) -> None:
    bank = members[0]
    account = bank.party.signer.address(ChainAccount.ATTEST)
    act(bank, "Consortium", "declareOperatorCompromised", 1, account, 1)
    report = clean(scene)
    assert {finding.rule for finding in report.findings} == {rules.ATTESTED_UNDER_COMPROMISE}


def test_changed_accounts_urls_roles_and_rules(scene: Scene, members: list[Member]) -> None:
    bank = members[0]
    member = hex_of(members[1].party.member)
    agree(members[:2], "Consortium", "addUrl", member, "http://exchange-two.example")
    agree(members[:2], "Consortium", "setRoles", member, 2)
    agree(members[:2], "Consortium", "setRules", [2, 3, 2, 86_400])
    agree(
        members[:2], "Consortium", "setGovernanceAccount", member, Party("x").signer.address(ChainAccount.GOVERNANCE)
    )
    agree(members[::2], "SchemaRegistry", "deprecateSchema", hex_of(SCHEMA))
    bank.follow()
    assert clean(scene).findings == []


def test_a_profile_replaced_withdrawn_and_registered_again(scene: Scene, members: list[Member]) -> None:
    args = hex_of(members[1].party.member), "0x" + "aa" * 32
    for profile in (b"{}", b"[]"):
        agree(members[:2], "RelyingPartyRegistry", "registerProfile", *args, hex_of(profile))
    agree(members[:2], "RelyingPartyRegistry", "withdrawProfile", *args)
    assert clean(scene).findings == []
    agree(members[:2], "RelyingPartyRegistry", "registerProfile", *args, hex_of(b"{}"))
    assert clean(scene).findings == []


def create(member: Member, name: str, *args: object) -> Address:
    """Have a member's governance account create a contract; give its address."""
    signer, rpc = member.party.signer, member.chain.rpc
    account = signer.address(ChainAccount.GOVERNANCE)
    nonce = int(rpc.call("eth_getTransactionCount", account, "latest"), 16)
    data = load(name).bytecode + encode_constructor(name, args, member.book.current())
    unsigned = UnsignedTransaction(31_337, nonce, 0, 0, 10_000_000, None, data)
    signed = sign_transaction(unsigned, ChainAccount.GOVERNANCE, signer, now=1)
    rpc.call("eth_sendRawTransaction", hex_of(signed.raw))
    wait_for(lambda: rpc.call("eth_getTransactionReceipt", hex_of(signed.hash)))
    return created_address(account, nonce)


def test_a_successor_of_the_status_registry_inherits_and_goes_on(scene: Scene, members: list[Member]) -> None:
    bank = members[0]
    old = bank.book.current()["StatusRegistry"]
    new = create(bank, "StatusRegistry", "Consortium", old, 50, 3_600)
    name = "0x" + b"StatusRegistry".ljust(32, b"\0").hex()
    agree(members[:2], "StatusRegistry", "close")
    agree(members[:2], "Directory", "set", name, new)
    bank.follow()
    assert bank.book.current()["StatusRegistry"] == new
    act(bank, "StatusRegistry", "setStatuses", SUSPENDED % 4, 1, [SUSPENDED])
    words = {0: scene.words(SUSPENDED % 4)[0] >> 2 * SUSPENDED + 2 << 2 * SUSPENDED + 2 | 1 << 2 * SUSPENDED}
    scene.serve(SUSPENDED % 4, scene.token(SUSPENDED % 4, words=words))
    report = clean(scene)
    assert report.findings == []
    assert report.counts["bytecode"] == 11


@pytest.mark.parametrize("predecessor", [NOBODY, "Consortium"])
def test_a_successor_that_forgets_what_was_revoked_is_found(
    scene: Scene, members: list[Member], predecessor: str
) -> None:
    bank = members[0]
    new = create(bank, "StatusRegistry", "Consortium", predecessor, 50, 3_600)
    name = "0x" + b"StatusRegistry".ljust(32, b"\0").hex()
    agree(members[:2], "Directory", "set", name, new)
    # The members' nodes stand still here: what is decided reaches no log.
    report = scene.audit(now=lambda: scene.now + 60, parts=EVERYTHING - {Part.LOG})
    found = {finding.rule for finding in report.findings}
    assert {rules.BYTECODE_MISMATCH, rules.STORAGE_MISMATCH} <= found
    assert any(f"/{REVOKED % 4} word 0" in finding.subject for finding in report.findings)


def test_a_successor_of_the_log_anchors_goes_on_and_less_than_its_predecessor_held_is_found(
    scene: Scene, members: list[Member]
) -> None:
    bank, exchange = members[:2]
    new = create(bank, "LogAnchor", "Consortium")
    agree(members[:2], "Directory", "set", "0x" + b"LogAnchor".ljust(32, b"\0").hex(), new)
    agree(members[:2], "LogAnchor", "openEpoch", hex_of(scene.bank.member), 2)
    for member in (bank, exchange):
        member.follow()
    act(bank, "LogAnchor", "anchor", 2, 7, hex_of(SCHEMA))
    assert clean(scene).findings == []
    act(exchange, "LogAnchor", "anchor", 1, 1, hex_of(SCHEMA))
    report = scene.audit(now=lambda: scene.now + 60, parts=EVERYTHING - {Part.LOG})
    assert [finding.rule for finding in report.findings] == [rules.HISTORY_REWRITTEN]


def test_a_successor_of_the_attestation_registry_leaves_old_batches_where_they_are(
    scene: Scene, members: list[Member]
) -> None:
    bank = members[0]
    new = create(bank, "AttestationRegistry", "Consortium", "AccreditationRegistry")
    agree(members[:2], "Directory", "set", "0x" + b"AttestationRegistry".ljust(32, b"\0").hex(), new)
    bank.follow()
    digests = bank.issue(200, 2)
    bank.turn()
    assert all(bank.attested(digests))
    assert clean(scene).findings == []


def test_a_successor_that_obeys_another_consortium_is_found(scene: Scene, members: list[Member]) -> None:
    bank = members[0]
    new = create(bank, "KeyRegistry", bank.book.current()["SchemaRegistry"])
    agree(members[:2], "Directory", "set", "0x" + b"KeyRegistry".ljust(32, b"\0").hex(), new)
    # The members' nodes stand still here: what is decided reaches no log.
    report = scene.audit(now=lambda: scene.now + 60, parts=EVERYTHING - {Part.LOG})
    assert {rules.BYTECODE_MISMATCH, rules.STORAGE_MISMATCH} <= {finding.rule for finding in report.findings}


def test_what_is_named_but_none_of_our_contracts_is_found(scene: Scene, members: list[Member]) -> None:
    bank = members[0]
    schemas = bank.book.current()["SchemaRegistry"]
    agree(members[:2], "Directory", "set", "0x" + b"KeyRegistry".ljust(32, b"\0").hex(), schemas)
    # The members' nodes stand still here: what is decided reaches no log.
    report = scene.audit(now=lambda: scene.now + 60, parts=EVERYTHING - {Part.LOG})
    assert {rules.BYTECODE_MISMATCH, rules.STORAGE_MISMATCH} <= {finding.rule for finding in report.findings}
