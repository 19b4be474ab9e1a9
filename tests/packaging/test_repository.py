"""The repository keeps what a reader expects at the top, and hides no shortcut."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, check=True
    ).stdout.decode()
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_the_names_that_were_asked_for_stand_at_the_top() -> None:
    for name in ("pyproject.toml", "contracts", "node", "api", "tests", "hardhat.config.js", "README.md", "LICENSE"):
        assert (ROOT / name).exists(), name


def test_no_source_hides_a_branch_from_coverage() -> None:
    mark = "pragma: no " + "cover"
    assert [path.name for path in _tracked("*.py") if mark in path.read_text()] == []


def test_no_file_outgrows_its_reader() -> None:
    read = _tracked("*.py", "*.sol", "*.js", "*.mjs", "*.css", "*.html")
    long = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in read}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_no_committed_file_names_a_path_of_a_developers_machine() -> None:
    home = re.compile(rb"/(?:home|Users|root)/[A-Za-z0-9_.-]+/")
    guilty = [path.name for path in _tracked() if path.suffix != ".lock" and home.search(path.read_bytes())]
    assert guilty == []


def test_make_without_a_target_explains_itself() -> None:
    shown = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("run", "demo", "check", "test", "system"):
        assert re.search(rf"make {target} ", shown), target


def test_ci_runs_check_then_test_and_nothing_after() -> None:
    lines = [line.strip() for line in (ROOT / ".ci" / "run").read_text().splitlines()]
    commands = [line for line in lines if line and not line.startswith("#")]
    # How the work is shared among processes is the run's own affair.
    assert [re.sub(r" --\S+", "", command) for command in commands[-2:]] == ["make check", "exec make test"]
