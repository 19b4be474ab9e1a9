"""A backup opens whole, under its own root, or not at all."""

import io
import struct

import pytest

from keys import archive
from keys.archive import CHUNK_BYTES, SIGNATURE_PREFIX, ArchiveReader, ArchiveWriter
from keys.ceremony import Root
from keys.errors import ArchiveRefused

ROOT = Root(bytes(range(32)), 2, 3)
OTHER = Root(bytes(32), 2, 3)
HEADER = {"version": 1, "member": "https://bank.example"}


def _sign(message: bytes) -> bytes:
    assert message.startswith(SIGNATURE_PREFIX)
    return b"signed:" + message[-32:]


def _written(plain: bytes, header: dict[str, object] | None = None) -> bytes:
    target = io.BytesIO()
    writer = ArchiveWriter(target, ROOT.public, HEADER if header is None else header)
    assert writer.writable()
    for at in range(0, len(plain), 300_000):
        writer.write(plain[at : at + 300_000])
    writer.finish(_sign)
    return target.getvalue()


def _read(data: bytes, root: Root = ROOT) -> bytes:
    reader = ArchiveReader(io.BytesIO(data))
    reader.open(root)
    assert reader.readable()
    plain = reader.read()
    digest, signature = reader.finish()
    assert signature == b"signed:" + digest
    return plain


PLAIN = bytes(range(256)) * 9000


def _chunk_starts(data: bytes) -> list[int]:
    (header,) = struct.unpack(">I", data[1:5])
    (wrapped,) = struct.unpack(">H", data[5 + header : 7 + header])
    at, found = 7 + header + wrapped, []
    while True:
        found.append(at)
        (word,) = struct.unpack(">I", data[at : at + 4])
        at += 4 + (word & 0x7FFFFFFF)
        if word >> 31:
            return [*found, at]


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1, len(PLAIN)], ids=str)
def test_what_was_written_is_read(size: int) -> None:
    assert _read(_written(PLAIN[:size])) == PLAIN[:size]


def test_header_is_public_and_nothing_else_is() -> None:
    data = _written(b"the secret of this backup")
    assert ArchiveReader(io.BytesIO(data)).header == HEADER
    assert b"secret" not in data


def test_finish_reads_what_nobody_read() -> None:
    reader = ArchiveReader(io.BytesIO(_written(PLAIN)))
    reader.open(ROOT)
    assert len(reader.finish()[0]) == 32


def test_reading_before_opening_is_refused() -> None:
    with pytest.raises(ArchiveRefused):
        ArchiveReader(io.BytesIO(_written(b"x"))).read(1)


def test_another_root_opens_nothing() -> None:
    with pytest.raises(ArchiveRefused):
        _read(_written(PLAIN), OTHER)


def test_every_changed_byte_is_noticed() -> None:
    data = _written(b"short")
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1
        try:
            reader = ArchiveReader(io.BytesIO(bytes(changed)))
            reader.open(ROOT)
            digest, signature = reader.finish()
        except ArchiveRefused:
            continue
        # What is left is the signature itself, which its verifier refuses.
        assert signature != b"signed:" + digest


def test_every_truncation_is_refused() -> None:
    data = _written(b"short")
    for length in range(len(data)):
        with pytest.raises(ArchiveRefused):
            _read(data[:length])


def test_chunks_that_change_places_go_missing_or_come_twice_are_refused() -> None:
    data = _written(PLAIN)
    first, second, third, end = _chunk_starts(data)
    head, tail = data[:first], data[end:]
    one, two, last = data[first:second], data[second:third], data[third:end]
    for chunks in ([two, one, last], [one, last], [one, one, two, last], [one, two], [last]):
        with pytest.raises(ArchiveRefused):
            _read(head + b"".join(chunks) + tail)


def test_chunks_of_another_backup_are_refused() -> None:
    ours, other = _written(PLAIN), _written(PLAIN)
    first, second, *_ = _chunk_starts(ours)
    with pytest.raises(ArchiveRefused, match="put together"):
        _read(ours[:first] + other[first:second] + ours[second:])


def test_header_of_another_backup_is_refused() -> None:
    ours, other = _written(b"x"), _written(b"x", {**HEADER, "version": 2})
    (length,) = struct.unpack(">I", ours[1:5])
    with pytest.raises(ArchiveRefused):
        _read(other[: 5 + length] + ours[5 + length :])


def test_something_after_the_end_is_refused() -> None:
    with pytest.raises(ArchiveRefused, match="follows"):
        _read(_written(b"x") + b"y")


@pytest.mark.parametrize(
    "data",
    [b"\x02", b"\x01\xff\xff\xff\xff", b"\x01\0\0\0\x01[", b"\x01\0\0\0\x02[]"],
    ids=["version", "length", "no-json", "no-object"],
)
def test_what_is_no_backup_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveRefused):
        ArchiveReader(io.BytesIO(data))


def test_a_chunk_of_impossible_length_is_refused() -> None:
    data = bytearray(_written(b"x"))
    first = _chunk_starts(bytes(data))[0]
    data[first : first + 4] = struct.pack(">I", 3)
    with pytest.raises(ArchiveRefused, match="impossible"):
        _read(bytes(data))


def test_a_header_beyond_its_bound_is_refused() -> None:
    with pytest.raises(ArchiveRefused):
        _written(b"", {"long": "x" * archive.MAX_HEADER_BYTES})


def test_neither_more_chunks_than_the_bound_are_written_nor_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = _written(PLAIN)
    monkeypatch.setattr(archive, "MAX_CHUNKS", 2)
    with pytest.raises(ArchiveRefused, match="at most 2 chunks"):
        _written(PLAIN)
    with pytest.raises(ArchiveRefused, match="at most 2 chunks"):
        _read(data)
