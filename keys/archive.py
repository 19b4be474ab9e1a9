"""Write and read backups: one file, encrypted under a key that only the recovered root can read.

    version      1 (1 byte)
    header       length (4 bytes, big-endian), canonical JSON (RFC 8785): public, and bound to everything after it
    wrapped key  length (2 bytes), HPKE (RFC 9180) to the root over a fresh AES-256 key
    chunks       each: length (4 bytes; the top bit marks the last), AES-256-GCM of at most 1 MiB
    signature    length (2 bytes), over `SIGNATURE_PREFIX` ‖ SHA-256 of all bytes before

Chunks are a STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015): the nonce is the chunk's number and the mark of the
last, so that chunks cannot be reordered, repeated, left out or taken from another file, nor the file cut short. The
signature tells whose backup it is: anyone can encrypt to a root's public key.
"""

import hashlib
import io
import json
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jeung.crypto.canonical_json import canonical
from jeung.crypto.hashing import sha256
from keys.algorithms import WrappingKind
from keys.ceremony import Root, RootPublic
from keys.errors import ArchiveRefused
from keys.memory import wiped

VERSION: Final = 1
CHUNK_BYTES: Final = 1024 * 1024
MAX_HEADER_BYTES: Final = 64 * 1024
MAX_CHUNKS: Final = 1024 * 1024
SIGNATURE_PREFIX: Final = b"jeung backup 1 signature "
_MAX_SMALL = 4096
_LAST = 1 << 31
_TAG_BYTES = 16

Sign = Callable[[bytes], bytes]


class ArchiveWriter(io.RawIOBase):
    """Encrypt what is written; `finish` writes the last chunk and the signature."""

    def __init__(self, target: BinaryIO, root: RootPublic, header: Mapping[str, Any]) -> None:
        """Write the head.

        Raises:
            ArchiveRefused: the header is too large.
        """
        super().__init__()
        encoded = canonical(dict(header))
        if len(encoded) > MAX_HEADER_BYTES:
            raise ArchiveRefused(f"the header has more than {MAX_HEADER_BYTES} bytes")
        self._target = target
        self._digest = hashlib.sha256()
        self._associated = sha256(encoded)
        self._buffer = bytearray()
        self._number = 0
        with wiped(WrappingKind().generate()) as key:
            wrapped = root.wrap(key, self._associated)
            self._cipher = AESGCM(key)
        self._put(bytes([VERSION]) + struct.pack(">I", len(encoded)) + encoded)
        self._put(struct.pack(">H", len(wrapped)) + wrapped)

    def writable(self) -> bool:
        """Tell that it can be written."""
        return True

    def write(self, data: Any) -> int:  # noqa: ANN401 - whatever offers its memory
        """Take bytes; full chunks go out at once."""
        view = bytes(data)
        self._buffer += view
        while len(self._buffer) > CHUNK_BYTES:
            self._chunk(bytes(self._buffer[:CHUNK_BYTES]), is_last=False)
            del self._buffer[:CHUNK_BYTES]
        return len(view)

    def finish(self, sign: Sign) -> bytes:
        """Write what is left and the signature; give the SHA-256 that names this backup."""
        self._chunk(bytes(self._buffer), is_last=True)
        self._buffer.clear()
        digest = self._digest.digest()
        signature = sign(SIGNATURE_PREFIX + digest)
        self._target.write(struct.pack(">H", len(signature)) + signature)
        return digest

    def _chunk(self, plain: bytes, *, is_last: bool) -> None:
        if self._number >= MAX_CHUNKS:
            raise ArchiveRefused(f"a backup has at most {MAX_CHUNKS} chunks")
        sealed = self._cipher.encrypt(_nonce(self._number, is_last=is_last), plain, self._associated)
        self._put(struct.pack(">I", len(sealed) | (_LAST if is_last else 0)) + sealed)
        self._number += 1

    def _put(self, data: bytes) -> None:
        self._digest.update(data)
        self._target.write(data)


class ArchiveReader(io.RawIOBase):
    """Decrypt chunk by chunk; what was read counts only once `finish` has been reached."""

    def __init__(self, source: BinaryIO) -> None:
        """Read the header, which is public and not believed yet.

        Raises:
            ArchiveRefused: this is no backup, or one of another version.
        """
        super().__init__()
        self._source = source
        self._digest = hashlib.sha256()
        if self._take(1) != bytes([VERSION]):
            raise ArchiveRefused(f"expected a backup of version {VERSION}")
        encoded = self._sized(">I", MAX_HEADER_BYTES)
        self.header = _header(encoded)
        self._associated = sha256(encoded)
        self._chunks: Iterator[bytes] | None = None
        self._rest = b""

    def open(self, root: Root) -> None:
        """Take the key out with the root.

        Raises:
            ArchiveRefused: another root's backup, or changed.
        """
        wrapped = self._sized(">H", _MAX_SMALL)
        with wiped(root.unwrap(wrapped, self._associated)) as key:
            self._chunks = self._decrypted(AESGCM(key))

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, target: Any) -> int:  # noqa: ANN401 - whatever offers its memory
        """Give the next bytes; 0 at the end.

        Raises:
            ArchiveRefused: changed, reordered, or cut short.
        """
        if self._chunks is None:
            raise ArchiveRefused("the backup has not been opened")
        if not self._rest:
            self._rest = next(self._chunks, b"")
        count = min(len(target), len(self._rest))
        target[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

    def finish(self) -> tuple[bytes, bytes]:
        """Read to the end; give the digest that names the backup, and the signature over `SIGNATURE_PREFIX` and it.

        The caller verifies the signature: whose it must be, the header says and the ledger knows.

        Raises:
            ArchiveRefused: changed, cut short, or something follows.
        """
        while self.read(CHUNK_BYTES):
            pass
        digest = self._digest.digest()
        signature = self._sized(">H", _MAX_SMALL)
        if self._source.read(1):
            raise ArchiveRefused("something follows the end of the backup")
        return digest, signature

    def _decrypted(self, cipher: AESGCM) -> Iterator[bytes]:
        for number in range(MAX_CHUNKS):
            (word,) = struct.unpack(">I", self._take(4))
            is_last, length = bool(word & _LAST), word & ~_LAST
            if not _TAG_BYTES <= length <= CHUNK_BYTES + _TAG_BYTES:
                raise ArchiveRefused("a chunk of the backup has an impossible length")
            sealed = self._take(length)
            try:
                yield cipher.decrypt(_nonce(number, is_last=is_last), sealed, self._associated)
            except InvalidTag:
                raise ArchiveRefused("the backup was changed, or put together from several") from None
            if is_last:
                return
        raise ArchiveRefused(f"a backup has at most {MAX_CHUNKS} chunks")

    def _sized(self, form: str, most: int) -> bytes:
        (length,) = struct.unpack(form, self._take(struct.calcsize(form)))
        if length > most:
            raise ArchiveRefused("a part of the backup has an impossible length")
        return self._take(length)

    def _take(self, count: int) -> bytes:
        data = self._source.read(count)
        if len(data) != count:
            raise ArchiveRefused("the backup is cut short")
        self._digest.update(data)
        return data


def _header(encoded: bytes) -> dict[str, Any]:
    try:
        values = json.loads(encoded)
    except (ValueError, RecursionError):
        # Anybody can put a file beside the backups; one that nests too deeply must not hide the others.
        values = None
    if not isinstance(values, dict):
        raise ArchiveRefused("the backup's header is none")
    return values


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11) + bytes([is_last])
