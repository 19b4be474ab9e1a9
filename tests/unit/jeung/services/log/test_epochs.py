"""An epoch begins where the consortium opened it, once, and with what others hold of the log before it."""

import pytest

from jeung.crypto import base64url
from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.notes import parse_note, parse_note_key, verify_note
from jeung.crypto.tlog.tree import EMPTY_ROOT, leaf_hash
from jeung.domain.identifiers import Address, to_hex
from jeung.domain.transparency import EntryKind, parse_entry
from jeung.errors import LedgerStale, LogBehind, NotFound
from jeung.ports.log import Opening, Place, WitnessAnswer
from tests.common import naive_log
from tests.unit.jeung.services.log.members import ANCHOR_INTERVAL_S, Member, Members


@pytest.fixture
def members() -> Members:
    return Members()


def lived(members: Members, count: int = 3) -> Member:
    """The bank, with entries that the others cosigned."""
    members.bank.act(count)
    members.bank.step()
    return members.bank


def opening(member: Member) -> dict[str, object]:
    """What the first entry of the present epoch says."""
    entry = parse_entry(member.log.entries[0])
    assert entry.kind is EntryKind.EPOCH_OPENED
    return dict(entry.facts or {})


def said(origin: str, entries: list[bytes]) -> dict[str, object]:
    return {"origin": origin, "root": base64url.encode(naive_log.mth(entries)), "size": len(entries)}


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


def lived_in_a_second_epoch(members: Members) -> tuple[Member, list[bytes]]:
    """The bank, restored from a backup of its first epoch while the others cosigned a second."""
    lived(members)
    backup = members.bank.backup()
    members.open_epoch(members.bank, 2)
    members.bank.step()
    members.bank.act(4)
    members.bank.step()
    assert members.bank.published(2) == (5, 2)
    return members.bank.restored(backup), list(members.bank.log.entries)


def test_an_epoch_that_has_begun_is_not_begun_again_by_an_older_backup(members: Members) -> None:
    bank, _ = lived_in_a_second_epoch(members)
    for _ in range(3):
        with pytest.raises(LogBehind, match="not in it"):
            bank.step()
    assert list(bank.log.epochs()) == [1]
    assert bank.log.last_checkpoint(2) is None


def test_an_epoch_that_was_lost_is_taken_back_whole_from_a_copy(members: Members) -> None:
    bank, entries = lived_in_a_second_epoch(members)
    members.keep_copy("https://copy.example", members.bank.log, 2, 5)
    bank.copies = ("https://copy.example",)
    bank.wire()
    bank.steps(3)
    assert bank.log.entries[:5] == entries
    assert bank.published(2) == (6, 2)


def test_after_a_second_loss_the_third_epoch_names_the_second(members: Members) -> None:
    bank, entries = lived_in_a_second_epoch(members)
    members.open_epoch(bank, 3)
    bank.steps(2)
    assert list(bank.log.epochs()) == [1, 3]
    assert opening(bank) == said("bank.example/log/2", entries)
    assert bank.published(3) == (2, 2)


def test_the_chain_must_be_followed_before_a_log_goes_on(members: Members) -> None:
    """A backup's index names the epoch of its time."""
    lived(members)
    bank = members.bank.restored(members.bank.backup())
    members.hear(behind=3)
    with pytest.raises(LogBehind, match="newest blocks"):
        bank.work.step(bank.fence)
    members.hear()
    members.clock.advance(61)
    with pytest.raises(LogBehind, match="newest blocks"):
        bank.work.step(bank.fence)
    bank.step()
    assert not bank.log.is_guarded


def test_a_vote_that_a_fork_of_the_chain_took_back_stops_the_log(members: Members) -> None:
    bank = lived(members)
    head = members.follower.index.head()
    assert head is not None
    members.open_epoch(bank, 2)
    bank.step()
    members.follower.index.roll_back(head.number, fence=members.follower.fence)
    bank.act()
    with pytest.raises(LogBehind, match="does not know the epoch"):
        bank.step()
    assert bank.log.last_checkpoint(2) is None


