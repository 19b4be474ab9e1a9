"""Keep what is dear to start in one process: a chain, a gunicorn or a sandbox is started once for its module."""

import pytest

_DEAR = ("tests/integration/", "tests/e2e/", "tests/packaging/", "tests/web/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of a dear module into one group, unless they name a group of their own."""
    for item in items:
        module = item.nodeid.split("::")[0]
        if module.startswith(_DEAR) and item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(module))
