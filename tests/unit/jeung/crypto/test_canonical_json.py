import json
import math
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from jeung.crypto.canonical_json import canonical, parse, parse_object
from jeung.errors import MalformedJson

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=5), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values)
def test_canonical_json_is_read_back_as_it_was(value: object) -> None:
    assert parse(canonical(value)) == value


@given(json_values)
def test_spaced_and_escaped_json_means_the_same(value: object) -> None:
    assert parse(json.dumps(value, indent=1).encode()) == value


@given(json_values)
def test_both_writers_write_the_same_bytes(value: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize(
    "text",
    ["".join(map(chr, range(0x21))), "\x7f\x80\u2028\u2029", '"\\/', "\ud55c\uae00 \U0001f600"],
    ids=["controls", "separators", "escapes", "Hangul"],
)
def test_the_quick_writer_escapes_as_the_standard_has_it(text: str) -> None:
    assert canonical([text, {"a": text}]) == rfc8785.dumps([text, {"a": text}])


def test_what_nests_too_deeply_for_the_quick_writer_is_still_written() -> None:
    value: object = "x"
    for _ in range(300):
        value = [value]
    assert canonical(value) == b"[" * 300 + b'"x"' + b"]" * 300


def test_members_are_sorted_by_utf16_as_rfc_8785_says() -> None:
    members = {"\ufb33": 1, "\U0001f600": 2, "b": 3, "a": 4}
    assert canonical(members) == '{"a":4,"b":3,"\U0001f600":2,"\ufb33":1}'.encode()


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":1}',
        b'{"a":1,"a":2}',
        b'{"a":1,"\\u0061":2}',
        b'{"o":{"a":1,"a":2}}',
        b'[[{"a":1,"b":2,"a":3}]]',
        b'{"a":1e5,"a":100000.0}',
        b'{"a":1e22, "a":2}',
    ],
)
def test_a_repeated_member_name_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedJson):
        parse(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":1}x',
        b"\xef\xbb\xbf{}",
        b'"\xff"',
        b'"\\ud800"',
        b"NaN",
        b"Infinity",
        b"1e999",
        b"'a'",
        b"{a:1}",
        b"[1,]",
    ],
)
def test_what_is_not_json_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedJson):
        parse(data)


@pytest.mark.parametrize("depth", [300, 2_000, 100_000])
@pytest.mark.parametrize(("before", "after"), [(b'{"a":', b"}"), (b' {"a":', b"}"), (b'[{"a":', b"}]")])
def test_deep_nesting_is_refused_and_does_not_crash(depth: int, before: bytes, after: bytes) -> None:
    with pytest.raises(MalformedJson):
        parse(before * depth + b"1" + after * depth)


@pytest.mark.parametrize("depth", [1_100, 100_000])
def test_deep_arrays_are_refused_and_do_not_crash(depth: int) -> None:
    with pytest.raises(MalformedJson):
        parse(b"[" * depth + b"]" * depth)


@pytest.mark.parametrize("data", [b"[]", b'"text"', b"1", b"null"])
def test_an_object_is_demanded_where_one_is_needed(data: bytes) -> None:
    with pytest.raises(MalformedJson):
        parse_object(data)


def test_an_object_is_returned_in_the_order_of_its_writer() -> None:
    assert list(parse_object(b'{"b":1,"a":2}')) == ["b", "a"]


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, "\ud800", {"\ud800": 1}, {1: 2}, b"bytes", object()])
def test_what_json_cannot_say_exactly_is_not_signed(value: object) -> None:
    with pytest.raises(MalformedJson):
        canonical(value)


def test_endless_values_are_not_signed() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(MalformedJson):
        canonical(endless)
