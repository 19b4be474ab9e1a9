"""What is known of all keys: by the keystore, the chain and the policy, and to whom it is told."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from jeung.crypto import canonical_json
from jeung.domain.identifiers import Address
from jeung.domain.members import OperatorPurpose
from jeung.domain.transparency import EntryKind, entry_of
from jeung.errors import StoreUnavailable
from keys.model import KeyRecord, State
from keys.purposes import Purpose
from node.runtime.database import open_node_store
from node.runtime.health import NodeHealth
from node.runtime.inventory import WRITTEN_EVERY_S, InventoryWriter, inventory, kept_inventory
from node.runtime.services import verification_rules
from node.store.repositories.judgements import SqlEventLog
from node.store.schema import log_events
from tests.common import rows
from tests.common.backups import deployment
from tests.common.keeping import DAY, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.keystore.close()


def test_inventory_joins_keystore_chain_and_policy(scene: Scene) -> None:
    old = scene.keystore.current(Purpose.CREDENTIAL_SIGNING)
    fresh = scene.rotate()
    account = scene.keystore.current(Purpose.STATUS)
    scene.parties.chain.authorize(scene.parties.bank.member, OperatorPurpose.STATUS, Address(account.address or ""))
    found = {
        row.record.key_id: row
        for row in inventory(scene.keystore.list(), scene.own, scene.settings, scene.clock.now())
    }
    assert found[old.key_id].on_chain == "active"
    assert found[old.key_id].due_at == scene.clock.now() - 1 + 365 * DAY
    assert found[fresh.key_id].on_chain == "unknown"
    assert found[fresh.key_id].due_at is None
    assert found[account.key_id].on_chain == "active"
    shown = found[old.key_id].to_json()
    assert shown["backend"] == "software"
    assert not {"sealed", "handle", "public_members"} & set(shown)


def test_inventory_is_kept_for_those_who_may_not_open_the_keystore(scene: Scene) -> None:
    kept = open_node_store(scene.settings, scene.clock)
    writer = InventoryWriter(kept.database, scene.settings, scene.clock)
    writer.write(scene.keystore.list())
    rows = kept_inventory(kept.database)
    assert {row["key_id"] for row in rows} == {record.key_id for record in scene.keystore.list()}
    scene.clock.advance(5)
    writer.write(scene.keystore.list())
    assert {row["seen_at"] for row in kept_inventory(kept.database)} == {scene.clock.now() - 5}
    scene.rotate()
    writer.write(scene.keystore.list())
    assert len(kept_inventory(kept.database)) == len(rows) + 1
    kept.dispose()


def test_receipts_name_the_deployment_once_there_is_one(scene: Scene) -> None:
    assert verification_rules(scene.settings).deployment_id is None
    record = deployment()
    scene.settings.deployment_path.write_text(json.dumps(record))
    named = verification_rules(scene.settings).deployment_id
    assert named is not None
    assert "0x" + named.hex() == record["deployment_id"]


def test_metrics_tell_when_the_first_key_is_due(scene: Scene) -> None:
    kept = open_node_store(scene.settings, scene.clock)
    rules = verification_rules(scene.settings)
    health = NodeHealth(database=kept.database, ledger=scene.parties.ledger, clock=scene.clock, rules=rules)
    assert "keys_first_due_in_seconds" not in health.measurements()
    InventoryWriter(kept.database, scene.settings, scene.clock).write(scene.keystore.list())
    found = health.measurements()
    assert found["keys_active"] == len(scene.keystore.list(state=State.ACTIVE))
    assert found["keys_first_due_in_seconds"] == 365 * DAY - 1
    kept.dispose()


def test_metrics_tell_how_much_evidence_waits_for_proofs(scene: Scene) -> None:
    kept = open_node_store(scene.settings, scene.clock)
    rules = verification_rules(scene.settings)
    health = NodeHealth(database=kept.database, ledger=scene.parties.ledger, clock=scene.clock, rules=rules)
    with kept.store.write() as tx:
        for number in (1, 2, 3):
            tx.evidence.add(rows.evidence(number))
        tx.evidence_proofs.add("evidence-1", "key-1", b"sealed", rows.NOW)
    assert health.measurements()["evidence_without_proofs"] == 2
    kept.dispose()


class Kept:
    """The node's database, the writer of its worker, and what that writer logged."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.store = open_node_store(scene.settings, scene.clock)
        self.restart()

    def restart(self) -> None:
        self.writer = InventoryWriter(self.store.database, self.scene.settings, self.scene.clock)

    def write(self, records: Sequence[KeyRecord] | None = None) -> list[dict[str, Any]]:
        """Do a worker's step; give what it logged."""
        before = len(self.logged())
        self.writer.write(self.scene.keystore.list() if records is None else records)
        return self.logged()[before:]

    def logged(self) -> list[dict[str, Any]]:
        statement = select(log_events).where(log_events.c.kind == "key_changed").order_by(log_events.c.number)
        with self.store.database.read() as connection:
            rows = connection.execute(statement).all()
        assert {entry_of(row.kind, row.body, 1, row.salt).kind for row in rows} <= {EntryKind.KEY_EVENT}
        return [dict(canonical_json.parse_object(row.body)) for row in rows]


