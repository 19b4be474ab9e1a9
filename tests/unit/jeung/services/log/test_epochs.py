"""An epoch begins where the consortium opened it, once, and with what others hold of the log before it."""

import pytest

from jeung.crypto import base64url
from jeung.crypto.tlog.notes import parse_note, parse_note_key, verify_note
from jeung.crypto.tlog.tree import EMPTY_ROOT, leaf_hash
from jeung.domain.identifiers import Address, to_hex
from jeung.domain.transparency import parse_entry
from jeung.errors import LogBehind, NotFound
from jeung.ports.log import Place, WitnessAnswer
from tests.common import naive_log
from tests.unit.jeung.services.log.epochs import lived, opening, said
from tests.unit.jeung.services.log.members import ANCHOR_INTERVAL_S, Members


@pytest.fixture
def members() -> Members:
    return Members()


def test_an_opened_epoch_begins_with_the_last_cosigned_checkpoint_of_the_closed_one(members: Members) -> None:
    bank = lived(members)
    before = list(bank.log.entries)
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank) == said("bank.example/log/1", before)
    bank.act(2)
    bank.step()
    assert bank.published(2) == (3, 2)
    assert [parse_entry(entry).kind for entry in bank.log.entries[1:]] == ["issued", "issued"]


def test_the_closed_epoch_stays_as_it_is_and_both_are_served(members: Members) -> None:
    bank = lived(members)
    before = list(bank.log.entries)
    closed = bank.reader.checkpoint(1)
    members.open_epoch(bank, 2)
    bank.act(4)
    bank.steps(3)
    assert bank.reader.origins() == ["bank.example/log/1", "bank.example/log/2"]
    assert bank.reader.checkpoint(1) == closed
    with pytest.raises(NotFound):
        bank.reader.tile(1, "tile/0/000.p/4")
    assert bank.reader.tile(1, "tile/0/000.p/3") == b"".join(map(leaf_hash, before))
    found = verify_note(parse_note(bank.reader.checkpoint(2)), map(parse_note_key, bank.reader.keys()))
    assert len(found) == 3
    assert bank.reader.tile(2, "tile/0/000.p/5")


def test_anchoring_goes_on_in_the_new_epoch(members: Members) -> None:
    members.chain.name_contract("LogAnchor", Address("0x" + "1" * 40))
    bank = lived(members)
    root = naive_log.mth(bank.log.entries)
    members.open_epoch(bank, 2)
    bank.steps(2)
    members.clock.advance(ANCHOR_INTERVAL_S)
    bank.step()
    wanted = [intent.call.args for intent in bank.node.database.read().intents.values()]
    assert wanted == [(1, 3, to_hex(root)), (2, 1, to_hex(leaf_hash(bank.log.entries[0])))]


def test_without_a_vote_no_epoch_begins_whatever_was_lost(members: Members) -> None:
    backup = members.bank.backup()
    bank = lived(members).restored(backup)
    for _ in range(3):
        with pytest.raises(LogBehind, match="not in it"):
            bank.step()
    assert list(bank.log.epochs()) == [1]
    assert bank.log.entries == []


def test_a_restored_log_that_lost_entries_goes_on_where_the_consortium_opened_an_epoch(members: Members) -> None:
    lived(members)
    backup = members.bank.backup()
    members.bank.act(4)
    members.bank.step()
    entries = list(members.bank.log.entries)
    bank = members.bank.restored(backup)
    members.open_epoch(bank, 2)
    bank.steps(2)
    assert opening(bank) == said("bank.example/log/1", entries)
    assert bank.published(2) == (2, 2)
    last = bank.log.last_checkpoint(1)
    assert last is not None
    assert last.size == 3
    assert [parse_entry(entry).kind for entry in bank.log.entries] == ["epoch_opened", "key_event"]


def test_a_restored_log_that_kept_no_checkpoint_carries_over_all_it_has(members: Members) -> None:
    bank = members.bank
    bank.act(2)
    bank.checkpoints.sequence(bank.fence)
    backup = bank.backup()
    bank.act(2)
    bank.step()
    kept = bank.log.entries[:2]
    bank = bank.restored(backup)
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank)["size"] == 4
    assert bank.log.entries[1:] == kept


def test_an_epoch_waits_for_what_most_witnesses_hold_of_the_closed_one(members: Members) -> None:
    bank = lived(members)
    members.open_epoch(bank, 2)
    members.instead[members.exchange.url] = lambda url, _body: (
        None if url.endswith("/1") else WitnessAnswer(404, b"", "")
    )
    with pytest.raises(LogBehind, match="waits"):
        bank.step()
    assert list(bank.log.epochs()) == [1]


def test_nothing_is_signed_and_no_entry_gets_a_place_in_an_epoch_that_was_closed(members: Members) -> None:
    bank = lived(members)
    members.open_epoch(bank, 2)
    members.down |= {members.exchange.url, members.supervisor.url}
    bank.act()
    for _ in range(3):
        with pytest.raises(LogBehind, match="waits"):
            bank.step()
    assert len(bank.log.entries) == 3
    with pytest.raises(LogBehind, match="another epoch"):
        bank.checkpoints.sign(bank.fence)


