import itertools
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto.permutation import DOMAIN_SIZE, KEY_LENGTH, permute
from jeung.errors import LimitExceeded

KEY = bytes(range(KEY_LENGTH))


@given(st.binary(min_size=KEY_LENGTH, max_size=KEY_LENGTH), st.sets(st.integers(0, DOMAIN_SIZE - 1), min_size=2))
def test_no_two_counters_share_a_place(key: bytes, counters: set[int]) -> None:
    places = {permute(key, counter) for counter in counters}
    assert len(places) == len(counters)
    assert all(0 <= place < DOMAIN_SIZE for place in places)


def test_the_first_counters_fall_into_all_four_lists_and_never_in_order() -> None:
    places = [permute(KEY, counter) for counter in range(2_000)]
    assert len(set(places)) == 2_000
    assert {place >> 20 for place in places} == {0, 1, 2, 3}
    assert not any(abs(after - before) == 1 for before, after in itertools.pairwise(places))


def test_another_key_gives_other_places() -> None:
    other = secrets.token_bytes(KEY_LENGTH)
    same = sum(permute(KEY, counter) == permute(other, counter) for counter in range(200))
    assert same < 3


def test_places_stay_the_same_from_release_to_release() -> None:
    # A changed permutation would hand out places that are taken.
    assert [permute(KEY, counter) for counter in (0, 1, DOMAIN_SIZE - 1)] == [3_439_403, 4_000_756, 3_035_177]


@pytest.mark.parametrize("counter", [-1, DOMAIN_SIZE, 2**40])
def test_a_counter_outside_of_the_domain_is_refused(counter: int) -> None:
    with pytest.raises(LimitExceeded):
        permute(KEY, counter)
