"""Checkpoints stand on the chain at a cadence, and a log that lost what stands there is not signed."""

import pytest

from jeung.domain.chain import ChainAccount, ChainCall
from jeung.domain.identifiers import Address, to_hex
from jeung.domain.members import OperatorPurpose
from jeung.errors import LogBehind
from jeung.ports.log import WitnessAnswer
from tests.common import naive_log
from tests.unit.jeung.services.log.members import ANCHOR_INTERVAL_S, Member, Members

NOTHING = WitnessAnswer(200, b"", "")


@pytest.fixture
def members() -> Members:
    return Members()


def anchors_wanted(member: Member) -> list[tuple[ChainAccount, ChainCall]]:
    with member.node.store.read() as tx:
        page = tx.intents.page(cursor=None, limit=200)
    return [(intent.account, intent.call) for intent in reversed(page.items)]


def name_contract(members: Members) -> None:
    members.chain.name_contract("LogAnchor", Address("0x" + "1" * 40))


def test_a_published_checkpoint_is_anchored_at_its_cadence(members: Members) -> None:
    name_contract(members)
    bank = members.bank
    bank.act(3)
    bank.step()
    root = naive_log.mth(bank.log.entries)
    wanted = ChainCall("LogAnchor", "anchor", (1, 3, to_hex(root)))
    assert anchors_wanted(bank) == [(ChainAccount.ATTEST, wanted)]
    bank.act()
    bank.step()
    assert len(anchors_wanted(bank)) == 1
    members.clock.advance(ANCHOR_INTERVAL_S)
    bank.step()
    assert [call.args[1] for _, call in anchors_wanted(bank)] == [3, 4]


def test_an_anchor_is_asked_for_once_and_never_behind_what_stands(members: Members) -> None:
    name_contract(members)
    bank = members.bank
    bank.act(3)
    bank.step()
    assert bank.anchors.ask() is False
    anchor(members, 3, naive_log.mth(bank.log.entries))
    assert bank.anchors.anchored(1) == (3, naive_log.mth(bank.log.entries))
    assert bank.anchors.ask() is False
    assert len(anchors_wanted(bank)) == 1


def anchor(members: Members, size: int, root: bytes) -> None:
    args = {"member": to_hex(members.bank.node.member), "epoch": 1, "size": size, "root": to_hex(root)}
    members.chain.emit("LogAnchor", "LogAnchored", {**args, "account": "0x" + "1" * 40})


def test_nothing_is_anchored_where_there_is_no_contract_or_nothing_published(members: Members) -> None:
    members.bank.act()
    members.bank.step()
    assert anchors_wanted(members.bank) == []
    name_contract(members)
    assert members.exchange.anchors.ask() is False


def test_nothing_is_anchored_in_an_epoch_that_was_closed(members: Members) -> None:
    name_contract(members)
    members.bank.act()
    args = {"member": to_hex(members.bank.node.member), "epoch": 2}
    members.chain.emit("LogAnchor", "LogEpochOpened", args)
    members.bank.step()
    assert anchors_wanted(members.bank) == []


def test_without_a_hot_account_in_good_order_the_governance_account_anchors(members: Members) -> None:
    name_contract(members)
    own = members.bank.node.member
    with members.ledger.view() as view:
        (attest,) = (
            operator.account
            for operator in view.registry.operators.values()
            if operator.member == own and operator.purpose is OperatorPurpose.ATTEST
        )
    members.chain.retire(own, OperatorPurpose.ATTEST, attest)
    members.bank.act()
    members.bank.step()
    assert [account for account, _ in anchors_wanted(members.bank)] == [ChainAccount.GOVERNANCE]


def test_a_log_that_lost_what_the_chain_names_is_not_signed(members: Members) -> None:
    members.bank.act(3)
    anchor(members, 9, b"\x01" * 32)
    with pytest.raises(LogBehind, match="chain names"):
        members.bank.step()