def test_only_a_checkpoint_that_this_member_signed_is_named(members: Members) -> None:
    """A witness shows another member's head, or one of its own making, as the last of this log."""
    bank = lived(members)
    members.exchange.act(9)
    members.exchange.step()
    head = members.supervisor.witness.head("exchange.example/log/1")
    forged = head.note.replace(b"exchange.example/log/1", b"bank.example/log/1")
    own = bank.log.last_checkpoint(1)
    assert own is not None
    before = list(bank.log.entries)
    members.open_epoch(bank, 2)
    for note, key in ((head.note, head.key), (forged, head.key.replace("exchange", "bank")), (forged, own.key)):
        members.instead[members.exchange.url] = lambda _u, _b, note=note, key=key: WitnessAnswer(200, note, key)  # type: ignore[misc]
        found = bank.recovery.look(bank.log.head())
        assert isinstance(found, Opening)
        assert found.last == Checkpoint("bank.example/log/1", 3, naive_log.mth(before))


def test_of_two_histories_of_one_size_the_one_that_more_hold_is_named(members: Members) -> None:
    bank = lived(members)
    other = Member(bank.url, members)
    other.node, other.fence = bank.node, bank.fence
    root = naive_log.mth(bank.log.entries)
    histories = ([b"another", b"history", b"%d" % number] for number in range(10_000))
    # Not the one whose root is the larger number.
    other.log.go_on_from(next(history for history in histories if naive_log.mth(history) > root))
    other.log._database = members.exchange.node.database
    other.wire()
    signed = other.checkpoints.sign(other.fence)
    assert signed is not None
    members.open_epoch(bank, 2)
    members.instead[members.exchange.url] = lambda url, _body: (
        WitnessAnswer(200, signed.note, signed.key) if url.endswith("/1") else WitnessAnswer(404, b"", "")
    )
    members.anchored(bank, 1, 3, naive_log.mth(bank.log.entries))
    bank.step()
    assert opening(bank) == said("bank.example/log/1", bank.log._epochs[1].entries)


def test_a_log_that_was_changed_begins_the_next_epoch_with_what_it_has_not_shown(members: Members) -> None:
    bank = lived(members)
    bank.act(2)
    bank.checkpoints.sequence(bank.fence)
    tail = bank.log.entries[3:]
    bank.log.entries[1] = b"forged"
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank)["size"] == 3
    assert bank.log.entries[1:] == tail


def test_what_a_changed_log_signed_and_nobody_cosigned_is_carried_over(members: Members) -> None:
    bank = lived(members)
    members.down |= {members.exchange.url, members.supervisor.url}
    bank.act(2)
    bank.step()
    members.down.clear()
    tail = bank.log.entries[3:]
    bank.log.entries[1] = b"forged"
    members.open_epoch(bank, 2)
    bank.step()
    assert opening(bank)["size"] == 3
    assert bank.log.entries[1:] == tail


def test_a_log_that_the_chain_knows_more_of_compares_itself(members: Members) -> None:
    bank = lived(members)
    members.anchored(bank, 1, 9, bytes(32))
    bank.act()
    with pytest.raises(LogBehind, match="more entries"):
        bank.step()
    assert bank.log.is_guarded
    with pytest.raises(LogBehind, match="not in it"):
        bank.step()


def test_an_epoch_begins_beside_the_loop(members: Members) -> None:
    bank = lived(members)
    members.open_epoch(bank, 2)
    members.waiting = []
    assert bank.step() is False
    assert bank.step() is False
    assert len(members.waiting) == 1
    members.waiting[0]()
    assert bank.step() is True
    assert bank.log.head().epoch == 2


def test_what_was_found_about_a_log_that_went_on_meanwhile_is_dropped(members: Members) -> None:
    bank = lived(members)
    voted = members.follower.index.head()
    assert voted is not None
    members.open_epoch(bank, 2)
    members.waiting = []
    bank.step()
    members.follower.index.roll_back(voted.number, fence=members.follower.fence)
    bank.act()
    bank.step()
    members.open_epoch(bank, 2)
    for run in members.waiting:
        run()
    members.waiting = None
    bank.step()
    tail = bank.log.entries[3:]
    assert (bank.log.head().epoch, len(tail)) == (1, 1)
    bank.steps(2)
    assert bank.log.entries[:1] + tail == bank.log.entries
    assert opening(bank)["size"] == 3


def test_before_the_chain_was_followed_entries_get_their_places_and_nothing_is_signed(members: Members) -> None:
    bank = members.bank
    members.follower.index.roll_back(-1, fence=members.follower.fence)
    bank.act(2)
    with pytest.raises(LedgerStale):
        bank.work.step(bank.fence)
    assert bank.log.head().size == 2
    assert bank.log.last_checkpoint(1) is None
