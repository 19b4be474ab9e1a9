"""Repairs happen together with their log entry, never beside a working worker, and to what is there only."""

import json
from pathlib import Path

import pytest
from sqlalchemy import select

from jeung.errors import DatabaseMissing, FenceLost
from jeung.services.acts import log
from node.runtime.creation import NodePlan, create_node
from node.runtime.database import open_node_store
from node.runtime.repairing import repair
from node.settings import Settings, load_settings
from node.store.repairs import Repair
from node.store.schema import attest_works, credentials, log_events, status_works
from tests.common import rows
from tests.common.custody import SetClock
from tests.unit.node.runtime.test_creation import settings_of

NOW = 1_800_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    create_node(NodePlan(tmp_path / "bank", "Hanbit Bank", settings_of()), SetClock(NOW))
    made = load_settings(tmp_path / "bank")
    kept = open_node_store(made, SetClock(NOW))
    with kept.store.write() as tx:
        tx.proofings.add(rows.proofing())
        rows.keep_credentials(tx, [rows.credential(1, issued_at=NOW)])
        log(tx, "before", {}, NOW)
    kept.dispose()
    return made


def asked(settings: Settings, *statements: object) -> list[list[tuple[object, ...]]]:
    kept = open_node_store(settings, SetClock(NOW))
    with kept.database.read() as connection:
        found = [[tuple(row) for row in connection.execute(one)] for one in statements]  # type: ignore[call-overload]
    kept.dispose()
    return found


def test_repairs_are_done_with_their_log_entry(settings: Settings) -> None:
    repairs = [
        Repair("rebuild-index"),
        Repair("publish-list", "7"),
        Repair("attest-again", "credential-1"),
        Repair("take-status", "credential-1", 1),
        Repair("change-again", "credential-1"),
        *(Repair(kind, "credential-nobody", 1) for kind in ("attest-again", "take-status", "change-again")),
    ]
    assert repair(settings, SetClock(NOW), repairs) == 4, "there is no token of list 7, and nobody's credential"
    works, wanted, changes, entries = asked(
        settings,
        select(attest_works.c.state, attest_works.c.transaction_hash),
        select(credentials.c.wanted_status),
        select(status_works.c.status, status_works.c.state, status_works.c.created_at),
        select(log_events.c.kind, log_events.c.body).order_by(log_events.c.number),
    )
    assert works == [("pending", None)]
    assert wanted == [(1,)]
    assert changes == [(1, "pending", NOW)]
    kind, body = entries[-1]
    assert kind == "projection_repaired"
    assert isinstance(body, bytes)
    assert json.loads(body)["repairs"]["rebuild-index"] == 1


def test_nothing_is_repaired_beside_a_working_worker(settings: Settings) -> None:
    kept = open_node_store(settings, SetClock(NOW))
    assert kept.lease.acquire("worker", now=NOW, ttl_s=60) is not None
    with pytest.raises(FenceLost):
        repair(settings, SetClock(NOW), [Repair("rebuild-index")])
    kept.lease.release("worker")
    kept.dispose()
    assert repair(settings, SetClock(NOW), [Repair("rebuild-index")]) == 1


@pytest.mark.parametrize("wrong", [Repair("loosen"), Repair("publish-list", "all")], ids=str)
def test_a_repair_that_is_none_undoes_the_others(settings: Settings, wrong: Repair) -> None:
    with pytest.raises((KeyError, ValueError)):
        repair(settings, SetClock(NOW), [Repair("take-status", "credential-1", 1), wrong])
    wanted, entries = asked(settings, select(credentials.c.wanted_status), select(log_events.c.kind))
    assert wanted == [(0,)]
    assert entries[-1] == ("before",)
    assert repair(settings, SetClock(NOW), []) == 0, "the lease was given back"


def test_a_node_without_its_database_is_not_given_an_empty_one(settings: Settings) -> None:
    settings.database_path.unlink()
    with pytest.raises(DatabaseMissing):
        repair(settings, SetClock(NOW), [Repair("rebuild-index")])
