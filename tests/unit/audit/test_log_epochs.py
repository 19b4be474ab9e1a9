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
    "first",
    [
        lambda world: opening(4, naive_log.mth(world.entries[:4])),
        lambda world: opening(6, naive_log.mth(world.entries)),
        lambda world: opening(5, b"\x07" * 32),
        lambda world: opening(5, naive_log.mth(world.entries), SECOND),
        lambda world: opening(5, naive_log.mth(world.entries), log_origin(URLS[EXCHANGE], 1)),
        lambda _: opening(0, EMPTY_ROOT),
        lambda _: plain(1),
        lambda _: stated("epoch_opened", origin=ORIGIN),
        lambda _: stated("epoch_opened", origin=ORIGIN, root=5, size=5),
        lambda _: stated("epoch_opened", origin=[ORIGIN], root="AA", size=5),
        lambda world: stated(
            "epoch_opened", more=1, origin=ORIGIN, root=base64url.encode(naive_log.mth(world.entries)), size=5
        ),
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
        "no-origin",
        "more",
    ],
)
def test_an_epoch_that_begins_with_something_else_is_found(world: Epochs, first: Callable[[Epochs], bytes]) -> None:
    world.serve_second([first(world), plain(2)])
    assert found(world) == [rules.LOG_OPENING_MISMATCH]


def test_what_stands_anchored_of_the_closed_epoch_must_be_named(world: Epochs) -> None:
    world.state.anchored[f"{BANK}/1"] = [[9, "0x" + "07" * 32]]
    world.serve_second([opening(5, naive_log.mth(world.entries))])
    assert found(world) == [rules.LOG_OPENING_MISMATCH]
    world.serve_second([opening(9, b"\x07" * 32)])
    assert found(world) == []


def test_where_nothing_is_known_of_the_epochs_before_nothing_is_named(world: Epochs) -> None:
    for witness in (EXCHANGE, REGULATOR):
        del world.pages[f"{URLS[witness]}/witness/heads/{ORIGIN}"]
    world.serve_second([opening(0, EMPTY_ROOT), plain(2)])
    assert found(world) == []
    world.serve_second([opening(5, naive_log.mth(world.entries)), plain(3)])
    world.state.logs.clear()
    assert found(world) == [rules.LOG_OPENING_MISMATCH]


def test_an_epoch_tells_of_every_act_since_it_was_opened_and_need_not_of_those_before(world: Epochs) -> None:
    world.batch(block=400)
    world.serve_second([opening(5, naive_log.mth(world.entries))])
    assert found(world) == []
    world.state.logs.clear()
    world.batch(block=401)
    assert found(world) == [rules.LOG_ACT_MISSING]
    world.serve_second([opening(5, naive_log.mth(world.entries)), attested(block=401)])
    assert found(world) == []


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
