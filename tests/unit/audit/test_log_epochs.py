"""An epoch of a log is judged by what was known of the one before it, and by the acts since it was opened."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from audit import rules
from audit.findings import Rule
from audit.log.rows import compare_rows
from jeung.crypto import base64url
from jeung.crypto.tlog.checkpoints import Checkpoint
from jeung.crypto.tlog.tiles import bundles_of, encode_bundle, tiles_of
from jeung.crypto.tlog.tree import EMPTY_ROOT, leaf_hash
from jeung.domain.transparency import log_origin, opening_entry
from tests.common import naive_log
from tests.unit.audit.answers import answer_with
from tests.unit.audit.log_world import (
    BANK,
    EXCHANGE,
    JSON,
    NOW,
    ORIGIN,
    REGULATOR,
    TEXT,
    URLS,
    LogWorld,
    attested,
    changed,
    plain,
    stated,
)
from tests.unit.audit.nodes import node_database
from tests.unit.audit.test_log_rows import entry, event

SECOND = log_origin(URLS[BANK], 2)


def opening(size: int, root: bytes, origin: str = ORIGIN) -> bytes:
    return opening_entry(Checkpoint(origin, size, root), NOW - 600).encoded


class Epochs(LogWorld):
    """The bank's log in its second epoch; the witnesses hold the first."""

    def serve_second(self, entries: Sequence[bytes]) -> None:
        key = self.named(self.log_key, SECOND).text
        index = orjson.dumps({"origins": [ORIGIN, SECOND], "keys": [*self.keys, key]})
        self.page("/log", index, JSON)
        self.page("/log/2/checkpoint", self.note(entries, origin=SECOND), TEXT)
        for tile in bundles_of(len(entries)):
            self.page(f"/log/2/{tile.path}", encode_bundle(entries[tile.index * 256 :][: tile.width]))
        for tile in tiles_of(len(entries)):
            self.page(f"/log/2/{tile.path}", naive_log.tile(entries, tile.level or 0, tile.index, tile.width))

    def named_in(self, *origins: str) -> list[str]:
        return [self.named(self.log_key, origin).text for origin in origins]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Epochs:
    world = Epochs()
    answer_with(monkeypatch, world.answer)
    world.entries = world.entries[:5]
    world.serve()
    world.state.log_epochs[f"{BANK}/0xaa"] = 2
    world.state.opened[f"{BANK}/2"] = 400
    return world


def found(world: Epochs) -> list[Rule]:
    return [finding.rule for finding in world.judge()]


def test_an_epoch_that_begins_with_the_last_checkpoint_leaves_nothing_to_say(world: Epochs) -> None:
    world.serve_second([opening(5, naive_log.mth(world.entries)), plain(1)])
    assert found(world) == []
    # What was judged once is not judged again from its beginning.
    world.serve_second([opening(5, naive_log.mth(world.entries)), plain(1), plain(2)])
    assert found(world) == []


