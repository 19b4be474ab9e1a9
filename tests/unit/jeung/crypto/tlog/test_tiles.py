import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto.tlog.tiles import (
    MAX_ENTRY_BYTES,
    Tile,
    bundles_of,
    encode_bundle,
    hash_reader,
    parse_bundle,
    parse_tile_path,
    split_hashes,
    tiles_of,
    width_at,
)
from jeung.crypto.tlog.tree import inclusion_proof, leaf_hash, tree_root, verify_inclusion
from jeung.errors import MalformedTile
from tests.common import naive_log

ENTRIES = [number.to_bytes(2) for number in range(1_100)]


def read_tile(tile: Tile) -> bytes:
    assert tile.level is not None
    return naive_log.tile(ENTRIES, tile.level, tile.index, tile.width)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(1, 1_234_067), "tile/1/x001/x234/067"),
        (Tile(63, 999, 1), "tile/63/999.p/1"),
        (Tile(None, 1_000), "tile/entries/x001/000"),
    ],
    ids=["first", "partial", "far", "highest", "bundle"],
)
def test_a_path_is_spelt_as_the_specification_spells_it(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert parse_tile_path(path) == tile


@given(st.none() | st.integers(0, 63), st.integers(0, 10**18), st.integers(1, 256))
def test_every_path_names_its_tile(level: int | None, index: int, width: int) -> None:
    assert parse_tile_path(Tile(level, index, width).path) == Tile(level, index, width)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/0/0000",
        "tile/00/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/..",
        "tile/data/000",
        "tile/entries/٠٠٠",
        "tile/0/" + "x001/" * 7 + "000",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/000\n",
        "tile/0/" + "0" * 70,
    ],
    ids=lambda path: repr(path)[:32],
)
def test_whatever_is_no_path_of_a_tile_is_refused(path: str) -> None:
    with pytest.raises(MalformedTile):
        parse_tile_path(path)


def test_a_tree_of_70000_has_the_tiles_the_specification_counts() -> None:
    tiles = list(tiles_of(70_000))
    assert sum(tile.is_full for tile in tiles if tile.level == 0) == 273
    assert [tile.path for tile in tiles if not tile.is_full] == [
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    ]
    assert len(tiles) == 273 + 1 + 1 + 1 + 1


def test_a_tree_of_256_has_a_full_tile_and_a_partial_one_above() -> None:
    assert [tile.path for tile in tiles_of(256)] == ["tile/0/000", "tile/1/000.p/1"]
    assert [tile.path for tile in bundles_of(256)] == ["tile/entries/000"]


def test_only_what_an_earlier_size_did_not_have_in_full_is_fetched() -> None:
    assert [tile.path for tile in tiles_of(600, since=300)] == ["tile/0/001", "tile/0/002.p/88", "tile/1/000.p/2"]
    assert [tile.path for tile in bundles_of(600, since=300)] == ["tile/entries/001", "tile/entries/002.p/88"]
    assert list(bundles_of(512, since=512)) == []


def test_a_tile_beyond_the_tree_has_no_width() -> None:
    assert width_at(0, 4, 1_000) == 0
    assert width_at(None, 3, 1_000) == 232


@given(st.integers(1, len(ENTRIES)), st.data())
def test_root_and_proofs_follow_from_the_tiles(size: int, data: st.DataObject) -> None:
    asked: list[Tile] = []

    def noted(tile: Tile) -> bytes:
        asked.append(tile)
        return read_tile(tile)

    read = hash_reader(size, noted)
    root = tree_root(size, read)
    index = data.draw(st.integers(0, size - 1))
    verify_inclusion(leaf_hash(ENTRIES[index]), index, size, inclusion_proof(index, size, read), root)
    assert len(asked) == len(set(asked))
    assert root == naive_log.mth(ENTRIES[:size])


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_tile_of_another_length_than_its_width_is_refused(length: int) -> None:
    with pytest.raises(MalformedTile):
        split_hashes(bytes(length), 1)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert parse_bundle(encode_bundle(entries), len(entries)) == tuple(entries)


@pytest.mark.parametrize(
    "entries", [[], [b""] * 257, [bytes(MAX_ENTRY_BYTES + 1)]], ids=["none", "too-many", "too-long"]
)
def test_what_does_not_fit_a_bundle_is_not_written(entries: list[bytes]) -> None:
    with pytest.raises(MalformedTile):
        encode_bundle(entries)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00", b"\x00\x02a", b"\x00\x01a", b"\x00\x01a\x00\x01b\x00\x00", b"\x00\x01a\x00\x05b"],
    ids=["empty", "half-a-length", "cut", "too-few", "too-many", "last-cut"],
)
def test_a_bundle_that_does_not_hold_exactly_its_entries_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedTile):
        parse_bundle(data, 2)


def test_the_entries_of_a_bundle_hash_to_the_tile_of_level_0() -> None:
    tile = read_tile(Tile(0, 1))
    bundle = encode_bundle(ENTRIES[256:512])
    assert b"".join(leaf_hash(entry) for entry in parse_bundle(bundle, 256)) == tile
    assert hashlib.sha256(tile).digest() != bytes(32)
