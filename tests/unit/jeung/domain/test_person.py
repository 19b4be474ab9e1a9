"""What is said about a person is known, typed and bounded before it is sealed, and never repeated in a refusal."""

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jeung.domain.person import age_at, checked_person, parse_birthdate
from jeung.errors import MalformedInput

GOOD: dict[str, Any] = {
    "family_name": "Kim",
    "given_name": "Minseo",
    "name_ko": "김민서",
    "birthdate": "1990-05-17",
    "sex": "female",
    "nationality": "KR",
    "phone_number": "+821012345678",
    "address": "서울특별시 중구",
    "account": {"bank": "088", "number": "110-123", "verified_at": 1},
}
ACCOUNT = GOOD["account"]


def test_known_claims_pass_unchanged() -> None:
    assert checked_person(GOOD) == GOOD
    least = {name: GOOD[name] for name in ("family_name", "given_name", "birthdate")}
    assert checked_person(least) == least


@pytest.mark.parametrize("name", ["family_name", "given_name", "birthdate"])
def test_required_claim_must_be_there(name: str) -> None:
    with pytest.raises(MalformedInput, match=name):
        checked_person({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("iss", "http://localhost:8101"),
        ("resident_number", "900517-2000000"),
        ("family_name", ""),
        ("family_name", 7),
        ("family_name", None),
        ("family_name", "K\u0000m"),
        ("family_name", "K\u202em"),
        ("family_name", "K" * 257),
        ("birthdate", "1990-5-17"),
        ("birthdate", "1990-02-30"),
        ("birthdate", "19900517"),
        ("birthdate", "१९९०-05-17"),
        ("birthdate", 19900517),
        ("sex", "f"),
        ("nationality", "kr"),
        ("nationality", "KOR"),
        ("phone_number", "010-1234-5678"),
        ("phone_number", "+0821012345678"),
        ("account", "110-123"),
        ("account", {}),
        ("account", {**ACCOUNT, "pin": "1"}),
        ("account", {**ACCOUNT, "bank": ""}),
        ("account", {**ACCOUNT, "number": 7}),
        ("account", {**ACCOUNT, "verified_at": "1"}),
        ("account", {**ACCOUNT, "verified_at": True}),
        ("account", {**ACCOUNT, "verified_at": -1}),
        ("account", {**ACCOUNT, "verified_at": 1 << 53}),
    ],
)
def test_malformed_claim_is_refused_without_its_value(name: str, value: object) -> None:
    with pytest.raises(MalformedInput) as refused:
        checked_person({**GOOD, name: value})
    if isinstance(value, str) and len(value) > 1:
        assert value not in refused.value.detail


@pytest.mark.parametrize(
    ("born", "day", "age"),
    [
        ("2006-03-01", "2025-02-28", 18),
        ("2006-03-01", "2025-03-01", 19),
        ("2004-02-29", "2023-02-28", 18),
        ("2004-02-29", "2023-03-01", 19),
        ("2004-02-29", "2024-02-29", 20),
    ],
)
def test_age_changes_on_the_birthday(born: str, day: str, age: int) -> None:
    noon_in_seoul = datetime.datetime.fromisoformat(f"{day}T12:00:00+09:00")
    assert age_at(parse_birthdate(born), int(noon_in_seoul.timestamp())) == age


def test_birthday_begins_at_midnight_in_korea() -> None:
    born = parse_birthdate("2006-03-01")
    midnight = int(datetime.datetime.fromisoformat("2025-03-01T00:00:00+09:00").timestamp())
    assert (age_at(born, midnight - 1), age_at(born, midnight)) == (18, 19)


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2020, 12, 31)), st.integers(1_700_000_000, 1 << 32))
def test_age_never_falls(born: datetime.date, time: int) -> None:
    assert age_at(born, time) <= age_at(born, time + 86_400) <= age_at(born, time) + 1
