"""Write the events and errors of the interfaces into docs/reference/contracts.md.

`python -m tests.integration.contracts.reference` replaces what stands below the marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.integration.contracts.tools import ROOT

PAGE = ROOT / "docs/reference/contracts.md"
MARKER = "<!-- Below: written by tests/integration/contracts/reference.py from the interfaces. -->\n"
_DECLARATION = re.compile(r"((?:^ *///.*\n)+) *(event|error) (\w+)\s*\(([^)]*)\);", re.MULTILINE)


def written() -> str:
    """Give the part of the page that is made from the sources."""
    parts = []
    for path in sorted((ROOT / "contracts/interfaces").glob("*.sol")):
        rows = list(_rows(path))
        if rows:
            head = "| | | meaning |\n|---|---|---|\n"
            parts.append(f"## {path.stem}\n\n{head}" + "\n".join(rows) + "\n")
    return "\n" + "\n".join(parts)


def _rows(path: Path) -> Iterator[str]:
    for documentation, kind, name, parameters in _DECLARATION.findall(path.read_text(encoding="utf-8")):
        text = " ".join(line.strip().removeprefix("///").strip() for line in documentation.splitlines())
        notice = text.split("@param")[0].removeprefix("@notice").strip()
        shape = re.sub(r"\s+", " ", parameters).strip()
        yield f"| {kind} | `{name}({shape})` | {notice} |"


if __name__ == "__main__":
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(page[: page.index(MARKER)] + MARKER + written(), encoding="utf-8")
