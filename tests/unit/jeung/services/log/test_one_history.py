"""A member has one log: neither an epoch of its own making nor a second address makes a second history of it."""

import base64

import pytest

from jeung.domain.identifiers import to_hex
from jeung.errors import LogBehind, NotFound
from tests.common.memory.log import MemoryTransparencyLog
from tests.unit.jeung.services.log.members import Member, Members

SECOND = "https://bank-two.example"


@pytest.fixture
def members() -> Members:
    return Members()


def add_address(members: Members) -> None:
    args = {"member": to_hex(members.bank.node.member), "url": SECOND}
    members.chain.emit("Consortium", "MemberUrlAdded", args)


def another_history(members: Members, entries: list[bytes], url: str = SECOND) -> Member:
    """The bank's node once more, with its keys: an insider runs it beside the first, at another address."""
    other = Member(url, members)
    other.node, other.fence = members.bank.node, members.bank.fence
    other.log = MemoryTransparencyLog(members.bank.node.database)
    other.log.go_on_from(entries)
    other.wire()
    members.all.append(other)
    return other


@pytest.mark.parametrize("origin", ["bank.example/log/2", "bank.example/log/999999999"])
def test_an_epoch_that_nobody_opened_is_not_cosigned(members: Members, origin: str) -> None:
    """An insider lets a second history begin where no first one is held against it."""
    bank = members.bank
    bank.act(3)
    bank.step()
    signed = bank.log.last_checkpoint(1)
    assert signed is not None
    for witness in (members.exchange, members.supervisor):
        body = b"old 0\n\n" + signed.note.replace(b"bank.example/log/1\n", origin.encode() + b"\n", 1)
        with pytest.raises(NotFound, match="now"):
            witness.witness.add_checkpoint(body, signed.key)
        with pytest.raises(NotFound):
            witness.witness.head(origin)


def test_an_epoch_that_was_closed_is_not_cosigned_any_more_and_stays_known(members: Members) -> None:
    bank = members.bank
    bank.act(3)
    bank.step()
    bank.act()
    bank.checkpoints.sequence(bank.fence)
    signed = bank.checkpoints.sign(bank.fence)
    assert signed is not None
    members.open_epoch(bank, 2)
    proof = bank.checkpoints.proof_between(1, 3, 4)
    lines = "".join(base64.b64encode(hash_).decode() + "\n" for hash_ in proof)
    with pytest.raises(NotFound, match="now"):
        members.exchange.witness.add_checkpoint(f"old 3\n{lines}\n".encode() + signed.note, signed.key)
    assert members.exchange.witness.head("bank.example/log/1").size == 3


def test_a_successor_of_the_contract_opens_no_epoch_again(members: Members) -> None:
    """It counts from the first epoch: what it opens on its way was closed before."""
    for epoch in (2, 3, 2):
        members.open_epoch(members.bank, epoch)
    with members.ledger.view() as view:
        assert view.registry.log_epochs[members.bank.node.member] == 3


def test_a_second_address_is_no_second_history(members: Members) -> None:
    """An insider shows one log to some and another to the rest, each under an address of the member's."""
    bank = members.bank
    bank.act(3)
    bank.step()
    add_address(members)
    other = another_history(members, [b"another", b"history", b"of the", b"same member"])
    other.step()
    assert len(members.calls) > 2
    published = other.log.published(1)
    assert published is None or published[1] == []
    assert members.exchange.witness.head("bank-two.example/log/1").size == 3
    assert members.exchange.memory.forks("bank.example/log/1")


def test_a_log_goes_on_under_the_members_newer_address(members: Members) -> None:
    bank = members.bank
    bank.act(3)
    bank.step()
    add_address(members)
    moved = another_history(members, list(bank.log.entries))
    moved.act(2)
    moved.step()
    published = moved.log.published(1)
    assert published is not None
    assert (published[0].size, len(published[1])) == (5, 2)
    assert members.supervisor.witness.head("bank.example/log/1").size == 5


def test_a_restored_log_is_held_against_what_was_cosigned_under_another_address(members: Members) -> None:
    bank = members.bank
    bank.act(5)
    bank.step()
    add_address(members)
    restored = another_history(members, bank.log.entries[:3])
    restored.log.is_guarded = True
    with pytest.raises(LogBehind, match="not in it"):
        restored.step()
