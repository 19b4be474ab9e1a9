"""Read and write the keystore file, byte for byte as docs/reference/keystore-format.md describes it.

    offset  bytes  field
    0       1      version, 1
    1       1      key derivation, 1 = Argon2id version 1.3 (RFC 9106)
    2       1      flags, bit 0 = derivation costs for tests only
    3       4      Argon2 passes
    7       4      Argon2 memory, KiB
    11      1      Argon2 lanes
    12      16     salt
    28      16     passphrase check
    44      8      generation, one more at each write
    52      4      length of the body
    56      n      body, JSON
    56+n    32     HMAC-SHA-256 over all bytes before it
    88+n    32     SHA-256 over all bytes before it

Everything an attacker can reach without the passphrase (the first 56 bytes) has a fixed shape and bounds; the JSON is
parsed only after the HMAC stands. The SHA-256 needs no key: it tells a damaged file from a wrong passphrase.
Integers are big-endian.
"""

import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from keys.algorithms import WrappingKey
from keys.errors import KdfOutOfBounds, KeystoreTampered, UnsupportedKeystoreVersion, WrongPassphrase
from keys.guarded import Guarded
from keys.passphrase import Passphrase

VERSION = 1
MAX_BODY_BYTES = 4 * 1024 * 1024
_ARGON2ID = 1
_UNSAFE_FAST = 0x01
_HEAD = struct.Struct(">BBBIIB16s16sQI")
_HASH_BYTES = 32
MAX_FILE_BYTES = _HEAD.size + MAX_BODY_BYTES + 2 * _HASH_BYTES
_SALT_BYTES = 16
_CHECK_BYTES = 16


@dataclass(frozen=True, slots=True)
class KdfCosts:
    """Hold what Argon2id is asked to spend, and whether that is only good for tests."""

    passes: int
    memory_kib: int
    lanes: int
    is_unsafe_fast: bool = False

    def require_bounds(self) -> None:
        """Refuse costs that exhaust this machine, or that protect nothing without saying so.

        Raises:
            KdfOutOfBounds: above 16 passes, 512 MiB or 8 lanes; or below 2 passes or 64 MiB, unless marked unsafe.
        """
        least_passes, least_memory = (1, 8 * self.lanes) if self.is_unsafe_fast else (2, 64 * 1024)
        if not (1 <= self.lanes <= 8 and least_passes <= self.passes <= 16):
            raise KdfOutOfBounds(f"Argon2id with {self.passes} passes and {self.lanes} lanes is out of bounds")
        if not least_memory <= self.memory_kib <= 512 * 1024:
            raise KdfOutOfBounds(f"Argon2id with {self.memory_kib} KiB is out of bounds")


# About 0.4 s on one core of a server of 2026. One lane: an attacker's machine gains from more, a small server not.
STANDARD_COSTS = KdfCosts(passes=3, memory_kib=128 * 1024, lanes=1)
UNSAFE_FAST_COSTS = KdfCosts(passes=1, memory_kib=8, lanes=1, is_unsafe_fast=True)


@dataclass(frozen=True, slots=True)
class Lock:
    """Hold what stands between a passphrase and the keys: derivation costs, salt, and a check of the passphrase."""

    costs: KdfCosts
    salt: bytes
    check: bytes


class FileKeys(Guarded):
    """Hold the keys derived from a passphrase: one encrypts key records, one authenticates the file."""

    __slots__ = ("_mac", "check", "records")

    def __init__(self, passphrase: Passphrase, costs: KdfCosts, salt: bytes) -> None:
        """Stretch the passphrase; takes 0.3 to 1 s by design."""
        stretched = passphrase.stretch(salt, time_cost=costs.passes, memory_kib=costs.memory_kib, lanes=costs.lanes)
        self.records = WrappingKey("record key", AESGCM(_expand(stretched, b"records", 32)))
        self._mac = hmac.new(_expand(stretched, b"file", 32), digestmod=hashlib.sha256)
        self.check = _expand(stretched, b"check", _CHECK_BYTES)

    def mac(self, data: bytes) -> bytes:
        """Authenticate the bytes of a file."""
        mac = self._mac.copy()
        mac.update(data)
        return mac.digest()


