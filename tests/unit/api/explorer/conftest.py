"""Give tests a supervisor's explorer over one life of a consortium."""

import pytest

from tests.unit.api.console.desk import Desk
from tests.unit.api.explorer.visit import Explored


@pytest.fixture(scope="module")
def explored() -> Explored:
    """A node that anybody may look at, with something of everything on its chain; to read only."""
    return Explored()


@pytest.fixture
def desk() -> Desk:
    """A desk of one's own."""
    return Desk()
