"""Keep keys in one encrypted file of a private folder.

All keys stand in one file, so that a write is one rename, and so that nobody can put an old record (say, of a key
since declared compromised) back beside newer ones: the file is authenticated whole and counts its generations.

Every act first looks whether another process has replaced the file (one `stat`): a key declared compromised by the
command line stops signing in a running API at its next signature.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Self

from filelock import FileLock, Timeout

from keys.algorithms import SoftwareKey
from keys.backends import container
from keys.backends.base import Change
from keys.backends.entries import Entry, entries_from_json, entry_to_json, new_entry, resealed, unwrapped
from keys.errors import (
    BackendRefused,
    KdfOutOfBounds,
    KeystoreBusy,
    KeystoreExists,
    KeystoreLocked,
    KeystoreMissing,
    KeystoreNotWritten,
    KeystoreTampered,
    UnknownKey,
)
from keys.files import (
    FILE_MODE,
    Stamp,
    make_private_folder,
    read_private_file,
    replace_private_file,
    require_private_folder,
    stamp_of,
    sweep_parts,
)
from keys.guarded import Guarded
from keys.model import SOFTWARE, KeyRecord
from keys.passphrase import Passphrase
from keys.purposes import Purpose

FILE_NAME = "keys.jeung"
LOCK_NAME = "keys.lock"
LOCK_TIMEOUT_S = 10.0
MAX_KEYS = 2048


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """Hold one generation of the file, as read or written."""

    stamp: Stamp
    generation: int
    mac: bytes = field(repr=False)
    entries: Mapping[str, Entry]
    records: Mapping[str, KeyRecord]


class SoftwareBackend(Guarded):
    """Keep keys in a file under Argon2id and AES-256-GCM; unwrap each at its first use, and keep it in memory.

    Open it after forking: what one process holds is not meant to be shared.
    """

    __slots__ = ("_file_lock", "_keys", "_loaded", "_lock", "_mutex", "_path", "_snapshot")

    def __init__(self, path: Path, lock: container.Lock, keys: container.FileKeys, snapshot: _Snapshot) -> None:
        """Take what `create` or `open` found."""
        self._path = path
        self._lock = lock
        self._keys: container.FileKeys | None = keys
        self._snapshot = snapshot
        self._loaded: dict[str, SoftwareKey] = {}
        self._mutex = threading.RLock()
        self._file_lock = _file_lock(path.parent)

    @classmethod
    def create(cls, folder: Path, passphrase: Passphrase, *, unsafe_fast_kdf: bool = False) -> Self:
        """Make an empty keystore in a folder, which is made with mode 0700 unless it is there.

        Args:
            folder: its parent exists.
            passphrase: derives the key that encrypts the others; without it nothing can be recovered.
            unsafe_fast_kdf: for tests only. Spend nothing on key derivation, and say so in the file.

        Raises:
            KeystoreExists: there is one already.
            InsecureFile: the folder is open to others.
            KeystoreBusy, KeystoreNotWritten: nothing was made.
        """
        make_private_folder(folder)
        path = folder / FILE_NAME
        costs = container.UNSAFE_FAST_COSTS if unsafe_fast_kdf else container.STANDARD_COSTS
        lock, keys = container.new_lock(passphrase, costs)
        with _held(_file_lock(folder), LOCK_TIMEOUT_S):
            if os.path.lexists(path):
                raise KeystoreExists(f"there is a keystore in {folder} already")
            snapshot = _write(path, lock, keys, 1, {})
        return cls(path, lock, keys, snapshot)

    @classmethod
    def open(cls, folder: Path, passphrase: Passphrase, *, unsafe_fast_kdf: bool = False) -> Self:
        """Open the keystore in a folder; takes 0.3 to 1 s, once for all its keys.

        Args:
            folder: mode 0700, ours, as is the file in it (0600).
            passphrase: the one it was made with.
            unsafe_fast_kdf: for tests only. Accept a file that was made so.

        Raises:
            KeystoreMissing, InsecureFile: no keystore, or one that others could reach.
            UnsupportedKeystoreVersion, KdfOutOfBounds, KeystoreTampered, WrongPassphrase: it cannot be believed.
        """
        path = folder / FILE_NAME
        try:
            require_private_folder(folder)
        except FileNotFoundError:
            raise KeystoreMissing(f"there is no keystore in {folder}") from None
        found, stamp = _read(path)
        if found.lock.costs.is_unsafe_fast and not unsafe_fast_kdf:
            raise KdfOutOfBounds("the keystore was made for tests: its passphrase protects nothing")
        keys = container.FileKeys(passphrase, found.lock.costs, found.lock.salt)
        return cls(path, found.lock, keys, _believe(found, keys, stamp))

    def records(self) -> Mapping[str, KeyRecord]:
        """Give every record by key id; looks for a newer file first."""
        return self._refresh().records

    def generate(self, purpose: Purpose, algorithm: str, *, created_at: int, not_before: int) -> KeyRecord:
        """Make a key, pre-active, and keep it durably."""
        key, entry = new_entry(self._open_keys(), purpose, algorithm, created_at, not_before)

        self._write(lambda entries: _insert(entries, entry))
        self._loaded[entry.record.key_id] = key
        return entry.record

    def add(self, record: KeyRecord) -> None:
        """Keep the record of a key that another backend holds; a second one of the same key is refused."""
        self._write(lambda entries: _insert(entries, Entry(record, None)))

    def update(self, key_id: str, change: Change) -> KeyRecord:
        """Apply a change to the newest record and keep it durably; a destroyed key loses its material."""

        def apply(entries: dict[str, Entry]) -> None:
            entry = _entry_of(entries, key_id)
            record = change(entry.record)
            is_here = record.backend == SOFTWARE and record.destroyed_at is None
            sealed = resealed(self._open_keys(), entry, record) if is_here else None
            entries[key_id] = Entry(record, sealed)

        return self._write(apply).records[key_id]

    def add_uses(self, uses: Mapping[str, int], *, wait: bool) -> None:
        """Add to the use counters durably."""

        def add(entries: dict[str, Entry]) -> None:
            for key_id, count in uses.items():
                entry = _entry_of(entries, key_id)
                entries[key_id] = replace(entry, record=replace(entry.record, uses=entry.record.uses + count))

        self._write(add, timeout_s=LOCK_TIMEOUT_S if wait else 0)

    def sign(self, record: KeyRecord, message: bytes) -> bytes:
        """Sign a message."""
        return self._key(record.key_id).sign(message)

    def seal(self, record: KeyRecord, plaintext: bytes | bytearray, associated: bytes) -> bytes:
        """Encrypt and authenticate."""
        return self._key(record.key_id).seal(plaintext, associated)

    def unseal(self, record: KeyRecord, sealed: bytes, associated: bytes) -> bytearray:
        """Undo `seal`."""
        return self._key(record.key_id).unseal(sealed, associated)

    def close(self) -> None:
        """Forget the keys. Python cannot promise to wipe memory: what was loaded may linger until it is reused."""
        with self._mutex:
            self._keys = None
            self._loaded.clear()

    def _key(self, key_id: str) -> SoftwareKey:
        """Give the loaded key, unwrapping it at its first use.

        Raises:
            UnknownKey: no such key.
            WrongState: it was destroyed.
        """
        key = self._loaded.get(key_id)
        if key is None:
            with self._mutex:
                key = self._loaded[key_id] = unwrapped(self._open_keys(), _entry_of(self._snapshot.entries, key_id))
        return key

    def _open_keys(self) -> container.FileKeys:
        if self._keys is None:
            raise KeystoreLocked("the keystore was closed")
        return self._keys

    def _refresh(self) -> _Snapshot:
        """Give the newest generation.

        Raises:
            KeystoreLocked: closed, or the file was encrypted under another passphrase or salt since.
            KeystoreTampered: changed, or put back to an older generation.
        """
        keys = self._open_keys()
        try:
            stamp = stamp_of(os.lstat(self._path))
        except FileNotFoundError:
            raise KeystoreMissing(f"there is no keystore in {self._path.parent} any more") from None
        if stamp == self._snapshot.stamp:
            return self._snapshot
        with self._mutex:
            found, stamp = _read(self._path)
            if found.lock != self._lock:
                raise KeystoreLocked("the keystore was encrypted anew: open it again")
            self._adopt(_believe(found, keys, stamp))
            return self._snapshot

    def _adopt(self, newer: _Snapshot) -> None:
        """Go on from another generation of the file, and forget keys whose material it no longer holds."""
        known = self._snapshot
        if newer.generation < known.generation or (newer.generation == known.generation and newer.mac != known.mac):
            raise KeystoreTampered("the keystore was put back to an older generation")
        self._snapshot = newer
        for key_id in [key_id for key_id, entry in newer.entries.items() if entry.sealed is None]:
            self._loaded.pop(key_id, None)

    def _write(self, edit: Callable[[dict[str, Entry]], None], timeout_s: float = LOCK_TIMEOUT_S) -> _Snapshot:
        """Edit the newest generation while nobody else writes, and make the next of it."""
        with self._mutex, _held(self._file_lock, timeout_s):
            sweep_parts(self._path)
            current = self._refresh()
            entries = dict(current.entries)
            edit(entries)
            self._adopt(_write(self._path, self._lock, self._open_keys(), current.generation + 1, entries))
            return self._snapshot


def _file_lock(folder: Path) -> FileLock:
    # Without flock the lock would be a mere marker file, which a killed process leaves behind.
    return FileLock(folder / LOCK_NAME, mode=FILE_MODE, fallback_to_soft=False, poll_interval=0.01)


@contextmanager
def _held(lock: FileLock, timeout_s: float) -> Iterator[None]:
    try:
        lock.acquire(timeout=timeout_s)
    except Timeout:
        raise KeystoreBusy(f"another process has been writing for {timeout_s:g} s") from None
    except OSError as problem:
        raise KeystoreNotWritten(f"cannot lock the keystore: {problem.strerror}") from None
    try:
        yield
    finally:
        lock.release()


def _read(path: Path) -> tuple[container.UnverifiedFile, Stamp]:
    try:
        data, stamp = read_private_file(path, max_bytes=container.MAX_FILE_BYTES)
    except FileNotFoundError:
        raise KeystoreMissing(f"there is no keystore in {path.parent}") from None
    return container.parse_file(data), stamp


def _believe(found: container.UnverifiedFile, keys: container.FileKeys, stamp: Stamp) -> _Snapshot:
    entries = entries_from_json(found.verify(keys))
    return _snapshot_of(stamp, found.generation, found.mac, entries)


def _snapshot_of(stamp: Stamp, generation: int, mac: bytes, entries: dict[str, Entry]) -> _Snapshot:
    records = {key_id: entry.record for key_id, entry in entries.items()}
    return _Snapshot(stamp, generation, mac, MappingProxyType(entries), MappingProxyType(records))


def _write(
    path: Path, lock: container.Lock, keys: container.FileKeys, generation: int, entries: dict[str, Entry]
) -> _Snapshot:
    body = json.dumps([entry_to_json(entry) for entry in entries.values()], separators=(",", ":")).encode()
    data, mac = container.encode_file(lock, keys, generation, body)
    return _snapshot_of(replace_private_file(path, data), generation, mac, entries)


def _insert(entries: dict[str, Entry], entry: Entry) -> None:
    if len(entries) >= MAX_KEYS:
        raise KeystoreNotWritten(f"a keystore holds at most {MAX_KEYS} keys")
    if entry.record.key_id in entries:
        raise BackendRefused("there is a record of this key already")
    entries[entry.record.key_id] = entry


def _entry_of(entries: Mapping[str, Entry], key_id: str) -> Entry:
    entry = entries.get(key_id)
    if entry is None:
        raise UnknownKey
    return entry