@pytest.mark.parametrize(
    ("first", "more"),
    [
        (lambda world: opening(4, naive_log.mth(world.entries[:4])), []),
        (lambda world: opening(6, naive_log.mth(world.entries)), [rules.LOG_LOST]),
        (lambda world: opening(5, b"\x07" * 32), [rules.LOG_FORKED]),
        (lambda world: opening(5, naive_log.mth(world.entries), SECOND), []),
        (lambda world: opening(5, naive_log.mth(world.entries), log_origin(URLS[EXCHANGE], 1)), []),
        (lambda _: opening(0, EMPTY_ROOT), []),
        (lambda _: plain(1), []),
        (lambda _: stated("epoch_opened", origin=ORIGIN), []),
        (lambda _: stated("epoch_opened", origin=ORIGIN, root=5, size=5), []),
        (lambda _: stated("epoch_opened", origin=ORIGIN, root="AA", size=5), []),
        (lambda _: stated("epoch_opened", origin=[ORIGIN], root="AA", size=5), []),
        (lambda world: stated("epoch_opened", **named(world), more=1), []),
        (lambda world: stated("epoch_opened", **{**named(world), "size": True}), []),
        (lambda world: stated("epoch_opened", **{**named(world), "size": -5}), []),
        (lambda world: stated("block_seen", **named(world)), [rules.LOG_MALFORMED]),
    ],
    ids=[
        "earlier",
        "larger",
        "another-root",
        "itself",
        "another-member",
        "nothing",
        "no-opening",
        "less",
        "no-root",
        "short-root",
        "no-origin",
        "more",
        "no-number",
        "negative",
        "another-kind",
    ],
)
def test_an_epoch_that_begins_with_something_else_is_found(
    world: Epochs, first: Callable[[Epochs], bytes], more: list[Rule]
) -> None:
    world.serve_second([first(world), plain(2)])
    assert sorted(found(world), key=str) == sorted([rules.LOG_OPENING_MISMATCH, *more], key=str)


def named(world: Epochs) -> dict[str, object]:
    return {"origin": ORIGIN, "root": base64url.encode(naive_log.mth(world.entries)), "size": 5}


def test_what_stands_anchored_of_the_closed_epoch_must_be_named(world: Epochs) -> None:
    world.state.anchored[f"{BANK}/1"] = [[9, "0x" + "07" * 32]]
    world.serve_second([opening(5, naive_log.mth(world.entries))])
    assert found(world) == [rules.LOG_OPENING_MISMATCH, rules.LOG_SHRUNK]
    world.state.logs.clear()
    world.serve_second([opening(9, b"\x07" * 32)])
    assert found(world) == [rules.LOG_LOST]


def test_where_nothing_is_known_of_the_epochs_before_nothing_is_named(world: Epochs) -> None:
    forget(world)
    world.serve_second([opening(0, EMPTY_ROOT), plain(2)])
    assert found(world) == []


def forget(world: Epochs) -> None:
    """Let whoever cosigned the first epoch be gone, or say so."""
    for witness in (EXCHANGE, REGULATOR):
        del world.pages[f"{URLS[witness]}/witness/heads/{ORIGIN}"]


def test_what_only_the_closed_epoch_shows_any_more_may_be_named(world: Epochs) -> None:
    forget(world)
    world.serve_second([opening(5, naive_log.mth(world.entries)), plain(3)])
    assert found(world) == []


def test_what_nobody_shows_may_not_be_named(world: Epochs) -> None:
    forget(world)
    world.serve_second([opening(5, b"\x07" * 32), plain(3)])
    assert found(world) == [rules.LOG_OPENING_MISMATCH, rules.LOG_FORKED]
    world.state.logs.clear()
    world.serve_second([opening(6, b"\x07" * 32), plain(3)])
    assert found(world) == [rules.LOG_OPENING_MISMATCH, rules.LOG_LOST]


def test_an_epoch_tells_of_every_act_since_it_was_opened_and_need_not_of_those_before(world: Epochs) -> None:
    world.batch(block=400)
    world.entries[0] = attested(block=400)
    world.serve()
    world.serve_second([opening(5, naive_log.mth(world.entries))])
    assert found(world) == []
    world.state.logs.clear()
    world.batch(block=401)
    assert found(world) == [rules.LOG_ACT_MISSING]


def subjects(world: Epochs) -> list[tuple[Rule, str]]:
    return [(finding.rule, finding.subject) for finding in world.judge()]


def test_what_stood_on_the_chain_before_the_vote_must_be_told_there_or_later(world: Epochs) -> None:
    """A member that loses the entry of an act, and has its log begin anew, is found."""
    world.batch(block=400)
    world.serve_second([opening(5, naive_log.mth(world.entries)), plain(1)])
    assert subjects(world) == [(rules.LOG_ACT_MISSING, f"log {ORIGIN}")]
    world.serve_second([opening(5, naive_log.mth(world.entries)), plain(1), attested(block=400)])
    assert subjects(world) == []


