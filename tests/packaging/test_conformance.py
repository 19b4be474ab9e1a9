"""The conformance page names tests that exist, and every module of the suite has its own."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/conformance.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", PAGE)
PLACES = re.findall(r"\| `((?:jeung|keys|api|node)/[\w/]+(?:\.py)?)` \|", PAGE)
MODULES = dict(
    re.findall(r"^\| ((?:VCIIssuer|VP1FinalVerifier)\w+) \| `tests/\S+::(test_\w+)` \|$", PAGE, flags=re.M)
)


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_named_test_exists(path: str, name: str) -> None:
    assert f"\ndef {name}(" in (ROOT / path).read_text("utf-8")


@pytest.mark.parametrize("place", sorted(set(PLACES)))
def test_named_place_exists(place: str) -> None:
    assert (ROOT / place).exists()


def test_every_requirement_has_a_place_and_a_test() -> None:
    table = PAGE.split("## HAIP 1.0")[1].split("## The conformance suite")[0]
    rows = [row for row in table.splitlines() if re.match(r"\| [0-9]", row)]
    assert len(rows) >= 30
    assert all(re.search(r"\| `[\w/]+(?:\.py)?` \| `tests/\S+::test_\w+` \|$", row) for row in rows)


@pytest.mark.parametrize(("module", "test"), sorted(MODULES.items()))
def test_module_of_the_suite_has_a_test_of_its_name(module: str, test: str) -> None:
    bare = re.sub("^(VCIIssuer|VP1FinalVerifier)", "", module)
    assert test == "test" + re.sub("([A-Z])", r"_\1", bare).lower()


def test_no_module_shares_its_test_with_another() -> None:
    assert len(MODULES) == 32
