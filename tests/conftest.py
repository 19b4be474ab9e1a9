"""Share the tests among processes, and one browser among the tests of a process."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from xdist.remote import Producer
    from xdist.scheduler import LoadScopeScheduling


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


def pytest_sessionfinish() -> None:
    """Stop what drives browsers, after the last of them was closed."""
    module = sys.modules.get("tests.common.browser")
    if module is not None:
        module.end_driver()