def test_what_was_told_in_a_later_epoch_is_remembered_while_the_closed_one_is_not(world: Epochs) -> None:
    world.batch(block=400)
    world.change(block=300)
    tail = [plain(number) for number in range(300)]
    second = [opening(5, naive_log.mth(world.entries)), attested(block=400), changed(block=300), *tail]
    world.serve_second(second)
    assert subjects(world) == []
    for _ in range(2):
        del world.state.logs[f"{BANK}/1"]
        world.asked.clear()
        assert subjects(world) == []
        assert f"{URLS[BANK]}/log/2/tile/entries/000" not in world.asked


def test_a_closed_epoch_is_judged_up_to_what_the_next_one_names(world: Epochs) -> None:
    world.serve_second([opening(5, naive_log.mth(world.entries)), plain(1)])
    world.page("/log/1/tile/entries/000.p/5", encode_bundle([*world.entries[:4], plain(9)]))
    assert {rules.LOG_TILE_MISMATCH, rules.LOG_TREE_MISMATCH} == {rule for rule, _ in subjects(world)}
    assert {subject for _, subject in subjects(world)} == {f"log {ORIGIN}"}


def test_a_closed_epoch_that_goes_on_is_judged_as_far_as_it_shows(world: Epochs) -> None:
    """Nobody cosigned what came last, and it stands in the next epoch once more."""
    more = [*world.entries, plain(7), plain(8)]
    world.serve()
    heads = {path: page for path, page in world.pages.items() if "/witness/" in path}
    world.serve(more, world.note(more, witnesses=()))
    world.pages.update(heads)
    world.serve_second([opening(5, naive_log.mth(world.entries)), *more[5:]])
    assert subjects(world) == []


def test_what_a_closed_epoch_lost_is_told_and_no_act_is_missed_in_it(world: Epochs) -> None:
    """After a restore, and a vote: others saw more than the member has."""
    world.batch(block=400)
    heads = {path: page for path, page in world.pages.items() if "/witness/" in path}
    whole = list(world.entries)
    world.serve(whole[:3])
    world.pages.update(heads)
    world.serve_second([opening(5, naive_log.mth(whole)), plain(1)])
    slept: list[float] = []
    findings = world.judge(patience_s=9, sleep=slept.append)
    assert [(finding.rule, finding.subject) for finding in findings] == [(rules.LOG_LOST, f"log {ORIGIN}")]
    # A closed epoch grows no more.
    assert slept == []


def test_what_a_closed_epoch_published_last_need_not_be_cosigned_by_most(world: Epochs) -> None:
    world.page("/log/1/checkpoint", world.note(witnesses=()), TEXT)
    world.serve_second([opening(5, naive_log.mth(world.entries)), plain(1)])
    assert subjects(world) == []
    world.page("/log/1/checkpoint", world.note(witnesses=(EXCHANGE,)), TEXT)
    del world.pages[f"{URLS[REGULATOR]}/witness/heads/{ORIGIN}"]
    assert subjects(world) == []


def test_a_closed_epoch_of_which_nothing_is_left_is_told_and_not_waited_for(world: Epochs) -> None:
    slept: list[float] = []
    world.serve_second([opening(5, naive_log.mth(world.entries)), plain(1)])
    del world.pages[f"{URLS[BANK]}/log/1/checkpoint"]
    (lost,) = world.judge(patience_s=9, sleep=slept.append)
    assert (lost.rule, lost.message) == (rules.LOG_LOST, "it shows 0 of the 5 entries that it was closed with")
    assert slept == []


