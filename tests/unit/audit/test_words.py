"""Every rule, check and fact of evidence has words in both languages, and no words are of what there is not."""

import ast
import inspect
import itertools
from types import ModuleType

import pytest

from audit import words
from audit.catalogue import NAMES
from audit.evidence import Standing, logged, verifier
from audit.findings import Rule, Severity
from audit.words import RULES, Language, _table

BARE = Rule("a-rule-of-tomorrow", Severity.WARNING, "Something new", "nothing")
KOREAN, ENGLISH = Language.KOREAN, Language.ENGLISH


def has_hangul(text: str) -> bool:
    return any("가" <= character <= "힣" for character in text)


def said() -> set[tuple[str, str]]:
    """Read out of the sources which facts they tell, and how those can stand."""
    return set().union(*map(said_by, (verifier, logged)))


def said_by(module: ModuleType) -> set[tuple[str, str]]:
    found = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called not in {"say", "refute", "Fact"} or not node.args:
            continue
        name = getattr(module, node.args[0].id, None) if isinstance(node.args[0], ast.Name) else None
        name = node.args[0].value if isinstance(node.args[0], ast.Constant) else name
        if not isinstance(name, str):
            continue
        standing = node.args[1]
        if called == "refute":
            found.add((name, Standing.REFUTED.value))
        elif isinstance(standing, ast.Attribute):
            found.add((name, Standing[standing.attr].value))
        else:
            found |= {(name, Standing.PROVED.value), (name, Standing.ON_TRUST.value)}
    return found


def test_every_fact_that_evidence_can_come_to_is_said_in_both_languages() -> None:
    facts = said()
    assert {name for name, _ in facts} >= {"form", "consortium", "judgement", "logged", "block", "result", "nonce"}
    for name, standing in facts:
        korean, english = (words.fact_of(name, standing, language) for language in (KOREAN, ENGLISH))
        assert korean is not None, (name, standing)
        assert english is not None, (name, standing)
        assert all(map(has_hangul, (korean.name, korean.asks, korean.means))), name
        assert not any(map(has_hangul, (english.name, english.asks, english.means))), name


@pytest.mark.parametrize("language", list(Language))
def test_no_words_are_of_a_fact_that_no_verdict_holds(language: Language) -> None:
    told = {(name, standing) for name, table in _table("evidence", language).items() for standing in table}
    assert {pair for pair in told if pair[1] not in {"name", "asks"}} == said()


@pytest.mark.parametrize("rule_id", sorted(RULES))
def test_every_rule_is_said_and_answered_in_both_languages(rule_id: str) -> None:
    rule = RULES[rule_id]
    korean = words.title_of(rule, KOREAN), words.proof_of(rule, KOREAN), words.advice_on(rule, KOREAN)
    english = words.title_of(rule, ENGLISH), words.proof_of(rule, ENGLISH), words.advice_on(rule, ENGLISH)
    assert all(text is not None and has_hangul(text) for text in korean), rule_id
    assert all(text is not None and not has_hangul(text) for text in english), rule_id


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_check_is_said_in_both_languages(name: str) -> None:
    assert all(map(has_hangul, words.check_of(name, KOREAN)))
    assert not any(map(has_hangul, words.check_of(name, ENGLISH)))


@pytest.mark.parametrize("language", list(Language))
def test_no_words_are_of_rules_or_checks_that_there_are_not(language: Language) -> None:
    table = _table("rules", language)
    told = itertools.chain.from_iterable(table.get(part, {}) for part in ("titles", "proves", "advice"))
    assert set(told) <= set(RULES)
    assert set(table.get("checks", {})) <= set(NAMES)


def test_a_rule_of_which_nobody_wrote_is_called_as_it_calls_itself() -> None:
    assert words.title_of(BARE, KOREAN) == "Something new"
    assert words.proof_of(BARE, KOREAN) == "nothing"
    assert words.advice_on(BARE, KOREAN) is None
    assert words.fact_of("tomorrow", "proved", KOREAN) is None
    assert words.fact_of("nonce", "proved", KOREAN) is None
