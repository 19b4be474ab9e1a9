"""The documents lead somewhere: links resolve, and the commands they name exist."""

import re
import subprocess
from pathlib import Path

import pytest
import typer.main

from cli.main import app

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
)
GUIDES = [ROOT / "README.md", *sorted((ROOT / "docs" / "guide").glob("*.md"))]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_into_the_repository_resolves(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)", document.read_text())
    broken = [target for target in targets if "://" not in target and not (document.parent / target).exists()]
    assert broken == []


@pytest.mark.parametrize("document", GUIDES, ids=lambda path: path.name)
def test_every_make_target_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", document.read_text(), re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("document", GUIDES, ids=lambda path: path.name)
def test_every_jeung_command_named_exists(document: Path) -> None:
    known = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a click Group
    named = set(re.findall(r"(?:`|^|\()jeung ([a-z]+)", document.read_text(), re.MULTILINE))
    assert named <= known
