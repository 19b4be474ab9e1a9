"""A log that nobody else vouches for, or that long is not anchored, is told of: a note accuses nobody."""

import pytest

from audit import rules
from audit.log.anchors import ANCHORED_WITHIN_S
from jeung.domain.transparency import entry_of
from tests.common import naive_log
from tests.unit.audit.answers import answer_with
from tests.unit.audit.log_world import BANK, NOW, URLS, LogWorld, found, plain


def old(number: int, age: int = ANCHORED_WITHIN_S) -> bytes:
    """Give an entry that is as old as one without an anchor may not be."""
    return entry_of("credential_issued", b"{}", NOW - age, number.to_bytes(32)).encoded


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> LogWorld:
    world = LogWorld()
    answer_with(monkeypatch, world.answer)
    return world


def test_a_log_that_nobody_else_can_cosign_is_told_of(world: LogWorld) -> None:
    world.serve()
    for name, key in world.state.keys.items():
        if not name.startswith(BANK):
            key["purpose"] = 1
    assert found(world) == [(rules.LOG_UNWITNESSED, BANK)]


def test_what_nobody_can_cosign_any_more_is_told_of(world: LogWorld) -> None:
    world.serve()
    for name, key in world.state.keys.items():
        if not name.startswith(BANK):
            key["revocations"] = [[1, NOW - 1]]
    assert found(world) == [(rules.LOG_UNWITNESSED, BANK)]


def anchored(world: LogWorld, *sizes: int) -> None:
    world.state.contracts["LogAnchor"] = [["0xaa", 1]]
    rows = [[size, "0x" + naive_log.mth(world.entries[:size]).hex()] for size in sizes]
    world.state.anchored[f"{BANK}/1"] = rows


def aged(world: LogWorld, fresh: int) -> None:
    """Let nine old entries follow so many fresh ones."""
    world.entries = [plain(number) for number in range(fresh)] + [old(number) for number in range(9)]
    world.serve()


@pytest.mark.parametrize("size", [0, 3, 255, 256, 300])
def test_what_was_published_a_day_ago_and_is_not_anchored_is_told_of(world: LogWorld, size: int) -> None:
    aged(world, size)
    anchored(world, *([size] if size else []))
    (note,) = world.judge()
    assert (note.rule, note.member) == (rules.LOG_ANCHOR_LATE, BANK)
    assert note.message == f"of {size + 9} entries {size} stand anchored, and the next is 26 hours old"
    # It is told again as long as it is so, whatever an earlier audit read.
    assert found(world) == [(rules.LOG_ANCHOR_LATE, BANK)]


def test_what_is_younger_may_wait_for_its_anchor(world: LogWorld) -> None:
    world.entries = [old(1, ANCHORED_WITHIN_S - 1), plain(2)]
    world.serve()
    anchored(world)
    assert found(world) == []


@pytest.mark.parametrize("behind", [9, 10])
def test_what_is_anchored_is_not_late_however_old(world: LogWorld, behind: int) -> None:
    aged(world, 3)
    anchored(world, 3, 12)
    if behind == 10:
        world.entries.append(plain(5))
        world.serve()
    assert found(world) == []


def test_without_the_contract_or_after_the_removal_of_the_member_nothing_is_late(world: LogWorld) -> None:
    aged(world, 3)
    assert found(world) == []
    anchored(world)
    world.state.members[BANK]["removed"] = {"at": NOW - 1, "since": NOW - 1, "for_cause": False}
    assert rules.LOG_ANCHOR_LATE not in {rule for rule, _ in found(world)}


def test_what_cannot_be_read_of_an_entry_says_nothing_about_its_age(world: LogWorld) -> None:
    aged(world, 300)
    anchored(world, 300)
    world.judge()
    # An earlier audit read it; the bundle it stands in is gone since, or is none.
    world.entries += [plain(number) for number in range(300)]
    world.serve()
    path = f"{URLS[BANK]}/log/1/tile/entries/001"
    bundle = world.pages[path]
    world.judge()
    for spoilt in ((404, *bundle[1:]), (200, bundle[1], b"\x00", {})):
        world.pages[path] = spoilt
        assert rules.LOG_ANCHOR_LATE not in {rule for rule, _ in found(world)}
    world.pages[path] = bundle
    assert found(world) == [(rules.LOG_ANCHOR_LATE, BANK)]
