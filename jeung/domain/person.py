"""Judge what a back office says about a person, before anything of it is sealed or certified."""

import datetime
import re
from collections.abc import Mapping
from typing import Any, Final

from jeung.errors import MalformedInput

MAX_TEXT: Final = 256
AGE_THRESHOLDS: Final = (14, 19)
"""Ages in whole years that matter in Korea: consent on one's own (14), adult for alcohol and tobacco (19)."""

_REQUIRED = {"family_name", "given_name", "birthdate"}
_TEXTS = {"family_name", "given_name", "name_ko", "sex", "nationality", "phone_number", "address"}
_FIELDS = _TEXTS | {"birthdate", "account"}
_ACCOUNT = {"bank": str, "number": str, "verified_at": int}
_FORMS = {
    "sex": re.compile(r"female|male|other"),
    "nationality": re.compile(r"[A-Z]{2}"),
    "phone_number": re.compile(r"\+[1-9][0-9]{6,14}"),
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def checked_person(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a person's claims once each is known, typed and bounded.

    `family_name`, `given_name` and `birthdate` must be there. Texts are bounded and free of control characters;
    `birthdate` is a real date as YYYY-MM-DD, `sex` is female, male or other, `nationality` two capital letters
    (ISO 3166-1), `phone_number` in the form of E.164, `account` is {bank, number, verified_at}.

    Raises:
        MalformedInput: anything else; the message names the field, never its value.
    """
    if not set(document) <= _FIELDS:
        raise MalformedInput("the person has a field that is not known")
    for name in _REQUIRED:
        if name not in document:
            raise MalformedInput(f"`{name}` is missing")
    for name in _TEXTS & set(document):
        _check_text(name, document[name])
    parse_birthdate(document["birthdate"])
    account = document.get("account", {"bank": "-", "number": "-", "verified_at": 0})
    if not isinstance(account, dict) or set(account) != set(_ACCOUNT):
        raise MalformedInput("`account` does not have the members bank, number and verified_at")
    _check_text("account.bank", account["bank"])
    _check_text("account.number", account["number"])
    if type(account["verified_at"]) is not int or not 0 <= account["verified_at"] < 1 << 53:
        raise MalformedInput("`account.verified_at` is not a whole number of seconds")
    return {name: document[name] for name in sorted(document)}


def parse_birthdate(value: object) -> datetime.date:
    """Read a date of the form YYYY-MM-DD.

    Raises:
        MalformedInput: another form, or no day of the calendar.
    """
    if not isinstance(value, str) or _DATE.fullmatch(value) is None:
        raise MalformedInput("`birthdate` is not a date as YYYY-MM-DD")
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise MalformedInput("`birthdate` is not a day of the calendar") from None


def age_at(birthdate: datetime.date, time: int) -> int:
    """Give the age in whole years at a time, seconds UTC, by the day in Korea (UTC+9), where the person is served.

    Born on 29 February, one is a year older on 1 March of a common year.
    """
    zone = datetime.timezone(datetime.timedelta(hours=9))
    today = datetime.datetime.fromtimestamp(time, zone).date()
    return today.year - birthdate.year - ((today.month, today.day) < (birthdate.month, birthdate.day))


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT or not value.isprintable():
        raise MalformedInput(f"`{name}` is not a printable text of 1 to {MAX_TEXT} characters")
    form = _FORMS.get(name)
    if form is not None and form.fullmatch(value) is None:
        raise MalformedInput(f"`{name}` does not have its form")
