"""What a member's log does step by step, among members that witness it, fail it, or lie about it."""

import pytest

from jeung.crypto.tlog.notes import parse_note, parse_note_key, verify_note
from jeung.domain.identifiers import to_hex
from jeung.domain.registrations import KeyPurpose
from jeung.errors import LogBehind, LogForked
from jeung.ports.log import WitnessAnswer
from jeung.services.log.checkpoints import SEQUENCED_AT_ONCE
from tests.common.memory.custody import MemorySigner
from tests.common.memory.log import MemoryTransparencyLog
from tests.unit.jeung.services.log.members import Member, Members

NOTHING = WitnessAnswer(200, b"", "")


@pytest.fixture
def members() -> Members:
    return Members()


def test_what_was_done_is_published_under_the_cosignatures_of_the_others(members: Members) -> None:
    bank = members.bank
    bank.act(3)
    assert bank.step() is False
    assert bank.published() == (3, 2)
    note = parse_note(bank.reader.checkpoint(1))
    found = verify_note(note, map(parse_note_key, bank.reader.keys()))
    assert {one.key.name for one in found} == {
        "bank.example/log/1",
        "exchange.example/witness",
        "supervisor.example/witness",
    }


def test_nothing_is_published_where_nothing_was_done(members: Members) -> None:
    members.bank.step()
    assert members.bank.published() == (0, 0)
    assert members.calls == []


def test_each_later_checkpoint_is_cosigned_with_its_proof_at_the_first_try(members: Members) -> None:
    for count in (3, 4, 300):
        members.bank.act(count)
        members.bank.step()
    assert members.bank.published() == (307, 2)
    # The first of a witness that never saw the log, and one for each of the three checkpoints.
    assert len(members.calls) == 6


def test_checkpoints_keep_their_distance_and_entries_do_not_wait_for_them(members: Members) -> None:
    bank = members.bank
    bank.act()
    bank.step()
    bank.act()
    members.clock.advance(4)
    bank.work.step(bank.fence)
    assert (bank.published()[0], bank.log.head().size) == (1, 2)
    members.clock.advance(1)
    bank.work.step(bank.fence)
    assert bank.published()[0] == 2


def test_a_backlog_is_sequenced_before_anything_is_signed(members: Members) -> None:
    bank = members.bank
    bank.act(SEQUENCED_AT_ONCE + 1)
    assert bank.step() is True
    assert bank.published()[0] == 0
    assert bank.step() is False
    assert bank.published()[0] == SEQUENCED_AT_ONCE + 1


def test_a_step_waits_for_no_witness_and_signs_nothing_newer_meanwhile(members: Members) -> None:
    bank = members.bank
    members.waiting = []
    bank.act()
    bank.step()
    bank.act()
    bank.step()
    assert bank.published() == (0, 0)
    last = bank.log.last_checkpoint(1)
    assert last is not None
    assert (last.size, bank.log.head().size) == (1, 2)
    for run in members.waiting:
        run()
    members.waiting = None
    bank.step()
    assert bank.published() == (1, 2)
    bank.step()
    assert bank.published() == (2, 2)


def test_a_witness_that_is_down_costs_its_cosignature_and_catches_up_later(members: Members) -> None:
    members.down.add(members.exchange.url)
    members.bank.act(3)
    members.bank.step()
    assert members.bank.published() == (3, 1)
    members.down.clear()
    members.bank.act(4)
    members.bank.step()
    assert members.bank.published() == (7, 2)


def test_a_witness_remembers_more_than_a_restarted_worker(members: Members) -> None:
    bank = members.bank
    bank.act(3)
    bank.step()
    bank.wire()
    bank.act(2)
    bank.step()
    assert bank.published() == (5, 2)


def test_a_checkpoint_that_was_signed_and_not_published_is_published_by_the_next_worker(members: Members) -> None:
    bank = members.bank
    bank.act()
    bank.checkpoints.sequence(bank.fence)
    bank.checkpoints.sign(bank.fence)
    bank.step()
    assert bank.published() == (1, 2)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        NOTHING,
        WitnessAnswer(200, b"\xff", "key"),
        WitnessAnswer(500, b"", ""),
        WitnessAnswer(409, b"many\n", ""),
        WitnessAnswer(409, b"2\n", ""),
    ],
    ids=["none", "empty", "no-key", "error", "no-size", "again-and-again"],
)
def test_a_confused_witness_costs_its_cosignature_and_nothing_else(
    members: Members, answer: WitnessAnswer | None
) -> None:
    members.instead[members.exchange.url] = lambda _url, _body: answer
    members.bank.act(3)
    members.bank.step()
    assert members.bank.published() == (3, 1)


