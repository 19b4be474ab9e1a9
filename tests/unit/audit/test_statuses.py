"""A status list in little memory says what a plain table of its changes says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.statuses import INDEXES_PER_WORD, StatusList

CHANGES = st.lists(
    st.tuples(st.sets(st.integers(0, 400), min_size=1), st.integers(0, 2), st.integers(1, 50)), max_size=12
)


@given(CHANGES, st.integers(0, 50))
def test_a_list_says_what_a_plain_table_says(changes: list[tuple[set[int], int, int]], since: int) -> None:
    held, plain = StatusList(), dict[int, tuple[int, int]]()
    for indexes, status, time in changes:
        undone = any(plain.get(index, (0, 0))[0] == 1 != status for index in indexes)
        assert held.set(indexes, status, time) is undone
        for index in indexes:
            if index not in plain or plain[index][0] != status:
                plain[index] = (status, time)
    words: dict[int, int] = {}
    for index, (status, _) in plain.items():
        word, place = divmod(index, INDEXES_PER_WORD)
        words[word] = words.get(word, 0) | status << 2 * place
    assert held.words == words
    assert [held.at(index) for index in range(402)] == [plain.get(index, (0, 0))[0] for index in range(402)]
    assert list(held.not_valid()) == sorted(index for index, (status, _) in plain.items() if status)
    assert sorted(held.changed_after(since)) == sorted(index for index, (_, time) in plain.items() if time > since)
    assert StatusList.from_json(held.as_json()) == held


def test_an_index_that_never_changed_is_young_for_nobody() -> None:
    held = StatusList()
    held.set([5], 2, 100)
    assert list(held.changed_after(-1)) == [5]


@pytest.mark.parametrize("index", [None, "5", 5.0, -1, 1 << 70, b"5"], ids=repr)
def test_what_is_no_index_has_no_status(index: object) -> None:
    held = StatusList()
    held.set(range(256), 1, 100)
    assert held.at(index) == 0


WRONG: dict[str, object] = {
    "no rows": 5,
    "a row too short": [[0, "0"]],
    "a word that is no number": [[0, "x", [0] * 128]],
    "a word too large": [[0, "1" + "0" * 64, [0] * 128]],
    "a negative word": [[0, "-1", [0] * 128]],
    "a number as text": [["0", "0", [0] * 128]],
    "a number that is a truth": [[True, "0", [0] * 128]],
    "times too few": [[0, "0", [0] * 127]],
    "a time before all": [[0, "0", [-1] * 128]],
    "a time as text": [[0, "0", ["0"] * 128]],
    "a time after all": [[0, "0", [1 << 64] * 128]],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_list_is_refused(wrong: str) -> None:
    with pytest.raises((ValueError, TypeError, OverflowError)):
        StatusList.from_json(WRONG[wrong])
