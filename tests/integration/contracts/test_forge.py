import json
import re

import pytest

from tests.integration.contracts.tools import ROOT, SNAPSHOTS, forge, run

pytestmark = [pytest.mark.node_tools]

_WRITTEN = re.compile(r"^\s*function (?:test|testFuzz|invariant)_\w+\(", re.MULTILINE)


def test_every_solidity_test_passes_under_forge() -> None:
    done = run(forge(), "test", "--json")
    assert done.stdout.startswith("{"), done.stdout[-2000:] + done.stderr[-2000:]
    suites = json.loads(done.stdout)
    results = {
        f"{suite}:{name}": result
        for suite, report in suites.items()
        for name, result in report["test_results"].items()
    }
    failures = {name: result["reason"] for name, result in results.items() if result["status"] != "Success"}
    assert not failures
    assert done.returncode == 0
    assert len(results) == _tests_written()


def test_gas_of_the_usual_acts_is_as_written_down() -> None:
    done = run(forge(), "snapshot", "--match-contract", "GasTest", "--check", SNAPSHOTS / "gas")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]


def _tests_written() -> int:
    """Count the tests in the sources, so that none is left out unseen."""
    return sum(len(_WRITTEN.findall(path.read_text())) for path in (ROOT / "tests/contracts").glob("*.t.sol"))
