"""What an audit saw of a log the next one holds it to."""

import pytest

from audit import rules
from audit.findings import AuditImpossible
from audit.state import State
from tests.unit.audit.answers import answer_with
from tests.unit.audit.log_world import (
    BANK,
    EXCHANGE,
    NOW,
    URLS,
    LogWorld,
    attested,
    changed,
    found,
    plain,
)

OTHERS = [plain(9_000 + number) for number in range(900)]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> LogWorld:
    world = LogWorld()
    answer_with(monkeypatch, world.answer)
    return world


def test_a_second_audit_reads_what_is_new_and_finds_what_was_changed(world: LogWorld) -> None:
    """Seen before: 600 entries. Then the log goes on, sound; then it goes on from others."""
    world.serve()
    assert found(world) == []
    kept = State.from_json({**world.state.as_json()})
    world.entries += [plain(1_000 + number) for number in range(300)]
    world.serve()
    world.asked.clear()
    assert found(world) == []
    assert not any(url.endswith("entries/000") for url in world.asked)
    assert any(url.endswith("entries/002") for url in world.asked)
    world.state.logs = kept.logs
    world.serve(OTHERS)
    (finding,) = world.judge()
    assert finding.rule is rules.LOG_FORKED
    assert "an earlier audit" in finding.message


def test_a_log_that_shrank_since_the_last_audit_is_found(world: LogWorld) -> None:
    world.serve()
    found(world)
    world.pages.clear()
    world.serve(world.entries[:300])
    assert found(world) == [(rules.LOG_SHRUNK, BANK)]


def test_a_log_of_full_tiles_alone_is_gone_on_from(world: LogWorld) -> None:
    world.entries = world.entries[:512]
    world.serve()
    assert found(world) == found(world) == []


def test_a_head_from_before_the_last_audit_is_compared_by_proof(world: LogWorld) -> None:
    world.serve()
    found(world)
    world.head(EXCHANGE, world.note(world.entries[:77], witnesses=()))
    assert found(world) == []
    world.head(EXCHANGE, world.note(OTHERS[:77], witnesses=()))
    assert found(world) == [(rules.LOG_FORKED, BANK)]
    world.pages.pop(URLS[BANK] + "/log/1/tile/0/000")
    assert found(world) == [(rules.LOG_MISSING, BANK)]


def test_what_was_young_or_ahead_is_looked_at_again(world: LogWorld) -> None:
    world.batch(time=NOW - 5)
    world.change(block=2_000)
    del world.state.status_events["2000/0"]
    world.entries.append(changed(block=2_000))
    world.serve()
    assert found(world) == []
    record = world.state.logs[f"{BANK}/1"]
    assert record["open"] == ["5/0"]
    assert len(record["ahead"]) == 1
    world.state.block = 3_000
    world.batch(time=NOW - 500)
    assert found(world) == [(rules.LOG_ACT_MISSING, BANK), (rules.LOG_ENTRY_UNEXPLAINED, BANK)]
    world.change(block=2_000)
    world.entries.append(attested())
    world.serve()
    assert found(world) == []


@pytest.mark.parametrize(
    "change",
    [{"rows": [["zz"]]}, {"tiles": 9}, {"root": 1}, {"more": 1}],
    ids=str,
)
def test_a_record_of_an_earlier_audit_that_is_none_is_refused(world: LogWorld, change: dict[str, object]) -> None:
    world.serve()
    found(world)
    world.state.logs[f"{BANK}/1"] |= change
    with pytest.raises(AuditImpossible, match="checkpoint"):
        world.judge()
