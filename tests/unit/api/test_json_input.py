"""A body is one JSON object that every reader reads alike, or it is refused."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.json_input import MAX_DEPTH, MAX_VALUES, read_object
from jeung.errors import MalformedJson


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"1",
        b'"text"',
        b"null",
        b"{",
        b'{"a":1,}',
        b"{'a':1}",
        b'{"a":1} {"b":2}',
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b'{"a":1e999}',
        b'{"a":1e17}',
        b'{"a":18446744073709551616}',
        b'{"a":-9223372036854775809}',
        b'{"a":"\\ud800"}',
        b'{"\\udfff":1}',
        b'{"a":"\\u0000"}',
        b'{"\\u0000":1}',
        b'{"a":"\xff"}',
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        b'{"a":01}',
        b'{"a":"\n"}',
    ],
)
def test_a_body_that_two_readers_could_take_differently_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        read_object(body)


def test_nesting_beyond_the_bound_is_refused_and_within_it_is_read() -> None:
    deepest = b'{"a":' * (MAX_DEPTH - 1) + b"{}" + b"}" * (MAX_DEPTH - 1)
    assert "a" in read_object(deepest)
    with pytest.raises(MalformedJson):
        read_object(b'{"a":' + deepest + b"}")


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_nesting_that_would_exhaust_the_stack_is_refused(opening: bytes) -> None:
    with pytest.raises(MalformedJson):
        read_object(b'{"a":' + opening * 100_000)


def test_more_values_than_the_bound_are_refused() -> None:
    with pytest.raises(MalformedJson):
        read_object(json.dumps({"a": [0] * MAX_VALUES}).encode())


_texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_texts, _values, max_size=4))
def test_what_a_writer_of_json_writes_is_read_as_it_is(body: dict[str, object]) -> None:
    assert read_object(json.dumps(body).encode()) == body
    assert read_object(json.dumps(body, ensure_ascii=False, indent=1).encode()) == body


@given(st.binary(max_size=64))
def test_any_bytes_are_an_object_or_refused(body: bytes) -> None:
    with contextlib.suppress(MalformedJson):
        assert isinstance(read_object(body), dict)
