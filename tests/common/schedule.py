"""Share the tests among the processes of pytest-xdist: what is dear starts once, and nobody idles at the end.

A module's tests stay together, and a folder's where its tests share one stage; so a chain, a sandbox or a compilation
is made once. The first process takes the longest units and works its way down; the others begin with the many short
ones and work their way up. Stories that wait for blocks thus run beside tests that only compute, and both ends meet
among units of some seconds.

xdist's own `loadgroup` writes a group into a private field of pytest's items, which pytest 9 does not read: there
every test is a unit of its own.
"""

from functools import cache

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

SECONDS = {
    "tests/e2e/test_crashes.py::test_nothing_is_lost_or_doubled_whatever_is_killed": 100,
    "tests/e2e/test_crashes.py::test_a_restart_finds_everything_as_it_was": 80,
    "tests/integration/crash": 110,
    "tests/e2e/test_runbooks.py": 75,
    "tests/e2e/test_demo.py": 75,
    "tests/interop": 75,
    "tests/integration/contracts/test_hardhat.py": 70,
    "tests/e2e/test_join.py": 60,
    "tests/e2e/test_webhooks.py": 60,
    "tests/e2e/test_browser_story.py": 60,
    "tests/web/test_wallet_story.py": 60,
    "tests/integration/audit": 60,
    "tests/integration/chain": 60,
    "tests/integration/contracts/test_forge.py": 50,
    "tests/unit/api/test_contract.py::test_an_answer_is_one_the_description_foresees[negative]": 30,
    "tests/unit/api/test_contract.py::test_an_answer_is_one_the_description_foresees[positive]": 20,
}
"""Units by how their tests' ids begin, and about how long each takes where nothing else runs."""

_DEAR = ("tests/integration/", "tests/e2e/", "tests/packaging/", "tests/web/")
_DEAR_S = 15


@cache
def unit_of(nodeid: str) -> str:
    """Name the unit a test belongs to: one of `SECONDS`, else its module."""
    return next((unit for unit in SECONDS if nodeid.startswith(unit)), nodeid.partition("::")[0])


def seconds_of(unit: str) -> int:
    """Say about how long a unit takes; modules that start no process are all alike."""
    return SECONDS.get(unit, _DEAR_S if unit.startswith(_DEAR) else 0)


class LongestBesideShortest(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no mark of its types
    """Hand the first process the longest unit that is left, every other one the shortest."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        choose = max if node is self.nodes[0] else min
        self.workqueue.move_to_end(choose(self.workqueue, key=seconds_of), last=False)
        super()._assign_work_unit(node)
