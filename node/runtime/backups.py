"""Write a node's backup: everything a restore needs in one file, encrypted to the root and signed by the member.

The copy of the database is taken before that of the keystore: a key is always made before a row names it, so whatever
the copied rows name is in the copied keystore. Keys that lie in another backend (a token, a remote signer) are named
by their records, and stay where they are.
"""

import contextlib
import io
import os
import secrets
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from filelock import FileLock, Timeout

from jeung.crypto import base64url
from jeung.crypto.jwk import parse_jwk
from jeung.errors import Conflict
from jeung.ports.world import Clock
from keys.archive import ArchiveReader, ArchiveWriter
from keys.backends.container import MAX_FILE_BYTES
from keys.backends.software import FILE_NAME
from keys.ceremony import RootPublic
from keys.errors import ArchiveRefused, KeystoreNotWritten
from keys.files import FILE_MODE, make_private_folder, read_private_file
from keys.keystore import Keystore
from keys.purposes import Purpose
from node.chain.deployment import load_deployment
from node.runtime.certification import CERTIFICATES_FOLDER
from node.runtime.roots import PROTOCOL_FILE, ROOT_FILE, load_root, protocol_of
from node.settings import KEYSTORE_FOLDER, MEMBER_FILE, SETTINGS_FILE, UNLOCK_FILE, Settings
from node.store.restoring import copy_database

SUFFIX: Final = ".backup"
DATABASE_NAME: Final = "node.db"
DEPLOYMENT_NAME: Final = "deployment.json"
KIND: Final = "jeung-node"
_LOCK_NAME: Final = ".backup.lock"
_MAX_SMALL_FILE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class BackupMade:
    """Say which file was written, the SHA-256 that names it, and until when it may be restored (seconds UTC)."""

    path: Path
    digest: str
    created_at: int
    expires_at: int


def write_backup(settings: Settings, keystore: Keystore, clock: Clock, folder: Path) -> BackupMade:
    """Write a backup of the node into a folder, which is made with mode 0700 unless it is there.

    Raises:
        CeremonyRefused: the node has no root yet, or no protocol of the ceremony that made it.
        Conflict: another backup of this node is being written.
        KeyCustodyError: a file is open to others, the disk refuses, or the receipt key cannot sign.
        StoreUnavailable: the database cannot be copied.
        DeploymentFailed: the node does not know its consortium's contracts.
    """
    root, now = load_root(settings), clock.now()
    protocol = protocol_of(settings, root)
    make_private_folder(folder)
    # What was counted so far belongs into the copy.
    keystore.flush()
    expires_at = now + settings.backups.keep_days * 86_400
    header = {
        "kind": KIND,
        "root": root.to_json(),
        "member": settings.base_url,
        "deployment_id": "0x" + load_deployment(settings.deployment_path).deployment_id.hex(),
        "created_at": now,
        "expires_at": expires_at,
        "signer": keystore.current(Purpose.RECEIPT_SIGNING).public_jwk,
    }
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
    path = folder / f"{settings.name}-{moment}-{secrets.token_hex(4)}{SUFFIX}"
    with _alone(settings):
        _sweep(settings)
        for left in folder.glob(f"{settings.name}-*.part"):
            left.unlink(missing_ok=True)
        digest = _written(path, lambda target: _fill(target, settings, keystore, root, header, protocol))
    return BackupMade(path, base64url.encode(digest), now, expires_at)


def _written(path: Path, fill: Callable[[BinaryIO], bytes]) -> bytes:
    part = path.with_suffix(".part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, FILE_MODE)
        with os.fdopen(descriptor, "wb") as target:
            digest = fill(target)
            target.flush()
            os.fsync(target.fileno())
        part.replace(path)
    except OSError as problem:
        raise KeystoreNotWritten(f"cannot write {path}: {problem.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return digest


def prune_expired(folder: Path, member: str, now: int) -> list[Path]:
    """Remove this member's backups that have expired from a folder, so that what was erased does not live on there.

    A header is read, not believed: the worst a forged one does is to remove itself.
    """
    gone = []
    for path, header in headers_in(folder):
        expires_at = header.get("expires_at")
        if header.get("member") == member and isinstance(expires_at, int) and expires_at <= now:
            path.unlink(missing_ok=True)
            gone.append(path)
    return gone


def headers_in(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give the backups of a folder with their public headers, by name; what is none is passed over."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with contextlib.suppress(ArchiveRefused, OSError), path.open("rb") as source:
            yield path, ArchiveReader(source).header


def sweep_left_behind(settings: Settings) -> None:
    """Remove what a killed backup left in the node's folder, unless one is being written now.

    A copy of the database that stays would keep what is erased later.
    """
    with contextlib.suppress(Conflict), _alone(settings):
        _sweep(settings)


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    lock = FileLock(settings.node_dir / _LOCK_NAME, mode=FILE_MODE, fallback_to_soft=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Conflict("another backup of this node is being written") from None
    try:
        yield
    finally:
        lock.release()


def _sweep(settings: Settings) -> None:
    for copy in settings.node_dir.glob(f".{DATABASE_NAME}.*.part*"):
        copy.unlink(missing_ok=True)


def _fill(
    target: BinaryIO,
    settings: Settings,
    keystore: Keystore,
    root: RootPublic,
    header: Mapping[str, Any],
    protocol: bytes,
) -> bytes:
    writer = ArchiveWriter(target, root, header)
    _write_files(settings, writer, protocol)
    signer = base64url.encode(parse_jwk(header["signer"]).thumbprint)
    return writer.finish(lambda message: keystore.sign(signer, Purpose.RECEIPT_SIGNING, message))


def _write_files(settings: Settings, writer: ArchiveWriter, protocol: bytes) -> None:
    copy = settings.node_dir / f".{DATABASE_NAME}.{secrets.token_hex(8)}.part"
    with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        try:
            copy_database(settings.database_path, copy)
            with copy.open("rb") as file:
                # From here on it has no name: a process that is killed takes it along.
                copy.unlink()
                _add(tar, DATABASE_NAME, file, os.fstat(file.fileno()).st_size)
        finally:
            copy.unlink(missing_ok=True)
        keystore, _ = read_private_file(settings.keystore_folder / FILE_NAME, max_bytes=MAX_FILE_BYTES)
        _add(tar, f"{KEYSTORE_FOLDER}/{FILE_NAME}", io.BytesIO(keystore), len(keystore))
        unlock, _ = read_private_file(settings.passphrase_path, max_bytes=_MAX_SMALL_FILE_BYTES)
        _add(tar, UNLOCK_FILE, io.BytesIO(unlock), len(unlock))
        folder = settings.node_dir
        plain = {name: folder / name for name in (SETTINGS_FILE, MEMBER_FILE, ROOT_FILE)}
        plain |= {f"{CERTIFICATES_FOLDER}/{path.name}": path for path in sorted(_certificates(folder))}
        plain[DEPLOYMENT_NAME] = settings.deployment_path
        _add(tar, PROTOCOL_FILE, io.BytesIO(protocol), len(protocol))
        for name, path in plain.items():
            data = path.read_bytes()
            if len(data) > _MAX_SMALL_FILE_BYTES:
                raise Conflict(f"{path} is too large to be what it should be")
            _add(tar, name, io.BytesIO(data), len(data))


def _certificates(folder: Path) -> Iterator[Path]:
    return (folder / CERTIFICATES_FOLDER).glob("*.pem")


def _add(tar: tarfile.TarFile, name: str, file: Any, size: int) -> None:  # noqa: ANN401 - what tarfile takes
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    tar.addfile(entry, file)