def test_a_vote_during_a_round_of_cosignatures_lets_the_round_end(members: Members) -> None:
    bank = members.bank
    members.waiting = []
    bank.act(2)
    bank.step()
    members.open_epoch(bank, 2)
    bank.act()
    bank.step()
    assert (bank.log.head().epoch, bank.log.head().size) == (1, 2)
    for run in members.waiting:
        run()
    members.waiting = None
    bank.steps(3)
    assert bank.published(1)[0] == 2
    assert bank.log.head().epoch == 2


def test_what_nobody_cosigned_of_the_closed_epoch_gets_places_in_the_new_one(members: Members) -> None:
    bank = lived(members)
    members.down |= {members.exchange.url, members.supervisor.url}
    bank.act(2)
    bank.step()
    tail = bank.log.entries[3:]
    assert bank.published(1) == (5, 0)
    members.down.clear()
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank) == said("bank.example/log/1", bank.log._epochs[1].entries[:3])
    assert bank.log.entries[1:] == tail
    assert bank.log.place_of(leaf_hash(tail[0])) == Place(2, 1)
    bank.step()
    assert bank.published(2) == (3, 2)
    assert bank.reader.prove(tail[1]) is not None


def test_the_largest_checkpoint_that_anybody_holds_is_the_last(members: Members) -> None:
    bank = lived(members)
    members.down.add(members.exchange.url)
    bank.act(2)
    bank.step()
    members.down.clear()
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank)["size"] == 5


def test_what_a_witness_cosigned_counts_though_it_says_now_that_it_saw_nothing(members: Members) -> None:
    bank = lived(members)
    members.down.add(members.exchange.url)
    bank.act(2)
    bank.step()
    assert bank.published(1) == (5, 1)
    members.down.clear()
    members.instead[members.supervisor.url] = lambda _url, _body: WitnessAnswer(404, b"", "")
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank)["size"] == 5
    assert len(bank.log.entries) == 1


def test_what_stands_anchored_counts_where_no_witness_holds_as_much(members: Members) -> None:
    bank = lived(members)
    members.down |= {members.exchange.url, members.supervisor.url}
    bank.act(2)
    bank.step()
    members.down.clear()
    members.anchored(bank, 1, 5, naive_log.mth(bank.log.entries))
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank)["size"] == 5
    assert len(bank.log.entries) == 1


def test_where_nobody_holds_anything_all_is_carried_over(members: Members) -> None:
    bank = members.bank
    bank.act(2)
    bank.checkpoints.sequence(bank.fence)
    before = list(bank.log.entries)
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank) == {"origin": "bank.example/log/1", "root": base64url.encode(EMPTY_ROOT), "size": 0}
    assert bank.log.entries[1:] == before


def test_an_epoch_that_came_and_went_unseen_is_left_out(members: Members) -> None:
    bank = lived(members)
    before = list(bank.log.entries)
    members.open_epoch(bank, 2)
    members.open_epoch(bank, 3)
    bank.steps(2)
    assert list(bank.log.epochs()) == [1, 3]
    assert opening(bank) == said("bank.example/log/1", before)
    assert bank.published(3) == (1, 2)


def test_an_epoch_that_was_closed_before_anybody_cosigned_it_is_carried_over_whole(members: Members) -> None:
    bank = lived(members)
    members.open_epoch(bank, 2)
    bank.step()
    members.open_epoch(bank, 3)
    second = list(bank.log.entries)
    bank.step()
    assert opening(bank)["origin"] == "bank.example/log/1"
    assert bank.log.entries[1:] == second


def test_a_closed_epoch_ends_with_what_others_saw_of_it(members: Members) -> None:
    """The worker was killed between the witnesses' answers and the publication."""
    bank = lived(members)
    bank.act(2)
    bank.checkpoints.sequence(bank.fence)
    signed = bank.checkpoints.sign(bank.fence)
    assert signed is not None
    for witness in bank.cosigning.witnesses():
        assert bank.cosigning.ask(witness, signed).cosignature is not None
    bank.wire()
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank)["size"] == 5
    assert bank.published(1) == (5, 0)
    assert len(bank.log.entries) == 1


def test_what_a_backup_signed_and_does_not_carry_over_is_published_at_the_close(members: Members) -> None:
    """The others hold a later epoch, which this node never came back to; nothing of its own is left behind unseen."""
    bank = lived(members)
    bank.act(2)
    bank.checkpoints.sequence(bank.fence)
    assert bank.checkpoints.sign(bank.fence) is not None
    backup = bank.backup()
    members.open_epoch(bank, 2)
    bank.steps(2)
    assert bank.published(2)[0] < 5
    again = bank.restored(backup)
    assert again.published(1)[0] == 3
    members.open_epoch(again, 3)
    again.steps(2)
    assert opening(again)["origin"] == "bank.example/log/2"
    assert again.published(1)[0] == 5


def test_a_checkpoint_of_an_unseen_epoch_is_not_published_by_the_size_of_another(members: Members) -> None:
    bank = lived(members)
    members.open_epoch(bank, 2)
    bank.step()
    bank.act()
    bank.checkpoints.sequence(bank.fence)
    assert bank.checkpoints.sign(bank.fence) is not None
    bank.wire()
    members.open_epoch(bank, 3)
    bank.step()
    assert list(bank.log.epochs()) == [1, 2, 3]
    assert opening(bank)["origin"] == "bank.example/log/1"
    assert bank.published(2) == (0, 0)
