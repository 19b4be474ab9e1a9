"""Hold keys in memory as a token would: handles, no export, and faults a test may ask for. Insecure; for tests."""

import itertools
import threading

from keys.algorithms import SoftwareKey, software_kind
from keys.backends.base import Held
from keys.errors import BackendRefused, BackendUnavailable, KeystoreLocked
from keys.guarded import Guarded
from keys.memory import wiped
from keys.model import KeyRecord
from keys.purposes import Purpose


class MemoryToken:
    """The device: what it holds outlives whoever has it open, and all see it."""

    def __init__(self) -> None:
        self.keys: dict[str, SoftwareKey] = {}
        self.numbers = itertools.count(1)
        self.lock = threading.Lock()
        self.is_unplugged = False


class MemoryBackend(Guarded):
    """Pass the behaviour suite of every backend."""

    __slots__ = ("_is_closed", "_token")

    def __init__(self, token: MemoryToken) -> None:
        self._token = token
        self._is_closed = False

    def generate(self, purpose: Purpose, algorithm: str) -> Held:
        self._require_open()
        kind = software_kind(algorithm)
        with wiped(kind.generate()) as private:
            key = kind.load("", private)
        with self._token.lock:
            handle = f"{next(self._token.numbers):04x}"
            self._token.keys[handle] = key
        return Held(key.public, handle)

    def adopt(self, purpose: Purpose, algorithm: str, name: str) -> Held:
        key = self._key(name)
        if key.algorithm != algorithm:
            raise BackendRefused("the token's key is of another algorithm")
        return Held(key.public, name)

    def sign(self, record: KeyRecord, message: bytes) -> bytes:
        return self._key(record.handle).sign(message)

    def seal(self, record: KeyRecord, plaintext: bytes | bytearray, associated: bytes) -> bytes:
        return self._key(record.handle).seal(plaintext, associated)

    def unseal(self, record: KeyRecord, sealed: bytes, associated: bytes) -> bytearray:
        return self._key(record.handle).unseal(sealed, associated)

    def destroy(self, record: KeyRecord) -> None:
        self._require_open()
        self._token.keys.pop(record.handle, None)

    def close(self) -> None:
        self._is_closed = True

    def _key(self, handle: str) -> SoftwareKey:
        self._require_open()
        key = self._token.keys.get(handle)
        if key is None:
            raise BackendRefused("the token holds no such key")
        return key

    def _require_open(self) -> None:
        if self._is_closed:
            raise KeystoreLocked("the backend was closed")
        if self._token.is_unplugged:
            raise BackendUnavailable("the token is not there")
