"""What a log lost is taken back from a copy whole or not at all, and nothing is believed of whoever keeps it."""

from collections.abc import Callable

import pytest

from jeung.crypto.tlog.tiles import encode_bundle
from jeung.errors import LogBehind
from jeung.services.log import copies as fetching
from jeung.services.log.recovery import COPIES_AGAIN_S
from tests.unit.jeung.services.log.members import Member, Members

COPY = "https://copy.example/bank"
OTHER = "https://copy.example/other"
BUNDLE = f"{COPY}/log/1/tile/entries/000.p/9"


@pytest.fixture
def members() -> Members:
    return Members()


def lost(members: Members, count: int = 9, kept: int = 3, *copies: str) -> Member:
    """The bank, back from a backup of its first entries; others cosigned more, and somebody copied it all."""
    members.bank.act(kept)
    members.bank.step()
    backup = members.bank.backup()
    members.bank.act(count - kept)
    members.bank.step()
    assert members.bank.published() == (count, 2)
    members.keep_copy(COPY, members.bank.log, 1, count)
    bank = members.bank.restored(backup)
    bank.copies = copies or (COPY,)
    bank.wire()
    return bank


def test_what_was_lost_is_taken_back_and_the_log_goes_on(members: Members) -> None:
    bank = lost(members)
    bank.steps(3)
    assert bank.log.entries[:9] == members.bank.log.entries
    assert not bank.log.is_guarded
    # The restore is an act, and got its place behind what was lost.
    assert bank.published() == (10, 2)
    assert list(bank.log.epochs()) == [1]
    assert members.fetched == [BUNDLE]


def test_a_log_of_which_nothing_is_left_is_taken_back(members: Members) -> None:
    bank = lost(members, 9, 0)
    bank.steps(3)
    assert bank.published() == (10, 2)


def test_an_act_that_waited_for_its_place_in_the_backup_has_it_in_the_copy(members: Members) -> None:
    members.bank.act(2)
    backup = members.bank.backup()
    members.bank.act(1)
    members.bank.step()
    members.keep_copy(COPY, members.bank.log, 1, 3)
    bank = members.bank.restored(backup)
    bank.copies = (COPY,)
    bank.wire()
    bank.steps(3)
    assert bank.log.entries[:3] == members.bank.log.entries
    assert bank.published() == (4, 2)


def test_who_copied_the_log_later_has_the_full_bundle_alone(members: Members) -> None:
    bank = lost(members)
    entries = [*members.bank.log.entries, *[b"later"] * 247]
    members.files = {f"{COPY}/log/1/tile/entries/000": encode_bundle(entries)}
    bank.steps(3)
    assert bank.published() == (10, 2)
    assert members.fetched == [BUNDLE, f"{COPY}/log/1/tile/entries/000"]


def test_much_that_was_lost_is_fetched_a_few_requests_at_a_time(members: Members) -> None:
    bank = lost(members, 2_400, 700)
    bank.step()
    assert len(members.fetched) == fetching.REQUESTS_AT_ONCE
    assert bank.log.head().size == 700
    bank.steps(2)
    assert bank.log.entries[:2_400] == members.bank.log.entries
    bank.steps(2)
    assert bank.published() == (2_401, 2)


def altered(data: bytes) -> bytes:
    return data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]


def reordered(data: bytes) -> bytes:
    entries = [data[at : at + len(data) // 9] for at in range(0, len(data), len(data) // 9)]
    return b"".join([*entries[:5], entries[6], entries[5], *entries[7:]])


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda _: None,
        lambda _: b"",
        lambda data: data[:-1],
        lambda data: data + b"\x00",
        lambda data: data + b"\x00\x01x",
        altered,
        reordered,
        lambda _: encode_bundle([b"x" * 1_025] * 9),
        lambda _: encode_bundle([b"another history"] * 9),
        lambda _: b"\xff" * 300_000,
    ],
    ids=[
        "missing",
        "empty",
        "truncated",
        "longer",
        "one-more",
        "altered",
        "reordered",
        "long-entries",
        "forked",
        "too-large",
    ],
)
def test_a_copy_that_is_not_whole_is_refused_as_a_whole_and_the_next_one_asked(
    members: Members, spoilt: Callable[[bytes], bytes | None]
) -> None:
    bank = lost(members, 9, 3, OTHER, COPY)
    served = spoilt(members.files[BUNDLE])
    members.files.update({} if served is None else {BUNDLE.replace(COPY, OTHER): served})
    bank.steps(2)
    assert bank.log.entries == members.bank.log.entries
    assert members.fetched[0] == BUNDLE.replace(COPY, OTHER)
    assert members.fetched[-1] == BUNDLE


