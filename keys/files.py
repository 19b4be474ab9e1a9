"""Read and write files that hold secrets: nobody else may look, and a crash leaves the old file or the new one."""

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import BinaryIO

from keys.errors import InsecureFile, KeystoreNotWritten

FILE_MODE = 0o600
FOLDER_MODE = 0o700
_OTHERS = 0o077
_PART_SUFFIX = ".part"

Stamp = tuple[int, int, int, int]
"""Inode, size, and the times of the last change of content and of inode: differs whenever the file was replaced."""


def require_private_folder(folder: Path) -> None:
    """Refuse a folder that others can enter.

    Raises:
        InsecureFile: not a real directory, not ours, or open to group or others.
        FileNotFoundError: it is not there.
    """
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        raise InsecureFile(f"expected {folder} to be a directory and no link")
    _require_ours(folder, found, FOLDER_MODE)


def make_private_folder(folder: Path) -> None:
    """Make a folder with mode 0700 unless it is there, and refuse one that others can enter.

    Raises:
        InsecureFile: the folder was there and is not private.
    """
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=FOLDER_MODE)
    require_private_folder(folder)


def require_private_file(path: Path) -> None:
    """Refuse a file that others can read, without reading it; one that is missing is its reader's affair.

    Raises:
        InsecureFile: a link, not a regular file, not ours, or open to others.
    """
    with contextlib.suppress(FileNotFoundError), _plain_file(path) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise InsecureFile(f"expected {path} to be a regular file")
        _require_ours(path, found, FILE_MODE)


def read_private_file(path: Path, *, max_bytes: int) -> tuple[bytes, Stamp]:
    """Read a file that only we can read, whole, with the stamp of what was read.

    The checks are made on the opened file, not on its name, so that it cannot be exchanged in between.

    Raises:
        InsecureFile: a link, not a regular file, not ours, open to others, or larger than `max_bytes`.
        FileNotFoundError: it is not there.
    """
    with _plain_file(path) as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise InsecureFile(f"expected {path} to be a regular file")
        _require_ours(path, found, FILE_MODE)
        if found.st_size > max_bytes:
            raise InsecureFile(f"expected {path} to have at most {max_bytes} bytes, got {found.st_size}")
        return file.read(found.st_size), stamp_of(found)


def stamp_of(found: os.stat_result) -> Stamp:
    """Give what tells one version of a file from the next."""
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def create_private_file(path: Path, data: bytes) -> None:
    """Write a new file with mode 0600, durable when this returns.

    Raises:
        FileExistsError: there is something of that name.
        KeystoreNotWritten: the disk refused.
    """
    try:
        _write_new(path, data)
        _sync_folder(path.parent)
    except FileExistsError:
        raise
    except OSError as problem:
        raise KeystoreNotWritten(f"cannot write {path}: {problem.strerror}") from None


def replace_private_file(path: Path, data: bytes) -> Stamp:
    """Replace a file by new content in one step, mode 0600, durable when this returns.

    A crash at any moment leaves the old content or the new, and at most one part file beside it, which
    `sweep_parts` removes. The caller holds the lock that keeps other writers out.

    Raises:
        KeystoreNotWritten: the disk refused; the old content stands.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_PART_SUFFIX}")
    try:
        _write_new(part, data)
        os.replace(part, path)
        _sync_folder(path.parent)
        return stamp_of(os.stat(path))
    except OSError as problem:
        part.unlink(missing_ok=True)
        raise KeystoreNotWritten(f"cannot write {path}: {problem.strerror}") from None


def sweep_parts(path: Path) -> None:
    """Remove the part files that a killed writer left beside `path`. The caller holds the lock."""
    for part in path.parent.glob(f".{path.name}.*{_PART_SUFFIX}"):
        part.unlink(missing_ok=True)


def _plain_file(path: Path) -> BinaryIO:
    try:
        return open(path, "rb", opener=_open_plain)
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise InsecureFile(f"cannot open {path} as a plain file: {problem.strerror}") from None


def _open_plain(path: str, flags: int) -> int:
    # O_NONBLOCK: opening a planted FIFO must not wait for its other end.
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable: the name lives in the folder, not in the file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_ours(path: Path, found: os.stat_result, expected_mode: int) -> None:
    if found.st_uid != os.geteuid():
        raise InsecureFile(f"expected {path} to belong to the user who runs this program")
    if found.st_mode & _OTHERS:
        mode = stat.S_IMODE(found.st_mode)
        raise InsecureFile(f"expected {path} to have mode {expected_mode:04o}, got {mode:04o}")
