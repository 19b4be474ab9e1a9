"""Whoever did not cosign what is published is asked again where nothing newer comes: a few times, ever later."""

from itertools import pairwise

import pytest

from jeung.crypto.tlog.notes import parse_note, parse_note_key, verify_note
from jeung.domain.members import Role
from jeung.domain.registrations import KeyPurpose
from jeung.ports.log import WitnessAnswer
from jeung.services.log.work import ASKED_AGAIN
from tests.unit.jeung.services.log.members import Member, Members

REFUSED = WitnessAnswer(403, b"", "")


@pytest.fixture
def members() -> Members:
    return Members()


def idle(members: Members, minutes: int) -> list[int]:
    """Let the bank's worker step for a while without anything new; give when it asked whom, in seconds."""
    asked, begin = [], members.clock.now()
    for _ in range(minutes * 12):
        before = len(members.calls)
        members.bank.step()
        asked += [members.clock.now() - begin] * (len(members.calls) - before)
    return asked


def test_a_witness_that_refused_before_it_knew_our_key_cosigns_without_a_newer_entry(members: Members) -> None:
    members.instead[members.exchange.url] = lambda _url, _body: REFUSED
    members.bank.act(3)
    members.bank.step()
    assert members.bank.published() == (3, 1)
    members.instead.clear()
    asked = idle(members, 1)
    assert members.bank.published() == (3, 2)
    note = parse_note(members.bank.reader.checkpoint(1))
    assert len(verify_note(note, map(parse_note_key, members.bank.reader.keys()))) == 3
    # From nothing, as the witness says by its 409 where we guess another size; the other one is left in peace.
    assert {url for _, url in members.calls[-len(asked) :]} == {members.exchange.url + "/witness/add-checkpoint"}


def test_a_witness_that_never_cosigns_is_asked_a_few_times_ever_later_and_no_more(members: Members) -> None:
    members.instead[members.exchange.url] = lambda _url, _body: REFUSED
    members.bank.act(3)
    members.bank.step()
    asked = idle(members, 120)
    assert len(asked) == ASKED_AGAIN
    assert asked[0] >= 5
    assert all(later - earlier >= 5 for earlier, later in pairwise(asked))
    assert asked[-1] > 600
    assert members.bank.published() == (3, 1)


def test_the_next_entry_gives_every_witness_its_chances_again(members: Members) -> None:
    members.instead[members.exchange.url] = lambda _url, _body: REFUSED
    members.bank.act(3)
    members.bank.step()
    idle(members, 120)
    members.bank.act()
    members.bank.step()
    members.instead.clear()
    idle(members, 1)
    assert members.bank.published() == (4, 2)


def test_a_restarted_worker_asks_those_who_are_missing(members: Members) -> None:
    members.down.add(members.exchange.url)
    members.bank.act(3)
    members.bank.step()
    members.down.clear()
    members.bank.wire()
    idle(members, 1)
    assert members.bank.published() == (3, 2)


def test_who_cosigned_is_not_asked_again(members: Members) -> None:
    members.bank.act(3)
    members.bank.step()
    assert idle(members, 30) == []


def test_a_member_admitted_since_cosigns_what_stands(members: Members) -> None:
    members.bank.act(3)
    members.bank.step()
    late = Member("https://late.example", members)
    members.all.append(late)
    members.chain.admit(late.url, Role.RELYING_PARTY)
    for purpose in (KeyPurpose.LOG_CHECKPOINT_SIGNING, KeyPurpose.WITNESS_COSIGNING):
        members.chain.register_key(late.node.member, late.node.signer.keys[purpose].key.thumbprint, purpose)
    late.wire()
    idle(members, 1)
    assert members.bank.published() == (3, 3)


def test_a_witness_that_claims_to_be_ahead_at_every_question_stops_the_log_no_longer_than_it_is_asked(
    members: Members,
) -> None:
    """Each claim makes the log compare itself with what can be shown: an insider wins nothing but that."""
    members.bank.act(3)
    members.down.add(members.exchange.url)
    members.bank.step()
    members.down.clear()
    members.instead[members.exchange.url] = lambda url, _body: (
        WitnessAnswer(404, b"", "") if "heads" in url else WitnessAnswer(409, b"99\n", "")
    )
    idle(members, 120)
    assert not members.bank.log.is_guarded
    assert members.bank.published() == (3, 1)
    members.instead.clear()
    members.bank.act()
    members.bank.step()
    assert members.bank.published() == (4, 2)


def rotated(members: Members, member: Member, purpose: KeyPurpose) -> None:
    """Let a member's next key of a purpose be registered and at work, and the one before end on the chain."""
    before = member.node.signer.keys[purpose].key.thumbprint
    member.node.signer.rotate(purpose)
    members.chain.register_key(member.node.member, member.node.signer.keys[purpose].key.thumbprint, purpose)
    members.chain.revoke_key(member.node.member, before, members.clock.now())


def test_after_a_checkpoint_key_was_rotated_witnesses_take_the_new_one_and_old_checkpoints_verify(
    members: Members,
) -> None:
    bank = members.bank
    bank.act(3)
    bank.step()
    old = parse_note(bank.reader.checkpoint(1))
    rotated(members, bank, KeyPurpose.LOG_CHECKPOINT_SIGNING)
    bank.act()
    bank.step()
    assert bank.published() == (4, 2)
    new = parse_note(bank.reader.checkpoint(1))
    keys = list(map(parse_note_key, bank.reader.keys()))
    (by_old, by_new) = (
        next(one.key for one in verify_note(note, keys) if one.key.name == "bank.example/log/1")
        for note in (old, new)
    )
    # One log, one name, two keys: notes tell them apart by the key's id.
    assert by_old.name == by_new.name
    assert by_old.key_id != by_new.key_id


def test_the_checkpoint_key_before_signs_nothing_that_a_witness_takes(members: Members) -> None:
    bank = members.bank
    stolen = bank.node.signer.keys[KeyPurpose.LOG_CHECKPOINT_SIGNING]
    members.chain.revoke_key(bank.node.member, stolen.key.thumbprint, members.clock.now())
    bank.act(3)
    bank.step()
    assert bank.published() == (3, 0)


def test_after_a_witness_key_was_rotated_its_cosignatures_count_and_earlier_ones_stay(members: Members) -> None:
    bank = members.bank
    bank.act(3)
    bank.step()
    rotated(members, members.exchange, KeyPurpose.WITNESS_COSIGNING)
    bank.act()
    bank.step()
    assert bank.published() == (4, 2)
    keys = list(map(parse_note_key, bank.reader.keys()))
    assert len([key for key in keys if key.name == "exchange.example/witness"]) == 2


def test_a_witness_key_that_is_not_on_our_index_yet_counts_once_it_is(members: Members) -> None:
    bank, exchange = members.bank, members.exchange
    exchange.node.signer.rotate(KeyPurpose.WITNESS_COSIGNING)
    bank.act(3)
    bank.step()
    assert bank.published() == (3, 1)
    fresh = exchange.node.signer.keys[KeyPurpose.WITNESS_COSIGNING].key.thumbprint
    members.chain.register_key(exchange.node.member, fresh, KeyPurpose.WITNESS_COSIGNING)
    idle(members, 1)
    assert bank.published() == (3, 2)
