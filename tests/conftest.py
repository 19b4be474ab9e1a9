"""Share the tests among processes, and one browser and one sandbox among the tests of a process."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling

    from tests.e2e.founded import Founded

_FOUNDED = pytest.StashKey["Founded"]()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "LoadScopeScheduling":
    """Start what is dear once, and leave nobody idle at the end."""
    # A run in one process needs none of it.
    from tests.common.schedule import LongestBesideShortest

    return LongestBesideShortest(config, log)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Run Debian's Chromium for all tests of this process that want no rules of their own."""
    # Most processes drive no browser and need not load what does.
    from tests.common.browser import chromium

    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def founded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Founded"]:
    """Share a sandbox among the stories of one unit; it is started when the first asks for its consortium."""
    from tests.e2e.founded import Founded

    shared = request.config.stash[_FOUNDED] = Founded(lambda: tmp_path_factory.mktemp("founded"))
    yield shared
    shared.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Stop the shared sandbox once a unit of stories is over: its processes go on making blocks."""
    yield
    shared = item.config.stash.get(_FOUNDED, None)
    if shared is not None:
        from tests.common.schedule import unit_of

        if nextitem is None or unit_of(nextitem.nodeid) != unit_of(item.nodeid):
            shared.close()


def pytest_sessionfinish() -> None:
    """Stop what drives browsers, after the last of them was closed."""
    module = sys.modules.get("tests.common.browser")
    if module is not None:
        module.end_driver()