def answered_by(members: Members, other: Member) -> WitnessAnswer:
    """What another member's witness answered to the same request."""
    found = members.bank.log.published(1)
    assert found is not None
    said = next(said for said in found[1] if parse_note_key(said.key).name.startswith(other.url[8:]))
    return WitnessAnswer(200, said.line.encode(), said.key)


def test_a_cosignature_of_another_member_or_of_another_checkpoint_does_not_count(members: Members) -> None:
    bank = members.bank
    bank.act(3)
    bank.step()
    borrowed = answered_by(members, members.supervisor)
    old = answered_by(members, members.exchange)
    for answer in (borrowed, old, WitnessAnswer(200, b"\xff\xfe", old.key)):
        members.instead[members.exchange.url] = lambda _url, _body, answer=answer: answer  # type: ignore[misc]
        bank.act()
        bank.step()
        assert bank.published()[1] == 1


def test_a_cosignature_under_a_revoked_key_does_not_count(members: Members) -> None:
    exchange = members.exchange
    thumbprint = exchange.node.signer.keys[KeyPurpose.WITNESS_COSIGNING].key.thumbprint
    args = {"member": to_hex(exchange.node.member), "thumbprint": to_hex(thumbprint)}
    members.chain.emit("KeyRegistry", "KeyRevoked", {**args, "revokedAt": members.clock.now()})
    members.bank.act()
    members.bank.step()
    assert members.bank.published() == (1, 1)


def test_a_removed_member_is_not_asked(members: Members) -> None:
    member = to_hex(members.exchange.node.member)
    args = {"member": member, "effectiveSince": members.clock.now(), "forCause": False}
    members.chain.emit("Consortium", "MemberRemoved", args)
    members.bank.act()
    members.bank.step()
    assert members.bank.published() == (1, 1)


def test_a_log_that_was_changed_is_not_signed_and_the_witnesses_keep_what_they_saw(members: Members) -> None:
    bank = members.bank
    bank.act(3)
    bank.step()
    bank.log.entries[1] = b"forged"
    bank.act()
    with pytest.raises(LogForked):
        bank.step()
    assert bank.published()[0] == 3


def restored(members: Members, size: int) -> Member:
    """The bank, back from a backup of its first entries."""
    bank = Member(members.bank.url, members)
    bank.node, bank.fence = members.bank.node, members.bank.fence
    bank.log = MemoryTransparencyLog(members.bank.node.database)
    bank.log.go_on_from(members.bank.log.entries[:size])
    bank.log.is_guarded = True
    bank.wire()
    members.all[0] = bank
    return bank


def test_a_restored_log_that_lost_nothing_goes_on(members: Members) -> None:
    members.bank.act(3)
    members.bank.step()
    bank = restored(members, 3)
    bank.step()
    assert not bank.log.is_guarded
    bank.act()
    bank.step()
    assert bank.published() == (4, 2)


def test_a_restored_log_that_lost_entries_is_never_signed(members: Members) -> None:
    members.bank.act(5)
    members.bank.step()
    bank = restored(members, 3)
    for _ in range(3):
        with pytest.raises(LogBehind, match="not in it"):
            bank.step()
    assert bank.log.last_checkpoint(1) is None


def test_a_restored_log_with_other_entries_is_never_signed(members: Members) -> None:
    members.bank.act(3)
    members.bank.step()
    bank = restored(members, 3)
    bank.log.entries[0] = b"other"
    with pytest.raises(LogBehind, match="not in it"):
        bank.step()


def test_a_restored_log_waits_until_most_of_the_others_answered(members: Members) -> None:
    members.bank.act(3)
    members.bank.step()
    bank = restored(members, 3)
    members.down |= {members.exchange.url}
    with pytest.raises(LogBehind, match="waits"):
        bank.step()
    members.down.clear()
    bank.step()
    assert not bank.log.is_guarded


def test_a_comparison_goes_on_beside_the_loop(members: Members) -> None:
    bank = restored(members, 0)
    members.waiting = []
    bank.step()
    bank.step()
    assert bank.log.is_guarded
    assert len(members.waiting) == 1
    members.waiting[0]()
    bank.step()
    assert not bank.log.is_guarded


