"""Files that hold secrets: opened only when nobody else can reach them."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from keys.errors import InsecureFile, KeystoreNotWritten
from keys.files import (
    create_private_file,
    make_private_folder,
    read_private_file,
    replace_private_file,
    require_private_file,
    require_private_folder,
)


def test_private_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "f"
    create_private_file(path, b"secret")
    assert read_private_file(path, max_bytes=6)[0] == b"secret"
    assert path.stat().st_mode & 0o777 == 0o600


def test_larger_file_than_allowed_is_refused(tmp_path: Path) -> None:
    create_private_file(tmp_path / "f", b"secret")
    with pytest.raises(InsecureFile, match="at most 5"):
        read_private_file(tmp_path / "f", max_bytes=5)


@pytest.mark.parametrize("kind", ["folder", "fifo", "link", "link to nothing", "socket"])
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "f"
    if kind == "folder":
        path.mkdir(mode=0o700)
    elif kind == "fifo":
        os.mkfifo(path, 0o600)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    else:
        if kind == "link":
            create_private_file(tmp_path / "g", b"secret")
        path.symlink_to(tmp_path / "g")
    with pytest.raises(InsecureFile):
        read_private_file(path, max_bytes=100)


def test_missing_file_stays_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_private_file(tmp_path / "f", max_bytes=1)
    with pytest.raises(FileNotFoundError):
        require_private_folder(tmp_path / "d")


@pytest.mark.parametrize("what", ["file", "folder"])
def test_what_belongs_to_another_user_is_refused(tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    create_private_file(tmp_path / "f", b"secret")
    make_private_folder(tmp_path / "d")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    acts: dict[str, Callable[[], object]] = {
        "file": lambda: read_private_file(tmp_path / "f", max_bytes=100),
        "folder": lambda: make_private_folder(tmp_path / "d"),
    }
    with pytest.raises(InsecureFile, match="belong"):
        acts[what]()


def test_file_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    create_private_file(tmp_path / "f", b"")
    with pytest.raises(InsecureFile, match="directory"):
        make_private_folder(tmp_path / "f")


def test_new_file_never_replaces_one(tmp_path: Path) -> None:
    create_private_file(tmp_path / "f", b"old")
    with pytest.raises(FileExistsError):
        create_private_file(tmp_path / "f", b"new")
    assert (tmp_path / "f").read_bytes() == b"old"


def test_unwritable_place_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeystoreNotWritten, match="No such file"):
        create_private_file(tmp_path / "nowhere" / "f", b"")
    with pytest.raises(KeystoreNotWritten, match="No such file"):
        replace_private_file(tmp_path / "nowhere" / "f", b"")


def test_replacing_changes_the_stamp_even_at_the_same_size(tmp_path: Path) -> None:
    path = tmp_path / "f"
    first = replace_private_file(path, b"one")
    second = replace_private_file(path, b"two")
    assert first != second
    assert read_private_file(path, max_bytes=3) == (b"two", second)


def test_file_and_then_its_folder_are_synced_around_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the first sync a power cut leaves an empty file, without the second the old name."""
    order: list[str] = []
    sync, rename = os.fsync, os.replace

    def watched_sync(descriptor: int) -> None:
        order.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        sync(descriptor)

    def watched_rename(source: Path, target: Path) -> None:
        order.append("rename")
        rename(source, target)

    monkeypatch.setattr(os, "fsync", watched_sync)
    monkeypatch.setattr(os, "replace", watched_rename)
    replace_private_file(tmp_path / "f", b"x")
    assert order == ["file", "rename", "folder"]


def test_private_file_is_judged_without_being_read(tmp_path: Path) -> None:
    path = tmp_path / "pin"
    require_private_file(path)
    path.touch(mode=0o600)
    require_private_file(path)
    path.chmod(0o640)
    with pytest.raises(InsecureFile, match="0600"):
        require_private_file(path)
    path.chmod(0o600)
    (tmp_path / "link").symlink_to(path)
    os.mkfifo(tmp_path / "fifo", 0o600)
    for name in ("link", "fifo"):
        with pytest.raises(InsecureFile):
            require_private_file(tmp_path / name)
