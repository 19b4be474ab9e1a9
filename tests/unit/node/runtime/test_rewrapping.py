"""After a rotation every data key is wrapped under the new wrapping key, and the old one can go."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jeung.domain.dual_control import Act, ActKind, ActState, Channel, PrincipalKind, Signatory
from jeung.errors import Conflict
from keys.envelope import Vault, head_of
from keys.errors import KeystoreLocked, UnknownKey
from keys.keystore import Keystore
from keys.model import State
from keys.purposes import Purpose
from node.runtime import rewrapping
from node.runtime.creation import NodePlan, create_node
from node.runtime.custody import open_keystore
from node.runtime.database import open_node_store
from node.runtime.key_acts import KeyDestruction
from node.runtime.rewrapping import Rewrapper
from node.settings import load_settings
from tests.common.custody import NOW, SetClock
from tests.unit.node.runtime.test_creation import settings_of


class Scene:
    def __init__(self, folder: Path) -> None:
        self.clock = SetClock()
        create_node(NodePlan(folder / "bank", "Hanbit Bank", settings_of()), self.clock)
        self.settings = load_settings(folder / "bank")
        self.kept = open_node_store(self.settings, self.clock)
        self.keystore: Keystore = open_keystore(self.settings, self.clock)
        self.vault = Vault(self.keystore)
        self.sealed: dict[str, bytes] = {}

    def add(self, *owners: str) -> None:
        with self.kept.store.write() as tx:
            for owner in owners:
                wrapped = self.vault.new_data_key(owner)
                tx.data_keys.add(owner, wrapped, NOW)
                self.sealed[owner] = self.vault.seal(wrapped, owner, "here", owner.encode())

    def rotate(self) -> str:
        """Put another wrapping key to work; give the one before."""
        old = self.keystore.current(Purpose.DATA_WRAPPING).key_id
        self.keystore.activate(self.keystore.create(Purpose.DATA_WRAPPING).key_id)
        self.keystore.retire(old)
        return old

    def worker(self) -> Rewrapper:
        return Rewrapper(self.keystore, self.kept.database, self.clock)

    def under(self, key_id: str) -> set[str]:
        with self.kept.store.read() as tx:
            found = {owner: tx.data_keys.get(owner) for owner in self.sealed}
        return {owner for owner, wrapped in found.items() if (wrapped or b"").startswith(head_of(key_id))}

    def require_readable(self, *owners: str) -> None:
        with self.kept.store.read() as tx:
            for owner in owners:
                wrapped = tx.data_keys.get(owner)
                assert wrapped is not None
                assert self.vault.open(wrapped, owner, "here", self.sealed[owner]) == owner.encode()


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr(rewrapping, "AT_ONCE", 2)
    made = Scene(tmp_path)
    yield made
    made.keystore.close()
    made.kept.dispose()


def test_everything_is_wrapped_under_the_new_key_and_the_old_one_can_be_destroyed(scene: Scene) -> None:
    scene.add("a", "b", "c", "d", "e")
    old = scene.rotate()
    worker = scene.worker()
    handler = KeyDestruction(lambda: scene.keystore, scene.kept.store)
    with scene.kept.store.read() as tx, pytest.raises(Conflict, match="5 data keys"):
        handler.check(tx, {"key": old})
    assert [worker.turn(1) for _ in range(4)] == [True, True, True, False]
    assert scene.under(old) == set()
    scene.require_readable("a", "b", "c", "d", "e")
    by = Signatory(PrincipalKind.STAFF, "areum", Channel.COMMAND_LINE)
    act = Act("act_1", ActKind.KEY_DESTRUCTION, {"key": old}, None, bytes(32), "", ActState.EXECUTING, by, 1, 2)
    handler.advance(act)
    assert scene.keystore.get(old).state is State.DESTROYED
    scene.require_readable("a", "b", "c", "d", "e")


def test_worker_that_is_killed_is_followed_by_one_that_goes_on(scene: Scene) -> None:
    scene.add("a", "b", "c", "d", "e")
    old = scene.rotate()
    left = []
    for _ in range(4):
        scene.worker().step()
        left.append(len(scene.under(old)))
    assert left == [3, 1, 0, 0]
    scene.require_readable("a", "b", "c", "d", "e")


def test_compromised_wrapping_key_is_left_behind_too(scene: Scene) -> None:
    scene.add("a")
    old = scene.keystore.current(Purpose.DATA_WRAPPING).key_id
    scene.keystore.mark_compromised(old, NOW)
    worker = scene.worker()
    assert not worker.step(), "nothing to wrap under yet"
    scene.keystore.activate(scene.keystore.create(Purpose.DATA_WRAPPING).key_id)
    assert worker.step()
    assert scene.under(old) == set()


def test_row_that_was_erased_or_changed_meanwhile_is_not_brought_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.add("a", "b")
    old = scene.rotate()
    worker, keep = scene.worker(), Rewrapper._keep

    def late(self: Rewrapper, changes: list[dict[str, object]]) -> None:
        with scene.kept.store.write() as tx:
            tx.data_keys.destroy("a")
        keep(self, changes)

    monkeypatch.setattr(Rewrapper, "_keep", late)
    worker.step()
    with scene.kept.store.read() as tx:
        assert tx.data_keys.get("a") is None
    assert scene.under(old) == set()


def test_row_that_cannot_be_unwrapped_keeps_no_other_from_being_saved(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    scene.add("a", "b", "c")
    with scene.kept.store.write() as tx:
        moved = tx.data_keys.get("a") or b""
        tx.data_keys.destroy("b")
        tx.data_keys.add("b", moved, NOW)
    old = scene.rotate()
    worker = scene.worker()
    while worker.step():
        pass
    assert scene.under(old) == {"b"}
    assert "cannot be unwrapped: 1" in caplog.text
    scene.require_readable("a", "c")


def test_row_written_late_under_the_old_key_is_found_after_a_while(scene: Scene) -> None:
    scene.add("a")
    late = Vault(scene.keystore).new_data_key("late")
    old = scene.rotate()
    worker = scene.worker()
    while worker.step():
        pass
    with scene.kept.store.write() as tx:
        tx.data_keys.add("late", late, NOW)
    scene.sealed["late"] = scene.vault.seal(late, "late", "here", b"late")
    assert not worker.step()
    scene.clock.time += 600
    assert worker.step()
    assert scene.under(old) == set()
    scene.require_readable("late")


def test_node_with_one_wrapping_key_has_nothing_to_do(scene: Scene) -> None:
    scene.add("a")
    assert not scene.worker().step()


def test_keystore_that_cannot_be_trusted_changes_nothing(scene: Scene) -> None:
    scene.add("a")
    old = scene.rotate()
    worker = scene.worker()
    scene.keystore.close()
    with pytest.raises(KeystoreLocked):
        worker.step()
    scene.keystore = open_keystore(scene.settings, scene.clock)
    assert scene.under(old) == {"a"}


def test_data_key_is_wrapped_anew_under_an_active_key_only(scene: Scene) -> None:
    scene.add("a")
    with scene.kept.store.read() as tx:
        wrapped = tx.data_keys.get("a") or b""
    scene.keystore.retire(scene.keystore.current(Purpose.DATA_WRAPPING).key_id)
    with pytest.raises(UnknownKey, match="no active key"):
        scene.vault.wrap_anew(wrapped, "a")