@pytest.mark.parametrize(
    "spoilt", [altered, lambda data: data[: len(data) // 2], lambda _: b"\x00" * 9], ids=["altered", "half", "zeros"]
)
def test_where_no_copy_is_whole_nothing_is_taken_and_nothing_signed(
    members: Members, spoilt: Callable[[bytes], bytes]
) -> None:
    bank = lost(members)
    members.files[BUNDLE] = spoilt(members.files[BUNDLE])
    bank.step()
    with pytest.raises(LogBehind, match="no copy has them whole"):
        bank.step()
    assert (bank.log.head().size, bank.log.is_guarded) == (3, True)
    last = bank.log.last_checkpoint(1)
    assert last is not None
    assert last.size == 3


def test_an_entry_that_no_node_writes_is_not_taken_back_though_it_was_cosigned(members: Members) -> None:
    backup = members.bank.backup()
    members.bank.log.go_on_from([b"x" * 1_025])
    members.bank.step()
    members.keep_copy(COPY, members.bank.log, 1, 1)
    bank = members.bank.restored(backup)
    bank.copies = (COPY,)
    bank.wire()
    bank.step()
    with pytest.raises(LogBehind, match="no copy"):
        bank.step()
    assert bank.log.entries == []


def test_a_full_bundle_that_is_cut_short_is_no_bundle(members: Members) -> None:
    bank = lost(members)
    members.files = {f"{COPY}/log/1/tile/entries/000": members.files[BUNDLE][:-4]}
    bank.step()
    with pytest.raises(LogBehind, match="no copy"):
        bank.step()


def test_copies_that_failed_are_left_alone_for_a_while(members: Members) -> None:
    bank = lost(members)
    good, members.files[BUNDLE] = members.files[BUNDLE], b""
    bank.step()
    with pytest.raises(LogBehind, match="no copy"):
        bank.step()
    asked = len(members.fetched)
    members.files[BUNDLE] = good
    with pytest.raises(LogBehind, match="not in it"):
        bank.step()
    assert len(members.fetched) == asked
    members.clock.advance(COPIES_AGAIN_S)
    bank.step()
    assert bank.log.entries == members.bank.log.entries


def test_a_copy_of_a_history_that_some_saw_and_others_did_not_is_refused(members: Members) -> None:
    """An insider showed one witness another history: no copy contains both."""
    bank = lost(members)
    members.anchored(bank, 1, 5, b"\x07" * 32)
    bank.step()
    with pytest.raises(LogBehind, match="no copy"):
        bank.step()
    assert bank.log.head().size == 3


def test_a_log_of_another_history_takes_nothing_back(members: Members) -> None:
    bank = lost(members)
    bank.log.entries[1] = b"forged"
    bank.step()
    with pytest.raises(LogBehind, match="no copy"):
        bank.step()
    bank.log.go_on_from([b"forged"] * 9)
    members.clock.advance(COPIES_AGAIN_S)
    with pytest.raises(LogBehind, match="not in it"):
        bank.step()


def test_more_than_a_bound_is_not_fetched(members: Members) -> None:
    bank = lost(members)
    members.anchored(bank, 1, 3 + 131_073, b"\x07" * 32)
    with pytest.raises(LogBehind, match="more than are fetched"):
        bank.step()
    assert members.fetched == []


def test_a_copy_of_too_many_bytes_is_refused(members: Members, monkeypatch: pytest.MonkeyPatch) -> None:
    bank = lost(members)
    monkeypatch.setattr(fetching, "MAX_BYTES", len(members.files[BUNDLE]) - 1)
    bank.step()
    with pytest.raises(LogBehind, match="no copy"):
        bank.step()


def test_a_copy_that_trickles_is_given_up(members: Members) -> None:
    bank = lost(members, 600, 3)
    get = members.get

    def slow(url: str) -> bytes | None:
        members.clock.advance(fetching.MAX_S // 2)
        return get(url)

    members.get = slow  # type: ignore[method-assign]
    bank.steps(2)
    with pytest.raises(LogBehind, match="no copy"):
        bank.step()
    assert len(members.fetched) == 2


def test_a_log_whose_tiles_are_gone_takes_nothing_back(members: Members) -> None:
    bank = lost(members)
    found = bank.log.tile
    bank.log.tile = lambda epoch, tile: found(epoch, tile) if tile.level is None else None  # type: ignore[method-assign]
    bank.step()
    with pytest.raises(LogBehind, match="no copy"):
        bank.step()


def test_a_worker_that_was_killed_in_between_asks_again(members: Members) -> None:
    bank = lost(members, 2_400, 700)
    bank.step()
    bank.wire()
    bank.steps(2)
    assert bank.log.entries == members.bank.log.entries
    bank.wire()
    bank.steps(3)
    assert bank.published() == (2_401, 2)


def test_a_turn_takes_up_no_request_after_its_time(members: Members) -> None:
    """A worker that is stopped waits for what it asked already, and for no more."""
    bank = lost(members, 2_400, 700)
    get = members.get

    def slow(url: str) -> bytes | None:
        members.clock.advance(fetching.TURN_S // 2 + 1)
        return get(url)

    members.get = slow  # type: ignore[method-assign]
    for asked in (2, 4):
        bank.step()
        assert len(members.fetched) == asked
    bank.steps(3)
    assert bank.log.entries == members.bank.log.entries