@pytest.mark.parametrize(
    "answer",
    [
        WitnessAnswer(200, b"no note", ""),
        WitnessAnswer(200, b"bank.example/log/1\n9\n", "key"),
        WitnessAnswer(500, b"", ""),
    ],
    ids=["no-note", "cut", "error"],
)
def test_nobody_holds_a_log_up_with_something_of_his_own(members: Members, answer: WitnessAnswer) -> None:
    members.bank.act(3)
    members.bank.step()
    bank = restored(members, 3)
    members.instead[members.exchange.url] = lambda _url, _body: answer
    if answer.status == 500:
        with pytest.raises(LogBehind, match="waits"):
            bank.step()
    else:
        bank.step()
        assert not bank.log.is_guarded


def test_a_head_signed_by_a_stranger_counts_for_nothing(members: Members) -> None:
    members.bank.act(3)
    members.bank.step()
    members.exchange.act(9)
    members.exchange.step()
    bank = restored(members, 3)
    head = members.supervisor.witness.head("exchange.example/log/1")
    forged = head.note.replace(b"exchange.example/log/1\n", b"bank.example/log/1\n", 1)
    key = members.bank.log.last_checkpoint(1)
    assert key is not None
    for note, text in ((head.note, head.key), (forged, head.key), (forged, key.key), (head.note, key.key)):
        bank.log.is_guarded = True
        members.instead[members.exchange.url] = lambda _u, _b, note=note, text=text: WitnessAnswer(200, note, text)  # type: ignore[misc]
        bank.step()
        assert not bank.log.is_guarded


def test_a_witness_that_says_it_saw_more_makes_the_log_compare_itself_and_go_on(members: Members) -> None:
    bank = members.bank
    members.instead[members.exchange.url] = lambda url, _body: (
        WitnessAnswer(404, b"", "") if "heads" in url else WitnessAnswer(409, b"99\n", "")
    )
    bank.act(3)
    bank.step()
    assert bank.log.is_guarded
    assert bank.published() == (0, 0)
    members.instead.clear()
    bank.step()
    bank.step()
    assert bank.published() == (3, 2)


def test_alone_in_the_consortium_a_log_waits_for_nobody(members: Members) -> None:
    for other in (members.exchange, members.supervisor):
        args = {"member": to_hex(other.node.member), "effectiveSince": members.clock.now(), "forCause": False}
        members.chain.emit("Consortium", "MemberRemoved", args)
    bank = restored(members, 0)
    bank.step()
    bank.act()
    bank.step()
    assert bank.published() == (1, 0)


def test_without_a_key_entries_wait_and_it_is_said_once(members: Members, caplog: pytest.LogCaptureFixture) -> None:
    bank = members.bank
    signer, bank.node.signer = bank.node.signer, MemorySigner()
    bank.wire()
    bank.act()
    bank.step()
    bank.step()
    assert (bank.published(), bank.log.head().size) == ((0, 0), 1)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    bank.node.signer = signer
    bank.wire()
    bank.step()
    assert bank.published() == (1, 2)


def test_a_witness_that_only_claims_to_be_ahead_keeps_nothing_from_being_published(members: Members) -> None:
    members.instead[members.exchange.url] = lambda url, _body: (
        WitnessAnswer(404, b"", "") if "heads" in url else WitnessAnswer(409, b"99\n", "")
    )
    for size in (3, 6):
        members.bank.act(3)
        for _ in range(3):
            members.bank.step()
        assert members.bank.published() == (size, 1)
    assert not members.bank.log.is_guarded


def test_each_claim_about_a_log_that_grew_is_compared_once(members: Members) -> None:
    members.instead[members.exchange.url] = lambda url, _body: (
        WitnessAnswer(404, b"", "") if "heads" in url else WitnessAnswer(409, b"99\n", "")
    )
    for _ in range(2):
        members.bank.act()
        for _ in range(4):
            members.bank.step()
    assert sum("heads" in url for method, url in members.calls if url.startswith(members.supervisor.url)) == 2


def test_a_log_that_waits_says_so_at_every_step_until_it_is_known_otherwise(members: Members) -> None:
    """Between two answers nothing got better: the worker's pauses grow, and its own log is not filled."""
    bank = members.bank
    bank.act()
    bank.log.guard(fence=bank.fence)
    members.down.add(members.exchange.url)
    with pytest.raises(LogBehind, match="waits"):
        bank.step()
    members.waiting = []
    for _ in range(3):
        with pytest.raises(LogBehind, match="waits"):
            bank.step()
    assert len(members.waiting) == 1
    members.down.clear()
    for run in members.waiting:
        run()
    members.waiting = None
    bank.steps(2)
    assert bank.published() == (1, 2)
