import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.problems import status_of
from jeung.errors import JeungError, Refused

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference" / "errors.md"
PACKAGES = ("jeung", "keys", "node", "api", "audit", "cli")
DEFINITION = re.compile(r'^class \w+\([^)]*, code="', flags=re.MULTILINE)


def subclasses(of: type[JeungError]) -> Iterator[type[JeungError]]:
    for child in of.__subclasses__():
        if child.__module__.startswith(PACKAGES):
            yield child
            yield from subclasses(child)


@pytest.fixture(scope="module")
def tree() -> dict[str, type[JeungError]]:
    """Every class of every package, by its code."""
    for source in (path for package in PACKAGES for path in (ROOT / package).rglob("*.py")):
        if DEFINITION.search(source.read_text(encoding="utf-8")):
            importlib.import_module(".".join(source.relative_to(ROOT).with_suffix("").parts))
    classes = list(subclasses(JeungError))
    found = {cls.code: cls for cls in classes}
    assert len(found) == len(set(classes)), "two classes share a code"
    return found


def sections() -> dict[str, str]:
    parts = re.split(r"^### `(\w+)`$", REFERENCE.read_text(encoding="utf-8"), flags=re.M)[1:]
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_reference_explains_exactly_the_codes_there_are(tree: dict[str, type[JeungError]]) -> None:
    assert sorted(sections()) == sorted(tree)


def test_a_code_is_explained_once() -> None:
    headings = re.findall(r"^### `(\w+)`$", REFERENCE.read_text(encoding="utf-8"), flags=re.M)
    assert len(headings) == len(set(headings))


def test_the_reference_names_step_and_status_as_the_program_gives_them(tree: dict[str, type[JeungError]]) -> None:
    for code, text in sections().items():
        match = re.match(r"\n\n(?:Step (\d+) · )?HTTP (\d+)", text)
        assert match, f"{code} lacks its HTTP status"
        expected = 200 if issubclass(tree[code], Refused) else status_of(tree[code])
        assert (match[1], int(match[2])) == (str(tree[code].step) if tree[code].step else None, expected), code


def test_the_reference_says_why_and_how_to_solve() -> None:
    for code, text in sections().items():
        assert re.search(r"^- Why: \S.*\.$", text, flags=re.M), f"{code} lacks its reason"
        assert re.search(r"^- How to solve: \S.*\.$", text, flags=re.M), f"{code} lacks its remedy"
