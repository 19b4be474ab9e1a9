import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jeung.crypto import base64url
from jeung.crypto.status_list import (
    LIST_LENGTH,
    MAX_LIST_BYTES,
    WORDS_PER_LIST,
    StatusList,
    status_in_word,
)
from jeung.errors import MalformedStatusList, StatusReferenceInvalid


@given(st.sampled_from([1, 2, 4, 8]), st.data())
def test_statuses_are_read_back(bits: int, data: st.DataObject) -> None:
    statuses = data.draw(st.lists(st.integers(0, 2**bits - 1), max_size=60))
    packed = StatusList.from_statuses(bits, statuses)
    assert len(packed.data) == -(-len(statuses) * bits // 8)
    assert [packed[index] for index in range(len(statuses))] == statuses
    assert all(packed[index] == 0 for index in range(len(statuses), len(packed)))
    assert StatusList.from_compressed(bits, packed.compressed()) == packed


def test_the_first_status_stands_in_the_lowest_bits() -> None:
    assert StatusList.from_statuses(2, [1, 2, 0, 3]).data == bytes([0b11_00_10_01])
    assert StatusList.from_statuses(1, [1]).data == b"\x01"


@given(st.dictionaries(st.integers(0, WORDS_PER_LIST - 1), st.integers(0, 2**256 - 1), max_size=5), st.data())
@settings(max_examples=25)
def test_ledger_words_project_to_the_same_statuses(words: dict[int, int], data: st.DataObject) -> None:
    projected = StatusList.from_words(words)
    assert len(projected) == LIST_LENGTH
    assert projected.to_words() == {number: word for number, word in words.items() if word}
    for number, word in words.items():
        place = data.draw(st.integers(0, 127))
        # The contract's packing, spelled out: index i in word i//128 at bits 2*(i%128).
        assert projected[number * 128 + place] == word >> 2 * place & 3 == status_in_word(word, number * 128 + place)


@pytest.mark.parametrize("words", [{-1: 1}, {WORDS_PER_LIST: 1}, {0: -1}, {0: 2**256}])
def test_a_word_out_of_range_is_refused(words: dict[int, int]) -> None:
    with pytest.raises(MalformedStatusList):
        StatusList.from_words(words)


@pytest.mark.parametrize(
    "statuses", [StatusList(1, bytes(2**17)), StatusList(2, bytes(2**18 - 1)), StatusList(2, b"")]
)
def test_only_a_whole_ledger_list_becomes_words(statuses: StatusList) -> None:
    with pytest.raises(MalformedStatusList):
        statuses.to_words()


@pytest.mark.parametrize("index", [-1, 4, 2**20, 2**70])
def test_an_index_outside_of_the_list_is_refused(index: int) -> None:
    with pytest.raises(StatusReferenceInvalid):
        StatusList(2, b"\xff")[index]


@pytest.mark.parametrize("bits", [0, 3, 5, 16, -1, 2**40])
def test_another_width_is_refused(bits: int) -> None:
    with pytest.raises(MalformedStatusList):
        StatusList(bits, b"")
    with pytest.raises(MalformedStatusList):
        StatusList.from_statuses(bits, [0])


@pytest.mark.parametrize("status", [-1, 4])
def test_a_status_that_does_not_fit_is_refused(status: int) -> None:
    with pytest.raises(MalformedStatusList):
        StatusList.from_statuses(2, [0, status])


def test_a_bomb_is_not_inflated() -> None:
    bomb = base64url.encode(zlib.compress(bytes(50_000_000), 9))
    with pytest.raises(MalformedStatusList, match="bound"):
        StatusList.from_compressed(8, bomb)


def test_the_bound_itself_passes() -> None:
    exact = StatusList(8, bytes(MAX_LIST_BYTES))
    assert StatusList.from_compressed(8, exact.compressed()) == exact
    with pytest.raises(MalformedStatusList, match="bound"):
        StatusList.from_compressed(8, exact.compressed(), max_bytes=MAX_LIST_BYTES - 1)


GOOD = zlib.compress(b"\xb9\xa3", 9)


@pytest.mark.parametrize(
    "lst",
    [
        "",
        "!",
        base64url.encode(GOOD) + "==",
        base64url.encode(b"not zlib"),
        base64url.encode(GOOD[:-1]),
        base64url.encode(GOOD[:-4] + b"\0\0\0\0"),
        base64url.encode(GOOD + b"x"),
        base64url.encode(GOOD + GOOD),
        base64url.encode(zlib.compress(b"\xb9\xa3", wbits=-15)),
        base64url.encode(zlib.compress(b"\xb9\xa3", wbits=31)),
    ],
)
def test_what_is_not_one_whole_zlib_stream_is_refused(lst: str) -> None:
    with pytest.raises(MalformedStatusList):
        StatusList.from_compressed(1, lst)