@pytest.fixture
def kept(scene: Scene) -> Iterator[Kept]:
    made = Kept(scene)
    yield made
    made.store.dispose()


def test_every_step_of_a_keys_life_is_logged_once(scene: Scene, kept: Kept) -> None:
    first = kept.write()
    assert {(body["before"], body["after"]) for body in first} == {(None, "active")}
    assert len(first) == len(scene.keystore.list())
    assert kept.write() == []
    key = scene.rotate(Purpose.WEBHOOK_SIGNING).key_id
    steps: list[tuple[str, Callable[[], object]]] = [
        ("pre_active", lambda: None),
        ("active", lambda: scene.keystore.activate(key)),
        ("retired", lambda: scene.keystore.retire(key)),
        ("destroyed", lambda: scene.keystore.destroy(key)),
        ("compromised", lambda: scene.keystore.mark_compromised(key, scene.clock.now() - 9)),
        ("compromised", lambda: scene.keystore.mark_compromised(key, scene.clock.now() - 99)),
    ]
    before = None
    for state, act in steps:
        act()
        (body,) = kept.write()
        assert (body["key_id"], body["purpose"], body["backend"]) == (key, "webhook_signing", "software")
        assert (body["before"], body["after"]) == (before, state)
        before = state
    assert body["compromised_since"] == scene.clock.now() - 99


def test_what_was_done_while_no_worker_ran_is_logged_by_the_next(scene: Scene, kept: Kept) -> None:
    kept.write()
    key = scene.keystore.current(Purpose.WEBHOOK_SIGNING).key_id
    scene.keystore.mark_compromised(key, scene.clock.now() - 5)
    kept.restart()
    assert [(body["key_id"], body["after"]) for body in kept.write()] == [(key, "compromised")]


def test_uses_alone_are_no_entry(scene: Scene, kept: Kept) -> None:
    kept.write()
    used = [replace(record, uses=record.uses + 7) for record in scene.keystore.list()]
    scene.clock.advance(WRITTEN_EVERY_S)
    assert kept.write(used) == []


def test_a_key_that_an_insider_took_out_of_the_keystore_is_logged_as_missing(scene: Scene, kept: Kept) -> None:
    kept.write()
    gone = scene.keystore.current(Purpose.CREDENTIAL_SIGNING)
    left = [record for record in scene.keystore.list() if record.key_id != gone.key_id]
    (body,) = kept.write(left)
    assert (body["key_id"], body["before"], body["after"]) == (gone.key_id, "active", "missing")
    (body,) = kept.write()
    assert (body["key_id"], body["before"], body["after"]) == (gone.key_id, None, "active")


def test_a_keystore_put_back_by_an_insider_shows_in_the_log(scene: Scene, kept: Kept) -> None:
    """A compromised key that is active again: the keystore alone would not tell."""
    kept.write()
    before = scene.keystore.list()
    key = scene.keystore.current(Purpose.CREDENTIAL_SIGNING).key_id
    scene.keystore.mark_compromised(key, scene.clock.now() - 5)
    kept.write()
    assert [(body["before"], body["after"]) for body in kept.write(before)] == [("compromised", "active")]


def test_an_inventory_that_could_not_be_written_leaves_no_entry(
    scene: Scene, kept: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise StoreUnavailable(retry_after_s=1)

    with monkeypatch.context() as patch:
        patch.setattr(SqlEventLog, "append", fails)
        with pytest.raises(StoreUnavailable):
            kept.write()
    assert kept_inventory(kept.store.database) == []
    assert len(kept.write()) == len(scene.keystore.list())
