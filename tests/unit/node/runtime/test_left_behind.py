"""What a killed or hindered backup or restore leaves behind: nothing that anyone could read."""

import errno
import fcntl
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from jeung.errors import Conflict
from keys.errors import (
    KeystoreNotWritten,
)
from node.runtime import backups
from node.runtime.backups import headers_in, sweep_left_behind
from tests.common.backups import BANK, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_what_a_killed_backup_left_is_removed_by_the_next(scene: Scene) -> None:
    """It held the database as it was: what was erased since would have lived on in it."""
    scene.backup()
    left = [
        scene.node / ".node.db.0011.part",
        scene.node / ".node.db.0011.part-journal",
        scene.backups / "bank-x.part",
    ]
    for path in left:
        path.write_bytes(b"erased since")
    scene.backup()
    assert [path for path in left if path.exists()] == []
    left[0].touch()
    sweep_left_behind(scene.settings)
    assert not left[0].exists()


def test_backup_that_is_being_written_is_neither_swept_nor_met_by_another(scene: Scene) -> None:
    writing = scene.node / ".node.db.0011.part"
    with FileLock(scene.node / ".backup.lock", mode=0o600):
        writing.touch()
        with pytest.raises(Conflict, match="another backup"):
            scene.backup()
        sweep_left_behind(scene.settings)
        assert writing.exists()


def test_copy_of_the_database_has_no_name_while_it_is_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[Path]] = []

    def add(tar: tarfile.TarFile, name: str, file: Any, size: int) -> None:  # noqa: ANN401 - as it is
        seen.append(list(scene.node.glob(".node.db.*")))
        kept(tar, name, file, size)

    kept = backups._add
    monkeypatch.setattr(backups, "_add", add)
    scene.backup()
    assert seen
    assert not any(seen)


def test_full_disk_leaves_neither_backup_nor_part(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backups, "_add", full)
    with pytest.raises(KeystoreNotWritten, match="No space left"):
        scene.backup()
    assert list(scene.backups.iterdir()) == []
    assert list(scene.node.glob(".node.db.*")) == []


def test_file_that_nests_too_deeply_hides_no_backup(scene: Scene) -> None:
    made = scene.backup()
    (scene.backups / "planted.backup").write_bytes(b"\x01" + (60_000).to_bytes(4) + b"[" * 60_000)
    assert [path for path, _ in headers_in(scene.backups)] == [made.path]
    assert scene.restore(made.path).base_url == BANK


def test_what_a_killed_restore_left_is_removed_by_the_next(scene: Scene) -> None:
    """Keys and the passphrase that opens them lay there, under a name nobody looks for."""
    made = scene.backup()
    left = scene.folder / ".again.0011.part"
    (left / "keystore").mkdir(parents=True)
    (left / "passphrase").write_text("secret")
    scene.restore(made.path)
    assert not left.exists()


def test_second_restore_beside_one_that_is_going_on_is_refused(scene: Scene) -> None:
    made = scene.backup()
    around = os.open(scene.folder, os.O_RDONLY)
    fcntl.flock(around, fcntl.LOCK_EX)
    with pytest.raises(Conflict, match="going on"):
        scene.restore(made.path)
    os.close(around)
