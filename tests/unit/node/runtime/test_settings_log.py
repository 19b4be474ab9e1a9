"""Which settings a process works by is logged where they changed, without a value and without a secret."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, text

from jeung.crypto import base64url, canonical_json
from jeung.domain.transparency import EntryKind, entry_of
from jeung.errors import StoreUnavailable
from node.key_settings import KeySettings, RemoteSignerSettings
from node.log_settings import LogSettings
from node.runtime.adapters import OsEntropy
from node.runtime.database import open_node_store
from node.runtime.settings_log import log_settings, settings_digest, settings_document
from node.settings import Settings
from node.store.open import NodeStore
from node.store.schema import log_events
from tests.common.keeping import Scene

KEY_IN_THE_PATH = "https://chain.example/v3/0123456789abcdef"
PASSWORD = "correct-horse"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.keystore.close()


@pytest.fixture
def kept(scene: Scene) -> Iterator[NodeStore]:
    opened = open_node_store(scene.settings, scene.clock)
    yield opened
    opened.dispose()


def start(scene: Scene, kept: NodeStore, process: str = "worker", **changed: object) -> bool:
    """Start a process with settings of which some changed; tell whether it logged them."""
    settings = scene.settings.model_copy(update=changed)
    return log_settings(settings, kept.store, scene.clock, OsEntropy(), process)


def logged(kept: NodeStore) -> list[tuple[dict[str, object], EntryKind]]:
    statement = select(log_events).where(log_events.c.kind == "settings_changed").order_by(log_events.c.number)
    with kept.database.read() as connection:
        rows = connection.execute(statement).all()
    return [
        (canonical_json.parse_object(row.body), entry_of(row.kind, row.body, row.occurred_at, row.salt).kind)
        for row in rows
    ]


def test_the_first_start_logs_every_group_and_a_start_with_the_same_settings_nothing(
    scene: Scene, kept: NodeStore
) -> None:
    assert start(scene, kept)
    assert not start(scene, kept)
    ((body, kind),) = logged(kept)
    assert kind is EntryKind.CONFIGURATION_CHANGED
    assert body["process"] == "worker"
    assert body["changed"] == sorted(Settings.model_fields)


def test_changed_settings_are_logged_by_the_names_of_their_groups(scene: Scene, kept: NodeStore) -> None:
    start(scene, kept)
    assert start(scene, kept, log=LogSettings(checkpoint_interval_s=3_600), listen_port=9_999)
    assert not start(scene, kept, log=LogSettings(checkpoint_interval_s=3_600), listen_port=9_999)
    assert logged(kept)[-1][0]["changed"] == ["listen_port", "log"]
    assert start(scene, kept), "and so is going back"


def test_worker_and_api_log_each_for_itself(scene: Scene, kept: NodeStore) -> None:
    """An insider who starts one of them with other settings is not hidden by the other."""
    assert start(scene, kept, "worker")
    assert start(scene, kept, "api", log=LogSettings(checkpoint_interval_s=9))
    assert not start(scene, kept, "worker")
    assert not start(scene, kept, "api", log=LogSettings(checkpoint_interval_s=9))
    assert [body["process"] for body, _ in logged(kept)] == ["worker", "api"]


def test_the_second_of_two_processes_that_start_at_once_logs_nothing(
    scene: Scene, kept: NodeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both found nothing logged before either wrote."""
    write = kept.store.write

    def after_the_other() -> object:
        monkeypatch.setattr(kept.store, "write", write)
        assert start(scene, kept)
        return write()

    monkeypatch.setattr(kept.store, "write", after_the_other)
    assert not start(scene, kept)
    assert len(logged(kept)) == 1


def test_whoever_is_shown_the_settings_can_tell_that_they_were_in_force(scene: Scene, kept: NodeStore) -> None:
    start(scene, kept)
    ((body, _),) = logged(kept)
    salt, digests = base64url.decode(str(body["salt"])), body["digests"]
    shown = settings_document(scene.settings)
    assert digests == {name: settings_digest(name, value, salt) for name, value in shown.items()}
    other = settings_document(scene.settings.model_copy(update={"listen_port": 9_999}))
    assert settings_digest("listen_port", other["listen_port"], salt) != digests["listen_port"]


def test_each_entry_has_a_salt_of_its_own(scene: Scene, kept: NodeStore) -> None:
    start(scene, kept)
    start(scene, kept, listen_port=9_999)
    (first, _), (second, _) = logged(kept)
    assert first["salt"] != second["salt"]
    assert not set(first["digests"].values()) & set(second["digests"].values())  # type: ignore[attr-defined]


def test_secrets_in_addresses_are_no_settings(scene: Scene, kept: NodeStore) -> None:
    addresses = (f"https://node:{PASSWORD}@chain.example:8545", KEY_IN_THE_PATH)
    hooks = scene.settings.webhooks.model_copy(update={"allowed_urls": (f"https://h.example/in?token={PASSWORD}",)})
    changed = scene.settings.model_copy(update={"rpc_urls": addresses, "webhooks": hooks})
    document = settings_document(changed)
    assert document["rpc_urls"] == ["https://chain.example:8545", "https://chain.example"]
    assert document["webhooks"]["allowed_urls"] == ["https://h.example/in"]
    log_settings(changed, kept.store, scene.clock, OsEntropy(), "worker")
    with kept.database.read() as connection:
        rows = connection.execute(text("SELECT * FROM logged_settings")).all()
    assert PASSWORD not in repr(rows)


def test_a_setting_of_any_kind_has_its_digest(scene: Scene) -> None:
    signer = RemoteSignerSettings(url="https://signer.example/eth1", timeout_s=2.5)
    document = settings_document(scene.settings.model_copy(update={"keys": KeySettings(web3signer={"far": signer})}))
    assert document["keys"]["web3signer"]["far"]["timeout_s"] == "2.5"
    assert all(settings_digest(name, value, b"salt") for name, value in document.items())


def test_a_start_that_cannot_log_its_settings_is_none(
    scene: Scene, kept: NodeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> object:
        raise StoreUnavailable(retry_after_s=1)

    monkeypatch.setattr(kept.store, "write", fails)
    with pytest.raises(StoreUnavailable):
        start(scene, kept)
    assert logged(kept) == []