@dataclass(frozen=True, slots=True)
class UnverifiedFile:
    """Hold the parts of a file whose shape is right; `verify` says whether they can be believed."""

    lock: Lock
    generation: int
    authenticated: bytes
    body: bytes
    mac: bytes

    def verify(self, keys: FileKeys) -> bytes:
        """Give the body once its authenticity stands.

        Raises:
            WrongPassphrase: the keys were derived from another passphrase, or the salt was exchanged.
            KeystoreTampered: the passphrase is right and the bytes are not the ones written under it.
        """
        if not hmac.compare_digest(self.lock.check, keys.check):
            raise WrongPassphrase
        if not hmac.compare_digest(self.mac, keys.mac(self.authenticated)):
            raise KeystoreTampered
        return self.body


def new_lock(passphrase: Passphrase, costs: KdfCosts) -> tuple[Lock, FileKeys]:
    """Choose a salt and derive the keys of a new file.

    Raises:
        KdfOutOfBounds: the costs are out of bounds.
    """
    costs.require_bounds()
    salt = secrets.token_bytes(_SALT_BYTES)
    keys = FileKeys(passphrase, costs, salt)
    return Lock(costs, salt, keys.check), keys


def encode_file(lock: Lock, keys: FileKeys, generation: int, body: bytes) -> tuple[bytes, bytes]:
    """Give the bytes of a file, and the HMAC among them that tells this writing from any other."""
    costs = lock.costs
    flags = _UNSAFE_FAST if costs.is_unsafe_fast else 0
    head = _HEAD.pack(
        VERSION,
        _ARGON2ID,
        flags,
        costs.passes,
        costs.memory_kib,
        costs.lanes,
        lock.salt,
        lock.check,
        generation,
        len(body),
    )
    authenticated = head + body
    mac = keys.mac(authenticated)
    content = authenticated + mac
    return content + hashlib.sha256(content).digest(), mac


def parse_file(data: bytes) -> UnverifiedFile:
    """Take a file apart without believing it.

    Raises:
        UnsupportedKeystoreVersion: another version, key derivation or flag.
        KeystoreTampered: truncated, lengthened or damaged.
        KdfOutOfBounds: it asks for too much memory or time, or for too little.
    """
    if data[:1] not in {bytes([VERSION]), b""}:
        raise UnsupportedKeystoreVersion(f"expected keystore version {VERSION}, got {data[0]}")
    if len(data) < _HEAD.size + 2 * _HASH_BYTES:
        raise KeystoreTampered("the keystore file is truncated")
    content, checksum = data[:-_HASH_BYTES], data[-_HASH_BYTES:]
    if not hmac.compare_digest(hashlib.sha256(content).digest(), checksum):
        raise KeystoreTampered("the keystore file is damaged: its checksum does not match")
    _, kdf, flags, passes, memory_kib, lanes, salt, check, generation, length = _HEAD.unpack_from(content)
    if kdf != _ARGON2ID or flags & ~_UNSAFE_FAST:
        raise UnsupportedKeystoreVersion("the keystore uses a key derivation or a flag unknown here")
    authenticated, mac = content[:-_HASH_BYTES], content[-_HASH_BYTES:]
    body = authenticated[_HEAD.size :]
    if len(body) != length:
        raise KeystoreTampered("the keystore file does not have the length it states")
    costs = KdfCosts(passes, memory_kib, lanes, bool(flags & _UNSAFE_FAST))
    costs.require_bounds()
    return UnverifiedFile(Lock(costs, salt, check), generation, authenticated, body, mac)


def _expand(stretched: bytes, use: bytes, length: int) -> bytes:
    """Derive an independent key for one use (RFC 5869, 2.3); Argon2id has done the extracting."""
    return HKDFExpand(SHA256(), length, b"jeung keystore 1 " + use).derive(stretched)
