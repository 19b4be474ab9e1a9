"""What a log says was done and what the chain says was done agree, entry by entry."""

import pytest

from audit import rules
from audit.findings import Rule
from tests.unit.audit.answers import answer_with
from tests.unit.audit.log_world import (
    BANK,
    LogWorld,
    attested,
    block_seen,
    changed,
    found,
    plain,
    stated,
)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> LogWorld:
    world = LogWorld()
    answer_with(monkeypatch, world.answer)
    return world


def test_acts_of_the_chain_and_of_the_log_agree(world: LogWorld) -> None:
    world.batch()
    world.change()
    world.entries += [attested(), changed(), block_seen(900), stated("epoch_opened", note="x")]
    world.serve()
    assert found(world) == []


def test_an_act_without_an_entry_is_found(world: LogWorld) -> None:
    world.batch()
    world.change()
    world.serve()
    assert found(world) == [(rules.LOG_ACT_MISSING, BANK)] * 2


@pytest.mark.parametrize(
    "entry",
    [attested(block=7), attested(batch="0x" + "bb" * 32), changed(status="valid"), changed(block=44)],
    ids=["nobody's batch", "another batch", "another status", "another block"],
)
def test_an_entry_about_no_act_is_found(world: LogWorld, entry: bytes) -> None:
    world.entries.append(entry)
    world.serve()
    assert found(world) == [(rules.LOG_ENTRY_UNEXPLAINED, BANK)]


def test_many_acts_are_named_in_few_words(world: LogWorld) -> None:
    world.entries += [attested(block=10 + number) for number in range(15)]
    world.serve()
    findings = world.judge()
    assert len(findings) == 11
    assert "5 more places" in findings[-1].message


def test_an_act_that_came_again_in_another_block_is_explained(world: LogWorld) -> None:
    world.batch(block=9)
    world.entries += [attested(block=5), attested(block=9)]
    world.serve()
    assert found(world) == []


@pytest.mark.parametrize(
    ("blocks", "rule"),
    [
        ([(100, True), (103, False), (150, True)], rules.LOG_BLOCK_LOST),
        ([(100, True), (103, False)], rules.LOG_BLOCK_LOST),
        ([(100, True), (190, False), (300, True)], rules.LOG_BLOCK_MISMATCH),
        ([(190, False), (300, True)], rules.LOG_BLOCK_MISMATCH),
    ],
    ids=["a few", "the last few", "many", "from the beginning"],
)
def test_blocks_that_the_chain_does_not_have(world: LogWorld, blocks: list[tuple[int, bool]], rule: Rule) -> None:
    world.entries += [block_seen(number, None if stands else "0x" + "ee" * 32) for number, stands in blocks]
    world.serve()
    assert found(world) == [(rule, BANK)]


def test_an_act_of_a_lost_block_is_explained_by_the_loss(world: LogWorld) -> None:
    world.entries += [block_seen(100), block_seen(103, "0x" + "ee" * 32), attested(block=102), block_seen(150)]
    world.serve()
    assert found(world) == [(rules.LOG_BLOCK_LOST, BANK)]


@pytest.mark.parametrize(
    "entry",
    [
        b'{"name":"person"}',
        b"",
        plain(1).replace(b'"v":1', b'"v":2'),
        plain(1).replace(b"credential", b"c").replace(b'"issued"', b'"attested"'),
        stated("credentials_attested", block=1),
        attested().replace(b'"block":5', b'"block":-5'),
        stated("block_seen", number=1, hash=5),
        stated("block_seen", number=-1, hash="0x"),
        stated("statuses_changed", block=1, count=[1], index=0, list=3, status="x", transaction="0x"),
    ],
    ids=str,
)
def test_an_entry_of_another_form_is_found(world: LogWorld, entry: bytes) -> None:
    world.entries.append(entry)
    world.serve()
    (finding,) = world.judge()
    assert finding.rule is rules.LOG_MALFORMED
    assert "entry 600 " in finding.message


def test_many_malformed_entries_are_named_in_few_words(world: LogWorld) -> None:
    world.entries += [b"{}"] * 9
    world.serve()
    findings = world.judge()
    assert len(findings) == 6
    assert "4 more" in findings[-1].message


def test_many_wrong_tiles_are_named_in_few_words(world: LogWorld) -> None:
    world.entries = [plain(number) for number in range(256 * 4)]
    world.serve()
    for index in range(4):
        world.page(f"/log/1/tile/0/{index:03}", b"")
    assert found(world) == [(rules.LOG_TILE_MISMATCH, BANK)] * 4
