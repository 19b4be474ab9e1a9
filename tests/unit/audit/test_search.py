"""Known values are found in every form they could leak in, and in no other; lists beyond the bounds are refused."""

import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.findings import AuditImpossible
from audit.search import known_values, read_known_values
from jeung.crypto.hashing import keccak256

NAME = "김하늘 Kim"
RAW = NAME.encode()
HASHED = hashlib.sha256(RAW).digest()

LEAKS = {
    "plain": RAW,
    "UTF-16": NAME.encode("utf-16-le"),
    "hexadecimal": RAW.hex().encode(),
    "base64url": base64.urlsafe_b64encode(RAW).rstrip(b"="),
    "bare SHA-256": HASHED,
    "bare SHA-256 in hexadecimal": HASHED.hex().encode(),
    "bare SHA-256 in base64url": base64.urlsafe_b64encode(HASHED).rstrip(b"="),
    "bare keccak256": keccak256(RAW),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_known_value_is_found_in_every_form(leak: str) -> None:
    values = known_values(["nobody", NAME, "somebody else"])
    assert list(values.found_in(b"\x00before" + LEAKS[leak] + b"after\xff"))


def test_what_is_found_is_named_by_its_line_and_never_shown() -> None:
    (named,) = known_values(["nobody", NAME]).found_in(b"..." + RAW)
    assert named == "value 2 as UTF-8"
    assert NAME not in repr(known_values([NAME]))


def test_a_salted_digest_is_not_found() -> None:
    salted = hashlib.sha256(b"\x01" * 32 + RAW).digest()
    assert list(known_values([NAME]).found_in(salted)) == []


@pytest.mark.parametrize("values", [[], [""], ["abcde"], ["   "]])
def test_nothing_to_look_for_finds_nothing(values: list[str]) -> None:
    assert list(known_values(values).found_in(b"abcde   anything")) == []


@given(st.lists(st.text(min_size=4, max_size=12), max_size=8), st.binary(max_size=200), st.integers(0, 7))
def test_exactly_what_stands_there_is_found(values: list[str], noise: bytes, which: int) -> None:
    known = known_values(values)
    data = noise
    if which < len(values) and len(values[which].strip().encode()) >= 6:
        data = noise + values[which].strip().encode() + noise
        assert list(known.found_in(data))
    for name in known.found_in(data):
        assert any(form in data for form, found in known.forms.items() if found == name)


@pytest.mark.parametrize("values", [["long enough"] * 2_001, ["x" * 513]], ids=["too many", "too long"])
def test_lists_beyond_the_bounds_are_refused(values: list[str]) -> None:
    with pytest.raises(AuditImpossible):
        known_values(values)


def test_values_are_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "values"
    path.write_text(f"{NAME}\n", "utf-8")
    assert list(read_known_values(path).found_in(RAW))


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"x" * (2 << 20)], ids=["no text", "too large"])
def test_a_file_of_values_that_is_none_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "values"
    path.write_bytes(raw)
    with pytest.raises(AuditImpossible):
        read_known_values(path)
    with pytest.raises(AuditImpossible):
        read_known_values(tmp_path / "absent")
