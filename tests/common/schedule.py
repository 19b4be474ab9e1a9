"""Share the tests among the processes of pytest-xdist: what is dear starts once, and nobody idles at the end.

A module's tests stay together, and those of more where they share one stage; so a chain, a sandbox or a compilation
is made once. The first process takes the longest units and works its way down; the others begin with the many short
ones and work their way up. Stories that wait for blocks thus run beside tests that only compute, and both ends meet
among units of some seconds.

xdist's own `loadgroup` writes a group into a private field of pytest's items, which pytest 9 does not read: there
every test is a unit of its own.
"""

from functools import cache

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

UNITS = (
    (
        170,
        "tests/e2e/test_browser_story.py",
        "tests/e2e/test_webhooks.py",
        "tests/interop/test_issuing.py",
        "tests/interop/test_presenting.py",
        "tests/interop/test_wallet_core.py",
        "tests/web/test_wallet_story.py",
    ),
    (110, "tests/integration/crash/"),
    (100, "tests/e2e/test_crashes.py::test_nothing_is_lost_or_doubled_whatever_is_killed"),
    (80, "tests/e2e/test_crashes.py::test_a_restart_finds_everything_as_it_was"),
    (75, "tests/e2e/test_demo.py"),
    (70, "tests/integration/contracts/test_hardhat.py"),
    (60, "tests/e2e/test_join.py"),
    (60, "tests/e2e/test_runbooks.py::test_leaked_key"),
    (60, "tests/e2e/test_runbooks.py::test_lost_node"),
    (60, "tests/integration/audit/"),
    (60, "tests/integration/chain/"),
    (50, "tests/integration/contracts/test_forge.py"),
    (30, "tests/unit/api/test_contract.py::test_an_answer_is_one_the_description_foresees[negative]"),
    (20, "tests/unit/api/test_contract.py::test_an_answer_is_one_the_description_foresees[positive]"),
)
"""About how many seconds a unit takes where nothing else runs, and how the ids of its tests begin."""

_UNIT_OF = {prefix: prefixes[0] for _, *prefixes in UNITS for prefix in prefixes}
_SECONDS = {prefixes[0]: seconds for seconds, *prefixes in UNITS}
_DEAR = ("tests/integration/", "tests/e2e/", "tests/packaging/", "tests/web/")
_DEAR_S = 15


@cache
def unit_of(nodeid: str) -> str:
    """Name the unit a test belongs to by the first beginning of `UNITS`' like, else by its module."""
    own = (unit for prefix, unit in _UNIT_OF.items() if nodeid.startswith(prefix))
    return next(own, nodeid.partition("::")[0])


def seconds_of(unit: str) -> int:
    """Say about how long a unit takes; modules that start no process are all alike."""
    return _SECONDS.get(unit, _DEAR_S if unit.startswith(_DEAR) else 0)


class LongestBesideShortest(LoadScopeScheduling):  # type: ignore[misc]  # xdist ships no mark of its types
    """Hand the first process the longest unit that is left, every other one the shortest."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)

    def _assign_work_unit(self, node: WorkerController) -> None:
        choose = max if node is self.nodes[0] else min
        self.workqueue.move_to_end(choose(self.workqueue, key=seconds_of), last=False)
        super()._assign_work_unit(node)
