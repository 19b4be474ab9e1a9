"""Hold the words of a report in English and Korean (`data/*.toml`); a test sees that both have the same.

What a check proves and what a finding is called is said in English where it is defined, in Korean in the file. A
check or a rule without Korean words is shown in English, one without advice with that of its severity.
"""

import enum
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from audit.catalogue import NAMES
from audit.findings import Rule


class Language(enum.StrEnum):
    """Name the languages of a report."""

    KOREAN = "ko"
    ENGLISH = "en"


class Words:
    """Say everything a report says in one language."""

    def __init__(self, language: Language) -> None:
        """Read the words."""
        self.language = language
        tables = _tables(language)
        self.page: Mapping[str, str] = tables["page"]
        self._titles: Mapping[str, str] = tables.get("titles", {})
        self._advice: Mapping[str, str] = tables["advice"]
        self._checks: Mapping[str, list[str]] = tables.get("checks", {})

    def __getitem__(self, name: str) -> str:
        """Give a text of the page."""
        return self.page[name]

    def named(self, group: str, value: object) -> str:
        """Give the words for a value of a group, as ("role", 4); the value itself where there are none."""
        return self.page.get(f"{group}.{value}", str(value))

    def title(self, rule: Rule) -> str:
        """Say what a rule found."""
        return self._titles.get(rule.rule_id, rule.title)

    def advice(self, rule: Rule) -> str:
        """Say what is to be done about it."""
        told = self._advice.get(rule.rule_id) or self.page[f"advice.{rule.severity.value}"]
        return told.replace("`", "")

    def check(self, name: str) -> tuple[str, str, str]:
        """Give a check's name, what it proves and what it cannot show."""
        check = NAMES[name]
        title, proves, cannot = self._checks.get(name, (check.name, check.proves, check.cannot))
        return title, proves.replace("`", ""), cannot.replace("`", "")


@cache
def _tables(language: Language) -> dict[str, Any]:
    text = (resources.files("audit.report") / "data" / f"{language.value}.toml").read_text("utf-8")
    return tomllib.loads(text)
