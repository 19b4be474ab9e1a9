"""Keep what is dear to start in one process: a chain, a gunicorn or a sandbox is started once for its module."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_DEAR = ("tests/integration/", "tests/e2e/", "tests/packaging/", "tests/web/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of a dear module into one group, unless they name a group of their own."""
    for item in items:
        module = item.nodeid.split("::")[0]
        if module.startswith(_DEAR) and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(module))


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
