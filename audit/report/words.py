"""Hold the words of a report in English and Korean (`data/*.toml`); a test sees that both have the same.

What rules and checks are called and prove is `audit.words`, which the explorer reads as well.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from audit import words
from audit.findings import Rule
from audit.words import Language

__all__ = ["Language", "Words"]


class Words:
    """Say everything a report says in one language."""

    def __init__(self, language: Language) -> None:
        """Read the words."""
        self.language = language
        self.page: Mapping[str, str] = _tables(language)["page"]

    def __getitem__(self, name: str) -> str:
        """Give a text of the page."""
        return self.page[name]

    def named(self, group: str, value: object) -> str:
        """Give the words for a value of a group, as ("role", 4); the value itself where there are none."""
        return self.page.get(f"{group}.{value}", str(value))

    def title(self, rule: Rule) -> str:
        """Say what a rule found."""
        return words.title_of(rule, self.language)

    def advice(self, rule: Rule) -> str:
        """Say what is to be done about it; without words of its own, as its severity asks."""
        return words.advice_on(rule, self.language) or self.page[f"advice.{rule.severity.value}"]

    def check(self, name: str) -> tuple[str, str, str]:
        """Give a check's name, what it proves and what it cannot show."""
        return words.check_of(name, self.language)


@cache
def _tables(language: Language) -> dict[str, Any]:
    text = (resources.files("audit.report") / "data" / f"{language.value}.toml").read_text("utf-8")
    return tomllib.loads(text)
