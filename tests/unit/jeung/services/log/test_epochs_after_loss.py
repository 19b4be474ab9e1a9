"""Whatever was lost, changed or shown twice before it: an epoch begins once, and names what others hold."""

import pytest

from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.errors import LedgerStale, LogBehind
from jeung.ports.log import Opening, WitnessAnswer
from tests.common import naive_log
from tests.unit.jeung.services.log.epochs import lived, opening, said
from tests.unit.jeung.services.log.members import Member, Members


@pytest.fixture
def members() -> Members:
    return Members()


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
