"""Say in English and Korean what rules, checks and facts of evidence mean: the one table of report and explorer.

Keyed by the stable codes (`Rule.rule_id`, `Check.name`, `Fact.name` with its standing). What a rule or a check is
called and proves is said in English where it is defined; everything else stands in `data/*.toml`. A test sees that
every code has words in both languages.
"""

import enum
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final

from audit import rules
from audit.catalogue import NAMES
from audit.findings import Rule


class Language(enum.StrEnum):
    """Name the languages."""

    KOREAN = "ko"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class FactWords:
    """Hold what is said of a fact of evidence: its name, its question, and what its standing means."""

    name: str
    asks: str
    means: str


RULES: Final = {rule.rule_id: rule for rule in rules.ALL}


def title_of(rule: Rule, language: Language) -> str:
    """Say what a rule found."""
    return str(_table("rules", language).get("titles", {}).get(rule.rule_id, rule.title))


def proof_of(rule: Rule, language: Language) -> str:
    """Say what it proves that a rule found nothing."""
    return str(_table("rules", language).get("proves", {}).get(rule.rule_id, rule.proves))


def advice_on(rule: Rule, language: Language) -> str | None:
    """Say what a supervisor does about a finding, None where nobody wrote it down."""
    told = _table("rules", language)["advice"].get(rule.rule_id)
    return None if told is None else told.replace("`", "")


def check_of(name: str, language: Language) -> tuple[str, str, str]:
    """Give a check's name, what it proves and what it cannot show.

    Raises:
        KeyError: there is no such check.
    """
    check = NAMES[name]
    told = _table("rules", language).get("checks", {}).get(name, (check.name, check.proves, check.cannot))
    title, proves, cannot = (text.replace("`", "") for text in told)
    return title, proves, cannot


def fact_of(name: str, standing: str, language: Language) -> FactWords | None:
    """Give the words for a fact of evidence as it stands, None for one of which nothing is said."""
    told = _table("evidence", language).get(name, {})
    return FactWords(told["name"], told["asks"], told[standing]) if standing in told else None


@cache
def _table(kind: str, language: Language) -> Mapping[str, Any]:
    text = (resources.files("audit.words") / "data" / f"{kind}_{language.value}.toml").read_text("utf-8")
    return tomllib.loads(text)
