"""What is known of all keys: by the keystore, the chain and the policy, and to whom it is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jeung.domain.identifiers import Address
from jeung.domain.members import OperatorPurpose
from keys.model import State
from keys.purposes import Purpose
from node.runtime.database import open_node_store
from node.runtime.health import NodeHealth
from node.runtime.inventory import InventoryWriter, inventory, kept_inventory
from node.runtime.services import verification_rules
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