def test_an_epoch_that_cannot_be_read_is_not_told_to_begin_wrongly(world: Epochs) -> None:
    world.serve_second([opening(4, naive_log.mth(world.entries)), plain(1)])
    del world.pages[f"{URLS[BANK]}/log/2/tile/0/000.p/2"]
    assert found(world) == [rules.LOG_INCOMPLETE]
    world.page("/log/1/tile/0/000.p/5", bytes(160))
    assert found(world) == [rules.LOG_INCOMPLETE, rules.LOG_TILE_MISMATCH]


def third(world: Epochs, first: bytes, *more: bytes) -> None:
    """Let the consortium open a third epoch."""
    origin = log_origin(URLS[BANK], 3)
    world.state.log_epochs[f"{BANK}/0xaa"] = 3
    world.state.opened[f"{BANK}/3"] = 500
    entries = [first, *more]
    index = orjson.dumps(
        {"origins": [ORIGIN, SECOND, origin], "keys": [*world.keys, *world.named_in(SECOND, origin)]}
    )
    world.page("/log", index, JSON)
    world.page("/log/3/checkpoint", world.note(entries, origin=origin), TEXT)
    for tile in (*bundles_of(len(entries)), *tiles_of(len(entries))):
        is_bundle = tile.level is None
        data = encode_bundle(entries) if is_bundle else naive_log.tile(entries, 0, 0, tile.width)
        world.page(f"/log/3/{tile.path}", data)


def test_each_epoch_is_held_against_the_one_before_it(world: Epochs) -> None:
    """A member that was given two votes cannot hide behind the second what the first should have named."""
    second = [opening(4, naive_log.mth(world.entries[:4])), plain(1)]
    world.serve_second(second)
    for witness in (EXCHANGE, REGULATOR):
        note, key = world.note(second, witnesses=(), origin=SECOND), world.named(world.log_key, SECOND).text
        world.pages[f"{URLS[witness]}/witness/heads/{SECOND}"] = 200, TEXT, note, {"Jeung-Verifier-Key": key}
    third(world, opening(2, naive_log.mth(second), SECOND), plain(3))
    assert subjects(world) == [(rules.LOG_OPENING_MISMATCH, f"log {SECOND}")]


def test_a_later_epoch_that_only_the_log_shows_may_be_named(world: Epochs) -> None:
    second = [opening(5, naive_log.mth(world.entries)), plain(1)]
    world.serve_second(second)
    third(world, opening(2, naive_log.mth(second), SECOND), plain(3))
    assert subjects(world) == []


def test_an_epoch_that_was_left_out_is_not_missed(world: Epochs) -> None:
    third(world, opening(5, naive_log.mth(world.entries)), plain(3))
    assert subjects(world) == []


def carried(tmp_path: Path, published: int, *more: dict[str, Any]) -> list[Rule]:
    """What rows say of an act whose entry was carried over from a closed epoch."""
    old = event(1, at=NOW - 9_000)
    first = opening(0, EMPTY_ROOT)
    second = {"epoch": 2, "position": 0, "event_number": None, "entry": first, "leaf_hash": leaf_hash(first)}
    again = entry(1, old, epoch=2, event_number=None)
    tables: dict[str, Any] = {
        "log_events": [old],
        "log_entries": [entry(0, old), second, again, *more],
        "log_epochs": [{"epoch": 1, "published_size": 0}, {"epoch": 2, "published_size": published}],
    }
    with node_database(tmp_path, **tables) as database:
        return [finding.rule for finding in compare_rows(database, BANK, NOW)[0]]


def test_an_entry_that_was_carried_over_is_that_of_its_act(tmp_path: Path) -> None:
    assert carried(tmp_path, 2) == []


def test_an_entry_that_was_carried_over_and_not_published_waits(tmp_path: Path) -> None:
    assert carried(tmp_path, 1) == [rules.LOG_WAITING]


def test_an_entry_of_no_act_is_found_in_a_later_epoch_as_well(tmp_path: Path) -> None:
    strange = entry(2, event(7), epoch=2, event_number=None)
    assert carried(tmp_path, 3, strange) == [rules.LOG_ENTRY_UNEXPLAINED]
