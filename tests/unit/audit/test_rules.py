"""The reference lists exactly the rules an audit knows, with their severities."""

import re
from pathlib import Path

from audit import rules

REFERENCE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "audit.md"


def test_the_reference_lists_every_rule_as_the_program_knows_it() -> None:
    documented = re.findall(r"^\| `([a-z-]+)` \| (\w+) \| (.+?) \| (.+?) \|$", REFERENCE.read_text(), re.MULTILINE)
    known = [(rule.rule_id, rule.severity.value, rule.title, rule.proves) for rule in rules.ALL]
    assert documented == known


def test_no_two_rules_share_an_id() -> None:
    assert len({rule.rule_id for rule in rules.ALL}) == len(rules.ALL)
