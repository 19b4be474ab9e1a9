"""A writer killed with SIGKILL at any moment leaves all of a transaction or nothing of it."""

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from tests.common import store_process
from tests.common.store_process import STEPS, contents, copy_of, opened, take_fence

ROOT = Path(__file__).parents[4]


def act(name: str, path: Path, *argument: str) -> list[str]:
    """Run an act of tests.common.store_process to its end and give the lines it printed."""
    command = [sys.executable, "-m", "tests.common.store_process", name, str(path), *argument]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=120).stdout.split(
        "\n"
    )


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[bool]]]:
    """Kill a process at every statement of every step; give the prepared database and, by step, who was killed."""
    prepared = tmp_path_factory.mktemp("killed") / "prepared.db"
    kept = opened(str(prepared))
    store_process.prepare(kept, "")
    kept.dispose()
    ends: dict[str, list[bool]] = defaultdict(list)
    for line in act("die_everywhere", prepared):
        if line:
            step, _, was_killed = json.loads(line)
            ends[step].append(was_killed)
    return prepared, ends


@pytest.mark.parametrize("step", STEPS)
def test_step_killed_at_any_statement_leaves_nothing_half(
    killed: tuple[Path, dict[str, list[bool]]], step: str
) -> None:
    prepared, ends = killed
    before = contents(prepared)
    assert ends[step][-1] is False, "the last run was to come through"
    assert len(ends[step]) > 5, "the step has statements to be killed at"
    for statement in range(1, len(ends[step])):
        assert contents(copy_of(prepared, step, statement)) == before, f"killed at statement {statement}"
    after = unsalted(contents(copy_of(prepared, step, len(ends[step]))))
    assert after != unsalted(before)
    # What was cut short just before its COMMIT is done again by the next process, and ends the same.
    cut_short = copy_of(prepared, step, len(ends[step]) - 1)
    kept = opened(str(cut_short))
    STEPS[step](kept, take_fence(kept))
    kept.dispose()
    assert unsalted(contents(cut_short)) == after


def unsalted(tables: dict[str, list[tuple[object, ...]]]) -> dict[str, list[tuple[object, ...]]]:
    """Leave out what is random in the rows of the event log."""
    return {**tables, "log_events": [row[:-1] for row in tables["log_events"]]}


def test_issuer_killed_again_and_again_loses_nothing_it_reported(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    act("open_only", path)
    reported = 0
    for _ in range(3):
        command = [sys.executable, "-m", "tests.common.store_process", "issue_for_ever", str(path), str(reported + 1)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as issuer:
            assert issuer.stdout is not None
            for _ in range(20):
                reported = int(issuer.stdout.readline())
            os.kill(issuer.pid, signal.SIGKILL)
            # What was committed between the last line read and the kill counts as reported too, if it was printed.
            for line in issuer.stdout:
                reported = int(line)
        kept = contents(path)
        issued = sorted(int(str(row[1]).partition("-")[2]) for row in kept["credentials"])
        # The very last commit may stand without its report: the kill fell between the two.
        assert issued in (list(range(1, reported + 1)), list(range(1, reported + 2)))
        reported = len(issued)
        for table in ("data_keys", "proofings", "attest_works", "status_works", "intents", "log_events"):
            assert len(kept[table]) == reported, table
