"""Give tests a node behind its HTTP skin."""

import pytest

from tests.unit.api.world import World


@pytest.fixture
def world() -> World:
    return World()
