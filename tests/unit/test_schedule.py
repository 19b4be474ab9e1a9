"""Tests are shared among processes so that a dear stage is set once and the longest units begin first."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.common.schedule import UNITS, seconds_of, unit_of

ROOT = Path(__file__).resolve().parents[2]

_STAGE = """
import os, pathlib, pytest

@pytest.fixture(scope="session")
def stage():
    pass

@pytest.mark.parametrize("number", range(6))
def test_played(stage, number):
    with pathlib.Path({log!r}).open("a") as log:
        log.write(f"{{os.environ['PYTEST_XDIST_WORKER']}} {name}\\n")
"""


@pytest.mark.parametrize("begin", [begin for _, *begins in UNITS for begin in begins])
def test_every_long_unit_is_still_there(begin: str) -> None:
    place, _, name = begin.partition("::")
    path = ROOT / place
    assert path.exists()
    assert not name or f"def {name.partition('[')[0]}(" in path.read_text()


def test_tests_of_one_stage_are_one_unit_and_other_modules_their_own() -> None:
    assert unit_of("tests/interop/test_issuing.py::test_x[a::b]") == unit_of(
        "tests/interop/test_presenting.py::test_y"
    )
    assert unit_of("tests/integration/api/test_gunicorn.py::test_x") == "tests/integration/api/test_gunicorn.py"
    assert unit_of("tests/web/test_wallet_story.py::test_x") != unit_of("tests/web/test_core.py::test_x")
    assert unit_of("tests/unit/api/test_access.py::test_x[1]") == "tests/unit/api/test_access.py"


def test_what_starts_processes_counts_as_longer_than_what_only_computes() -> None:
    assert seconds_of("tests/unit/keys/test_files.py") < seconds_of("tests/integration/api/test_gunicorn.py")
    assert seconds_of("tests/integration/api/test_gunicorn.py") < seconds_of("tests/e2e/test_demo.py")


def test_each_unit_is_played_by_one_process_and_the_longest_begins_beside_a_short_one(tmp_path: Path) -> None:
    log = tmp_path / "log"
    names = ["tests/interop/test_issuing.py", "tests/interop/test_presenting.py", "tests/e2e/test_demo.py"]
    names += [f"tests/unit/test_{number}.py" for number in range(4)]
    for name in names:
        module = tmp_path / name
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(_STAGE.format(log=str(log), name=name))
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\naddopts = --import-mode=importlib\n")

    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-p", "no:cacheprovider"]
    played = subprocess.run([*command, "tests"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert played.returncode == 0, played.stdout + played.stderr
    played_by: dict[str, list[str]] = defaultdict(list)
    for line in log.read_text().splitlines():
        process, name = line.split()
        if unit_of(name) not in played_by[process]:
            played_by[process].append(unit_of(name))
    once = [unit for units in played_by.values() for unit in units]
    assert sorted(once) == sorted({unit_of(name) for name in names})
    longest, shortest = sorted((units[0] for units in played_by.values()), key=seconds_of, reverse=True)
    assert longest == unit_of("tests/interop/test_issuing.py")
    assert seconds_of(shortest) == 0
