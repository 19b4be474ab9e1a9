"""Read what an officer typed about a person, field by field, by the rules of the core."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from jeung.domain.person import checked_person
from jeung.errors import MalformedInput

FIELDS: Final = (
    "name_ko",
    "family_name",
    "given_name",
    "birthdate",
    "sex",
    "nationality",
    "phone_number",
    "address",
    "bank",
    "account_number",
)
REQUIRED: Final = frozenset({"name_ko", "family_name", "given_name", "birthdate", "phone_number"})

_EXAMPLE: Final[Mapping[str, Any]] = {"family_name": "A", "given_name": "B", "birthdate": "2000-01-01"}
_ACCOUNT_NUMBER = re.compile(r"[0-9][0-9-]{5,30}[0-9]")
_PHONE_BLANKS = re.compile(r"[ ()-]")


@dataclass(frozen=True, slots=True)
class PersonForm:
    """Hold what was typed, the document it makes, and which fields are not right."""

    typed: Mapping[str, str] = field(repr=False)
    person: Mapping[str, Any] = field(repr=False)
    wrong: frozenset[str]


def read_person(form: Mapping[str, str], now: int) -> PersonForm:
    """Read the form of a new proofing; an account counts as seen at `now`, when its check is part of the proofing."""
    typed = {name: form.get(name, "").strip() for name in FIELDS}
    person: dict[str, Any] = {name: value for name, value in typed.items() if value and name in _CLAIMS}
    if "phone_number" in person:
        person["phone_number"] = _e164(person["phone_number"])
    wrong = {name for name in REQUIRED if not typed[name]}
    wrong |= {name for name, value in person.items() if not _fits(name, value)}
    if typed["bank"] or typed["account_number"]:
        account = {"bank": typed["bank"], "number": typed["account_number"], "verified_at": now}
        person["account"] = account
        if not typed["bank"] or not _fits("address", typed["bank"]):
            wrong.add("bank")
        if _ACCOUNT_NUMBER.fullmatch(typed["account_number"]) is None:
            wrong.add("account_number")
    return PersonForm(typed, person, frozenset(wrong))


_CLAIMS = frozenset(FIELDS) - {"bank", "account_number"}


def _fits(name: str, value: str) -> bool:
    """Tell whether the core takes this value for a field, whatever the others are."""
    try:
        checked_person({**_EXAMPLE, name: value})
    except MalformedInput:
        return False
    return True


def _e164(text: str) -> str:
    """Write a telephone number as E.164 has it; one that begins with 0 is of Korea."""
    digits = _PHONE_BLANKS.sub("", text)
    return f"+82{digits[1:]}" if digits.startswith("0") else digits
