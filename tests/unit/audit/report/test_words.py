"""Both languages say the same things, and something about every rule."""

import re

import pytest

from audit import rules
from audit.findings import Rule, Severity
from audit.report.words import Language, Words

ENGLISH, KOREAN = Words(Language.ENGLISH), Words(Language.KOREAN)
BARE = Rule("a-rule-of-tomorrow", Severity.WARNING, "Something new", "x")


def test_both_languages_have_the_same_texts_with_the_same_gaps() -> None:
    assert set(ENGLISH.page) == set(KOREAN.page)
    for name, text in ENGLISH.page.items():
        assert set(re.findall(r"{(\w*)}", text)) == set(re.findall(r"{(\w*)}", KOREAN[name])), name


@pytest.mark.parametrize("words", [ENGLISH, KOREAN], ids=["en", "ko"])
def test_every_rule_has_a_title_and_something_to_do(words: Words) -> None:
    assert all(words.title(rule) and words.advice(rule) for rule in rules.ALL)


def test_a_rule_without_words_has_those_of_its_severity() -> None:
    assert KOREAN.title(BARE) == "Something new"
    assert ENGLISH.advice(BARE) == ENGLISH["advice.warning"]


def test_checks_are_said_in_korean_and_in_the_words_of_the_catalogue() -> None:
    assert ENGLISH.check("replay")[0] == "replay"
    assert KOREAN.check("replay")[0] == "이벤트 재생"


def test_a_value_without_words_is_itself() -> None:
    assert KOREAN.named("role", 4) == "감독 기관"
    assert KOREAN.named("outcome", "credential_revoked") == "credential_revoked"
